//! COSE (RFC 9052): `COSE_Sign1`, `COSE_Mac0` and `COSE_Key`.
use rid_wire::cbor::Value;

use super::{
    certificate,
    decoder::{Decoder, Walk, as_int, member, number, well_formed},
    mdoc,
    outline::{key_label, outline, plain, quoted_label},
    tree::Tree,
};

/// `COSE_Sign1`, tagged or not.
pub(crate) fn sign1(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.tuple(
        untagged(value),
        &[("protected", protected as Walk), ("unprotected", header), ("payload", payload), ("signature", outline)],
    )
}

/// `COSE_Mac0`, tagged or not.
pub(crate) fn mac0(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.tuple(
        untagged(value),
        &[("protected", protected as Walk), ("unprotected", header), ("payload", payload), ("tag", outline)],
    )
}

/// The array of four inside tag 17 or 18.
pub(crate) fn untagged<'v, 'a>(value: &'v Value<'a>) -> &'v Value<'a> {
    match value {
        Value::Tag(17 | 18, inner) => inner,
        other => other,
    }
}

/// `alg` of the protected header of a structure of four.
pub(crate) fn algorithm(value: &Value<'_>) -> Option<i64> {
    let Value::Array(items) = untagged(value) else { return None };
    let Some(Value::Bytes(bytes)) = items.first() else { return None };
    number(&well_formed(bytes).ok()?, 1).and_then(as_int)
}

/// `COSE_Key`. Whatever is private in it is not shown.
pub(crate) fn key(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    // What kind of key it is decides what is public: of another kind than EC2 and OKP nothing is.
    let public = matches!(number(value, 1), Some(Value::Uint(1 | 2)));
    decoder.entries(value, |label| match as_int(label) {
        Some(1) => ("kty".into(), key_type as Walk),
        Some(2) => ("kid".into(), outline as Walk),
        Some(3) => ("alg".into(), algorithm_name as Walk),
        Some(4) => ("key_ops".into(), plain as Walk),
        Some(-1) if public => ("crv".into(), curve as Walk),
        Some(-2) if public => ("x".into(), outline as Walk),
        Some(-3) if public => ("y".into(), outline as Walk),
        Some(-4) => ("d".into(), private as Walk),
        Some(number) if number < 0 => (key_label(label), private as Walk),
        _ => (quoted_label(label), outline as Walk),
    })
}

/// Headers of both kinds.
fn header(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.numbered(
        value,
        &[
            (1, "alg", algorithm_name as Walk),
            (2, "crit", plain),
            (3, "content type", plain),
            (4, "kid", outline),
            (33, "x5chain", chain),
        ],
    )
}

fn protected(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Bytes(bytes) if bytes.is_empty() => Tree::Map(Vec::new()),
        Value::Bytes(bytes) => decoder.encoded(bytes, "protected header", header),
        other => outline(decoder, other),
    }
}

/// The payload of an issuerAuth is its MSO; others are bytes.
fn payload(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Null => Tree::noted(serde_json::Value::Null, Some("detached")),
        Value::Bytes(bytes) if is_mso(bytes) => decoder.encoded(bytes, "payload", mdoc::mso_bytes),
        other => outline(decoder, other),
    }
}

fn is_mso(bytes: &[u8]) -> bool {
    let Ok(Value::Tag(24, inner)) = well_formed(bytes) else { return false };
    let Value::Bytes(content) = inner.as_ref() else { return false };
    well_formed(content).is_ok_and(|content| member(&content, "valueDigests").is_some())
}

/// One certificate, or an array of them.
fn chain(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Bytes(bytes) => certificate::received(decoder, bytes),
        Value::Array(_) => decoder.list(value, chain),
        other => outline(decoder, other),
    }
}

fn private(_: &mut Decoder, _: &Value<'_>) -> Tree {
    Tree::leaf("<private: never shown>")
}

fn algorithm_name(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    let note = as_int(value).and_then(|number| match number {
        -7 => Some("ES256"),
        -35 => Some("ES384"),
        -36 => Some("ES512"),
        -8 => Some("EdDSA"),
        -9 => Some("ESP256"),
        -19 => Some("Ed25519"),
        -51 => Some("ESP384"),
        -52 => Some("ESP512"),
        4 => Some("HMAC 256/64"),
        5 => Some("HMAC 256/256"),
        6 => Some("HMAC 384/384"),
        7 => Some("HMAC 512/512"),
        _ => None,
    });
    noted(decoder, value, note)
}

fn key_type(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    let note = as_int(value).and_then(|number| match number {
        1 => Some("OKP"),
        2 => Some("EC2"),
        3 => Some("RSA"),
        4 => Some("symmetric"),
        _ => None,
    });
    noted(decoder, value, note)
}

fn curve(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    let note = as_int(value).and_then(|number| match number {
        1 => Some("P-256"),
        2 => Some("P-384"),
        3 => Some("P-521"),
        4 => Some("X25519"),
        6 => Some("Ed25519"),
        _ => None,
    });
    noted(decoder, value, note)
}

/// A number with its meaning; anything else as it is.
pub(crate) fn noted(decoder: &mut Decoder, value: &Value<'_>, note: Option<&'static str>) -> Tree {
    match as_int(value) {
        Some(number) => Tree::noted(number, note),
        None => plain(decoder, value),
    }
}
