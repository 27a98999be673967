//! AES-128-GCM, for HPKE and JWE. Everything that this project stores is encrypted with AES-256-GCM.
use alloc::{boxed::Box, vec::Vec};

use crate::{
    CryptoError, NONCE_LEN, Secret,
    backend::{Active, Library},
    stack::wiping,
};

/// An AES-128-GCM key with its key schedule. It is wiped on drop.
pub struct Aead128Key(Box<<Active as Library>::Aead128>);

impl Aead128Key {
    /// Computes the key schedule.
    #[must_use]
    pub fn new(key: Secret<16>) -> Self {
        wiping(|| Self(Active::aead128(key.expose())))
    }

    /// Encrypts and returns the ciphertext followed by the 16-byte tag. Never use a nonce twice with one key.
    ///
    /// # Errors
    /// [`CryptoError::Length`] if the message is longer than AES-GCM allows.
    pub fn seal(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        wiping(|| Active::seal128(&self.0, nonce, aad, plaintext))
    }

    /// Decrypts. No plaintext is released unless the tag is right.
    ///
    /// # Errors
    /// [`CryptoError::Open`] if key, nonce, additional data or ciphertext is wrong.
    pub fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        wiping(|| Active::open128(&self.0, nonce, aad, sealed))
    }
}
