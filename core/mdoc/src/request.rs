//! DeviceRequest (18013-5, 8.3.2.1.2.1; std-M43): what a reader asks for.
use alloc::{borrow::Cow, string::String, vec::Vec};

use rid_wire::{cbor::Limits, cbor::Tagged, cose::Sign1};

use crate::MdocError;

/// One requested element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedElement {
    /// Element identifier.
    pub identifier: String,
    /// intentToRetain (neg-C11).
    pub intent_to_retain: bool,
}

/// The elements asked of one namespace, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedNamespace {
    /// Namespace.
    pub namespace: String,
    /// Elements.
    pub elements: Vec<RequestedElement>,
}

/// `ItemsRequest {docType, nameSpaces, requestInfo?}` as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemsRequest {
    /// Document type.
    pub doc_type: String,
    /// Namespaces in order.
    pub namespaces: Vec<RequestedNamespace>,
}

/// One `DocRequest` as received.
#[derive(Clone, Debug)]
pub struct DocRequest<'a> {
    /// ItemsRequestBytes as received.
    pub items_request_bytes: Tagged<'a>,
    /// The parsed items request.
    pub items: ItemsRequest,
    /// readerAuth, not yet verified.
    pub reader_auth: Option<Sign1<'a>>,
    /// requestInfo as encoded (std-S50: kept, not interpreted).
    pub request_info: Option<&'a [u8]>,
}

/// `DeviceRequest` as received: nothing in it is verified.
#[derive(Clone, Debug)]
pub struct UnverifiedRequest<'a> {
    /// Version text: "1.x".
    pub version: Cow<'a, str>,
    /// At least one.
    pub doc_requests: Vec<DocRequest<'a>>,
}

impl<'a> UnverifiedRequest<'a> {
    /// Parses. Indefinite lengths are refused inside ItemsRequest; at most 32 doc requests and 512 elements in all. The
    /// same element under the same bytes twice is a duplicate key of its map; a namespace or element that differs only in
    /// Unicode form is `request_duplicate` (neg-C13).
    ///
    /// # Errors
    /// [`MdocError`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, MdocError> {
        todo!()
    }
}

impl ItemsRequest {
    /// ItemsRequestBytes: `#6.24(bstr .cbor ItemsRequest)`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }
}

/// A doc request to be sent.
#[derive(Clone, Debug)]
pub struct DocRequestToSend {
    /// ItemsRequestBytes.
    pub items_request_bytes: Vec<u8>,
    /// Encoded `COSE_Sign1` of [`crate::reader_auth`].
    pub reader_auth: Option<Vec<u8>>,
}

/// Encodes a DeviceRequest, version "1.0".
#[must_use]
pub fn encode(doc_requests: &[DocRequestToSend]) -> Vec<u8> {
    todo!()
}
