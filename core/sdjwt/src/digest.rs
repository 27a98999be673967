//! The hash of disclosures and presentations (`_sd_alg`).
use alloc::string::String;

use rid_crypto::DigestAlgorithm;
use rid_wire::{base64, json::Value};

use crate::SdJwtError;

/// The claim that names the hash algorithm.
pub(crate) const SD_ALG: &str = "_sd_alg";

/// Reads `_sd_alg` of a payload; SHA-256 if it is absent (RFC 9901, 4.1.1).
pub(crate) fn algorithm(payload: &Value) -> Result<DigestAlgorithm, SdJwtError> {
    match payload.member(SD_ALG) {
        None => Ok(DigestAlgorithm::Sha256),
        Some(name) => match name.as_str() {
            Some("sha-256") => Ok(DigestAlgorithm::Sha256),
            Some("sha-384") => Ok(DigestAlgorithm::Sha384),
            Some("sha-512") => Ok(DigestAlgorithm::Sha512),
            _ => Err(SdJwtError::HashAlg),
        },
    }
}

/// The digest of a text in base64url.
pub(crate) fn digest(algorithm: DigestAlgorithm, text: &str) -> String {
    base64::encode_url(algorithm.digest(&[text.as_bytes()]).as_bytes())
}
