//! Sign, verify, agree, AEAD, HKDF and HMAC behind one seam; X.509 parse and path check.
//!
//! Only this crate names a cryptographic library. The module `backend` is the seam: RustCrypto is the portable
//! reference, and with the feature `ring` the hot calls are served by `ring` ([`Backend`], ADR 0012).
//!
//! ```text
//!   mdoc, trust, vault … ──► PublicKey, SigningKey, AeadKey, HmacKey, x509 ──► backend ──► RustCrypto
//!                                                                                     └──► ring
//! ```
//!
//! Sign with ES256 and verify:
//!
//! ```
//! use rid_crypto::{CryptoError, SignatureAlgorithm, SigningKey, verify};
//!
//! # fn main() -> Result<(), CryptoError> {
//! let key = SigningKey::from_scalar(&[7; 32])?;
//! let signature = key.sign(&[b"a message ", b"in two parts"]);
//! verify(&key.public(), SignatureAlgorithm::Es256, &[b"a message in two parts"], &signature)?;
//! # Ok(())
//! # }
//! ```
//!
//! Do not expect equal signatures for equal input: the nonce is deterministic or random, depending on the backend. Do
//! not compare secrets with `==`: use [`constant_time_eq`]. Do not trust a [`x509::Certificate`] because it parsed: see
//! [`x509::verify_path`]. A product must not enable the feature `dangerous`, which makes certificates that are wrong on
//! purpose and gives away private scalars.
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

mod aead;
mod aead128;
mod agree;
mod algorithm;
mod backend;
mod concat_kdf;
mod digest;
pub mod hpke;
mod jose;
pub mod jwe;
mod key;
mod mac;
mod secret;
mod sign;
mod stack;
mod stretch;
pub mod x509;

pub use aead::{AeadKey, NONCE_LEN, TAG_LEN};
pub use aead128::Aead128Key;
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

/// Why a cryptographic operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum CryptoError {
    /// The algorithm is outside the allow-list (std-M45).
    AlgUnsupported,
    /// The cost of a password hash is outside the limits (neg-K26). No memory was allocated.
    Cost,
    /// There is not enough memory for a password hash.
    Memory,
    /// The ciphertext or its tag is wrong.
    Open,
    /// The key is malformed, not a point of the curve, or of another curve.
    KeyInvalid,
    /// The signature or MAC is wrong, or not in raw r‖s form.
    SignatureInvalid,
    /// The algorithm cannot produce or take this length.
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
