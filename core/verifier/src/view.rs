//! Closed, owned types for the boundary.
use alloc::{string::String, vec::Vec};

use rid_profile::{ClaimPath, ClaimValue, PrivateText};
use rid_trust::{Check, Environment};
use rid_wire::Code;

/// The decision on a document or a whole response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Every check that is needed was done and holds.
    Accepted,
    /// A check failed.
    Refused,
    /// No check failed, but one that is needed had no input or could not be decided.
    Undecided,
}

/// The verdict on a response: every check by name, and claims only where evidence allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The worst of the documents' decisions.
    pub decision: Decision,
    /// The reason of the first failing (else missing) check; `None` when accepted.
    pub code: Option<Code>,
    /// Whose roots were used; every view shows a test.
    pub environment: Environment,
    /// Checks of the response as a whole.
    pub checks: Vec<Check>,
    /// One per returned document, in order.
    pub documents: Vec<DocumentVerdict>,
    /// Document types asked for or named, and not returned.
    pub not_returned: Vec<String>,
}

/// The verdict on one document.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentVerdict {
    /// Document type.
    pub doc_type: String,
    /// Name of the kind in the first wanted language; the document type if unknown.
    pub label: String,
    /// Decision.
    pub decision: Decision,
    /// The reason of the first failing (else missing) check.
    pub code: Option<Code>,
    /// What trust rests on: `key`, `leaf:<sha256>`, `anchor:<sha256>`; `None` when nothing was trusted.
    pub trusted_by: Option<String>,
    /// Name of the issuer, from its certificate.
    pub issuer: Option<String>,
    /// Every check, in the order of std-M45, then device authentication.
    pub checks: Vec<Check>,
    /// Issuer-signed elements; empty unless evidence allows.
    pub elements: Vec<ElementView>,
    /// Device-signed elements; empty unless evidence allows.
    pub device_elements: Vec<ElementView>,
    /// Elements whose digest failed.
    pub failed_elements: Vec<ClaimPath>,
}

/// One disclosed element with its words.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementView {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// Label in the first wanted language; the identifier if unknown.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// The value.
    pub value: ClaimValue,
    /// The value in words of the first wanted language where the profile has them (sex, yes/no).
    pub text: Option<PrivateText>,
    /// This is the holder's portrait.
    pub portrait: bool,
}
