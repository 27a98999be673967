//! One CBOR item: whether it is well-formed, its members, and the names of its keys.
use rid_wire::cbor::{CborError, Decoder, Limits, Value};

use super::tree::shortened;

/// Checks one complete item and reads it as a tree of values.
///
/// The offset of an error is where reading stopped: before an item that is truncated or malformed, or after invalid
/// text or a duplicate key.
pub(crate) fn well_formed(bytes: &[u8]) -> Result<Value<'_>, (CborError, usize)> {
    let mut reader = Decoder::new(bytes, Limits::ONLINE).map_err(|error| (error, 0))?;
    reader.skip().map_err(|error| (error, reader.position()))?;
    let end = reader.position();
    reader.finish().map_err(|error| (error, end))?;
    Value::parse(bytes, Limits::ONLINE).map_err(|error| (error, 0))
}

/// Reads an integer that fits `i64`.
pub(crate) fn as_int(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Uint(value) => i64::try_from(*value).ok(),
        Value::Nint(value) => i64::try_from(*value).ok().map(|value| !value),
        _ => None,
    }
}

/// The value of a text key.
pub(crate) fn member<'v, 'a>(value: &'v Value<'a>, name: &str) -> Option<&'v Value<'a>> {
    let Value::Map(entries) = value else { return None };
    entries.iter().find(|(key, _)| matches!(key, Value::Text(text) if text == name)).map(|(_, value)| value)
}

/// The value of an integer key.
pub(crate) fn number<'v, 'a>(value: &'v Value<'a>, name: i64) -> Option<&'v Value<'a>> {
    let Value::Map(entries) = value else { return None };
    entries.iter().find(|(key, _)| as_int(key) == Some(name)).map(|(_, value)| value)
}

/// The label of a key.
pub(crate) fn key_label(key: &Value<'_>) -> String {
    match key {
        Value::Text(text) => shortened(text),
        Value::Bytes(bytes) => format!("<key of {} bytes>", bytes.len()),
        Value::Uint(number) => number.to_string(),
        Value::Nint(number) => negative(*number).to_string(),
        _ => "<key>".into(),
    }
}

/// The label of a key in a map with integer keys: text is quoted.
pub(crate) fn quoted_label(key: &Value<'_>) -> String {
    match key {
        Value::Text(text) => format!("\"{}\"", shortened(text)),
        other => key_label(other),
    }
}

/// The value of a negative integer.
pub(crate) fn negative(number: u64) -> i128 {
    -1 - i128::from(number)
}
