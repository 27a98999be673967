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

/// An AES-256-GCM key with its schedule, wiped on drop.
pub struct AeadKey(Box<<Active as Library>::Aead>);

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

/// A message under a key of its own: what a store of many small records has.
pub struct DerivedMessage<'a> {
    /// The key that the message's own is expanded from ([`HmacKey::expand`]).
    pub parent: &'a HmacKey,
    /// What it is expanded by.
    pub info: [&'a [u8]; 2],
    /// Nonce.
    pub nonce: &'a [u8; NONCE_LEN],
    /// Additional data.
    pub aad: Vec<u8>,
    /// Ciphertext ‖ tag.
    pub sealed: &'a mut [u8],
}

/// Opens many, each where it lies: then the plaintext stands where the ciphertext stood, before the tag; what does not open stays as it
/// was. Each key is derived, used and wiped, and the stack once after all of them.
pub fn open_derived<'a>(messages: impl IntoIterator<Item = DerivedMessage<'a>>) -> Vec<Result<(), CryptoError>> {
    let open = |message: DerivedMessage<'_>| {
        let key = message.parent.expand_unwiped(message.info);
        let key = Active::aead(key.expose());
        Active::open_in_place(&key, message.nonce, &message.aad, message.sealed)
    };
    wiping(|| messages.into_iter().map(open).collect())
}
