//! Reads and checks the header of a JWS.
use alloc::{string::String, vec::Vec};

use super::JwsError;
use crate::{base64, json::Value};

/// A signature algorithm of the allow-list. Each has exactly one curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alg {
    /// Ed25519 (`EdDSA` of RFC 8037, `Ed25519` of RFC 9864).
    EdDsa,
    /// ECDSA P-256 with SHA-256 (`ES256`).
    Es256,
    /// ECDSA P-384 with SHA-384 (`ES384`).
    Es384,
}

impl Alg {
    /// The algorithm with this name.
    ///
    /// # Errors
    /// [`JwsError::Alg`] for any other, `none` and MACs among them.
    pub fn from_name(name: &str) -> Result<Self, JwsError> {
        match name {
            "ES256" => Ok(Self::Es256),
            "ES384" => Ok(Self::Es384),
            "EdDSA" | "Ed25519" => Ok(Self::EdDsa),
            _ => Err(JwsError::Alg),
        }
    }

    /// The name that is written: the polymorphic `EdDSA` for Ed25519, which every peer knows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }
}

/// The protected header of a JWS. `jwk`, `jku`, `x5u` and `kid` never choose a key here: they are read by nobody or
/// only compared (neg-E03).
#[derive(Clone, PartialEq)]
pub struct Header {
    /// The algorithm.
    pub alg: Alg,
    /// The media type of the whole, without `application/`.
    pub typ: Option<String>,
    /// The key identifier. It is only a hint.
    pub kid: Option<String>,
    /// The certificates (DER), leaf first.
    pub x5c: Option<Vec<Vec<u8>>>,
    /// All members, these and others.
    pub members: Value,
}

/// Longest header in bytes of JSON: a chain of certificates fits.
const MAX_HEADER: usize = 65_536;

/// The base64url digits of the longest header.
pub(super) const MAX_HEADER_DIGITS: usize = 87_382;

/// Longest certificate chain that is read.
const MAX_CHAIN: usize = 10;

impl Header {
    /// Reads the JSON of a header.
    pub(super) fn read(text: &str) -> Result<Self, JwsError> {
        let members = Value::parse(text, MAX_HEADER)?;
        if !matches!(members, Value::Object(_)) {
            return Err(JwsError::Header);
        }
        // No extension is processed here, so none can be critical (RFC 7515, 4.1.11). RFC 7797 makes `b64` critical.
        if members.member("crit").is_some() || members.member("b64").is_some() {
            return Err(JwsError::Crit);
        }
        let alg = members.member("alg").and_then(Value::as_str).ok_or(JwsError::Alg)?;
        let text = |name| match members.member(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwsError::Header),
        };
        Ok(Self {
            alg: Alg::from_name(alg)?,
            typ: text("typ")?,
            kid: text("kid")?,
            x5c: members.member("x5c").map(read_chain).transpose()?,
            members,
        })
    }

    /// Checks that `typ` is this media type.
    ///
    /// # Errors
    /// [`JwsError::Typ`].
    pub fn require_typ(&self, typ: &str) -> Result<(), JwsError> {
        if self.typ.as_deref() == Some(typ) { Ok(()) } else { Err(JwsError::Typ) }
    }
}

/// Reads `x5c`: standard base64 of DER, with padding (RFC 7515, 4.1.6).
fn read_chain(value: &Value) -> Result<Vec<Vec<u8>>, JwsError> {
    let Value::Array(entries) = value else { return Err(JwsError::Header) };
    if entries.is_empty() || entries.len() > MAX_CHAIN {
        return Err(JwsError::Header);
    }
    let read = |entry: &Value| {
        let der = entry.as_str().and_then(|text| base64::decode_standard(text).ok());
        der.filter(|der| !der.is_empty()).ok_or(JwsError::Header)
    };
    entries.iter().map(read).collect()
}

crate::closed_debug!(Header);
