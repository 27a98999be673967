//! Closed, owned types for the boundary.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimPath, ClaimValue, PrivateText};
use rid_profile::ImageFormat;
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
    /// The origin of the roots. Every view must say so if they are test roots.
    pub environment: Environment,
    /// Checks of the response as a whole.
    pub checks: Vec<Check>,
    /// One per returned document, in order.
    pub documents: Vec<DocumentVerdict>,
    /// Document types that were requested and not returned, or returned without any element. If the request is not
    /// known, the types that the wallet names as not returned.
    pub not_returned: Vec<String>,
    /// `documentErrors`: the wallet's code for each document type that it does not return.
    pub document_errors: Vec<DocumentError>,
}

/// The wallet's code for a document type that it does not return (18013-5, 8.3.2.1.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    /// The docType or vct.
    pub kind: String,
    /// The code; 0 means "data not returned" and gives no reason.
    pub code: i64,
}

/// The verdict on one document.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentVerdict {
    /// The docType or vct.
    pub kind: String,
    /// Name of the kind in the first wanted language; the document type if unknown.
    pub label: String,
    /// Decision.
    pub decision: Decision,
    /// The reason of the first failing (else missing) check.
    pub code: Option<Code>,
    /// The basis of trust: `key`, `leaf:<sha256>`, `anchor:<sha256>`; `None` when nothing was trusted.
    pub trusted_by: Option<String>,
    /// Name of the issuer, from its certificate.
    pub issuer: Option<String>,
    /// Every check, in the order of std-M45, then device authentication.
    pub checks: Vec<Check>,
    /// The elements, and whether they may be relied on.
    pub elements: DocumentElements,
    /// Elements that were asked for, are not optional and did not come.
    pub not_returned: Vec<ClaimPath>,
    /// `errors`: the wallet's code for each element that it does not return.
    pub errors: Vec<ElementError>,
    /// Elements whose digest failed.
    pub failed_elements: Vec<ClaimPath>,
}

/// The elements of a document. Only `Current` ones answer a question: an app that reads nothing else cannot act on a
/// document that was refused or has expired.
#[derive(Clone, Debug, PartialEq)]
pub enum DocumentElements {
    /// The document was accepted, and nothing refuses the response.
    Current {
        /// The elements.
        disclosed: DisclosedElements,
    },
    /// The issuer signed them, but the document or the response is not accepted (an expired document, for example). For
    /// records and for examining the reason; never an answer.
    Lapsed {
        /// The elements.
        disclosed: DisclosedElements,
    },
    /// There is no evidence for any element.
    NoEvidence,
}

impl DocumentElements {
    /// The elements that may be relied on.
    #[must_use]
    pub const fn current(&self) -> Option<&DisclosedElements> {
        match self {
            Self::Current { disclosed } => Some(disclosed),
            Self::Lapsed { .. } | Self::NoEvidence => None,
        }
    }

    /// The elements, also those that may not be relied on: for a record, never for a decision.
    #[must_use]
    pub const fn current_or_lapsed(&self) -> Option<&DisclosedElements> {
        match self {
            Self::Current { disclosed } | Self::Lapsed { disclosed } => Some(disclosed),
            Self::NoEvidence => None,
        }
    }

    /// The same elements, no longer to be relied on.
    pub(crate) fn lapse(self) -> Self {
        match self {
            Self::Current { disclosed } => Self::Lapsed { disclosed },
            lapsed => lapsed,
        }
    }
}

/// Disclosed elements with the evidence of who signed them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DisclosedElements {
    /// Signed by the issuer.
    pub issuer_signed: Vec<DisclosedElement>,
    /// Signed by the holder's device, authorised by the issuer.
    pub device_signed: Vec<DisclosedElement>,
    /// The answers to the ages that were asked for, in the order of the question.
    pub ages: Vec<AgeAnswer>,
}

/// The answer to one `age_over_NN` that was asked for (18013-5, 7.2.5).
#[derive(Clone, Debug, PartialEq)]
pub struct AgeAnswer {
    /// The element that was asked for.
    pub asked: ClaimPath,
    /// Its label in the first wanted language.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// True if the holder is at least that old.
    pub over: bool,
    /// `over` in words of the first wanted language.
    pub text: PrivateText,
    /// The attested element that says so: the one asked for, a true of a higher age, or a false of a lower age.
    pub attested: ClaimPath,
}

/// The wallet's code for an element that it does not return (18013-5, 8.3.2.1.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementError {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// The code; 0 means "data not returned" and gives no reason.
    pub code: i64,
}

/// One disclosed element with its display text.
#[derive(Clone, Debug, PartialEq)]
pub struct DisclosedElement {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// Label in the first wanted language; the identifier if unknown.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// The value.
    pub value: ClaimValue,
    /// The value as text for people in the first wanted language. It is never empty.
    pub text: PrivateText,
    /// True for the portrait of the holder.
    pub portrait: bool,
    /// The format of a portrait, and of other bytes that begin like a picture.
    pub image: Option<ImageFormat>,
    /// A named warning: `element_type`, a value of another type than the profile's.
    pub warning: Option<Code>,
}
