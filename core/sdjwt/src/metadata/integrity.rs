//! Integrity metadata (W3C Subresource Integrity, 3).
use rid_crypto::DigestAlgorithm;
use rid_wire::base64;

use crate::SdJwtError;

/// Checks a document against `sha256-...`. Of several hashes those of the strongest algorithm count, and one of them
/// must fit. Text without a known algorithm is refused: it was meant to protect.
pub(super) fn check(integrity: &str, document: &[u8]) -> Result<(), SdJwtError> {
    let known = integrity.split_ascii_whitespace().filter_map(|token| {
        let (algorithm, hash) = token.split_once('-')?;
        let (strength, algorithm) = match algorithm {
            "sha256" => (1, DigestAlgorithm::Sha256),
            "sha384" => (2, DigestAlgorithm::Sha384),
            "sha512" => (3, DigestAlgorithm::Sha512),
            _ => return None,
        };
        Some((strength, algorithm, hash.split('?').next().unwrap_or_default()))
    });
    let strongest = known.clone().map(|(strength, ..)| strength).max().ok_or(SdJwtError::Metadata)?;
    // The draft's own examples have base64url without padding in place of standard base64.
    let decode = |hash: &str| base64::decode_standard(hash).or_else(|_| base64::decode_url(hash)).unwrap_or_default();
    let fits = |(_, algorithm, hash): (i32, DigestAlgorithm, &str)| algorithm.digest(&[document]).equals(&decode(hash));
    let mut counted = known.filter(|(strength, ..)| *strength == strongest);
    if counted.any(fits) { Ok(()) } else { Err(SdJwtError::Metadata) }
}
