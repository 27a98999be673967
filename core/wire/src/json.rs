//! Strict JSON (RFC 8259): duplicate members, lone surrogates, control characters, trailing text and depth over 32 are refused.
use alloc::{string::String, vec::Vec};

use crate::Code;

/// Why JSON was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// A member name occurs twice in an object.
    #[error("json_duplicate_key")]
    DuplicateKey,
    /// Not JSON, or text follows it.
    #[error("json_invalid")]
    Invalid,
    /// Deeper than 32.
    #[error("json_too_deep")]
    TooDeep,
    /// Longer than the caller's limit.
    #[error("input_too_large")]
    TooLarge,
}

impl JsonError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::DuplicateKey => "json_duplicate_key",
            Self::Invalid => "json_invalid",
            Self::TooDeep => "json_too_deep",
            Self::TooLarge => "input_too_large",
        })
    }
}

/// One JSON value; members keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Array.
    Array(Vec<Value>),
    /// Boolean.
    Bool(bool),
    /// `null`.
    Null,
    /// An integer without fraction or exponent that fits `i64`.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Object.
    Object(Vec<(String, Value)>),
    /// String.
    String(String),
}

impl Value {
    /// Parses one whole text of at most `max_bytes`.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn parse(text: &str, max_bytes: usize) -> Result<Self, JsonError> {
        todo!()
    }

    /// The member of an object.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        todo!()
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        todo!()
    }
}
