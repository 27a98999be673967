//! The profile as types.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimPath, CredentialType, Format, ReusePolicy};
use rid_trust::{SignerRules, TrustStore};
use rid_wire::Code;

use crate::{Localized, ReaderPolicy, check::ValueCheck, parse};

/// A reason for which a profile file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum ProfileError {
    /// The file is not strict JSON.
    Json(#[from] rid_wire::json::JsonError),
    /// A member is missing, of another type, or breaks a rule of the file.
    Invalid,
}

impl ProfileError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Json(error) => error.code(),
            Self::Invalid => Code::new("profile_invalid"),
        }
    }
}

/// The CBOR type of an element's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// Array.
    Array,
    /// Boolean.
    Bool,
    /// Byte string (portraits: JPEG or JPEG 2000).
    Bytes,
    /// A `full-date` (tag 1004).
    FullDate,
    /// Map.
    Map,
    /// A `tdate` (tag 0) or `full-date`.
    TdateOrFullDate,
    /// Text.
    Text,
    /// Unsigned integer.
    Uint,
}

/// The presence of an element in a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Present if a condition of the register holds.
    Conditional,
    /// Always present.
    Mandatory,
    /// May be present.
    Optional,
}

/// One element of a kind.
#[derive(Clone, Debug)]
pub struct Element {
    /// The namespace.
    pub namespace: String,
    /// The element identifier. A trailing `_NN` matches two digits (`age_over_NN`).
    pub identifier: String,
    /// The CBOR type.
    pub value_type: ElementType,
    /// The presence.
    pub presence: Presence,
    /// The label on screen; `NN` is replaced by the digits.
    pub label: Localized,
    /// The text that a screen reader says for the label.
    pub spoken: Localized,
    /// True if the element has its own line in a consent and is never preselected together with others (FİN).
    pub sensitive: bool,
    /// True if a screen reader spells the value character by character (FİN, numbers).
    pub spelled: bool,
    /// True if this element is the portrait of the holder.
    pub portrait: bool,
    /// The members of a structured value, at any depth; empty for other values.
    pub parts: Vec<Part>,
    pub(crate) values: Vec<(String, Localized)>,
    pub(crate) check: Option<ValueCheck>,
}

/// A member of a structured value (`vehicle_category_code` of a driving privilege).
#[derive(Clone, Debug)]
pub struct Part {
    /// The key in the map.
    pub key: String,
    /// The label on screen.
    pub label: Localized,
    /// The text that a screen reader says for the label.
    pub spoken: Localized,
    pub(crate) values: Vec<(String, Localized)>,
}

/// The rules for the signers of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signers {
    /// Extended key usages (dotted), of which a document signer must have one.
    pub purposes: Vec<String>,
    /// The country of the document signer (ISO 3166-1 alpha-2), if it is fixed.
    pub country: Option<String>,
    /// Most intermediates between document signer and root.
    pub intermediates: u32,
}

/// One kind of credential.
#[derive(Clone, Debug)]
pub struct Kind {
    /// The short name for command lines (`pid`, `mdl`).
    pub id: String,
    /// The document type of its mdoc.
    pub doc_type: String,
    /// The type of its SD-JWT VC, if it is also issued in this format.
    pub vct: Option<String>,
    /// The name on screen.
    pub name: Localized,
    /// The text that a screen reader says for the name.
    pub spoken: Localized,
    /// The issuer, for the screen before enrolment.
    pub issuer: Localized,
    /// The rules for its signers.
    pub signers: Signers,
    /// The claims on the card's face, at most four.
    pub card: Vec<ClaimPath>,
    /// The elements in display order.
    pub elements: Vec<Element>,
    /// The `NN` of the issued `age_over_NN` elements, ascending.
    pub age_over: Vec<u8>,
    /// True if a reader without valid reader authentication is refused (neg-C10), whichever policy the app sets.
    pub reader_auth_required: bool,
    /// True if a document without its requested portrait is not disclosed (18013-5, 7.2.1).
    pub portrait_binds: bool,
    /// The number of copies requested at enrolment.
    pub copies: u32,
    /// The use of the copies; the default is once.
    pub reuse: ReusePolicy,
    /// The technical validity of a copy, in days.
    pub validity_days: u32,
}

/// The limits and times of the profile.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Seconds that a session waits for the user, a port or the radio, on either side (neg-C15, neg-C36).
    pub consent_seconds: u32,
    /// Seconds that the peer may be silent when a message from it is due, counted from the last chunk sent (neg-C14).
    pub link_seconds: u32,
    /// Most `age_over_NN` elements answered in one request (std-M48).
    pub age_elements_per_request: u32,
    /// The number of remaining copies at which the wallet signals low water.
    pub low_water: u32,
    /// The most lenient policy that an app may set for unknown readers.
    pub reader_policy: ReaderPolicy,
    /// Most intermediates between a reader's certificate and its root.
    pub reader_intermediates: u32,
}

/// The whole profile.
#[derive(Clone, Debug)]
pub struct Profile {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) rules: Rules,
}

impl Profile {
    /// Parses and checks a profile file.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        parse::profile(text)
    }

    /// All kinds.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The kind that has this type in one of its formats.
    #[must_use]
    pub fn kind(&self, credential_type: &CredentialType) -> Option<&Kind> {
        let is_type = |kind: &&Kind| kind.id_in(credential_type.format) == Some(credential_type.id.as_str());
        self.kinds.iter().find(is_type)
    }

    /// The kind with this short name or type.
    #[must_use]
    pub fn kind_named(&self, name: &str) -> Option<&Kind> {
        let is_named = |kind: &&Kind| kind.id == name || kind.doc_type == name || kind.vct.as_deref() == Some(name);
        self.kinds.iter().find(is_named)
    }

    /// Binds a store to the profile: who may sign each kind, and how a reader is certified. A store that is not bound
    /// takes any signer of documents.
    #[must_use]
    pub fn bind_trust(&self, store: TrustStore) -> TrustStore {
        let count = |intermediates: u32| usize::try_from(intermediates).unwrap_or(0);
        let rules = |kind: &Kind, credential_type: &str| SignerRules {
            credential_type: credential_type.into(),
            purposes: kind.signers.purposes.clone(),
            country: kind.signers.country.clone(),
            intermediates: count(kind.signers.intermediates),
        };
        let of_kind =
            |kind| [Format::Mdoc, Format::SdJwt].into_iter().filter_map(move |format| Kind::id_in(kind, format));
        let signers = self.kinds.iter().flat_map(|kind| of_kind(kind).map(move |id| rules(kind, id)));
        store.with_rules(signers.collect(), count(self.rules.reader_intermediates))
    }

    /// The limits and times.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}

impl Kind {
    /// The type of this kind in a format, if it is issued in it.
    #[must_use]
    pub fn credential_type(&self, format: Format) -> Option<CredentialType> {
        self.id_in(format).map(|id| CredentialType { format, id: id.into() })
    }

    fn id_in(&self, format: Format) -> Option<&str> {
        match format {
            Format::Mdoc => Some(&self.doc_type),
            Format::SdJwt => self.vct.as_deref(),
        }
    }

    /// The element at this path; `age_over_18` finds `age_over_NN`.
    #[must_use]
    pub fn element(&self, path: &ClaimPath) -> Option<&Element> {
        let (namespace, identifier) = path.as_element()?;
        let find = |matches: &dyn Fn(&str) -> bool| {
            self.elements.iter().find(|e| e.namespace == namespace && matches(&e.identifier))
        };
        find(&|known| known == identifier).or_else(|| {
            let (stem, _) = numbered(identifier)?;
            find(&|known| known.strip_suffix("NN") == Some(stem))
        })
    }

    /// The portrait of the holder.
    #[must_use]
    pub fn portrait(&self) -> Option<&Element> {
        self.elements.iter().find(|e| e.portrait)
    }
}

impl Element {
    /// The label for an actual path, with `NN` filled in.
    #[must_use]
    pub fn label_for(&self, path: &ClaimPath) -> Localized {
        self.filled(&self.label, path)
    }

    /// The spoken form for an actual path, with `NN` filled in.
    #[must_use]
    pub fn spoken_for(&self, path: &ClaimPath) -> Localized {
        self.filled(&self.spoken, path)
    }

    /// The display text of a value (`2` of `sex`, `true` of `age_over_NN`). Numbers and booleans are looked up as text.
    #[must_use]
    pub fn value_text(&self, key: &str) -> Option<&Localized> {
        text_of(&self.values, key)
    }

    /// The member with this key of a structured value.
    #[must_use]
    pub fn part(&self, key: &str) -> Option<&Part> {
        self.parts.iter().find(|p| p.key == key)
    }

    fn filled(&self, text: &Localized, path: &ClaimPath) -> Localized {
        let identifier = path.name().unwrap_or_default();
        match (self.identifier.strip_suffix("NN"), numbered(identifier)) {
            (Some(known), Some((stem, digits))) if known == stem => text.map(|t| t.replace("NN", digits)),
            _ => text.clone(),
        }
    }
}

impl Part {
    /// The display text of a value, as [`Element::value_text`].
    #[must_use]
    pub fn value_text(&self, key: &str) -> Option<&Localized> {
        text_of(&self.values, key)
    }
}

fn text_of<'a>(values: &'a [(String, Localized)], key: &str) -> Option<&'a Localized> {
    values.iter().find(|(known, _)| known == key).map(|(_, text)| text)
}

fn numbered(identifier: &str) -> Option<(&str, &str)> {
    let (stem, digits) = identifier.split_at_checked(identifier.len().checked_sub(2)?)?;
    (stem.ends_with('_') && digits.bytes().all(|b| b.is_ascii_digit())).then_some((stem, digits))
}
