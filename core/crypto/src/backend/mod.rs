//! The seam: what the rest of the crate needs from a cryptographic library. Nothing outside `backend` names one.
//!
//! RustCrypto is the reference and serves every call of [`Library`]. `ring` serves the hot calls if it is built and
//! selected ([`Backend`], ADR 0012). Each of its functions returns `None` to leave the call to the reference.
//!
//! Messages are given in parts, so that a signed structure is hashed in place instead of being concatenated first.
//!
//! Properties that hold with every library:
//! - ECDSA nonces follow RFC 6979 (RustCrypto) or are random (`ring`). No caller may expect equal signatures.
//! - If decryption in place fails, the buffer is unchanged. `ring` overwrites it, so `ring` serves no AEAD.
//! - No library wipes everything. Each call with a secret goes through `stack::wiping`. Keys of `ring` are not wiped by
//!   it, so they are held in a `Wiped`.
//! - All accept the same keys and signatures: the reference parses the keys, and `ring.rs` adds the checks that `ring`
//!   lacks.
#[cfg_attr(not(all(feature = "ring", not(target_family = "wasm"))), path = "no_ring.rs")]
pub(crate) mod ring;
mod rustcrypto;
mod select;

use alloc::{boxed::Box, vec::Vec};

use zeroize::Zeroizing;

pub(crate) use self::rustcrypto::Public;
pub use self::select::Backend;
use crate::{Argon2Cost, CryptoError, Curve, DigestAlgorithm};

/// The reference library.
pub(crate) type Active = rustcrypto::RustCrypto;

/// Input of Argon2 (RFC 9106, 3.1). Key and data are empty except in the published vectors.
pub(crate) struct Argon2Input<'a> {
    /// P, the password.
    pub(crate) password: &'a [u8],
    /// S, the salt.
    pub(crate) salt: &'a [u8],
    /// K, the secret key.
    pub(crate) key: &'a [u8],
    /// X, the associated data, at most 32 bytes.
    pub(crate) data: &'a [u8],
}

/// Verifies a signature with the selected library.
///
/// # Errors
/// As [`Library::verify`].
pub(crate) fn verify(
    public: &Public,
    hash: DigestAlgorithm,
    message: &[&[u8]],
    signature: &[u8],
) -> Result<(), CryptoError> {
    let fast = match Backend::selected() {
        Backend::Ring => ring::verify(public, hash, message, signature),
        Backend::RustCrypto => None,
    };
    fast.unwrap_or_else(|| Active::verify(public, hash, message, signature))
}

/// A cryptographic library.
pub(crate) trait Library {
    /// A parsed public key: a valid point of its curve, never the point at infinity.
    type Public: Clone + PartialEq + Eq;
    /// A P-256 signing key, wiped on drop.
    type Signing;
    /// A private key for ECDH, wiped on drop.
    type Agreement;
    /// An AES-256 key with its key schedule, wiped on drop.
    type Aead;
    /// An AES-128 key with its key schedule, wiped on drop.
    type Aead128;
    /// A key of HMAC-SHA-256 with its schedule, wiped on drop.
    type Mac;

    /// Takes a SEC1 point (uncompressed or compressed), or the 32 bytes of Ed25519.
    fn public(curve: Curve, point: &[u8]) -> Result<Self::Public, CryptoError>;
    fn curve(public: &Self::Public) -> Curve;
    /// The uncompressed point, or the 32 bytes of Ed25519.
    fn point(public: &Self::Public) -> Vec<u8>;
    /// Verifies raw r‖s of the length of the curve, or an Ed25519 signature, which ignores `hash`.
    fn verify(
        public: &Self::Public,
        hash: DigestAlgorithm,
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError>;

    fn signing(scalar: &[u8; 32]) -> Result<Self::Signing, CryptoError>;
    #[cfg(feature = "dangerous")]
    fn signing_scalar(key: &Self::Signing) -> Zeroizing<[u8; 32]>;
    fn signing_public(key: &Self::Signing) -> Self::Public;
    /// Signs with the nonce of RFC 6979 and SHA-256.
    fn sign(key: &Self::Signing, message: &[&[u8]]) -> [u8; 64];

    fn agreement(curve: Curve, scalar: &[u8]) -> Result<Self::Agreement, CryptoError>;
    /// The private scalar, of the curve's length.
    #[cfg(feature = "dangerous")]
    fn agreement_scalar(key: &Self::Agreement) -> Zeroizing<Vec<u8>>;
    fn agreement_public(key: &Self::Agreement) -> Self::Public;
    fn agree(key: &Self::Agreement, peer: &Self::Public) -> Result<Zeroizing<Vec<u8>>, CryptoError>;

    /// Hashes to an uncompressed point (RFC 9380, suite P256_XMD:SHA-256_SSWU_RO_).
    fn hash_to_p256(message: &[u8], domain: &[u8]) -> Result<[u8; 65], CryptoError>;

    fn aead(key: &[u8; 32]) -> Box<Self::Aead>;
    /// Encrypts in place and returns the tag.
    fn seal(key: &Self::Aead, nonce: &[u8; 12], aad: &[u8], text: &mut [u8]) -> Result<[u8; 16], CryptoError>;
    fn open(key: &Self::Aead, nonce: &[u8; 12], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError>;

    fn aead128(key: &[u8; 16]) -> Box<Self::Aead128>;
    fn seal128(key: &Self::Aead128, nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError>;
    fn open128(key: &Self::Aead128, nonce: &[u8; 12], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError>;

    fn sha256(parts: &[&[u8]]) -> [u8; 32];
    fn sha384(parts: &[&[u8]]) -> [u8; 48];
    fn sha512(parts: &[&[u8]]) -> [u8; 64];
    fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]>;
    fn mac(key: &[u8; 32]) -> Box<Self::Mac>;
    fn mac_tag(key: &Self::Mac, parts: &[&[u8]]) -> [u8; 32];

    /// Argon2id version 1.3 (RFC 9106). The caller has checked the cost. The working memory is wiped.
    fn argon2id(input: &Argon2Input<'_>, cost: Argon2Cost, out: &mut [u8; 32]) -> Result<(), CryptoError>;
}
