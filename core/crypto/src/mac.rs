use alloc::boxed::Box;

use zeroize::Zeroizing;

use crate::{
    CryptoError, Secret,
    backend::{Active, Library},
    constant_time_eq,
    stack::wiping,
};

/// HKDF-SHA-256 (RFC 5869) to 32 bytes.
#[must_use]
pub fn hkdf_sha256(ikm: &[u8], salt: &[u8], info: &[u8]) -> Secret<32> {
    // RFC 5869, 2.2 and 2.3: for an output of the hash's length expansion is one block, T(1), which no input can make fail.
    wiping(|| hkdf(ikm, salt, info))
}

/// For callers that wipe the stack themselves.
pub(crate) fn hkdf(ikm: &[u8], salt: &[u8], info: &[u8]) -> Secret<32> {
    let extracted = Active::hmac_sha256(salt, &[ikm]);
    let expanded = Active::hmac_sha256(&*extracted, &[info, &[1]]);
    Secret::filled(|out| out.copy_from_slice(&*expanded))
}

/// HMAC-SHA-256 over the concatenated parts.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    *Active::hmac_sha256(key, parts)
}

/// A key for many HMAC-SHA-256 tags: taken in once. Wiped on drop.
pub struct HmacKey(Box<<Active as Library>::Mac>);

impl HmacKey {
    /// Takes a key in.
    #[must_use]
    pub fn new(key: &Secret<32>) -> Self {
        wiping(|| Self(Active::mac(key.expose())))
    }

    /// HKDF-Expand (RFC 5869, 2.3) to 32 bytes, with this as the pseudorandom key; `info` is the concatenated parts.
    #[must_use]
    pub fn expand(&self, info: [&[u8]; 2]) -> Secret<32> {
        wiping(|| self.expand_unwiped(info))
    }

    /// For callers that wipe the stack themselves.
    pub(crate) fn expand_unwiped(&self, [first, second]: [&[u8]; 2]) -> Secret<32> {
        // One block of the hash's length, T(1).
        let expanded = Zeroizing::new(Active::mac_tag(&self.0, &[first, second, &[1]]));
        Secret::filled(|out| out.copy_from_slice(&*expanded))
    }

    /// The tag over the concatenated parts.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        Active::mac_tag(&self.0, parts)
    }
}

/// Verifies an HMAC 256/256 in constant time.
///
/// # Errors
/// [`CryptoError::SignatureInvalid`].
pub fn verify_hmac_sha256(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> Result<(), CryptoError> {
    if constant_time_eq(&*Active::hmac_sha256(key, parts), tag) { Ok(()) } else { Err(CryptoError::SignatureInvalid) }
}
