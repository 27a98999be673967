//! HMAC-SHA-256 and HKDF.
use alloc::boxed::Box;

use zeroize::Zeroizing;

use crate::{
    CryptoError, Secret,
    backend::{Active, Library},
    constant_time_eq,
    stack::wiping,
};

/// Derives 32 bytes with HKDF-SHA-256 (RFC 5869).
#[must_use]
pub fn hkdf_sha256(ikm: &[u8], salt: &[u8], info: &[u8]) -> Secret<32> {
    // An output of the length of the hash is one block, T(1), so the expansion cannot fail (RFC 5869, 2.3).
    wiping(|| hkdf(ikm, salt, info))
}

/// The same without wiping the stack: the caller does it.
pub(crate) fn hkdf(ikm: &[u8], salt: &[u8], info: &[u8]) -> Secret<32> {
    let extracted = Active::hmac_sha256(salt, &[ikm]);
    let expanded = Active::hmac_sha256(&*extracted, &[info, &[1]]);
    Secret::filled(|out| out.copy_from_slice(&*expanded))
}

/// Computes HMAC-SHA-256 over the concatenation of the parts.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    *Active::hmac_sha256(key, parts)
}

/// A key for many HMAC-SHA-256 tags. Its schedule is computed once. It is wiped on drop.
pub struct HmacKey(Box<<Active as Library>::Mac>);

impl HmacKey {
    /// Computes the schedule of a key.
    #[must_use]
    pub fn new(key: &Secret<32>) -> Self {
        wiping(|| Self(Active::mac(key.expose())))
    }

    /// HKDF-Expand (RFC 5869, 2.3) to 32 bytes. This key is the pseudorandom key, and the parts of `info` are
    /// concatenated.
    #[must_use]
    pub fn expand(&self, [first, second]: [&[u8]; 2]) -> Secret<32> {
        wiping(|| {
            // One block, T(1), has the length of the output.
            let expanded = Zeroizing::new(Active::mac_tag(&self.0, &[first, second, &[1]]));
            Secret::filled(|out| out.copy_from_slice(&*expanded))
        })
    }

    /// Computes the tag over the concatenation of the parts.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        Active::mac_tag(&self.0, parts)
    }
}

/// Verifies an HMAC 256/256 in constant time.
///
/// # Errors
/// [`CryptoError::SignatureInvalid`] if the tag is wrong.
pub fn verify_hmac_sha256(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> Result<(), CryptoError> {
    if constant_time_eq(&*Active::hmac_sha256(key, parts), tag) { Ok(()) } else { Err(CryptoError::SignatureInvalid) }
}
