//! Checks SD-JWT (RFC 9901) and SD-JWT VC.
use rid_crypto::PublicKey;
use rid_sdjwt::{
    UnverifiedSdJwt,
    key_binding::{Binding, KeyBindingInput},
    verify::{Expected, verify_presented, verify_signed, verify_signed_bound, verify_unbound},
};
use rid_trust::{Environment, TrustStore};
use rid_wire::{ClockTolerance, Timestamp};

use crate::{Outcome, data, holds, index::Line};

/// The key of every issuer, in every folder.
const ISSUER_KEY: &str = "rfc9901-sd-jwt/sdJwtRfcIssuerKey.json";
/// The nonce of every KB-JWT, in every folder.
const NONCE: &str = "1234567890";
/// 2025-07-01: between `iat` and `exp` of every example, and after every KB-JWT.
const AT: Timestamp = Timestamp::from_unix(1_751_328_000);
const LIMIT: usize = 1 << 20;

fn issuer_key() -> PublicKey {
    PublicKey::from_jwk(&data::text(ISSUER_KEY)).expect("a key")
}

fn audience(path: &str) -> &'static str {
    match path.starts_with("sd-jwt-vc-draft/") {
        true => "https://example.com/verifier",
        false => "https://verifier.example.org",
    }
}

/// As any SD-JWT; the third field names the `typ`.
pub(crate) fn sd_jwt(line: &Line) -> Outcome {
    // The lines of OpenID4VP are folded.
    let text: String = data::text(line.file()).lines().map(str::trim).collect();
    let parsed = UnverifiedSdJwt::parse(&text, LIMIT).map_err(|error| error.code())?;
    let typ = line.why.split([' ', ';']).nth(1).expect("a typ");
    let binding = Binding { audience: audience(&line.path), nonce: NONCE, at: AT, transaction_data_hashes: &[] };
    let signed = match parsed.has_key_binding() {
        true => verify_signed_bound(&parsed, &issuer_key(), typ, &binding, ClockTolerance::default()),
        false => verify_signed(&parsed, &issuer_key(), typ),
    };
    let signed = signed.map_err(|error| error.code())?;
    holds("it has claims", !signed.claims().members().is_empty())
}

/// As an SD-JWT VC, under the issuer's key.
pub(crate) fn sd_jwt_vc(line: &Line) -> Outcome {
    // The lines of OpenID4VP are folded.
    let text: String = data::text(line.file()).lines().map(str::trim).collect();
    let parsed = UnverifiedSdJwt::parse(&text, LIMIT).map_err(|error| error.code())?;
    let store = TrustStore::new(Environment::Test, Vec::new()).expect("a store").pin_key(issuer_key());
    let expected = Expected::default();
    let mut message = store.message(AT);
    let input = KeyBindingInput { audience: Some(audience(&line.path)), nonce: Some(NONCE), max_age: None };
    let (failure, evidence) = match parsed.has_key_binding() {
        true => {
            let report = verify_presented(&parsed, &expected, &input, &mut message);
            (report.first_failure(), report.evidence.is_some())
        }
        false => {
            let report = verify_unbound(&parsed, &expected, &mut message);
            (report.first_failure(), report.evidence.is_some())
        }
    };
    match failure {
        Some(code) => Err(code.into()),
        None => holds("there is evidence", evidence),
    }
}
