//! AES-256-GCM.
use alloc::{boxed::Box, vec::Vec};

use crate::{
    CryptoError, HmacKey, Secret,
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
        wiping(|| Active::seal(&self.0, nonce, aad, plaintext))
    }

    /// Decrypts. No plaintext is released unless the tag is right.
    ///
    /// # Errors
    /// [`CryptoError::Open`] if key, nonce, additional data or ciphertext is wrong.
    pub fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        wiping(|| Active::open(&self.0, nonce, aad, sealed))
    }
}

/// A message that is encrypted under a key of its own, derived from a common parent. For a store of many small records.
pub struct DerivedMessage<'a> {
    /// The key from which the message key is expanded ([`HmacKey::expand`]).
    pub parent: &'a HmacKey,
    /// The `info` of that expansion, in two parts.
    pub info: [&'a [u8]; 2],
    /// The nonce of the message.
    pub nonce: &'a [u8; NONCE_LEN],
    /// The additional authenticated data.
    pub aad: Vec<u8>,
    /// The ciphertext followed by the tag.
    pub sealed: &'a mut [u8],
}

/// Decrypts many messages in place. On success the plaintext replaces the ciphertext and the tag follows it; on failure
/// the buffer is unchanged. Each message key is wiped after use, and the stack once at the end.
pub fn open_derived<'a>(messages: impl IntoIterator<Item = DerivedMessage<'a>>) -> Vec<Result<(), CryptoError>> {
    let open = |message: DerivedMessage<'_>| {
        let key = message.parent.expand_unwiped(message.info);
        let key = Active::aead(key.expose());
        Active::open_in_place(&key, message.nonce, &message.aad, message.sealed)
    };
    wiping(|| messages.into_iter().map(open).collect())
}
