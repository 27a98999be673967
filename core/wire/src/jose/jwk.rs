//! Reads and writes public JWKs.
use alloc::{format, string::String, vec::Vec};

use super::{Alg, JwsError};
use crate::{base64, json::Value};

/// A curve of the allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkCurve {
    /// Ed25519 (key type `OKP`).
    Ed25519,
    /// NIST P-256 (key type `EC`).
    P256,
    /// NIST P-384 (key type `EC`).
    P384,
}

/// A public JWK. The point is *not* checked: `rid-crypto` does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// The curve.
    pub curve: JwkCurve,
    /// The x coordinate, or the whole key of Ed25519, in full length.
    pub x: Vec<u8>,
    /// The y coordinate in full length; `None` for Ed25519.
    pub y: Option<Vec<u8>>,
}

/// Members of private and symmetric keys (RFC 7518, 6).
const SECRET: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

impl Jwk {
    /// Reads a public JWK for signatures. A JWK that holds a secret, is meant for something else (`use`, `alg`), or has
    /// coordinates of another length is refused.
    ///
    /// # Errors
    /// [`JwsError::Key`].
    pub fn read(value: &Value) -> Result<Self, JwsError> {
        if SECRET.iter().any(|name| value.member(name).is_some()) {
            return Err(JwsError::Key);
        }
        let text = |name| value.member(name).and_then(Value::as_str);
        let curve = match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) => JwkCurve::P256,
            (Some("EC"), Some("P-384")) => JwkCurve::P384,
            (Some("OKP"), Some("Ed25519")) => JwkCurve::Ed25519,
            _ => return Err(JwsError::Key),
        };
        let of_another_use = value.member("use").is_some_and(|usage| usage.as_str() != Some("sig"));
        let names_alg = |alg: &Value| alg.as_str().and_then(|name| Alg::from_name(name).ok()) == Some(curve.alg());
        if of_another_use || !value.member("alg").is_none_or(names_alg) {
            return Err(JwsError::Key);
        }
        let coordinate = |name| {
            let bytes = text(name).and_then(|text| base64::decode_url(text).ok());
            bytes.filter(|bytes| bytes.len() == curve.coordinate_len()).ok_or(JwsError::Key)
        };
        let y = if curve == JwkCurve::Ed25519 { None } else { Some(coordinate("y")?) };
        Ok(Self { curve, x: coordinate("x")?, y })
    }

    /// The required members only, in the order of RFC 7638.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let text = |name: &str, text: &str| (name.into(), Value::String(text.into()));
        let (kty, crv) = self.curve.names();
        let mut members: Vec<(String, Value)> = [text("crv", crv), text("kty", kty)].into();
        members.push(text("x", &base64::encode_url(&self.x)));
        members.extend(self.y.as_ref().map(|y| text("y", &base64::encode_url(y))));
        Value::Object(members)
    }

    /// The text whose hash is the thumbprint (RFC 7638, 3).
    #[must_use]
    pub fn thumbprint_input(&self) -> String {
        let (kty, crv) = self.curve.names();
        let y = self.y.as_ref().map(|y| format!(r#","y":"{}""#, base64::encode_url(y))).unwrap_or_default();
        format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{}"{y}}}"#, base64::encode_url(&self.x))
    }
}

impl JwkCurve {
    /// The one algorithm that is accepted with the curve.
    #[must_use]
    pub const fn alg(self) -> Alg {
        match self {
            Self::Ed25519 => Alg::EdDsa,
            Self::P256 => Alg::Es256,
            Self::P384 => Alg::Es384,
        }
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Ed25519 => ("OKP", "Ed25519"),
            Self::P256 => ("EC", "P-256"),
            Self::P384 => ("EC", "P-384"),
        }
    }

    const fn coordinate_len(self) -> usize {
        match self {
            Self::Ed25519 | Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}
