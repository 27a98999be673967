use alloc::{boxed::Box, vec::Vec};

use crate::{
    CryptoError, Secret,
    backend::{Active, Backend},
    stack::wiping,
};

/// Length of an AES-GCM nonce in bytes.
pub const NONCE_LEN: usize = 12;
/// Length of an AES-GCM tag in bytes.
pub const TAG_LEN: usize = 16;

/// An AES-256-GCM key with its schedule, wiped on drop.
pub struct AeadKey(Box<<Active as Backend>::Aead>);

impl AeadKey {
    /// Takes a key.
    #[must_use]
    pub fn new(key: Secret<32>) -> Self {
        wiping(|| Self(Active::aead(key.expose())))
    }

    /// Encrypts: ciphertext ‖ 16-byte tag.
    ///
    /// # Errors
    /// [`CryptoError::Length`] for a message over AES-GCM's limit.
    pub fn seal(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        wiping(|| Active::seal(&self.0, nonce, aad, plaintext))
    }

    /// Decrypts; nothing is released before the tag was checked.
    ///
    /// # Errors
    /// [`CryptoError::Open`].
    pub fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        wiping(|| Active::open(&self.0, nonce, aad, sealed))
    }
}
