//! The profile as types.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimKey, ClaimPath, CredentialType, Format, ReusePolicy};
use rid_trust::{SignerRules, TrustStore};
use rid_wire::Code;

use crate::{Localized, ReaderPolicy, check::ValueCheck, parse};

/// The formats, in the order of preference where a name says none.
const FORMATS: [Format; 2] = [Format::Mdoc, Format::SdJwt];

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

/// The type of an element's value: in CBOR, and in JSON as far as JSON has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// Array.
    Array,
    /// Boolean.
    Bool,
    /// Byte string (portraits: JPEG or JPEG 2000); in JSON a `data:image/...;base64,` URL.
    Bytes,
    /// A `full-date` (tag 1004); in JSON its text.
    FullDate,
    /// Map.
    Map,
    /// A `tdate` (tag 0) or `full-date`; in JSON the text of one of them.
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

/// One element of a kind: an element of its mdoc, a claim of its SD-JWT VC, or both.
#[derive(Clone, Debug)]
pub struct Element {
    /// The namespace in an mdoc; empty if only an SD-JWT VC has the element.
    pub namespace: String,
    /// The identifier in an mdoc; empty if only an SD-JWT VC has the element. A trailing `_NN` matches two digits
    /// (`age_over_NN`).
    pub identifier: String,
    /// The path in an SD-JWT VC, of names alone, if it has the element. A last name `NN` matches two digits
    /// (`age_equal_or_over`, `NN`).
    pub claim: Option<ClaimPath>,
    /// The type in an mdoc.
    pub value_type: ElementType,
    /// The type in an SD-JWT VC.
    pub claim_type: ElementType,
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
    /// The document type of its mdoc, if it is issued in this format.
    pub doc_type: Option<String>,
    /// The type of its SD-JWT VC, if it is issued in this format.
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
        self.kinds.iter().find(|kind| kind.id == name || kind.has_type(name))
    }

    /// The credential type with this name: a docType, a `vct`, the short name of a kind for its mdoc or else its SD-JWT
    /// VC, or a short name and `:sd-jwt` or `:mdoc`.
    #[must_use]
    pub fn type_named(&self, name: &str) -> Option<CredentialType> {
        let of = |id: &str, formats: &[Format]| {
            let kind = self.kinds.iter().find(|kind| kind.id == id)?;
            formats.iter().find_map(|format| kind.credential_type(*format))
        };
        let by_type = || {
            FORMATS.into_iter().find_map(|format| {
                let credential_type = CredentialType { format, id: name.into() };
                self.kind(&credential_type).map(|_| credential_type)
            })
        };
        match name.split_once(':') {
            Some((id, "sd-jwt")) => of(id, &[Format::SdJwt]),
            Some((id, "mdoc")) => of(id, &[Format::Mdoc]),
            _ => of(name, &FORMATS).or_else(by_type),
        }
    }

    /// Binds a store to the profile: who may sign each kind, and how a reader is certified. A store that is not bound
    /// takes any signer of documents.
    #[must_use]
    pub fn bind_trust(&self, store: TrustStore) -> TrustStore {
        let count = |intermediates: u32| usize::try_from(intermediates).unwrap_or(0);
        let rules = |kind: &Kind, credential_type: String| SignerRules {
            credential_type,
            purposes: kind.signers.purposes.clone(),
            country: kind.signers.country.clone(),
            intermediates: count(kind.signers.intermediates),
        };
        let signers = self.kinds.iter().flat_map(|kind| kind.types().map(move |own| rules(kind, own.id)));
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

    /// The types of this kind, one for each format that it is issued in.
    pub fn types(&self) -> impl Iterator<Item = CredentialType> {
        FORMATS.into_iter().filter_map(|format| self.credential_type(format))
    }

    fn id_in(&self, format: Format) -> Option<&str> {
        match format {
            Format::Mdoc => self.doc_type.as_deref(),
            Format::SdJwt => self.vct.as_deref(),
        }
    }

    fn has_type(&self, name: &str) -> bool {
        FORMATS.into_iter().any(|format| self.id_in(format) == Some(name))
    }

    /// The element at this path; `age_over_18` finds `age_over_NN`. A path into the value of a claim finds the claim.
    #[must_use]
    pub fn element(&self, path: &ClaimPath) -> Option<&Element> {
        self.element_of_mdoc(path).or_else(|| self.element_of_claim(path))
    }

    fn element_of_claim(&self, path: &ClaimPath) -> Option<&Element> {
        let deepest = |element: &&Element| element.claim.as_ref().map(|claim| claim.steps.len());
        self.elements.iter().filter(|element| element.claim_in(path).is_some()).max_by_key(deepest)
    }

    fn element_of_mdoc(&self, path: &ClaimPath) -> Option<&Element> {
        let (namespace, identifier) = path.as_element().filter(|(_, identifier)| !identifier.is_empty())?;
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
    /// The label for an actual path, with `NN` filled in, and for a member of the value with its label.
    #[must_use]
    pub fn label_for(&self, path: &ClaimPath) -> Localized {
        self.filled(&self.label, path, |part| &part.label)
    }

    /// The spoken form for an actual path, as [`Element::label_for`].
    #[must_use]
    pub fn spoken_for(&self, path: &ClaimPath) -> Localized {
        self.filled(&self.spoken, path, |part| &part.spoken)
    }

    /// The beginning of a path that is this claim of an SD-JWT VC: the whole path, unless it goes into the value.
    #[must_use]
    pub fn claim_in(&self, path: &ClaimPath) -> Option<ClaimPath> {
        let claim = self.claim.as_ref()?;
        let beginning = path.steps.get(..claim.steps.len())?;
        let fits = |(known, step): (&ClaimKey, &ClaimKey)| known == step || is_age(known, step).is_some();
        let is_here = claim.steps.iter().zip(beginning).all(fits);
        is_here.then(|| ClaimPath { steps: beginning.into() })
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

    fn filled(&self, text: &Localized, path: &ClaimPath, of_part: impl Fn(&Part) -> &Localized) -> Localized {
        match (self.digits(path), self.part_at(path)) {
            (Some(digits), _) => text.map(|t| t.replace("NN", digits)),
            (None, Some(part)) => text.with(of_part(part)),
            (None, None) => text.clone(),
        }
    }

    /// The digits at the place of `NN`.
    fn digits<'p>(&self, path: &'p ClaimPath) -> Option<&'p str> {
        if let Some((stem, digits)) = numbered(path.name()?)
            && self.identifier.strip_suffix("NN") == Some(stem)
        {
            return Some(digits);
        }
        is_age(self.claim.as_ref()?.steps.last()?, path.steps.last()?)
    }

    /// The member of the value that a path ends at.
    fn part_at(&self, path: &ClaimPath) -> Option<&Part> {
        let is_within = self.claim_in(path).is_some_and(|claim| claim.steps.len() < path.steps.len());
        path.name().filter(|_| is_within).and_then(|key| self.part(key))
    }
}

impl Part {
    /// The display text of a value, as [`Element::value_text`].
    #[must_use]
    pub fn value_text(&self, key: &str) -> Option<&Localized> {
        text_of(&self.values, key)
    }
}

pub(crate) fn text_of<'a>(values: &'a [(String, Localized)], key: &str) -> Option<&'a Localized> {
    values.iter().find(|(known, _)| known == key).map(|(_, text)| text)
}

/// The digits of a step of two digits, where the profile has `NN`.
fn is_age<'s>(known: &ClaimKey, step: &'s ClaimKey) -> Option<&'s str> {
    let (ClaimKey::Name { name: known }, ClaimKey::Name { name }) = (known, step) else { return None };
    (known == "NN" && name.len() == 2 && name.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

fn numbered(identifier: &str) -> Option<(&str, &str)> {
    let (stem, digits) = identifier.split_at_checked(identifier.len().checked_sub(2)?)?;
    (stem.ends_with('_') && digits.bytes().all(|b| b.is_ascii_digit())).then_some((stem, digits))
}
