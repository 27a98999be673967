//! Collects the documents of a type and of those that it extends.
use alloc::{string::String, vec::Vec};

use super::{
    ClaimMetadata, DisclosureRule, TypeMetadata,
    document::{DeclaredClaim, Document},
    integrity,
};
use crate::SdJwtError;

/// The document that is wanted next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The type that the document must describe.
    pub vct: String,
    /// The integrity metadata that it must fit, if given.
    pub integrity: Option<String>,
}

/// Collects the metadata of a type. Give it the [`Self::wanted`] document until [`Self::take`] returns the metadata. A
/// failure says nothing about the credential, which stays what its own verification says (neg-D19).
pub struct Resolver {
    wanted: Wanted,
    documents: Vec<Document>,
}

/// Most documents of one type: itself and those that it extends.
const MAX_TYPES: usize = 8;

impl Resolver {
    /// Begins with the type of a credential and its `vct#integrity`.
    #[must_use]
    pub fn new(vct: &str, integrity: Option<&str>) -> Self {
        let wanted = Wanted { vct: vct.into(), integrity: integrity.map(String::from) };
        Self { wanted, documents: Vec::new() }
    }

    /// The document that is wanted next.
    #[must_use]
    pub const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Takes the wanted document. Returns the metadata once no further type is extended.
    ///
    /// # Errors
    /// [`SdJwtError::Metadata`] for a document that is malformed, larger than 256 KiB, of another type or hash, one
    /// that contradicts what it extends, and for a loop or a chain of more than eight types.
    pub fn take(&mut self, document: &[u8]) -> Result<Option<TypeMetadata>, SdJwtError> {
        if let Some(integrity) = &self.wanted.integrity {
            integrity::check(integrity, document)?;
        }
        let document = Document::parse(document)?;
        if document.vct != self.wanted.vct {
            return Err(SdJwtError::Metadata);
        }
        let next = document.extends.clone();
        let integrity = document.extends_integrity.clone();
        self.documents.push(document);
        let Some(vct) = next else { return merge(&self.documents).map(Some) };
        if self.documents.len() >= MAX_TYPES || self.documents.iter().any(|known| known.vct == vct) {
            return Err(SdJwtError::Metadata);
        }
        self.wanted = Wanted { vct, integrity };
        Ok(None)
    }
}

/// Merges the documents from the one that extends nothing down to the type itself.
fn merge(documents: &[Document]) -> Result<TypeMetadata, SdJwtError> {
    let mut merged = TypeMetadata {
        types: documents.iter().map(|document| document.vct.clone()).collect(),
        display: Vec::new(),
        claims: Vec::new(),
    };
    for document in documents.iter().rev() {
        if let Some(display) = &document.display {
            merged.display.clone_from(display);
        }
        for declared in &document.claims {
            match merged.claims.iter_mut().find(|known| known.path == declared.path) {
                Some(known) => extend(known, declared)?,
                None => merged.claims.push(ClaimMetadata {
                    path: declared.path.clone(),
                    display: declared.display.clone().unwrap_or_default(),
                    mandatory: declared.mandatory.unwrap_or_default(),
                    disclosure: declared.disclosure.unwrap_or_default(),
                }),
            }
        }
    }
    Ok(merged)
}

/// An extending type may make a rule stricter, never laxer.
fn extend(known: &mut ClaimMetadata, declared: &DeclaredClaim) -> Result<(), SdJwtError> {
    if known.mandatory && declared.mandatory == Some(false) {
        return Err(SdJwtError::Metadata);
    }
    known.mandatory |= declared.mandatory.unwrap_or_default();
    match (known.disclosure, declared.disclosure) {
        (_, None) => {}
        (DisclosureRule::Allowed, Some(rule)) => known.disclosure = rule,
        (fixed, Some(rule)) if fixed == rule => {}
        _ => return Err(SdJwtError::Metadata),
    }
    if let Some(display) = &declared.display {
        known.display.clone_from(display);
    }
    Ok(())
}

rid_wire::closed_debug!(Resolver);
