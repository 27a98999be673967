//! The question of a reader: as an app writes it, and as it goes into a request.
use alloc::{string::String, vec::Vec};

use rid_claims::ClaimPath;

pub use crate::judge::mdoc::Question as Asked;

/// The elements requested of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentAsk {
    /// The docType of an mdoc.
    pub kind: String,
    /// Elements, in order.
    pub elements: Vec<ElementAsk>,
}

/// One requested element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementAsk {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// True if the reader intends to keep it (intentToRetain).
    pub retained: bool,
    /// True if an answer without it is complete. The request does not show this.
    pub optional: bool,
}
