//! DeviceRequest (18013-5, 8.3.2.1.2.1; std-M43): the elements that a reader requests.
use alloc::{borrow::Cow, collections::BTreeMap, string::String, vec, vec::Vec};

use rid_wire::{
    cbor::{CborError, Decoder, Encoder, ItemType, Key, Limits, Tagged},
    cose::{CoseError, Sign1},
};

use crate::{MdocError, fold::fold, request_info::DeviceRequestInfo};

/// One requested element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedElement {
    /// The element identifier.
    pub identifier: String,
    /// The flag intentToRetain (neg-C11).
    pub intent_to_retain: bool,
}

/// The requested elements of one namespace, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedNamespace {
    /// The namespace.
    pub namespace: String,
    /// The elements.
    pub elements: Vec<RequestedElement>,
}

/// An `ItemsRequest {docType, nameSpaces, requestInfo?}` as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemsRequest {
    /// The document type.
    pub doc_type: String,
    /// The namespaces in order.
    pub namespaces: Vec<RequestedNamespace>,
}

/// A signature of the reader as received, or the reason for which it cannot be checked (neg-C34).
pub type UncheckedAuth<'a> = Result<Sign1<'a>, CoseError>;

/// A `DocRequest` as received.
#[derive(Clone, Debug)]
pub struct DocRequest<'a> {
    /// The ItemsRequestBytes as received.
    pub items_request_bytes: Tagged<'a>,
    /// The parsed items request.
    pub items: ItemsRequest,
    /// The unverified readerAuth; `None` if absent or null.
    pub reader_auth: Option<UncheckedAuth<'a>>,
    /// The encoded requestInfo, which is kept and not interpreted (std-S50).
    pub request_info: Option<&'a [u8]>,
}

/// A `DeviceRequest` as received: nothing in it is verified.
#[derive(Clone, Debug)]
pub struct UnverifiedRequest<'a> {
    /// The version text, "1.x".
    pub version: Cow<'a, str>,
    /// The doc requests; there is at least one.
    pub doc_requests: Vec<DocRequest<'a>>,
    /// The unverified signatures of readerAuthAll over all doc requests (second edition).
    pub reader_auth_all: Vec<UncheckedAuth<'a>>,
    /// The deviceRequestInfo (second edition).
    pub info: Option<DeviceRequestInfo<'a>>,
}

impl<'a> UnverifiedRequest<'a> {
    /// Parses a request of 1 to 32 doc requests and at most 512 elements in all. Every doc request and namespace must
    /// have content. Indefinite lengths are refused inside ItemsRequest, and unknown members are ignored.
    ///
    /// A namespace or element that occurs twice in one doc request is `request_duplicate`, even if the two differ in
    /// Unicode form. So are document types in different Unicode forms (neg-C13). The comparison ignores combining marks
    /// (U+0300 to U+036F), accents of precomposed Latin letters, invisible characters and full width. It needs no
    /// Unicode tables and may refuse too much, because the identifiers of the standards are ASCII. Two doc requests may
    /// have the same document type, and names may differ in case alone (neg-C33).
    ///
    /// A readerAuth that is not a `COSE_Sign1` does not refuse the request; its error is kept (neg-C34).
    ///
    /// # Errors
    /// [`MdocError::Version`] before other errors of content; [`MdocError::RequestDuplicate`], [`MdocError::TooMany`];
    /// [`MdocError::Cbor`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, MdocError> {
        let mut decoder = Decoder::new(bytes, limits)?;
        let (mut version, mut doc_requests) = (None, None);
        let (mut reader_auth_all, mut info) = (None, None);
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            match key.as_text() {
                Some(VERSION) => version = Some(decoder.text()?),
                Some(DOC_REQUESTS) => doc_requests = Some(decoder.clone()),
                Some(READER_AUTH_ALL) => reader_auth_all = Some(decoder.clone()),
                Some(DEVICE_REQUEST_INFO) => info = Some(decoder.clone()),
                _ => {}
            }
            Ok(())
        })?;
        decoder.finish()?;
        let version = version.ok_or(CborError::MissingMember)?;
        if !is_version_1(&version) {
            return Err(MdocError::Version);
        }
        let mut count = Count::default();
        let doc_requests = read_doc_requests(&mut doc_requests.ok_or(CborError::MissingMember)?, &mut count)?;
        let reader_auth_all =
            reader_auth_all.map_or(Ok(Vec::new()), |mut decoder| read_reader_auth_all(&mut decoder))?;
        let info = info.map(|mut decoder| DeviceRequestInfo::read(&mut decoder, doc_requests.len())).transpose()?;
        Ok(Self { version, doc_requests, reader_auth_all, info })
    }
}

impl ItemsRequest {
    /// Encodes ItemsRequestBytes: `#6.24(bstr .cbor ItemsRequest)`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.map(2).text(DOC_TYPE).text(&self.doc_type).text(NAMESPACES).map(self.namespaces.len());
        for namespace in &self.namespaces {
            encoder.text(&namespace.namespace).map(namespace.elements.len());
            for element in &namespace.elements {
                encoder.text(&element.identifier).boolean(element.intent_to_retain);
            }
        }
        let mut tagged = Encoder::new();
        tagged.tagged(&encoder.finish());
        tagged.finish()
    }
}

/// A doc request to send.
#[derive(Clone, Debug)]
pub struct DocRequestToSend {
    /// The ItemsRequestBytes.
    pub items_request_bytes: Vec<u8>,
    /// The encoded `COSE_Sign1` of [`crate::reader_auth`].
    pub reader_auth: Option<Vec<u8>>,
}

/// Encodes a DeviceRequest of version "1.0".
#[must_use]
pub fn encode(doc_requests: &[DocRequestToSend]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.map(2).text(VERSION).text("1.0").text(DOC_REQUESTS).array(doc_requests.len());
    for DocRequestToSend { items_request_bytes, reader_auth } in doc_requests {
        encoder.map(if reader_auth.is_some() { 2 } else { 1 }).text(ITEMS_REQUEST).raw(items_request_bytes);
        if let Some(reader_auth) = reader_auth {
            encoder.text(READER_AUTH).raw(reader_auth);
        }
    }
    encoder.finish()
}

/// Returns true for "1." and digits: a minor version adds only members that may be ignored.
pub(crate) fn is_version_1(version: &str) -> bool {
    version.strip_prefix("1.").is_some_and(|minor| {
        (1..=MAX_MINOR_DIGITS).contains(&minor.len()) && minor.bytes().all(|digit| digit.is_ascii_digit())
    })
}

const MAX_MINOR_DIGITS: usize = 3;
const MAX_DOC_REQUESTS: usize = 32;
const MAX_ELEMENTS: usize = 512;
/// Most signatures in readerAuthAll: each costs a verification before the user is asked.
const MAX_READER_AUTH_ALL: usize = 4;

const VERSION: &str = "version";
const DOC_REQUESTS: &str = "docRequests";
const ITEMS_REQUEST: &str = "itemsRequest";
const READER_AUTH: &str = "readerAuth";
const READER_AUTH_ALL: &str = "readerAuthAll";
const DEVICE_REQUEST_INFO: &str = "deviceRequestInfo";
const DOC_TYPE: &str = "docType";
const NAMESPACES: &str = "nameSpaces";
const REQUEST_INFO: &str = "requestInfo";

/// The number of elements read so far, in all doc requests.
#[derive(Default)]
struct Count {
    elements: usize,
}

/// The names read so far, by their fold.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// Adds a name that must not occur again.
    fn add(&mut self, name: &str) -> Result<(), MdocError> {
        if self.0.insert(fold(name), name.into()).is_none() { Ok(()) } else { Err(MdocError::RequestDuplicate) }
    }

    /// Adds a name that may occur again, but only in the same Unicode form.
    fn add_again(&mut self, name: &str) -> Result<(), MdocError> {
        match self.0.insert(fold(name), name.into()) {
            Some(known) if known != name => Err(MdocError::RequestDuplicate),
            _ => Ok(()),
        }
    }
}

fn read_doc_requests<'a>(decoder: &mut Decoder<'a>, count: &mut Count) -> Result<Vec<DocRequest<'a>>, MdocError> {
    let mut doc_requests: Vec<DocRequest<'a>> = Vec::new();
    let mut doc_types = Names::default();
    decoder.array(|decoder, index| -> Result<(), MdocError> {
        if index >= MAX_DOC_REQUESTS {
            return Err(MdocError::TooMany);
        }
        let doc_request = read_doc_request(decoder, count)?;
        doc_types.add_again(&doc_request.items.doc_type)?;
        doc_requests.push(doc_request);
        Ok(())
    })?;
    if doc_requests.is_empty() { Err(CborError::MissingMember.into()) } else { Ok(doc_requests) }
}

fn read_doc_request<'a>(decoder: &mut Decoder<'a>, count: &mut Count) -> Result<DocRequest<'a>, MdocError> {
    let (mut items_request, mut reader_auth) = (None, None);
    decoder.map(|decoder, key| -> Result<(), MdocError> {
        match key.as_text() {
            Some(ITEMS_REQUEST) => items_request = Some(read_items_request_bytes(decoder, count)?),
            Some(READER_AUTH) => reader_auth = read_reader_auth(decoder)?,
            _ => {}
        }
        Ok(())
    })?;
    let (items_request_bytes, items, request_info) = items_request.ok_or(CborError::MissingMember)?;
    Ok(DocRequest { items_request_bytes, items, reader_auth, request_info })
}

/// Reads one `COSE_Sign1` or its error; `None` for null.
fn read_reader_auth<'a>(decoder: &mut Decoder<'a>) -> Result<Option<UncheckedAuth<'a>>, MdocError> {
    let mut inside = decoder.clone();
    decoder.skip()?;
    Ok(if inside.take_null()? { None } else { Some(Sign1::read(&mut inside)) })
}

fn read_reader_auth_all<'a>(decoder: &mut Decoder<'a>) -> Result<Vec<UncheckedAuth<'a>>, MdocError> {
    if decoder.peek()? != ItemType::Array {
        return Ok(read_reader_auth(decoder)?.map_or(Vec::new(), |one| vec![one]));
    }
    let mut all = Vec::new();
    decoder.array(|decoder, index| -> Result<(), MdocError> {
        if index >= MAX_READER_AUTH_ALL {
            return Err(MdocError::TooMany);
        }
        all.extend(read_reader_auth(decoder)?);
        Ok(())
    })?;
    Ok(all)
}

/// The ItemsRequestBytes, their content, and requestInfo.
type Items<'a> = (Tagged<'a>, ItemsRequest, Option<&'a [u8]>);

fn read_items_request_bytes<'a>(decoder: &mut Decoder<'a>, count: &mut Count) -> Result<Items<'a>, MdocError> {
    let mut again = decoder.clone();
    let tagged = match decoder.tagged() {
        // If the duplicate is a namespace or an element, reading the content returns the more exact error.
        Err(CborError::DuplicateKey) => {
            again.expect_tag(24)?;
            let inner = again.definite_bytes()?;
            read_items_request(Tagged { outer: inner, inner }.decoder(), count)?;
            return Err(CborError::DuplicateKey.into());
        }
        tagged => tagged?,
    };
    let (items, request_info) = read_items_request(tagged.decoder(), count)?;
    Ok((tagged, items, request_info))
}

fn read_items_request<'a>(
    mut decoder: Decoder<'a>,
    count: &mut Count,
) -> Result<(ItemsRequest, Option<&'a [u8]>), MdocError> {
    let (mut doc_type, mut namespaces, mut request_info) = (None, Vec::new(), None);
    decoder.map(|decoder, key| -> Result<(), MdocError> {
        match key.as_text() {
            Some(DOC_TYPE) => doc_type = Some(decoder.identifier()?.into_owned()),
            Some(NAMESPACES) => namespaces = read_namespaces(decoder, count)?,
            Some(REQUEST_INFO) => request_info = Some(decoder.skip()?),
            _ => {}
        }
        Ok(())
    })?;
    decoder.finish()?;
    match doc_type {
        Some(doc_type) if !namespaces.is_empty() => Ok((ItemsRequest { doc_type, namespaces }, request_info)),
        _ => Err(CborError::MissingMember.into()),
    }
}

fn read_namespaces(decoder: &mut Decoder<'_>, count: &mut Count) -> Result<Vec<RequestedNamespace>, MdocError> {
    let mut namespaces = Vec::new();
    let mut names = Names::default();
    let entries = decoder.map(|decoder, key| -> Result<(), MdocError> {
        let namespace = identifier(key)?;
        names.add(&namespace)?;
        let elements = read_elements(decoder, count)?;
        namespaces.push(RequestedNamespace { namespace, elements });
        Ok(())
    });
    entries.map_err(blame_duplicate)?;
    Ok(namespaces)
}

fn read_elements(decoder: &mut Decoder<'_>, count: &mut Count) -> Result<Vec<RequestedElement>, MdocError> {
    let mut elements = Vec::new();
    let mut names = Names::default();
    let entries = decoder.map(|decoder, key| -> Result<(), MdocError> {
        let identifier = identifier(key)?;
        names.add(&identifier)?;
        count.elements = count.elements.saturating_add(1);
        if count.elements > MAX_ELEMENTS {
            return Err(MdocError::TooMany);
        }
        elements.push(RequestedElement { identifier, intent_to_retain: decoder.boolean()? });
        Ok(())
    });
    entries.map_err(blame_duplicate)?;
    if elements.is_empty() { Err(CborError::MissingMember.into()) } else { Ok(elements) }
}

fn identifier(key: &Key<'_>) -> Result<String, CborError> {
    match key.as_text() {
        Some(text) if text.contains('\0') => Err(CborError::InvalidText),
        Some(text) => Ok(text.into()),
        None => Err(CborError::UnexpectedType),
    }
}

/// Maps a duplicate key in a map of namespaces or elements to a duplicate request.
fn blame_duplicate(error: MdocError) -> MdocError {
    if error == MdocError::Cbor(CborError::DuplicateKey) { MdocError::RequestDuplicate } else { error }
}
