//! The key binding JWT (RFC 9901, 4.3).
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use rid_crypto::{PublicKey, constant_time_eq, verify_jws};
use rid_wire::{
    ClockTolerance, Code, Timestamp,
    jose::{Alg, Jws, signing_input},
    json::Value,
};

use crate::{SdJwtError, UnverifiedSdJwt, digest, vc::numeric_date};

/// The `typ` of a KB-JWT.
const TYP: &str = "kb+jwt";

/// The claim with the hashes of transactions.
const TRANSACTIONS: &str = "transaction_data_hashes";

/// Longest KB-JWT. It holds four claims.
const MAX_LEN: usize = 16_384;

/// The verifier's input to key binding.
#[derive(Clone, Copy, Default)]
pub struct KeyBindingInput<'a> {
    /// The audience that the verifier is; `None` gives `sdjwt_audience_missing`.
    pub audience: Option<&'a str>,
    /// The nonce of the request; `None` gives `sdjwt_nonce_missing`.
    pub nonce: Option<&'a str>,
    /// The greatest age of the KB-JWT in seconds; `None` for any age: the nonce alone says that it is fresh.
    pub max_age: Option<u32>,
}

/// What a holder's key binds a presentation to.
#[derive(Clone, Copy)]
pub struct Binding<'a> {
    /// The audience: the verifier's identifier, exactly as the request has it.
    pub audience: &'a str,
    /// The nonce of the request.
    pub nonce: &'a str,
    /// The time of the presentation.
    pub at: Timestamp,
    /// SHA-256 in base64url of each transaction that is confirmed (OpenID4VP 1.0, B.3.3.1); none if there is none.
    pub transaction_data_hashes: &'a [String],
}

/// A KB-JWT whose signature and `sd_hash` hold.
#[derive(Clone)]
pub(crate) struct KeyBinding {
    pub(crate) audience: String,
    pub(crate) nonce: String,
    pub(crate) issued: Timestamp,
    pub(crate) transaction_data_hashes: Vec<String>,
}

/// The reason for which key binding was not checked or failed.
pub(crate) enum Obstacle {
    Missing(Code),
    Refused(SdJwtError),
}

impl<E: Into<SdJwtError>> From<E> for Obstacle {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

const AUDIENCE_MISSING: Obstacle = Obstacle::Missing(Code::new("sdjwt_audience_missing"));
const NONCE_MISSING: Obstacle = Obstacle::Missing(Code::new("sdjwt_nonce_missing"));

/// Checks the KB-JWT of a presentation. The input is compared last, so that a forgery is refused whether or not
/// the caller gives a nonce.
pub(crate) fn check(
    sd_jwt: &UnverifiedSdJwt<'_>,
    holder_key: &PublicKey,
    input: &KeyBindingInput<'_>,
    at: Timestamp,
    tolerance: ClockTolerance,
) -> Result<KeyBinding, Obstacle> {
    let text = sd_jwt.key_binding.ok_or(SdJwtError::KeyBindingMissing)?;
    let jws = Jws::parse(text, MAX_LEN).map_err(SdJwtError::from)?;
    jws.header.require_typ(TYP).map_err(SdJwtError::from)?;
    verify_jws(holder_key, &jws).map_err(SdJwtError::from)?;
    let claims = jws.claims().map_err(SdJwtError::from)?;
    let text = |name: &'static str| {
        claims.member(name).and_then(Value::as_str).map(String::from).ok_or(SdJwtError::Form(name))
    };
    let sd_hash = sd_jwt.sd_hash(digest::algorithm(&sd_jwt.payload)?);
    if !constant_time_eq(text("sd_hash")?.as_bytes(), sd_hash.as_bytes()) {
        return Err(SdJwtError::SdHash.into());
    }
    let issued = numeric_date(claims.member("iat").ok_or(SdJwtError::Time("iat"))?, "iat")?;
    let transaction_data_hashes = transaction_data_hashes(&claims)?;
    let binding = KeyBinding { audience: text("aud")?, nonce: text("nonce")?, issued, transaction_data_hashes };
    let too_old = |age: u32| at > issued.plus_seconds(age.into());
    if tolerance.is_ahead(issued, at) || input.max_age.is_some_and(too_old) {
        return Err(SdJwtError::Time("iat").into());
    }
    let audience = input.audience.ok_or(AUDIENCE_MISSING)?;
    if binding.audience != audience {
        return Err(SdJwtError::Audience.into());
    }
    let nonce = input.nonce.ok_or(NONCE_MISSING)?;
    if !constant_time_eq(binding.nonce.as_bytes(), nonce.as_bytes()) {
        return Err(SdJwtError::Nonce.into());
    }
    Ok(binding)
}

/// Checks the KB-JWT for exactly this audience, nonce and time.
pub(crate) fn check_exact(
    sd_jwt: &UnverifiedSdJwt<'_>,
    holder_key: &PublicKey,
    binding: &Binding<'_>,
    tolerance: ClockTolerance,
) -> Result<(), SdJwtError> {
    let input = KeyBindingInput { audience: Some(binding.audience), nonce: Some(binding.nonce), max_age: None };
    match check(sd_jwt, holder_key, &input, binding.at, tolerance) {
        Ok(found) if found.transaction_data_hashes != binding.transaction_data_hashes => Err(SdJwtError::Transaction),
        Ok(_) => Ok(()),
        Err(Obstacle::Refused(error)) => Err(error),
        Err(Obstacle::Missing(_)) => Err(SdJwtError::KeyBindingMissing),
    }
}

/// The text to sign for a KB-JWT.
pub(crate) fn to_be_signed(alg: Alg, binding: &Binding<'_>, sd_hash: String) -> String {
    let text = |name: &str, text: &str| (name.to_string(), Value::String(text.into()));
    let header = Value::Object([text("alg", alg.name()), text("typ", TYP)].into());
    let mut payload = alloc::vec![
        text("nonce", binding.nonce),
        text("aud", binding.audience),
        ("iat".into(), Value::Integer(binding.at.unix())),
        ("sd_hash".into(), Value::String(sd_hash)),
    ];
    if !binding.transaction_data_hashes.is_empty() {
        let hashes = binding.transaction_data_hashes.iter().cloned().map(Value::String).collect();
        payload.push((TRANSACTIONS.into(), Value::Array(hashes)));
        payload.push(text("transaction_data_hashes_alg", "sha-256"));
    }
    signing_input(&header, &Value::Object(payload))
}

/// The transactions that a KB-JWT confirms. Only SHA-256 is taken, which counts if no algorithm is named.
fn transaction_data_hashes(claims: &Value) -> Result<Vec<String>, SdJwtError> {
    const MALFORMED: SdJwtError = SdJwtError::Form(TRANSACTIONS);
    let hashes = match claims.member(TRANSACTIONS) {
        None => return Ok(Vec::new()),
        Some(Value::Array(hashes)) if !hashes.is_empty() => hashes,
        Some(_) => return Err(MALFORMED),
    };
    let algorithm = claims.member("transaction_data_hashes_alg");
    if algorithm.is_some_and(|name| name.as_str() != Some("sha-256")) {
        return Err(SdJwtError::Transaction);
    }
    hashes.iter().map(|hash| hash.as_str().map(String::from).ok_or(MALFORMED)).collect()
}

rid_wire::closed_debug!(KeyBindingInput<'_>, Binding<'_>);
