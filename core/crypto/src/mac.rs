use crate::{CryptoError, Secret};

/// HKDF-SHA-256 (RFC 5869) to 32 bytes.
///
#[must_use]
pub fn hkdf_sha256(ikm: &[u8], salt: &[u8], info: &[u8]) -> Secret<32> {
    todo!()
}

/// HMAC-SHA-256 over the concatenated parts.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    todo!()
}

/// Verifies an HMAC 256/256 in constant time.
///
/// # Errors
/// [`CryptoError::SignatureInvalid`].
pub fn verify_hmac_sha256(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> Result<(), CryptoError> {
    todo!()
}
