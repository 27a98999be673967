//! What a verifier says about itself in `client_metadata` (std-M22). Names and logos are not read: anyone can write
//! them (neg-G24).
use alloc::string::String;

use rid_claims::Format;
use rid_crypto::{
    PublicKey,
    jwe::{self, ContentEncryption, JweError},
    sha256,
};
use rid_wire::json::Value;

use super::VpError;

/// Most keys that are looked at.
const MAX_KEYS: usize = 32;

/// How an answer is encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct Encryption {
    /// The verifier's key.
    pub key: PublicKey,
    /// Its identifier, which the answer repeats.
    pub kid: Option<String>,
    /// The content encryption.
    pub enc: ContentEncryption,
    /// The SHA-256 thumbprint of the key (RFC 7638), for the handover.
    pub thumbprint: [u8; 32],
}

impl Encryption {
    /// Chooses the first usable key, and A256GCM if the verifier takes it.
    ///
    /// # Errors
    /// [`JweError::Key`] if no key is usable, [`JweError::Enc`] if no content encryption is (neg-E06).
    pub(super) fn choose(metadata: Option<&Value>) -> Result<Self, VpError> {
        let jwks = metadata.and_then(|metadata| metadata.member("jwks")).and_then(|jwks| jwks.member("keys"));
        let Some(Value::Array(keys)) = jwks else { return Err(JweError::Key.into()) };
        let enc =
            content_encryption(metadata.and_then(|known| known.member("encrypted_response_enc_values_supported")))?;
        let usable = keys.iter().take(MAX_KEYS).find_map(|jwk| Some((usable(jwk)?, jwk)));
        let (key, jwk) = usable.ok_or(JweError::Key)?;
        let kid = match jwk.member("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(JweError::Key.into()),
        };
        let thumbprint = key.to_jose().ok_or(JweError::Key)?.thumbprint_input();
        Ok(Self { kid, enc, thumbprint: sha256(&[thumbprint.as_bytes()]), key })
    }
}

/// `alg` must be present; `use` is absent or `enc`.
fn usable(jwk: &Value) -> Option<PublicKey> {
    let is_for_encryption = jwk.member("use").is_none_or(|usage| usage.as_str() == Some("enc"));
    let is_direct = jwk.member("alg").and_then(Value::as_str) == Some(jwe::ALG);
    if is_for_encryption && is_direct { jwe::p256_key(jwk).ok() } else { None }
}

fn content_encryption(values: Option<&Value>) -> Result<ContentEncryption, VpError> {
    let Some(values) = values else { return Ok(ContentEncryption::A128Gcm) };
    let Value::Array(values) = values else { return Err(VpError::Form("client_metadata")) };
    let takes = |enc: &ContentEncryption| values.iter().any(|value| value.as_str() == Some(enc.name()));
    let preferred = [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm];
    preferred.into_iter().find(takes).ok_or(JweError::Enc.into())
}

/// Checks that the verifier takes a format that is spoken here, if it names formats at all.
pub(super) fn check_formats(metadata: Option<&Value>) -> Result<(), VpError> {
    match metadata.and_then(|metadata| metadata.member("vp_formats_supported")) {
        None => Ok(()),
        Some(Value::Object(formats)) if formats.iter().any(|(name, _)| Format::parse(name).is_some()) => Ok(()),
        Some(Value::Object(_)) => Err(VpError::Formats),
        Some(_) => Err(VpError::Form("client_metadata")),
    }
}

rid_wire::closed_debug!(Encryption);
