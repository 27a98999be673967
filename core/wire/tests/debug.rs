//! `Debug` prints no content of a type that can hold a claim, a key or a token.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use rid_wire::{
    cbor::{Decoder, Encoder, Key, Limits, Tagged, Value},
    cose::{Mac0, Sign1},
    json,
};

const CANARY: &str = "Quliyeva";

/// Asserts that the text, its bytes as a printed slice, and the number are absent.
fn shows_nothing(printed: &str) {
    assert!(!printed.contains(CANARY) && !printed.contains("81, 117, 108") && !printed.contains("190112"), "{printed}");
}

#[test]
fn neg_n06_debug_shows_no_content() {
    let mut encoder = Encoder::new();
    encoder.array(4).text(CANARY).bytes(CANARY.as_bytes()).uint(190_112).map(1).text(CANARY).boolean(true);
    let bytes = encoder.finish();
    let value = Value::parse(&bytes, Limits::ONLINE).expect("a value");
    assert_eq!(format!("{value:?}"), "Array");
    assert_eq!(format!("{:?}", Value::Bool(true)), "Bool");
    shows_nothing(&format!("{:?}", Decoder::new(&bytes, Limits::ONLINE)));
    shows_nothing(&format!("{:?}", Key::Text(CANARY.into())));
    let mut encoder = Encoder::new();
    encoder.tagged(&bytes);
    let tagged = encoder.finish();
    shows_nothing(&format!("{:?}", Tagged::parse(&tagged, Limits::ONLINE)));
    let signed = Sign1::encode(-7, &[CANARY.as_bytes()], Some(CANARY.as_bytes()), CANARY.as_bytes());
    let mut decoder = Decoder::new(&signed, Limits::ONLINE).expect("small");
    let signed = Sign1::read(&mut decoder).expect("a COSE_Sign1");
    shows_nothing(&format!("{signed:?} {:?}", signed.header));
    let mac = Mac0::encode(5, CANARY.as_bytes());
    shows_nothing(&format!("{:?}", Mac0::read(&mut Decoder::new(&mac, Limits::ONLINE).expect("small"))));
    let jwk = json::Value::parse(r#"{"kty": "EC", "d": "Quliyeva", "n": 190112}"#, 1_000).expect("JSON");
    shows_nothing(&format!("{jwk:?} {:?}", jwk.member("d")));
}
