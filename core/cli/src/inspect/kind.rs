//! Recognises the kind of an item by its structure.
use rid_wire::cbor::Value;

use super::{
    cose,
    decoder::Walk,
    enrolment,
    item::{as_int, member, number},
    mdoc, mso,
    outline::{self, outline},
    session,
};

/// The kinds, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Engagement,
    EnrolmentRequest,
    EnrolmentAnswer,
    CoseKey,
    SessionEstablishment,
    DeviceRequest,
    IssuerSigned,
    Document,
    DeviceResponse,
    Mso,
    ItemsRequest,
    DocRequest,
    Item,
    DeviceAuth,
    SessionData,
    NameSpaces,
    Sign1,
    Mac0,
    Transcript,
    DeviceAuthentication,
    ReaderAuthentication,
    Cbor,
}

impl Kind {
    /// The kind of one well-formed item, or of the content of its tag 24.
    pub(crate) fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Map(entries) if entries.iter().any(|(key, _)| as_int(key).is_some()) => Self::of_numbered(value),
            Value::Map(_) => Self::of_named(value),
            Value::Array(_) | Value::Tag(17 | 18, _) => Self::of_array(value),
            _ => Self::Cbor,
        }
    }

    fn of_numbered(value: &Value<'_>) -> Self {
        let text = |label| match number(value, label) {
            Some(Value::Text(text)) => Some(text.as_ref()),
            _ => None,
        };
        if text(0).is_some() && number(value, 1).is_some() {
            Self::Engagement
        } else if text(1).is_some_and(|version| version.starts_with("rid-enrolment-answer-")) {
            Self::EnrolmentAnswer
        } else if text(1).is_some_and(|version| version.starts_with("rid-enrolment-")) {
            Self::EnrolmentRequest
        } else if number(value, 1).is_some() && (-4..0).any(|label| number(value, label).is_some()) {
            Self::CoseKey
        } else {
            Self::Cbor
        }
    }

    fn of_named(value: &Value<'_>) -> Self {
        let has = |name| member(value, name).is_some();
        if has("eReaderKey") {
            Self::SessionEstablishment
        } else if has("docRequests") {
            Self::DeviceRequest
        } else if has("issuerAuth") {
            Self::IssuerSigned
        } else if has("docType") && (has("issuerSigned") || has("deviceSigned")) {
            Self::Document
        } else if has("documents") || has("documentErrors") || (has("version") && has("status")) {
            Self::DeviceResponse
        } else if has("valueDigests") || has("deviceKeyInfo") {
            Self::Mso
        } else if has("docType") && has("nameSpaces") {
            Self::ItemsRequest
        } else if has("itemsRequest") {
            Self::DocRequest
        } else if has("digestID") && has("elementIdentifier") {
            Self::Item
        } else if has("deviceMac") || has("deviceSignature") {
            Self::DeviceAuth
        } else if matches!(member(value, "data"), Some(Value::Bytes(_)))
            || matches!(member(value, "status"), Some(Value::Uint(_)))
        {
            Self::SessionData
        } else if are_namespaces(value) {
            Self::NameSpaces
        } else {
            Self::Cbor
        }
    }

    fn of_array(value: &Value<'_>) -> Self {
        let Value::Array(items) = cose::untagged(value) else { return Self::Cbor };
        match (value, items.as_slice()) {
            (Value::Tag(17, _), _) => Self::Mac0,
            (Value::Tag(18, _), _) => Self::Sign1,
            (_, [Value::Bytes(_), Value::Map(_), Value::Bytes(_) | Value::Null, Value::Bytes(_)]) => {
                // Without a tag, the algorithm number tells a MAC from a signature (RFC 9053, 3.1).
                if matches!(cose::algorithm(value), Some(4..=7)) { Self::Mac0 } else { Self::Sign1 }
            }
            (_, [Value::Tag(24, _) | Value::Null, Value::Tag(24, _) | Value::Null, _]) => Self::Transcript,
            (_, [Value::Text(context), _, _, _]) if context == "DeviceAuthentication" => Self::DeviceAuthentication,
            (_, [Value::Text(context), _, _]) if context == "ReaderAuthentication" => Self::ReaderAuthentication,
            _ => Self::Cbor,
        }
    }

    /// Its name in the standard.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cbor => "CBOR",
            Self::CoseKey => "COSE_Key",
            Self::DeviceAuth => "DeviceAuth",
            Self::DeviceAuthentication => "DeviceAuthentication",
            Self::DeviceRequest => "DeviceRequest",
            Self::DeviceResponse => "DeviceResponse",
            Self::DocRequest => "DocRequest",
            Self::Document => "Document",
            Self::Engagement => "DeviceEngagement",
            Self::EnrolmentAnswer => "EnrolmentAnswer",
            Self::EnrolmentRequest => "EnrolmentRequest",
            Self::IssuerSigned => "IssuerSigned",
            Self::Item => "IssuerSignedItem",
            Self::ItemsRequest => "ItemsRequest",
            Self::Mac0 => "COSE_Mac0",
            Self::Mso => "MobileSecurityObject",
            Self::NameSpaces => "IssuerNameSpaces",
            Self::ReaderAuthentication => "ReaderAuthentication",
            Self::SessionData => "SessionData",
            Self::SessionEstablishment => "SessionEstablishment",
            Self::Sign1 => "COSE_Sign1",
            Self::Transcript => "SessionTranscript",
        }
    }

    /// Where it is defined.
    pub(crate) const fn source(self) -> &'static str {
        match self {
            Self::Cbor => "RFC 8949; no structure known here",
            Self::CoseKey | Self::Mac0 | Self::Sign1 => "RFC 9052",
            Self::EnrolmentAnswer | Self::EnrolmentRequest => "spec/enrolment.md",
            Self::Engagement => "ISO/IEC 18013-5, 8.2.1",
            Self::DeviceRequest | Self::DocRequest | Self::ItemsRequest => "ISO/IEC 18013-5, 8.3.2.1.2.1",
            Self::SessionData | Self::SessionEstablishment => "ISO/IEC 18013-5, 9.1.1.4",
            Self::Mso => "ISO/IEC 18013-5, 9.1.2.4",
            Self::DeviceAuthentication => "ISO/IEC 18013-5, 9.1.3.4",
            Self::ReaderAuthentication => "ISO/IEC 18013-5, 9.1.4.3",
            Self::Transcript => "ISO/IEC 18013-5, 9.1.5.1",
            Self::DeviceAuth
            | Self::DeviceResponse
            | Self::Document
            | Self::IssuerSigned
            | Self::Item
            | Self::NameSpaces => "ISO/IEC 18013-5, 8.3.2.1.2.2",
        }
    }

    /// The walk that shows it.
    pub(crate) const fn walk(self) -> Walk {
        match self {
            Self::Cbor => outline,
            Self::CoseKey => outline::key,
            Self::DeviceAuth => mdoc::device_auth,
            Self::DeviceAuthentication => session::device_authentication,
            Self::DeviceRequest => mdoc::request,
            Self::DeviceResponse => mdoc::response,
            Self::DocRequest => mdoc::doc_request,
            Self::Document => mdoc::document,
            Self::Engagement => session::engagement,
            Self::EnrolmentAnswer => enrolment::answer,
            Self::EnrolmentRequest => enrolment::request,
            Self::IssuerSigned => mdoc::issuer_signed,
            Self::Item => mdoc::item,
            Self::ItemsRequest => mdoc::items_request,
            Self::Mac0 => cose::mac0,
            Self::Mso => mso::mso,
            Self::NameSpaces => mdoc::namespaces,
            Self::ReaderAuthentication => session::reader_authentication,
            Self::SessionData => session::data,
            Self::SessionEstablishment => session::establishment,
            Self::Sign1 => cose::sign1,
            Self::Transcript => session::transcript,
        }
    }
}

/// Namespaces by name, each with items in tag 24.
fn are_namespaces(value: &Value<'_>) -> bool {
    let Value::Map(entries) = value else { return false };
    !entries.is_empty()
        && entries.iter().all(|(key, items)| {
            let Value::Array(items) = items else { return false };
            matches!(key, Value::Text(_))
                && !items.is_empty()
                && items.iter().all(|item| matches!(item, Value::Tag(24, _)))
        })
}
