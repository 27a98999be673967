use alloc::vec::Vec;

use rid_wire::cose;

use crate::{CryptoError, SignatureAlgorithm};

/// A curve of the allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Ed25519 (signatures only).
    Ed25519,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

/// A public key that is known to be a valid point of its curve.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(());

impl PublicKey {
    /// From a `COSE_Key`; the point is checked.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] (coordinates of another length, not on the curve), [`CryptoError::AlgUnsupported`] (another curve).
    pub fn from_cose(key: &cose::Key<'_>) -> Result<Self, CryptoError> {
        todo!()
    }

    /// From a DER SubjectPublicKeyInfo with a named curve.
    ///
    /// # Errors
    /// As [`PublicKey::from_cose`].
    pub fn from_spki(der: &[u8]) -> Result<Self, CryptoError> {
        todo!()
    }

    /// From affine coordinates (EC) or, for Ed25519, `x` alone.
    ///
    /// # Errors
    /// As [`PublicKey::from_cose`].
    pub fn from_coordinates(curve: Curve, x: &[u8], y: Option<&[u8]>) -> Result<Self, CryptoError> {
        todo!()
    }

    /// From an SEC1 point (0x04 ‖ x ‖ y, or compressed).
    ///
    /// # Errors
    /// As [`PublicKey::from_cose`].
    pub fn from_sec1(curve: Curve, point: &[u8]) -> Result<Self, CryptoError> {
        todo!()
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        todo!()
    }

    /// The one signature algorithm this profile allows with the curve.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        todo!()
    }

    /// Encoded `COSE_Key` with kty, crv, x (and y) only.
    #[must_use]
    pub fn to_cose(&self) -> Vec<u8> {
        todo!()
    }

    /// The uncompressed SEC1 point, or the 32 bytes of Ed25519.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        todo!()
    }

    /// DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        todo!()
    }
}

impl core::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PublicKey")
    }
}
