//! The compact serialisation of a JWS.
use alloc::{format, string::String, vec::Vec};

use super::{Header, JwsError, header::MAX_HEADER_DIGITS};
use crate::{
    base64,
    json::{JsonError, Value},
};

/// A JWS as received. Nothing of it is verified.
#[derive(Clone, PartialEq)]
pub struct Jws<'a> {
    /// The protected header.
    pub header: Header,
    /// The signed text as received: `header.payload`.
    pub signing_input: &'a str,
    /// The payload.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Parses `header.payload.signature` of at most `max_bytes`.
    ///
    /// # Errors
    /// [`JwsError`].
    pub fn parse(text: &'a str, max_bytes: usize) -> Result<Self, JwsError> {
        if text.len() > max_bytes {
            return Err(JwsError::TooLarge);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::Form)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Form)?;
        if payload.contains('.') {
            return Err(JwsError::Form);
        }
        if header.len() > MAX_HEADER_DIGITS {
            return Err(JwsError::TooLarge);
        }
        let header = base64::decode_url(header)?;
        let header = core::str::from_utf8(&header).map_err(|_| JsonError::Invalid)?;
        Ok(Self {
            header: Header::read(header)?,
            signing_input,
            payload: base64::decode_url(payload)?,
            signature: base64::decode_url(signature)?,
        })
    }

    /// The payload as one JSON object.
    ///
    /// # Errors
    /// [`JwsError::Json`].
    pub fn claims(&self) -> Result<Value, JwsError> {
        let text = core::str::from_utf8(&self.payload).map_err(|_| JsonError::Invalid)?;
        match Value::parse(text, self.payload.len())? {
            object @ Value::Object(_) => Ok(object),
            _ => Err(JsonError::Invalid.into()),
        }
    }
}

/// The text to sign for a header and a payload.
#[must_use]
pub fn signing_input(header: &Value, payload: &Value) -> String {
    let part = |value: &Value| base64::encode_url(value.to_text().as_bytes());
    format!("{}.{}", part(header), part(payload))
}

/// The compact serialisation of a signed text.
#[must_use]
pub fn compact(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", base64::encode_url(signature))
}

crate::closed_debug!(Jws<'_>);
