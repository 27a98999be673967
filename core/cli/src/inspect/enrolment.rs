//! The two messages of the enrolment protocol (spec/enrolment.md).
use rid_wire::cbor::Value;

use super::{
    decoder::{Decoder, Walk},
    mdoc,
    outline::{key, outline, plain},
    tree::Tree,
};

/// A wallet's request.
pub(crate) fn request(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.numbered(
        value,
        &[
            (1, "version", plain as Walk),
            (2, "id", outline),
            (3, "audience", plain),
            (4, "challenge", outline),
            (5, "kinds", requested_kinds),
        ],
    )
}

fn requested_kinds(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.list(value, requested_kind)
}

fn requested_kind(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.numbered(value, &[(1, "kind", plain as Walk), (2, "keys", proven_keys)])
}

fn proven_keys(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.list(value, proven_key)
}

fn proven_key(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.numbered(value, &[(1, "key", key as Walk), (2, "proof", outline)])
}

/// An issuer's answer.
pub(crate) fn answer(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.numbered(value, &[(1, "version", plain as Walk), (2, "id", outline), (3, "kinds", answered_kinds)])
}

fn answered_kinds(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.list(value, answered_kind)
}

fn answered_kind(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.numbered(value, &[(1, "kind", plain as Walk), (2, "credentials", credentials)])
}

fn credentials(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.list(value, credential)
}

fn credential(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Bytes(bytes) => decoder.encoded(bytes, "credential", mdoc::issuer_signed),
        other => outline(decoder, other),
    }
}
