//! Items of unknown meaning, COSE keys, and redaction. Private keys are never shown.
use rid_wire::{cbor::Value, hex};
use serde_json::{Number, Value as Json};

use super::{
    decoder::{Decoder, Walk},
    item::{as_int, key_label, negative, number, quoted_label, well_formed},
    tree::Tree,
};

/// The longest byte string that is shown completely.
const MAX_BYTES: usize = 64;

/// The structure of an item. Text, numbers and bytes are shown only with --show.
pub(crate) fn outline(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Map(_) if is_private_key(value) => key(decoder, value),
        Value::Map(_) => decoder.each(value, outline),
        Value::Array(_) => decoder.list(value, outline),
        Value::Tag(24, inner) if matches!(inner.as_ref(), Value::Bytes(_)) => {
            decoder.embedded(value, "tag 24", outline)
        }
        Value::Tag(0 | 1004, inner) if matches!(inner.as_ref(), Value::Text(_)) && decoder.show => {
            outline(decoder, inner)
        }
        Value::Tag(0 | 1004, _) => redacted(value),
        Value::Tag(tag, inner) => Tree::Map(vec![(format!("tag {tag}"), outline(decoder, inner))]),
        scalar if decoder.show => shown(scalar),
        scalar => redacted(scalar),
    }
}

/// A personal value. Without --show not even its structure is shown.
pub(crate) fn personal(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    if decoder.show { outline(decoder, value) } else { redacted(value) }
}

/// An item without personal data: text, numbers and times are shown, bytes only with --show.
pub(crate) fn plain(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Map(_) if is_private_key(value) => key(decoder, value),
        Value::Map(_) => decoder.each(value, plain),
        Value::Array(_) => decoder.list(value, plain),
        Value::Tag(0 | 1004, inner) if matches!(inner.as_ref(), Value::Text(_)) => shown(inner),
        Value::Bytes(_) | Value::Tag(..) => outline(decoder, value),
        scalar => shown(scalar),
    }
}

/// The type and size of a value.
pub(crate) fn redacted(value: &Value<'_>) -> Tree {
    Tree::leaf(match value {
        Value::Array(items) => format!("<redacted array, {} items>", items.len()),
        Value::Bool(_) => "<redacted boolean>".into(),
        Value::Bytes(bytes) => format!("<{} bytes>", bytes.len()),
        Value::Float(_) | Value::Nint(_) | Value::Uint(_) | Value::Simple(_) => "<redacted number>".into(),
        Value::Map(entries) => format!("<redacted map, {} entries>", entries.len()),
        Value::Null | Value::Undefined => return shown(value),
        Value::Tag(0 | 1004, _) => "<redacted date>".into(),
        Value::Tag(_, inner) => return redacted(inner),
        Value::Text(text) => format!("<redacted text, {} characters>", text.chars().count()),
    })
}

/// Whether a map is a `COSE_Key` with a private part: d of EC2 and OKP, the key of a symmetric one, anything of RSA.
fn is_private_key(value: &Value<'_>) -> bool {
    let Some(kty) = number(value, 1) else { return false };
    let has = |label| number(value, label).is_some();
    has(-4) || (!matches!(kty, Value::Uint(1 | 2)) && (has(-1) || has(-3)))
}

/// A scalar value.
fn shown(value: &Value<'_>) -> Tree {
    match value {
        Value::Bool(value) => Tree::leaf(*value),
        Value::Bytes(bytes) => shown_bytes(bytes),
        Value::Float(value) => {
            Tree::leaf(Number::from_f64(*value).map_or_else(|| value.to_string().into(), Json::Number))
        }
        Value::Nint(_) if as_int(value).is_some() => Tree::leaf(as_int(value)),
        Value::Nint(number) => Tree::text(&negative(*number).to_string()),
        Value::Null => Tree::leaf(Json::Null),
        Value::Simple(value) => Tree::text(&format!("simple({value})")),
        Value::Text(text) => Tree::text(text),
        Value::Uint(value) => Tree::leaf(*value),
        Value::Undefined => Tree::text("undefined"),
        Value::Array(_) | Value::Map(_) | Value::Tag(..) => redacted(value),
    }
}

fn shown_bytes(bytes: &[u8]) -> Tree {
    if holds_private_key(bytes, 0) {
        return Tree::leaf(format!("<{} bytes with a private key: never shown>", bytes.len()));
    }
    match bytes.split_at_checked(MAX_BYTES) {
        Some((start, rest)) if !rest.is_empty() => {
            Tree::leaf(format!("h'{}…' ({} bytes)", hex::encode(start), bytes.len()))
        }
        _ => Tree::leaf(format!("h'{}'", hex::encode(bytes))),
    }
}

/// The most levels of byte strings inside byte strings that are searched.
const MAX_WITHIN: usize = 8;

/// Whether the bytes are CBOR with a private key. Deeper nesting than is searched counts as one.
fn holds_private_key(bytes: &[u8], within: usize) -> bool {
    match well_formed(bytes) {
        Ok(_) if within > MAX_WITHIN => true,
        Ok(value) => has_private_key(&value, within),
        Err(_) => false,
    }
}

fn has_private_key(value: &Value<'_>, within: usize) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has_private_key(item, within)),
        Value::Bytes(bytes) => bytes.len() > 1 && holds_private_key(bytes, within.saturating_add(1)),
        Value::Map(entries) => {
            is_private_key(value)
                || entries.iter().any(|(key, value)| has_private_key(key, within) || has_private_key(value, within))
        }
        Value::Tag(_, inner) => has_private_key(inner, within),
        _ => false,
    }
}

/// `COSE_Key`. Private parts are never shown.
pub(crate) fn key(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    // The key type decides what is public. Only EC2 and OKP have a public part.
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

fn private(_: &mut Decoder, _: &Value<'_>) -> Tree {
    Tree::leaf("<private: never shown>")
}

/// A COSE algorithm with its name.
pub(crate) fn algorithm_name(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
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

/// A number with its meaning. Anything else is shown plainly.
pub(crate) fn noted(decoder: &mut Decoder, value: &Value<'_>, note: Option<&'static str>) -> Tree {
    match as_int(value) {
        Some(number) => Tree::noted(number, note),
        None => plain(decoder, value),
    }
}
