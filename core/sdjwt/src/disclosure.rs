//! One disclosure (RFC 9901, 4.2).
use alloc::string::String;

use rid_wire::{
    base64,
    json::{JsonError, Value},
};

use crate::{SdJwtError, digest::SD_ALG};

/// The claim that holds the digests of an object.
pub(crate) const SD: &str = "_sd";
/// The member that holds the digest of an array element.
pub(crate) const ELEMENT: &str = "...";

/// A disclosure as received.
#[derive(Clone)]
pub(crate) struct Disclosure<'a> {
    /// The text that is hashed.
    pub(crate) text: &'a str,
    /// The name of the claim; `None` for an array element.
    pub(crate) name: Option<String>,
    /// The value, which may hold digests itself.
    pub(crate) value: Value,
    pub(crate) salt: String,
}

/// Bytes of a salt of 128 bits.
const SALT_LEN: usize = 16;

impl<'a> Disclosure<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, SdJwtError> {
        let bytes = base64::decode_url(text).map_err(|_| SdJwtError::Base64)?;
        let json = core::str::from_utf8(&bytes).map_err(|_| JsonError::Invalid)?;
        let Value::Array(elements) = Value::parse(json, json.len())? else { return Err(SdJwtError::DisclosureForm) };
        let mut elements = elements.into_iter();
        let (salt, name, value) = match (elements.next(), elements.next(), elements.next(), elements.next()) {
            (Some(Value::String(salt)), Some(Value::String(name)), Some(value), None) => (salt, Some(name), value),
            (Some(Value::String(salt)), Some(value), None, None) => (salt, None, value),
            _ => return Err(SdJwtError::DisclosureForm),
        };
        match name.as_deref() {
            Some(SD | ELEMENT) => Err(SdJwtError::ClaimConflict),
            Some(SD_ALG) => Err(SdJwtError::HashAlg),
            _ => Ok(Self { text, name, value, salt }),
        }
    }

    /// Returns true if the salt has fewer than 128 bits. It is base64url of random bytes, as the standard recommends,
    /// or any other text.
    pub(crate) fn has_short_salt(&self) -> bool {
        base64::decode_url(&self.salt).map_or(self.salt.len(), |bytes| bytes.len()) < SALT_LEN
    }
}
