//! JWE with ECDH-ES, and HPKE: what they open, and what they refuse.
use proptest::prelude::*;
use rid_crypto::{
    AgreementKey, Curve,
    hpke::{self, Sealed},
    jwe::{ContentEncryption, JweError, Recipient, UnopenedJwe, encrypt, p256_key},
};
use rid_kit::SeededRng;
use rid_wire::{base64, json::Value};

const LIMIT: usize = 100_000;

fn key() -> AgreementKey {
    AgreementKey::from_jwk(r#"{"kty":"EC","crv":"P-256","d":"AQIDBAUGBwgBAgMEBQYHCAECAwQFBgcIAQIDBAUGBwg"}"#).unwrap()
}

fn sealed(enc: ContentEncryption) -> String {
    let public = rid_crypto::PublicKey::from_sec1(Curve::P256, &key().public().to_bytes()).unwrap();
    encrypt(b"the answer", Recipient { key: &public, kid: Some("k1") }, enc, &mut SeededRng::new(22)).unwrap()
}

fn open(text: &str) -> Result<Vec<u8>, JweError> {
    UnopenedJwe::parse(text, LIMIT)?.open(&key())
}

/// The message with this part replaced.
fn with_part(text: &str, at: usize, part: &str) -> String {
    let mut parts: Vec<&str> = text.split('.').collect();
    parts[at] = part;
    parts.join(".")
}

/// The message with a header that `change` made.
fn with_header(change: impl FnOnce(&mut Vec<(String, Value)>)) -> String {
    let text = sealed(ContentEncryption::A256Gcm);
    let header = base64::decode_url(text.split('.').next().unwrap()).unwrap();
    let Value::Object(mut members) = Value::parse(&String::from_utf8(header).unwrap(), LIMIT).unwrap() else {
        panic!("an object")
    };
    change(&mut members);
    with_part(&text, 0, &base64::encode_url(Value::Object(members).to_text().as_bytes()))
}

fn set(members: &mut Vec<(String, Value)>, name: &str, value: Value) {
    members.retain(|(known, _)| known != name);
    members.push((name.into(), value));
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

#[test]
fn std_m22_jwe_opens_with_both_encryptions() {
    for enc in [ContentEncryption::A128Gcm, ContentEncryption::A256Gcm] {
        let message = sealed(enc);
        let parsed = UnopenedJwe::parse(&message, LIMIT).unwrap();
        assert_eq!((parsed.enc, parsed.kid.as_deref()), (enc, Some("k1")));
        assert_eq!(parsed.open(&key()).unwrap(), b"the answer");
        assert_eq!(ContentEncryption::from_name(enc.name()), Some(enc));
        let stranger = AgreementKey::from_scalar(Curve::P256, &[9; 32]).unwrap();
        assert_eq!(parsed.open(&stranger), Err(JweError::Decrypt));
        assert_ne!(
            message,
            encrypt(b"the answer", Recipient { key: &key().public(), kid: Some("k1") }, enc, &mut SeededRng::new(23))
                .unwrap()
        );
    }
}

#[test]
fn neg_e06_encryption_keys() {
    let jwk = key().public().to_jose().unwrap().to_value();
    assert!(p256_key(&jwk).is_ok());
    let read = |text: &str| p256_key(&Value::parse(text, LIMIT).unwrap());
    let off = jwk.to_text().replace("\"y\":\"", "\"y\":\"AAAA");
    for wrong in [
        off.as_str(),
        r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
        r#"{"kty":"oct","k":"AQAB"}"#,
        r#"{"kty":"OKP","crv":"X25519","x":"AQAB"}"#,
        r#"{"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"}"#,
        "[]",
    ] {
        assert_eq!(read(wrong), Err(JweError::Key), "{wrong}");
    }
    let p384 = AgreementKey::from_scalar(Curve::P384, &[1; 48]).unwrap().public();
    assert_eq!(p256_key(&p384.to_jose().unwrap().to_value()), Err(JweError::Key));
    let recipient = Recipient { key: &p384, kid: None };
    let refused = encrypt(b"", recipient, ContentEncryption::A128Gcm, &mut SeededRng::new(1));
    assert_eq!(refused, Err(JweError::Key));
    assert_eq!(open(&with_header(|m| set(m, "epk", p384.to_jose().unwrap().to_value()))), Err(JweError::Key));
    assert_eq!(open(&with_header(|m| set(m, "epk", text("x")))), Err(JweError::Key));
    assert_eq!(open(&with_header(|m| m.retain(|(name, _)| name != "epk"))), Err(JweError::Form));
}

#[test]
fn neg_e08_compression_is_refused_before_anything_is_opened() {
    assert_eq!(open(&with_header(|m| set(m, "zip", text("DEF")))), Err(JweError::Zip));
    assert_eq!(JweError::Zip.code().as_str(), "jwe_zip_forbidden");
}

#[test]
fn neg_e09_other_key_management() {
    for alg in ["PBES2-HS512+A256KW", "RSA1_5", "RSA-OAEP-256", "dir", "ECDH-ES+A256KW", "A256GCMKW", "ecdh-es", ""] {
        let header = |m: &mut Vec<(String, Value)>| {
            set(m, "alg", text(alg));
            set(m, "p2c", Value::Integer(1 << 31));
        };
        assert_eq!(open(&with_header(header)), Err(JweError::Alg), "{alg}");
    }
    assert_eq!(open(&with_header(|m| m.retain(|(name, _)| name != "alg"))), Err(JweError::Alg));
    for enc in ["A192GCM", "A128CBC-HS256", ""] {
        assert_eq!(open(&with_header(|m| set(m, "enc", text(enc)))), Err(JweError::Enc), "{enc}");
    }
    assert_eq!(open(&with_header(|m| set(m, "crit", Value::Array(vec![text("exp")])))), Err(JweError::Crit));
    assert_eq!(open(&with_header(|m| set(m, "kid", Value::Integer(1)))), Err(JweError::Form));
}

#[test]
fn neg_e10_altered_messages() {
    let message = sealed(ContentEncryption::A256Gcm);
    let parts: Vec<&str> = message.split('.').collect();
    let cut = |text: &str, len: usize| base64::encode_url(&base64::decode_url(text).unwrap()[..len]);
    assert_eq!(open(&with_part(&message, 4, &cut(parts[4], 4))), Err(JweError::Decrypt));
    assert_eq!(open(&with_part(&message, 4, "")), Err(JweError::Decrypt));
    assert_eq!(open(&with_part(&message, 2, &cut(parts[2], 8))), Err(JweError::Decrypt));
    // Four bytes moved from the tag to the ciphertext are the same sequence of bytes, and yet refused.
    let (ciphertext, tag) = (base64::decode_url(parts[3]).unwrap(), base64::decode_url(parts[4]).unwrap());
    let moved = with_part(&message, 3, &base64::encode_url(&[&ciphertext[..], &tag[..4]].concat()));
    assert_eq!(open(&with_part(&moved, 4, &base64::encode_url(&tag[4..]))), Err(JweError::Decrypt));
    for (at, part) in parts.iter().enumerate().skip(2) {
        let mut bytes = base64::decode_url(part).unwrap();
        bytes[0] ^= 1;
        assert_eq!(open(&with_part(&message, at, &base64::encode_url(&bytes))), Err(JweError::Decrypt), "{at}");
    }
    // The header is authenticated, and so are the names of the parties.
    assert_eq!(open(&with_header(|m| set(m, "kid", text("k2")))), Err(JweError::Decrypt));
    assert_eq!(open(&with_header(|m| set(m, "apu", text("QQ")))), Err(JweError::Decrypt));
    assert_eq!(open(&with_header(|m| set(m, "apv", text("Q")))), Err(JweError::Form));
    assert_eq!(open(&with_part(&message, 1, "QQ")), Err(JweError::Form));
    for wrong in ["", "a.b.c.d", &format!("{message}."), &message.replace('.', "")] {
        assert_eq!(open(wrong), Err(JweError::Form), "{wrong}");
    }
    assert_eq!(open(&with_part(&message, 0, "e30")), Err(JweError::Alg));
    assert_eq!(open(&with_part(&message, 0, "W10")), Err(JweError::Form));
    assert_eq!(open(&with_part(&message, 0, "eyJhIjoxLCJhIjoyfQ")).unwrap_err().code().as_str(), "json_duplicate_key");
}

#[test]
fn neg_e12_long_jwe() {
    let header = "A".repeat(5 << 20);
    let long = with_part(&sealed(ContentEncryption::A128Gcm), 0, &header);
    assert_eq!(open(&long), Err(JweError::TooLarge));
    assert_eq!(UnopenedJwe::parse(&long, long.len()), Err(JweError::TooLarge));
}

#[test]
fn std_s52_hpke_opens_only_with_the_same_context() {
    let sealed = hpke::seal(&key().public(), b"info", b"aad", b"text", &mut SeededRng::new(3)).unwrap();
    assert_eq!(hpke::open(&key(), b"info", b"aad", &sealed).unwrap(), b"text");
    let refused =
        |info: &[u8], aad: &[u8], sealed: &Sealed| hpke::open(&key(), info, aad, sealed).unwrap_err().code().as_str();
    assert_eq!(refused(b"other", b"aad", &sealed), "aead_open");
    assert_eq!(refused(b"info", b"other", &sealed), "aead_open");
    let compressed = [&[2_u8], &sealed.encapsulated[1..33]].concat();
    assert_eq!(refused(b"info", b"aad", &Sealed { encapsulated: compressed, ..sealed.clone() }), "cose_key_invalid");
    let cut = Sealed { ciphertext: sealed.ciphertext[..15].to_vec(), ..sealed.clone() };
    assert_eq!(refused(b"info", b"aad", &cut), "aead_open");
    let p384 = AgreementKey::from_scalar(Curve::P384, &[1; 48]).unwrap();
    assert!(hpke::seal(&p384.public(), b"", b"", b"", &mut SeededRng::new(3)).is_err());
    assert!(hpke::open(&p384, b"info", b"aad", &sealed).is_err());
}

proptest! {
    #[test]
    fn jwe_never_panics_and_opens_no_mutant(at in 0_usize..400, to in "[A-Za-z0-9_.-]", noise in "[ -~]{0,60}") {
        let message = sealed(ContentEncryption::A128Gcm);
        let at = at % message.len();
        let mut mutant = message.clone();
        mutant.replace_range(at..=at, &to);
        prop_assert!(mutant == message || open(&mutant).is_err());
        prop_assert!(open(&noise).is_err());
    }
}
