//! Public keys as COSE_Key, JWK and SEC1 points.
use alloc::vec::Vec;

use rid_wire::{base64, cose, json::Value};

use crate::{
    CryptoError, Curve, SignatureAlgorithm,
    backend::{Active, Library},
};

/// A public key. It is always a valid point of its curve.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(pub(crate) <Active as Library>::Public);

impl PublicKey {
    /// Reads a `COSE_Key` and checks the point.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] if a coordinate has the wrong length or the point is not on the curve;
    /// [`CryptoError::AlgUnsupported`] for another curve.
    pub fn from_cose(key: &cose::Key<'_>) -> Result<Self, CryptoError> {
        match key {
            cose::Key::Okp { crv: 6, x } => Self::from_coordinates(Curve::Ed25519, x, None),
            cose::Key::Okp { .. } => Err(CryptoError::AlgUnsupported),
            cose::Key::Ec2 { crv, x, y: Some(y), .. } => Self::from_coordinates(Curve::from_cose(*crv)?, x, Some(y)),
            cose::Key::Ec2 { crv, x, y: None, sign: Some(sign) } => {
                let curve = Curve::from_cose(*crv)?;
                if x.len() != curve.coordinate_len() {
                    return Err(CryptoError::KeyInvalid);
                }
                let head = if *sign { 3 } else { 2 };
                Self::from_sec1(curve, &[&[head], x.as_ref()].concat())
            }
            cose::Key::Ec2 { .. } => Err(CryptoError::KeyInvalid),
        }
    }

    /// Reads a `COSE_Key` whose coordinates may lack leading zeros. RFC 9053 (7.1.1) forbids that, but some issuers do
    /// it.
    ///
    /// The flag is true if a coordinate was short. A verifier warns then, and a wallet refuses the credential on
    /// receipt.
    ///
    /// # Errors
    /// As [`PublicKey::from_cose`].
    pub fn from_cose_padded(key: &cose::Key<'_>) -> Result<(Self, bool), CryptoError> {
        let cose::Key::Ec2 { crv, x, y, sign } = key else { return Ok((Self::from_cose(key)?, false)) };
        let len = Curve::from_cose(*crv)?.coordinate_len();
        let is_short = |coordinate: &[u8]| (1..len).contains(&coordinate.len());
        let padded = |coordinate: &[u8]| {
            let mut padded = alloc::vec![0; len.saturating_sub(coordinate.len())];
            padded.extend_from_slice(coordinate);
            padded
        };
        if !is_short(x) && !y.as_deref().is_some_and(is_short) {
            return Ok((Self::from_cose(key)?, false));
        }
        let y = y.as_deref().map(|y| padded(y).into());
        let key = cose::Key::Ec2 { crv: *crv, x: padded(x).into(), y, sign: *sign };
        Ok((Self::from_cose(&key)?, true))
    }

    /// Takes affine coordinates (EC) or, for Ed25519, `x` alone.
    ///
    /// # Errors
    /// As [`PublicKey::from_cose`].
    pub fn from_coordinates(curve: Curve, x: &[u8], y: Option<&[u8]>) -> Result<Self, CryptoError> {
        let len = curve.coordinate_len();
        match (curve, y) {
            (Curve::Ed25519, None) => Self::from_sec1(curve, x),
            (Curve::P256 | Curve::P384 | Curve::P521, Some(y)) if x.len() == len && y.len() == len => {
                Self::from_sec1(curve, &[&[4], x, y].concat())
            }
            _ => Err(CryptoError::KeyInvalid),
        }
    }

    /// Takes a SEC1 point (0x04 ‖ x ‖ y, or compressed) or the 32 bytes of Ed25519.
    ///
    /// # Errors
    /// As [`PublicKey::from_cose`].
    pub fn from_sec1(curve: Curve, point: &[u8]) -> Result<Self, CryptoError> {
        Active::public(curve, point).map(Self)
    }

    /// Reads a public JWK. The private part of a private JWK is ignored.
    ///
    /// # Errors
    /// As [`PublicKey::from_cose`].
    pub fn from_jwk(text: &str) -> Result<Self, CryptoError> {
        Self::from_jwk_value(&Value::parse(text, 8192).map_err(|_| CryptoError::KeyInvalid)?)
    }

    pub(crate) fn from_jwk_value(jwk: &Value) -> Result<Self, CryptoError> {
        let curve = Curve::from_jwk(jwk)?;
        let x = jwk_member(jwk, "x")?;
        match curve {
            Curve::Ed25519 => Self::from_coordinates(curve, &x, None),
            _ => Self::from_coordinates(curve, &x, Some(&jwk_member(jwk, "y")?)),
        }
    }

    /// The curve of the key.
    #[must_use]
    pub fn curve(&self) -> Curve {
        Active::curve(&self.0)
    }

    /// The one signature algorithm that is allowed with this curve.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        match self.curve() {
            Curve::Ed25519 => SignatureAlgorithm::EdDsa,
            Curve::P256 => SignatureAlgorithm::Es256,
            Curve::P384 => SignatureAlgorithm::Es384,
            Curve::P521 => SignatureAlgorithm::Es512,
        }
    }

    /// Writes a `COSE_Key` with kty, crv, x and (for EC) y.
    #[must_use]
    pub fn to_cose(&self) -> Vec<u8> {
        let (curve, bytes) = (self.curve(), self.to_bytes());
        let crv = curve.cose();
        if curve == Curve::Ed25519 {
            return cose::Key::Okp { crv, x: bytes.into() }.encode();
        }
        let (x, y) = bytes.get(1..).unwrap_or_default().split_at_checked(curve.coordinate_len()).unwrap_or_default();
        cose::Key::Ec2 { crv, x: x.into(), y: Some(y.into()), sign: None }.encode()
    }

    /// The uncompressed SEC1 point, or the 32 bytes of Ed25519.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        Active::point(&self.0)
    }
}

/// Reads a base64url member of a JWK.
pub(crate) fn jwk_member(jwk: &Value, name: &str) -> Result<Vec<u8>, CryptoError> {
    let text = jwk.member(name).and_then(Value::as_str).ok_or(CryptoError::KeyInvalid)?;
    base64::decode_url(text).map_err(|_| CryptoError::KeyInvalid)
}

impl core::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PublicKey")
    }
}
