use crate::{CryptoError, CryptoRng, PublicKey};

/// A signature algorithm of std-M45.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// EdDSA with Ed25519 (COSE -8).
    EdDsa,
    /// ECDSA P-256 with SHA-256 (COSE -7).
    Es256,
    /// ECDSA P-384 with SHA-384 (COSE -35).
    Es384,
    /// ECDSA P-521 with SHA-512 (COSE -36).
    Es512,
}

impl SignatureAlgorithm {
    /// From a COSE algorithm number.
    ///
    /// # Errors
    /// [`CryptoError::AlgUnsupported`].
    pub const fn from_cose(alg: i64) -> Result<Self, CryptoError> {
        match alg {
            -7 => Ok(Self::Es256),
            -35 => Ok(Self::Es384),
            -36 => Ok(Self::Es512),
            -8 => Ok(Self::EdDsa),
            _ => Err(CryptoError::AlgUnsupported),
        }
    }

    /// The COSE algorithm number.
    #[must_use]
    pub const fn cose(self) -> i64 {
        match self {
            Self::EdDsa => -8,
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::Es512 => -36,
        }
    }
}

/// Verifies a raw r‖s (or Ed25519) signature over the concatenated parts. `alg` must be the one of the key's curve.
///
/// # Errors
/// [`CryptoError::AlgUnsupported`] when algorithm and key do not fit, [`CryptoError::SignatureInvalid`].
pub fn verify(
    key: &PublicKey,
    alg: SignatureAlgorithm,
    message: &[&[u8]],
    signature: &[u8],
) -> Result<(), CryptoError> {
    todo!()
}

/// A P-256 signing key held in memory (issuer, reader, software secure area); wiped on drop.
pub struct SigningKey(());

impl SigningKey {
    /// A fresh key.
    pub fn make(rng: &mut dyn CryptoRng) -> Self {
        todo!()
    }

    /// From the 32-byte scalar.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`].
    pub fn from_scalar(scalar: &[u8]) -> Result<Self, CryptoError> {
        todo!()
    }

    /// The scalar, for sealing at rest by the software secure area and the test PKI only.
    #[must_use]
    pub fn dangerous_scalar(&self) -> crate::Secret<32> {
        todo!()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        todo!()
    }

    /// ES256 (RFC 6979, deterministic) over the concatenated parts: raw r‖s.
    #[must_use]
    pub fn sign(&self, message: &[&[u8]]) -> [u8; 64] {
        todo!()
    }
}
