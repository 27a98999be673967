//! Cryptography behind one seam: algorithm identifiers, signatures, key agreement, AEAD, key derivation, X.509.
//!
//! Only this crate names a cryptographic library. `backend` is the seam: RustCrypto is the portable reference behind it, and
//! with the feature `ring` the hot calls are served by `ring` ([`Backend`]).
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

mod aead;
mod agree;
mod algorithm;
mod backend;
mod digest;
mod jose;
mod key;
mod mac;
mod secret;
mod sign;
mod stack;
mod stretch;
pub mod x509;

pub use aead::{AeadKey, DerivedMessage, NONCE_LEN, TAG_LEN, open_derived};
pub use agree::{AgreementKey, EphemeralKey, SharedSecret, hash_to_p256};
pub use algorithm::{Argon2Cost, Curve, DigestAlgorithm, SignatureAlgorithm};
pub use backend::Backend;
pub use digest::{Digest, constant_time_eq, sha256};
pub use jose::verify_jws;
pub use key::PublicKey;
pub use mac::{HmacKey, hkdf_sha256, hmac_sha256, verify_hmac_sha256};
pub use rand_core::CryptoRng;
pub use secret::Secret;
pub use sign::{SigningKey, verify};
pub use stretch::argon2id;

use rid_wire::Code;

/// Why a cryptographic operation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum CryptoError {
    /// Algorithm outside the allow-list (std-M45).
    AlgUnsupported,
    /// Cost of a password hash outside the limits; nothing was allocated (neg-K26).
    Cost,
    /// The system gave no working memory for a password hash; nothing was derived.
    Memory,
    /// Ciphertext or tag wrong.
    Open,
    /// Not a point of the curve, or of another curve, or malformed.
    KeyInvalid,
    /// Signature or MAC wrong, or not in raw r‖s form.
    SignatureInvalid,
    /// Output length impossible for the algorithm.
    Length,
}

impl CryptoError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::AlgUnsupported => "cose_alg_unsupported",
            Self::Cost => "crypto_cost",
            Self::Memory => "crypto_memory",
            Self::Open => "aead_open",
            Self::KeyInvalid => "cose_key_invalid",
            Self::SignatureInvalid => "cose_signature_invalid",
            Self::Length => "crypto_length",
        })
    }
}
