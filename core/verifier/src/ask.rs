//! The question of a reader: as an app writes it, and as it goes into a request.
use alloc::{string::String, vec::Vec};

use rid_claims::ClaimPath;

pub use crate::judge::mdoc::Question as Asked;

/// The elements asked of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentAsk {
    /// The docType of an mdoc.
    pub kind: String,
    /// Elements, in order.
    pub elements: Vec<ElementAsk>,
}

/// One element asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementAsk {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// The reader means to keep it (intentToRetain).
    pub retained: bool,
    /// The verdict does not wait for it: an answer without it is complete. The request does not say so.
    pub optional: bool,
}
