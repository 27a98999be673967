use alloc::{string::String, vec::Vec};

use rid_wire::Code;

use crate::{Localized, ReaderPolicy, check::ValueCheck, parse};

/// Why a profile file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Not strict JSON.
    #[error("{0}")]
    Json(#[from] rid_wire::json::JsonError),
    /// A member is missing, of another type or breaks a rule of the file.
    #[error("profile_invalid")]
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
    /// `full-date` (tag 1004).
    FullDate,
    /// Map.
    Map,
    /// `tdate` (tag 0) or `full-date`.
    TdateOrFullDate,
    /// Text.
    Text,
    /// Unsigned integer.
    Uint,
}

/// Whether an element must be in a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Present when a condition of the register holds.
    Conditional,
    /// Always present.
    Mandatory,
    /// May be present.
    Optional,
}

/// One element of a kind.
#[derive(Clone, Debug)]
pub struct Element {
    /// Namespace.
    pub namespace: String,
    /// Element identifier; a trailing `_NN` stands for two digits (`age_over_NN`).
    pub identifier: String,
    /// CBOR type.
    pub value_type: ElementType,
    /// Presence.
    pub presence: Presence,
    /// Label on screen; `NN` is replaced by the digits.
    pub label: Localized,
    /// What a screen reader says for the label.
    pub spoken: Localized,
    /// Shown on a consent line of its own, never preselected together with others (FİN).
    pub sensitive: bool,
    /// Values are spelled character by character by a screen reader (FİN, numbers).
    pub spelled: bool,
    /// This element is the portrait of the holder.
    pub portrait: bool,
    /// What stands inside a structured value, at whatever depth; empty for plain values.
    pub parts: Vec<Part>,
    pub(crate) values: Vec<(String, Localized)>,
    pub(crate) check: Option<ValueCheck>,
}

/// One member of a structured value (`vehicle_category_code` of a driving privilege).
#[derive(Clone, Debug)]
pub struct Part {
    /// The key in the map.
    pub key: String,
    /// Label on screen.
    pub label: Localized,
    /// What a screen reader says for the label.
    pub spoken: Localized,
    pub(crate) values: Vec<(String, Localized)>,
}

/// One claim on the face of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardClaim {
    /// Namespace.
    pub namespace: String,
    /// Element identifier.
    pub identifier: String,
}

/// How the copies of a credential are used up (methods A to D of the EUDI ARF, topic 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyPolicy {
    /// A copy for this many seconds from its first use on.
    Limited {
        /// The time.
        seconds: u32,
    },
    /// Each copy once.
    Once,
    /// A copy of its own for each verifier.
    PerVerifier,
    /// All copies in turn.
    Rotate,
}

/// Who may sign credentials of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signers {
    /// Purposes (extended key usages, dotted) of which a document signer must have one.
    pub purposes: Vec<String>,
    /// Country of the document signer (ISO 3166-1 alpha-2), where it is fixed.
    pub country: Option<String>,
    /// Most intermediates between document signer and root.
    pub intermediates: u32,
}

/// One kind of credential.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Short name for command lines (`pid`, `mdl`).
    pub id: String,
    /// mdoc document type.
    pub doc_type: String,
    /// Name on screen.
    pub name: Localized,
    /// What a screen reader says.
    pub spoken: Localized,
    /// Who issues it, for the screen before a credential is there.
    pub issuer: Localized,
    /// Who may sign it.
    pub signers: Signers,
    /// Claims on the card's face, at most four.
    pub card: Vec<CardClaim>,
    /// Elements in display order.
    pub elements: Vec<Element>,
    /// The `NN` of the `age_over_NN` elements issued, ascending.
    pub age_over: Vec<u8>,
    /// A reader without valid reader authentication is refused (neg-C10), whatever the policy of an app.
    pub reader_auth_required: bool,
    /// A portrait that was asked for goes with the rest or nothing goes (18013-5, 7.2.1).
    pub portrait_binds: bool,
    /// Copies asked for at enrolment.
    pub copies: u32,
    /// How they are used up; once where the file says nothing.
    pub reuse: CopyPolicy,
    /// Technical validity of a copy in days.
    pub validity_days: u32,
}

/// Numbers of the profile.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Patience: seconds that a session waits for a person, a port or the radio, on either side (neg-C15, neg-C36).
    pub consent_seconds: u32,
    /// Seconds that a peer may stay silent when it is its turn (neg-C14). They begin when the link took the last chunk.
    pub link_seconds: u32,
    /// Most `age_over_NN` elements answered per request (std-M48).
    pub age_elements_per_request: u32,
    /// Copies left at which the low-water signal is given.
    pub low_water: u32,
    /// The mildest rules that an app may set for readers that are not known.
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

    /// The kind of a document type.
    #[must_use]
    pub fn kind(&self, doc_type: &str) -> Option<&Kind> {
        self.kinds.iter().find(|k| k.doc_type == doc_type)
    }

    /// The kind by its short name.
    #[must_use]
    pub fn kind_by_id(&self, id: &str) -> Option<&Kind> {
        self.kinds.iter().find(|k| k.id == id)
    }

    /// The numbers.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}

impl Kind {
    /// The element of this kind, `age_over_18` found under `age_over_NN`.
    #[must_use]
    pub fn element(&self, namespace: &str, identifier: &str) -> Option<&Element> {
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
    /// The label for an actual identifier (`NN` filled in).
    #[must_use]
    pub fn label_for(&self, identifier: &str) -> Localized {
        self.filled(&self.label, identifier)
    }

    /// The spoken form for an actual identifier.
    #[must_use]
    pub fn spoken_for(&self, identifier: &str) -> Localized {
        self.filled(&self.spoken, identifier)
    }

    /// What a value means (`2` of `sex`, `true` of `age_over_NN`); numbers and booleans are asked for as text.
    #[must_use]
    pub fn value_text(&self, key: &str) -> Option<&Localized> {
        text_of(&self.values, key)
    }

    /// The member of a structured value.
    #[must_use]
    pub fn part(&self, key: &str) -> Option<&Part> {
        self.parts.iter().find(|p| p.key == key)
    }

    fn filled(&self, text: &Localized, identifier: &str) -> Localized {
        match (self.identifier.strip_suffix("NN"), numbered(identifier)) {
            (Some(known), Some((stem, digits))) if known == stem => text.map(|t| t.replace("NN", digits)),
            _ => text.clone(),
        }
    }
}

impl Part {
    /// What a value means, as [`Element::value_text`].
    #[must_use]
    pub fn value_text(&self, key: &str) -> Option<&Localized> {
        text_of(&self.values, key)
    }
}

fn text_of<'a>(values: &'a [(String, Localized)], key: &str) -> Option<&'a Localized> {
    values.iter().find(|(known, _)| known == key).map(|(_, text)| text)
}

/// Splits off two final digits that follow an underscore.
fn numbered(identifier: &str) -> Option<(&str, &str)> {
    let (stem, digits) = identifier.split_at_checked(identifier.len().checked_sub(2)?)?;
    (stem.ends_with('_') && digits.bytes().all(|b| b.is_ascii_digit())).then_some((stem, digits))
}
