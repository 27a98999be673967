//! The value of a claim.
use alloc::{format, string::String, vec::Vec};
use core::fmt;

use rid_wire::{cbor::Value, hex, json};

use crate::{PrivateBytes, PrivateText};

/// One entry of a structured value.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimEntry {
    /// The key.
    pub key: ClaimValue,
    /// The value.
    pub value: ClaimValue,
}

/// The value of a claim, for display.
#[derive(Clone, PartialEq)]
pub enum ClaimValue {
    /// An integer beyond 64 signed bits, in decimal digits.
    BigNumber {
        /// The digits, with a sign if negative.
        digits: PrivateText,
    },
    /// Bytes.
    Binary {
        /// The bytes.
        bytes: PrivateBytes,
    },
    /// A date or time (tags 1004 and 0), as its text.
    Date {
        /// The text: `YYYY-MM-DD` or RFC 3339.
        text: PrivateText,
    },
    /// A map.
    Entries {
        /// The entries, in received order.
        entries: Vec<ClaimEntry>,
    },
    /// Yes or no.
    Flag {
        /// The value.
        value: bool,
    },
    /// An array.
    Items {
        /// The values, in order.
        items: Vec<ClaimValue>,
    },
    /// The value `null` or undefined.
    Nothing,
    /// An integer.
    Number {
        /// The value.
        value: i64,
    },
    /// A floating-point number.
    Real {
        /// The value.
        value: f64,
    },
    /// Text.
    Text {
        /// The text.
        text: PrivateText,
    },
}

impl ClaimValue {
    /// Converts a decoded CBOR value. Tags other than dates are dropped.
    #[must_use]
    pub fn from_cbor(value: &Value<'_>) -> Self {
        match value {
            Value::Array(items) => Self::Items { items: items.iter().map(Self::from_cbor).collect() },
            Value::Bool(value) => Self::Flag { value: *value },
            Value::Bytes(bytes) => Self::Binary { bytes: bytes.to_vec().into() },
            Value::Float(value) => Self::Real { value: *value },
            Value::Map(entries) => Self::Entries {
                entries: entries
                    .iter()
                    .map(|(k, v)| ClaimEntry { key: Self::from_cbor(k), value: Self::from_cbor(v) })
                    .collect(),
            },
            Value::Nint(n) => i64::try_from(*n).map_or_else(
                |_| Self::BigNumber { digits: format!("-{}", u128::from(*n).saturating_add(1)).into() },
                |n| Self::Number { value: (-1_i64).saturating_sub(n) },
            ),
            Value::Null | Value::Undefined => Self::Nothing,
            Value::Simple(n) => Self::Number { value: i64::from(*n) },
            Value::Tag(0 | 1004, inner) => match inner.as_ref() {
                Value::Text(text) => Self::Date { text: String::from(text.as_ref()).into() },
                other => Self::from_cbor(other),
            },
            Value::Tag(_, inner) => Self::from_cbor(inner),
            Value::Text(text) => Self::Text { text: String::from(text.as_ref()).into() },
            Value::Uint(n) => i64::try_from(*n)
                .map_or_else(|_| Self::BigNumber { digits: format!("{n}").into() }, |value| Self::Number { value }),
        }
    }

    /// Converts a JSON value. A text stays a text, whatever it looks like.
    #[must_use]
    pub fn from_json(value: &json::Value) -> Self {
        match value {
            json::Value::Array(items) => Self::Items { items: items.iter().map(Self::from_json).collect() },
            json::Value::Bool(value) => Self::Flag { value: *value },
            json::Value::Float(value) => Self::Real { value: *value },
            json::Value::Integer(value) => Self::Number { value: *value },
            json::Value::Null => Self::Nothing,
            json::Value::Object(members) => Self::Entries {
                entries: members
                    .iter()
                    .map(|(name, value)| ClaimEntry {
                        key: Self::Text { text: name.clone().into() },
                        value: Self::from_json(value),
                    })
                    .collect(),
            },
            json::Value::String(text) => Self::Text { text: text.clone().into() },
        }
    }

    /// Formats the value for people, without labels: dates as DD.MM.YYYY, bytes as their length.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::BigNumber { digits } => String::from(digits.expose()),
            Self::Binary { bytes } => match bytes.expose().len() {
                n if n <= 16 => hex::encode(bytes.expose()),
                n => format!("({n} B)"),
            },
            Self::Date { text } => plain_date(text.expose()),
            Self::Entries { entries } => {
                let parts: Vec<String> =
                    entries.iter().map(|e| format!("{}: {}", e.key.plain(), e.value.plain())).collect();
                parts.join(", ")
            }
            Self::Flag { value } => String::from(if *value { "✓" } else { "✗" }),
            Self::Items { items } => {
                let parts: Vec<String> = items.iter().map(Self::plain).collect();
                parts.join("; ")
            }
            Self::Nothing => String::from("–"),
            Self::Number { value } => format!("{value}"),
            Self::Real { value } => format!("{value}"),
            Self::Text { text } => String::from(text.expose()),
        }
    }
}

fn plain_date(text: &str) -> String {
    match (text.get(0..4), text.get(5..7), text.get(8..10), text.get(10..)) {
        (Some(year), Some(month), Some(day), Some(rest)) => format!("{day}.{month}.{year}{}", rest.replace('T', " ")),
        _ => String::from(text),
    }
}

/// Prints only the kind, never the value.
impl fmt::Debug for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BigNumber { .. } => "BigNumber",
            Self::Binary { .. } => "Binary",
            Self::Date { .. } => "Date",
            Self::Entries { .. } => "Entries",
            Self::Flag { .. } => "Flag",
            Self::Items { .. } => "Items",
            Self::Nothing => "Nothing",
            Self::Number { .. } => "Number",
            Self::Real { .. } => "Real",
            Self::Text { .. } => "Text",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neg_n06_debug_of_a_claim_shows_only_its_kind() {
        for (value, expected) in [
            (ClaimValue::Flag { value: true }, "Flag"),
            (ClaimValue::Number { value: 175 }, "Number"),
            (ClaimValue::Real { value: 1.75 }, "Real"),
            (ClaimValue::Text { text: String::from("Quliyeva").into() }, "Text"),
        ] {
            assert_eq!(format!("{value:?}"), expected);
            let entry = ClaimEntry { key: value.clone(), value };
            assert_eq!(format!("{entry:?}"), format!("ClaimEntry {{ key: {expected}, value: {expected} }}"));
        }
    }
}
