//! DeviceResponse (18013-5, 8.3.2.1.2.2; std-M44) as received.
use alloc::{borrow::Cow, vec::Vec};

use rid_wire::{
    cbor::{Limits, Tagged},
    cose::{Mac0, Sign1},
};

use crate::{MdocError, issuer_signed::UnverifiedIssuerSigned};

/// `DeviceAuth`: exactly one of the two.
#[derive(Clone, Debug)]
pub enum DeviceAuth<'a> {
    /// deviceMac.
    Mac(Mac0<'a>),
    /// deviceSignature.
    Signature(Sign1<'a>),
}

/// `DeviceSigned {nameSpaces, deviceAuth}` as received.
#[derive(Clone, Debug)]
pub struct UnverifiedDeviceSigned<'a> {
    /// DeviceNameSpacesBytes as received.
    pub namespaces_bytes: Tagged<'a>,
    /// Device-signed elements: namespace, identifier, value bytes.
    pub(crate) elements: Vec<(Cow<'a, str>, Cow<'a, str>, &'a [u8])>,
    /// deviceAuth.
    pub auth: DeviceAuth<'a>,
}

/// One `Document` as received. A document whose parts could not be parsed keeps its docType and the error, so that a
/// verdict can name it.
#[derive(Clone, Debug)]
pub struct UnverifiedDocument<'a> {
    /// docType.
    pub doc_type: Cow<'a, str>,
    /// issuerSigned, or why it was refused.
    pub issuer_signed: Result<UnverifiedIssuerSigned<'a>, MdocError>,
    /// deviceSigned, or why it was refused (`device_auth_missing` when absent or not exactly one).
    pub device_signed: Result<UnverifiedDeviceSigned<'a>, MdocError>,
    /// errors: namespace, identifier, code.
    pub errors: Vec<(Cow<'a, str>, Cow<'a, str>, i64)>,
}

/// `DeviceResponse` as received: nothing in it is verified.
#[derive(Clone, Debug)]
pub struct UnverifiedResponse<'a> {
    /// Version text, "1.x".
    pub version: Cow<'a, str>,
    /// documents; `None` when the member is absent.
    pub documents: Option<Vec<UnverifiedDocument<'a>>>,
    /// documentErrors: docType, code.
    pub document_errors: Vec<(Cow<'a, str>, i64)>,
    /// status.
    pub status: u64,
}

impl<'a> UnverifiedResponse<'a> {
    /// Parses. Errors of CBOR as such (truncation, depth, duplicate keys, trailing bytes) refuse the whole; errors of
    /// meaning inside one document stay with that document.
    ///
    /// # Errors
    /// [`MdocError`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, MdocError> {
        todo!()
    }
}
