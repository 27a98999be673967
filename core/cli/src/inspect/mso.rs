//! MobileSecurityObject (18013-5, 9.1.2.4).
use rid_wire::cbor::Value;

use super::{
    decoder::{Decoder, Walk},
    outline::{key, outline, plain},
    tree::Tree,
};

/// MobileSecurityObjectBytes.
pub(crate) fn mso_bytes(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.embedded(value, "MobileSecurityObject", mso)
}

/// MobileSecurityObject.
pub(crate) fn mso(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(
        value,
        &[
            ("version", plain as Walk),
            ("digestAlgorithm", plain),
            ("docType", plain),
            ("valueDigests", value_digests),
            ("deviceKeyInfo", device_key_info),
            ("validityInfo", plain),
        ],
    )
}

fn value_digests(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.each(value, digests)
}

/// Without --show only the number of digests.
fn digests(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    match value {
        Value::Map(entries) if !decoder.show => Tree::leaf(format!("<{} digests>", entries.len())),
        other => outline(decoder, other),
    }
}

fn device_key_info(decoder: &mut Decoder, value: &Value<'_>) -> Tree {
    decoder.members(value, &[("deviceKey", key as Walk), ("keyAuthorizations", plain)])
}
