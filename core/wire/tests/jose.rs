//! Compact JWS and public JWK.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use proptest::prelude::*;
use rid_wire::{
    base64::encode_url,
    jose::{Alg, Jwk, JwkCurve, Jws, JwsError, compact, signing_input},
    json::{JsonError, Value},
};

const LIMIT: usize = 1 << 20;

/// A JWS with this header and payload and a signature of one byte.
fn jws(header: &str, payload: &str) -> String {
    format!("{}.{}.AA", encode_url(header.as_bytes()), encode_url(payload.as_bytes()))
}

fn header_error(header: &str) -> JwsError {
    Jws::parse(&jws(header, "{}"), LIMIT).expect_err("refused")
}

#[test]
fn the_parts_of_a_jws_are_read() {
    let text = jws(r#"{"alg":"ES256","typ":"dc+sd-jwt","kid":"1","x5c":["AAE="],"jku":"x"}"#, r#"{"a":1}"#);
    let parsed = Jws::parse(&text, LIMIT).expect("a JWS");
    assert_eq!((parsed.header.alg, parsed.header.kid.as_deref()), (Alg::Es256, Some("1")));
    assert_eq!(parsed.header.x5c.as_deref(), Some([vec![0, 1]].as_slice()));
    assert_eq!(parsed.header.require_typ("dc+sd-jwt"), Ok(()));
    assert_eq!(parsed.header.require_typ("vc+sd-jwt"), Err(JwsError::Typ));
    assert_eq!(parsed.signing_input, text.strip_suffix(".AA").expect("a signature"));
    assert_eq!(parsed.claims().expect("claims").member("a"), Some(&Value::Integer(1)));
    assert_eq!(parsed.signature, [0]);
    assert_eq!(format!("{parsed:?} {:?}", parsed.header), "Jws Header");
}

#[test]
fn neg_e01_algorithms_outside_the_list_are_refused() {
    for alg in ["none", "None", "NONE", "", "HS256", "RS256", "PS256", "ES512", "ES256K", "es256", "Ed448", "ESP256"] {
        assert_eq!(header_error(&format!(r#"{{"alg":"{alg}"}}"#)), JwsError::Alg, "{alg}");
    }
    for header in ["{}", r#"{"alg":null}"#, r#"{"alg":-7}"#, r#"{"alg":["ES256"]}"#] {
        assert_eq!(header_error(header), JwsError::Alg, "{header}");
    }
    for (alg, known) in [("ES256", Alg::Es256), ("ES384", Alg::Es384), ("EdDSA", Alg::EdDsa), ("Ed25519", Alg::EdDsa)] {
        assert_eq!(Alg::from_name(alg), Ok(known));
    }
}

#[test]
fn neg_e03_header_members_of_another_type_are_refused() {
    for member in [
        r#""typ":1"#,
        r#""kid":{}"#,
        r#""x5c":"AAE=""#,
        r#""x5c":[]"#,
        r#""x5c":[""]"#,
        r#""x5c":[1]"#,
        r#""x5c":["AAE"]"#,
        r#""x5c":["-_-_"]"#,
        r#""x5c":["","","","","","","","","","",""]"#,
    ] {
        assert_eq!(header_error(&format!(r#"{{"alg":"ES256",{member}}}"#)), JwsError::Header, "{member}");
    }
    for header in ["[]", "\"ES256\"", "1", "null"] {
        assert_eq!(header_error(header), JwsError::Header, "{header}");
    }
    // These never choose a key, so nothing reads them.
    let hints = r#""jwk":{"kty":"oct","k":"AA"},"jku":"http://127.0.0.1/","x5u":7,"kid":"../../etc/passwd' OR 1=1 --""#;
    assert!(Jws::parse(&jws(&format!(r#"{{"alg":"ES256",{hints}}}"#), "{}"), LIMIT).is_ok());
}

#[test]
fn neg_e04_critical_members_are_refused() {
    for member in
        [r#""crit":["b64"],"b64":false"#, r#""b64":false"#, r#""b64":true"#, r#""crit":[]"#, r#""crit":["exp"]"#]
    {
        assert_eq!(header_error(&format!(r#"{{"alg":"ES256",{member}}}"#)), JwsError::Crit, "{member}");
    }
}

#[test]
fn neg_e12_a_long_header_is_not_decoded() {
    let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "a".repeat(5_000_000));
    assert_eq!(Jws::parse(&jws(&header, "{}"), usize::MAX), Err(JwsError::TooLarge));
    assert_eq!(Jws::parse("e30.e30.", 7), Err(JwsError::TooLarge));
}

#[test]
fn a_malformed_jws_is_refused() {
    for text in ["", ".", "e30", "e30.e30", "e30.e30.e30.e30"] {
        assert_eq!(Jws::parse(text, LIMIT), Err(JwsError::Form), "{text}");
    }
    let header = encode_url(br#"{"alg":"ES256"}"#);
    for text in [
        format!("{header}=.e30.AA"),
        format!("{header}.e30=.AA"),
        format!("{header}.e30.AB"),
        format!("{header}.e 30.AA"),
    ] {
        assert_eq!(Jws::parse(&text, LIMIT), Err(JwsError::Base64), "{text}");
    }
    let invalid = JwsError::Json(JsonError::Invalid);
    assert_eq!(Jws::parse(&format!("{}.e30.AA", encode_url(b"\xff{}")), LIMIT), Err(invalid));
    let payload = |payload: &[u8]| {
        Jws::parse(&format!("{header}.{}.AA", encode_url(payload)), LIMIT)
            .expect("a JWS")
            .claims()
            .expect_err("refused")
    };
    assert_eq!(
        (payload(b"[]"), payload(b"\xff"), payload(b"{} ."), payload(b"")),
        (invalid, invalid, invalid, invalid)
    );
    assert_eq!(payload(br#"{"a":1,"a":1}"#), JwsError::Json(JsonError::DuplicateKey));
    assert_eq!(header_error(r#"{"alg":"none","alg":"ES256"}"#).code().as_str(), "json_duplicate_key");
}

#[test]
fn a_written_jws_is_read_back() {
    let header = Value::parse(r#"{"typ":"kb+jwt","alg":"ES256"}"#, LIMIT).expect("JSON");
    let payload = Value::parse(r#"{"b":1.5,"a":["ə",null,true,-1]}"#, LIMIT).expect("JSON");
    let input = signing_input(&header, &payload);
    let text = compact(&input, &[1, 2, 3]);
    let parsed = Jws::parse(&text, LIMIT).expect("a JWS");
    assert_eq!((parsed.signing_input, parsed.signature.as_slice()), (input.as_str(), [1, 2, 3].as_slice()));
    assert_eq!(parsed.payload, r#"{"b":1.5,"a":["ə",null,true,-1]}"#.as_bytes());
    assert_eq!((parsed.header.members.clone(), parsed.claims()), (header, Ok(payload)));
}

const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ","y":"Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8""#;

fn jwk(text: &str) -> Result<Jwk, JwsError> {
    Jwk::read(&Value::parse(text, LIMIT).expect("JSON"))
}

#[test]
fn a_public_jwk_is_read_and_written() {
    let key = jwk(&format!(r#"{P256},"kid":"1","use":"sig","alg":"ES256","key_ops":["verify"]}}"#)).expect("a key");
    assert_eq!((key.curve, key.x.len(), key.y.as_ref().map(Vec::len)), (JwkCurve::P256, 32, Some(32)));
    assert_eq!(Jwk::read(&key.to_value()), Ok(key.clone()));
    assert_eq!(key.thumbprint_input(), key.to_value().canonical());
    // RFC 8037, A.2 and A.3.
    let okp = jwk(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#).expect("a key");
    assert_eq!(
        okp.thumbprint_input(),
        r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    );
    assert_eq!((okp.curve.alg(), Jwk::read(&okp.to_value())), (Alg::EdDsa, Ok(okp.clone())));
}

#[test]
fn jwks_that_are_private_or_of_another_kind_are_refused() {
    for more in [
        r#","d":"AA""#,
        r#","k":"AA""#,
        r#","use":"enc""#,
        r#","use":1"#,
        r#","alg":"ES384""#,
        r#","alg":"ECDH-ES""#,
        r#","alg":1"#,
    ] {
        assert_eq!(jwk(&format!("{P256}{more}}}")), Err(JwsError::Key), "{more}");
    }
    for text in [
        r#"{"kty":"oct","k":"AA"}"#,
        r#"{"kty":"RSA","n":"AA","e":"AQAB"}"#,
        r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#,
        r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
        r#"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        r#"{"kty":"EC","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        r#"{"kty":"EC","crv":"P-256","x":"b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ"}"#,
        r#"{"kty":"EC","crv":"P-256","x":"b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ=","y":"Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"}"#,
        "[]",
        "{}",
    ] {
        assert_eq!(jwk(text), Err(JwsError::Key), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[A-Za-z0-9_.=~ -]{0,64}|\\PC{0,32}") {
        drop(Jws::parse(&text, LIMIT));
    }

    #[test]
    fn no_header_makes_the_parser_panic(header in proptest::collection::vec(any::<u8>(), 0..64), mutated in 0..40_usize) {
        drop(Jws::parse(&format!("{}.e30.AA", encode_url(&header)), LIMIT));
        let mut known = br#"{"alg":"ES256","x5c":["AAE="],"typ":"a"}"#.to_vec();
        known[mutated] ^= 1;
        drop(Jws::parse(&format!("{}.e30.AA", encode_url(&known)), LIMIT));
    }

    #[test]
    fn json_text_round_trips(text in "\\PC{0,24}", number: i64, real: f64, flag: bool) {
        prop_assume!(real.is_finite());
        let value = Value::Object(vec![
            ("z".into(), Value::Array(vec![Value::Integer(number), Value::Bool(flag), Value::Null])),
            (text.clone(), Value::String(text)),
            ("\u{1}".into(), Value::Float(real)),
        ]);
        if let Ok(read) = Value::parse(&value.to_text(), LIMIT) {
            prop_assert_eq!(read, value);
        }
    }
}
