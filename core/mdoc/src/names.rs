//! Names of namespaces and elements, and how many of them are taken.
use alloc::borrow::Cow;

use rid_wire::cbor::{CborError, Key};

use crate::MdocError;

/// Most namespaces of one document (neg-B24).
pub const MAX_NAMESPACES: usize = 64;
/// Most items of one document (neg-B24).
pub const MAX_ITEMS: usize = 1024;

/// Reads a map key that is a namespace or an identifier: text without NUL.
pub(crate) fn name<'a>(key: &Key<'a>) -> Result<Cow<'a, str>, MdocError> {
    match key {
        Key::Text(text) if text.as_bytes().contains(&0) => Err(CborError::InvalidText.into()),
        Key::Text(text) => Ok(text.clone()),
        _ => Err(CborError::UnexpectedType.into()),
    }
}
