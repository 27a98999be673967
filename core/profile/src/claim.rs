//! Reads the values of claims of an SD-JWT VC as the types of the profile.
use alloc::string::String;

use rid_claims::ClaimValue;
use rid_wire::{FullDate, Timestamp, base64, json::Value};

use crate::{Element, ElementType};

impl Element {
    /// The value of this claim of an SD-JWT VC for display: a date as a date, a picture as its bytes. `None` if it has
    /// another type than in the profile (neg-Q06).
    #[must_use]
    pub fn claim_value(&self, value: &Value) -> Option<ClaimValue> {
        let date = |text: &str| ClaimValue::Date { text: String::from(text).into() };
        match (self.claim_type, value) {
            (ElementType::Bytes, Value::String(url)) => {
                let (kind, digits) = url.strip_prefix("data:image/")?.split_once(";base64,")?;
                let is_subtype = kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
                let bytes = is_subtype.then(|| base64::decode_standard(digits).ok())??;
                Some(ClaimValue::Binary { bytes: bytes.into() })
            }
            (ElementType::FullDate, Value::String(text)) => FullDate::parse(text).is_ok().then(|| date(text)),
            (ElementType::TdateOrFullDate, Value::String(text)) => {
                (FullDate::parse(text).is_ok() || Timestamp::parse_tdate(text).is_ok()).then(|| date(text))
            }
            (ElementType::Array, Value::Array(_))
            | (ElementType::Bool, Value::Bool(_))
            | (ElementType::Map, Value::Object(_))
            | (ElementType::Text, Value::String(_))
            | (ElementType::Uint, Value::Integer(0..)) => Some(ClaimValue::from_json(value)),
            _ => None,
        }
    }
}
