use alloc::{string::String, vec::Vec};

use crate::Localized;

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
    /// Elements in display order.
    pub elements: Vec<Element>,
    /// A reader without valid reader authentication is refused (neg-C10).
    pub reader_auth_required: bool,
    /// A portrait that was asked for goes with the rest or nothing goes (18013-5, 7.2.1).
    pub portrait_binds: bool,
    /// One-time copies asked for at enrolment.
    pub copies: u32,
    /// Technical validity of a copy in days.
    pub validity_days: u32,
}

/// Numbers of the profile.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Seconds a consent question stays answerable (neg-C15).
    pub consent_seconds: u32,
    /// Seconds without progress on a link before it is closed (neg-C14).
    pub link_seconds: u32,
    /// Most `age_over_NN` elements answered per request (std-M48).
    pub age_elements_per_request: u32,
    /// Copies left at which the low-water signal is given.
    pub low_water: u32,
}

/// The whole profile.
#[derive(Clone, Debug)]
pub struct Profile {
    kinds: Vec<Kind>,
    rules: Rules,
}

impl Profile {
    /// Parses and checks a profile file.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        todo!()
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
        todo!()
    }
}

impl Element {
    /// The label for an actual identifier (`NN` filled in).
    #[must_use]
    pub fn label_for(&self, identifier: &str) -> Localized {
        todo!()
    }

    /// The spoken form for an actual identifier.
    #[must_use]
    pub fn spoken_for(&self, identifier: &str) -> Localized {
        todo!()
    }
}
