//! Lower-case hexadecimal; upper case is read too.
use alloc::{string::String, vec::Vec};

/// Not hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("hex_invalid")]
pub struct HexError;

/// Decodes an even number of digits.
///
/// # Errors
/// [`HexError`].
pub fn decode(text: &str) -> Result<Vec<u8>, HexError> {
    todo!()
}

/// Encodes.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    todo!()
}
