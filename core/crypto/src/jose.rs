//! JOSE: keys as JWK, algorithms by name, signatures of JWS.
use alloc::string::String;

use rid_wire::{
    base64,
    jose::{Alg, Jwk, JwkCurve, Jws, JwsError},
};

use crate::{CryptoError, Curve, PublicKey, SignatureAlgorithm, sha256, verify};

impl From<Alg> for SignatureAlgorithm {
    fn from(alg: Alg) -> Self {
        match alg {
            Alg::EdDsa => Self::EdDsa,
            Alg::Es256 => Self::Es256,
            Alg::Es384 => Self::Es384,
        }
    }
}

impl SignatureAlgorithm {
    /// The name in JOSE. `None` for ECDSA with P-521, which no profile here uses.
    #[must_use]
    pub const fn jose(self) -> Option<Alg> {
        match self {
            Self::EdDsa => Some(Alg::EdDsa),
            Self::Es256 => Some(Alg::Es256),
            Self::Es384 => Some(Alg::Es384),
            Self::Es512 => None,
        }
    }
}

impl PublicKey {
    /// Reads a public JWK and checks the point.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] if the point is not on the curve.
    pub fn from_jose(jwk: &Jwk) -> Result<Self, CryptoError> {
        let curve = match jwk.curve {
            JwkCurve::Ed25519 => Curve::Ed25519,
            JwkCurve::P256 => Curve::P256,
            JwkCurve::P384 => Curve::P384,
        };
        Self::from_coordinates(curve, &jwk.x, jwk.y.as_deref())
    }

    /// Writes a public JWK. `None` for P-521.
    #[must_use]
    pub fn to_jose(&self) -> Option<Jwk> {
        let curve = match self.curve() {
            Curve::Ed25519 => JwkCurve::Ed25519,
            Curve::P256 => JwkCurve::P256,
            Curve::P384 => JwkCurve::P384,
            Curve::P521 => return None,
        };
        let bytes = self.to_bytes();
        if curve == JwkCurve::Ed25519 {
            return Some(Jwk { curve, x: bytes, y: None });
        }
        let (x, y) = bytes.get(1..)?.split_at_checked(self.curve().coordinate_len())?;
        Some(Jwk { curve, x: x.into(), y: Some(y.into()) })
    }

    /// The JWK thumbprint (RFC 7638, SHA-256) in base64url. `None` for P-521.
    #[must_use]
    pub fn thumbprint(&self) -> Option<String> {
        self.to_jose().map(|jwk| base64::encode_url(&sha256(&[jwk.thumbprint_input().as_bytes()])))
    }
}

/// Verifies the signature of a JWS. The algorithm in its header must be the algorithm of the key.
///
/// # Errors
/// [`JwsError::Alg`] if algorithm and key do not match (neg-E02), [`JwsError::Signature`] if the signature is wrong.
pub fn verify_jws(key: &PublicKey, jws: &Jws<'_>) -> Result<(), JwsError> {
    let input = jws.signing_input.as_bytes();
    verify(key, jws.header.alg.into(), &[input], &jws.signature).map_err(|error| match error {
        CryptoError::AlgUnsupported => JwsError::Alg,
        _ => JwsError::Signature,
    })
}
