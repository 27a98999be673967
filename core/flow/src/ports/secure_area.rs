//! The port of the secure area: keys that never leave it.
use alloc::{boxed::Box, string::String, vec::Vec};

use async_trait::async_trait;
use rid_crypto::Secret;
use rid_wire::Code;
use zeroize::Zeroizing;

/// Identifies a key inside a secure area. Not secret, but kept out of messages to peers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub String);

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// ECDH (deviceMac).
    Agree,
    /// Keyed derivation of 32 bytes from 32 bytes (wraps the vault's envelope, hardens the PIN).
    Derive,
    /// ES256.
    Sign,
}

/// When the person must be present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAuth {
    /// Biometrics only; the key is invalidated by a new enrolment.
    BiometricCurrentSet,
    /// Any unlock of the device, at each use.
    EachUse,
    /// Never asked.
    None,
}

/// What a key is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// Use.
    pub usage: KeyUse,
    /// User presence.
    pub user_auth: UserAuth,
    /// Challenge of a key attestation; empty for none.
    pub challenge: Vec<u8>,
}

/// A key as its secure area describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Identifier.
    pub id: KeyId,
    /// Public key, uncompressed SEC1 P-256; empty for a `Derive` key.
    pub public: Vec<u8>,
    /// Attestation of the platform, opaque; empty when there is none.
    pub attestation: Vec<u8>,
    /// Whether the key lives in hardware.
    pub hardware: bool,
}

/// Why the person is asked; the app turns it into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// New documents are being fetched.
    Issue,
    /// Data is being shown.
    Present,
    /// A sign-in.
    SignIn,
    /// The wallet opens.
    Unlock,
}

/// A secure area's refusal. No text: the platform's words may name things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum SecureAreaError {
    /// Too many operations at once: try again (neg-K11).
    Busy,
    /// The person cancelled.
    Cancelled,
    /// The key died with a change of biometrics (neg-K12).
    Invalidated,
    /// The device or key is locked.
    Locked,
    /// No such key (neg-K14).
    NotFound,
    /// The area does not work.
    Unavailable,
}

impl SecureAreaError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Busy => "key_busy",
            Self::Cancelled => "key_cancelled",
            Self::Invalidated => "key_invalidated",
            Self::Locked => "key_locked",
            Self::NotFound => "key_not_found",
            Self::Unavailable => "key_unavailable",
        })
    }
}

/// The 32 bytes an agreement or derivation gives.
pub type Secret32 = Secret<32>;

/// Takes 32 secret bytes that came from a platform's own memory, and wipes them there; `None` for another length.
#[must_use]
pub fn secret_from(bytes: Vec<u8>) -> Option<Secret32> {
    let bytes = Zeroizing::new(bytes);
    (bytes.len() == 32).then(|| Secret::filled(|secret| secret.copy_from_slice(&bytes)))
}

/// The point a chip without HMAC agrees with to [`SecureArea::derive`] (uncompressed P-256, RFC 9380): the derived
/// bytes are the x coordinate of the agreement. `None` for the one point in 2^256 that has no coordinates.
#[must_use]
pub fn derive_point(input: &[u8; 32]) -> Option<[u8; 65]> {
    rid_crypto::hash_to_p256(input, b"RID-V01-DERIVE-with-P256_XMD:SHA-256_SSWU_RO_").ok()
}

/// Keys in hardware (or, on a desktop, plainly not). Treat it as an unreliable remote.
#[async_trait]
pub trait SecureArea: Send + Sync {
    /// Makes `count` keys.
    ///
    /// # Errors
    /// [`SecureAreaError`]; on an error no key is left behind.
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError>;

    /// ES256 over the unhashed message: raw r‖s.
    ///
    /// # Errors
    /// [`SecureAreaError`].
    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError>;

    /// ECDH with a peer's uncompressed P-256 point.
    ///
    /// # Errors
    /// [`SecureAreaError`].
    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret<32>, SecureAreaError>;

    /// A keyed pseudo-random function of the input: the same 32 bytes for the same key and input, on this device only.
    ///
    /// # Errors
    /// [`SecureAreaError`].
    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret<32>, SecureAreaError>;

    /// Describes a key.
    ///
    /// # Errors
    /// [`SecureAreaError`].
    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError>;

    /// Deletes a key; deleting what is not there succeeds.
    ///
    /// # Errors
    /// [`SecureAreaError`].
    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError>;
}
