//! Published examples, byte for byte. `tests/conformance` runs the INDEX; here are the processed claims.
use rid_crypto::PublicKey;
use rid_kit::vector;
use rid_sdjwt::{UnverifiedSdJwt, key_binding::Binding, present::StoredSdJwt, verify::verify_signed};
use rid_wire::{Timestamp, jose::Jws};

use crate::world::*;

fn text(name: &str) -> String {
    String::from_utf8(vector(name)).expect("UTF-8").trim().to_owned()
}

fn rfc(name: &str) -> String {
    text(&format!("rfc9901-sd-jwt/sdJwtRfc{name}CompactSerialization.txt"))
}

fn issuer_key() -> PublicKey {
    PublicKey::from_jwk(&text("rfc9901-sd-jwt/sdJwtRfcIssuerKey.json")).expect("a key")
}

fn processed(text: &str, typ: &str) -> String {
    let parsed = UnverifiedSdJwt::parse(text, LIMIT).expect("parsed");
    verify_signed(&parsed, &issuer_key(), typ).expect("signed").claims().to_value().canonical()
}

#[test]
fn rfc_9901_processed_payloads() {
    // A.1 is printed with two of its disclosures: region and country.
    let shown = processed(&rfc("AppendixA1SdJwt"), "example+sd-jwt");
    let expected = r#"{"iss":"https://issuer.example.com","iat":1683000000,"exp":1883000000,"address":{"region":"港区","country":"JP"}}"#;
    assert_eq!(shown, json(expected).canonical());
    let shown = processed(&rfc("AppendixA3SdJwtKb"), "dc+sd-jwt");
    let expected = r#"{"iss":"https://pid-issuer.bund.de.example","iat":1683000000,"exp":1883000000,"vct":"urn:eudi:pid:de:1","age_equal_or_over":{"18":true},"nationalities":["DE"],"cnf":{"jwk":{"kty":"EC","crv":"P-256","x":"TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc","y":"ZxjiWWbZMQGHVWKVQ4hbSIirsVfuecCE6t4jT9F2HZQ"}}}"#;
    assert_eq!(shown, json(expected).canonical());
    let shown = processed(&rfc("AppendixA4SdJwtKb"), "example+sd-jwt");
    assert!(shown.contains(r#""atcCode":"J07BX03""#) && shown.contains("COVID-19 Vaccine Moderna"));
    let issued = processed(&rfc("Section51SdJwt"), "example+sd-jwt");
    for part in [r#""given_name":"John""#, r#""nationalities":["US","DE"]"#, r#""street_address":"123 Main St""#] {
        assert!(issued.contains(part), "{part}");
    }
    let nested = processed(&rfc("AppendixA2SdJwt"), "example+sd-jwt");
    assert!(nested.contains(r#""verified_claims""#) && !nested.contains("_sd") && !nested.contains("..."));
}

#[test]
fn rfc_9901_a3_the_presentation_is_reproduced() {
    let issued = rfc("AppendixA3SdJwt");
    let stored = StoredSdJwt::read(&issued, LIMIT).expect("a credential");
    let expected = rfc("AppendixA3SdJwtKb");
    let (before, kb) = expected.rsplit_once('~').expect("a KB-JWT");
    let chosen = [path(&["age_equal_or_over", "18"]), path(&["nationalities"])];
    let presented = stored.present_unbound(&chosen).expect("presented");
    let parts = |text: &str| {
        let mut parts: Vec<String> = text.split('~').map(str::to_owned).filter(|part| !part.is_empty()).collect();
        parts.sort();
        parts
    };
    assert_eq!(parts(&presented), parts(before));
    // The claims of the KB-JWT, whose signature is another each time.
    let binding = Binding {
        audience: "https://verifier.example.org",
        nonce: "1234567890",
        at: Timestamp::from_unix(1_748_454_271),
        transaction_data_hashes: &[],
    };
    let unsigned = stored.present(&chosen, &binding).expect("prepared");
    let ours = format!("{}.AA", std::str::from_utf8(unsigned.to_be_signed()).expect("ASCII"));
    let (ours, theirs) = (Jws::parse(&ours, LIMIT).expect("a JWS"), Jws::parse(kb, LIMIT).expect("a JWS"));
    assert_eq!(ours.header.members, theirs.header.members);
    for claim in ["aud", "iat", "nonce"] {
        assert_eq!(ours.claims().expect("claims").member(claim), theirs.claims().expect("claims").member(claim));
    }
}

#[test]
fn sd_jwt_vc_draft_processed_payloads() {
    let shown = processed(&text("sd-jwt-vc-draft/example_presentation.txt"), "dc+sd-jwt");
    let expected = r#"{"iss":"https://example.com/issuer","iat":1683000000,"exp":1883000000,"vct":"https://credentials.example.com/identity_credential","cnf":{"jwk":{"kty":"EC","crv":"P-256","x":"TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc","y":"ZxjiWWbZMQGHVWKVQ4hbSIirsVfuecCE6t4jT9F2HZQ"}},"is_over_65":true,"address":{"street_address":"123 Main St","locality":"Anytown","region":"Anystate","country":"US"}}"#;
    assert_eq!(shown, json(expected).canonical());
    let issued = processed(&text("sd-jwt-vc-draft/example_issuance.txt"), "dc+sd-jwt");
    assert!(issued.contains(r#""email":"johndoe@example.com""#));
}
