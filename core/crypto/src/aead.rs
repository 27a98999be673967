//! AES-256-GCM.
use alloc::{boxed::Box, vec::Vec};

use crate::{
    CryptoError, Secret,
    backend::{Active, Library},
    stack::wiping,
};

/// Length of an AES-GCM nonce in bytes.
pub const NONCE_LEN: usize = 12;
/// Length of an AES-GCM tag in bytes.
pub const TAG_LEN: usize = 16;

/// An AES-256-GCM key with its key schedule. It is wiped on drop.
pub struct AeadKey(Box<<Active as Library>::Aead>);

impl AeadKey {
    /// Computes the key schedule.
    #[must_use]
    pub fn new(key: Secret<32>) -> Self {
        wiping(|| Self(Active::aead(key.expose())))
    }

    /// Encrypts and returns the ciphertext followed by the 16-byte tag. Never use a nonce twice with one key.
    ///
    /// # Errors
    /// [`CryptoError::Length`] if the message is longer than AES-GCM allows.
    pub fn seal(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(TAG_LEN));
        sealed.extend_from_slice(plaintext);
        self.seal_in_place(nonce, aad, &mut sealed, 0)?;
        Ok(sealed)
    }

    /// Encrypts the bytes of a message after the first `clear`, in place, and appends the 16-byte tag. Never use a
    /// nonce twice with one key. After an error the message must not be used.
    ///
    /// # Errors
    /// As [`Self::seal`]; also if the message has fewer bytes than `clear`.
    pub fn seal_in_place(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        message: &mut Vec<u8>,
        clear: usize,
    ) -> Result<(), CryptoError> {
        let text = message.get_mut(clear..).ok_or(CryptoError::Length)?;
        let tag = wiping(|| Active::seal(&self.0, nonce, aad, text))?;
        message.extend_from_slice(&tag);
        Ok(())
    }

    /// Decrypts. No plaintext is released unless the tag is right.
    ///
    /// # Errors
    /// [`CryptoError::Open`] if key, nonce, additional data or ciphertext is wrong.
    pub fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        wiping(|| Active::open(&self.0, nonce, aad, sealed))
    }
}
