//! COSE (RFC 9052): `COSE_Sign1` and `COSE_Mac0`.
use rid_wire::cbor::Value;

use super::{
    certificate,
    decoder::{Decoder, Walk},
    item::{as_int, member, number, well_formed},
    mso,
    outline::{algorithm_name, outline, plain},
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

/// The array of four, without tag 17 or 18.
pub(crate) fn untagged<'v, 'a>(value: &'v Value<'a>) -> &'v Value<'a> {
    match value {
        Value::Tag(17 | 18, inner) => inner,
        other => other,
    }
}

/// Reads `alg` from the protected header of an array of four.
pub(crate) fn algorithm(value: &Value<'_>) -> Option<i64> {
    let Value::Array(items) = untagged(value) else { return None };
    let Some(Value::Bytes(bytes)) = items.first() else { return None };
    number(&well_formed(bytes).ok()?, 1).and_then(as_int)
}

/// A protected or unprotected header.
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

/// The payload. An MSO is decoded; other bytes are outlined.
fn payload(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Null => Tree::noted(serde_json::Value::Null, Some("detached")),
        Value::Bytes(bytes) if is_mso(bytes) => decoder.encoded(bytes, "payload", mso::mso_bytes),
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
