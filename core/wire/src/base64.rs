//! base64url without padding (RFC 4648, 5), strictly: no white space, no padding, zero trailing bits.
use alloc::{string::String, vec::Vec};

/// Not strict base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("base64_invalid")]
pub struct Base64Error;

/// Decodes.
///
/// # Errors
/// [`Base64Error`].
pub fn decode_url(text: &str) -> Result<Vec<u8>, Base64Error> {
    todo!()
}

/// Encodes.
#[must_use]
pub fn encode_url(bytes: &[u8]) -> String {
    todo!()
}

/// Decodes standard base64 (RFC 4648, 4) with padding required.
///
/// # Errors
/// [`Base64Error`].
pub fn decode_standard(text: &str) -> Result<Vec<u8>, Base64Error> {
    todo!()
}
