//! From a decrypted DeviceRequest to what is asked, by whom.
use alloc::vec::Vec;

use rid_crypto::sha256;
use rid_mdoc::{
    MdocError, age,
    reader_auth::{self, ReaderAuth},
    request::{DocRequest, UnverifiedRequest},
    transcript::Transcript,
};
use rid_profile::Rules;
use rid_trust::TrustStore;
use rid_wire::{
    Code, Timestamp,
    cbor::{CborError, Limits, Reader},
};

use super::state::{Request, Requested, RequestedDocument};

/// A request that cannot be read: the status of the DeviceResponse, and why.
pub(super) struct Refusal {
    pub(super) status: u64,
    pub(super) code: Code,
}

/// Reads a request and verifies its reader authentications.
pub(super) fn read(
    plaintext: &[u8],
    transcript: &Transcript,
    trust: &TrustStore,
    rules: &Rules,
    now: Timestamp,
) -> Result<Request, Refusal> {
    well_formed(plaintext).map_err(|error| Refusal { status: DECODING, code: error.code() })?;
    let parsed = UnverifiedRequest::parse(plaintext, Limits::PROXIMITY)
        .map_err(|error| Refusal { status: status_of(error), code: error.code() })?;
    let mut trust = trust.message(now);
    let all = reader_auth::verify_all(&parsed, transcript, &mut trust);
    let documents = parsed
        .doc_requests
        .iter()
        .map(|doc_request| RequestedDocument {
            doc_type: doc_request.items.doc_type.clone(),
            elements: elements(doc_request, rules.age_elements_per_request),
            auth: reader_auth::verify(doc_request, transcript, &mut trust).or(all.clone()),
        })
        .collect();
    Ok(Request { hash: sha256(&[&transcript.tagged(), plaintext]), documents })
}

impl RequestedDocument {
    /// Why reader authentication does not name this document's reader; `None` when it does.
    pub(super) fn doubt(&self) -> Option<Code> {
        match &self.auth {
            ReaderAuth::Absent => Some(Code::new("reader_auth_absent")),
            ReaderAuth::Invalid(code) | ReaderAuth::Unchecked(code) | ReaderAuth::Unknown(code) => Some(*code),
            ReaderAuth::Verified(_) => None,
        }
    }
}

/// The elements in order; a document type is asked for once in a request, so ages are counted here (std-M48).
fn elements(doc_request: &DocRequest<'_>, most_ages: u32) -> Vec<Requested> {
    let mut ages = 0_u32;
    let mut elements = Vec::new();
    for namespace in &doc_request.items.namespaces {
        for element in &namespace.elements {
            if age::age_over(&element.identifier).is_some() {
                ages = ages.saturating_add(1);
            }
            elements.push(Requested {
                namespace: namespace.namespace.clone(),
                identifier: element.identifier.clone(),
                intent_to_retain: element.intent_to_retain,
                over_limit: age::age_over(&element.identifier).is_some() && ages > most_ages,
            });
        }
    }
    elements
}

/// Whether it is CBOR at all, before anybody asks whether it is a request.
fn well_formed(plaintext: &[u8]) -> Result<(), CborError> {
    let mut reader = Reader::new(plaintext, Limits::PROXIMITY)?;
    reader.skip()?;
    reader.finish()
}

/// DeviceResponse status (18013-5, table 8): general error, here for a version nobody speaks.
const GENERAL: u64 = 10;
/// What came is no valid CBOR.
const DECODING: u64 = 11;
/// It is CBOR, but no DeviceRequest.
const VALIDATION: u64 = 12;

/// The status for an error of the structure; items inside tag 24 may still be no CBOR.
const fn status_of(error: MdocError) -> u64 {
    match error {
        MdocError::Version => GENERAL,
        MdocError::Cbor(
            CborError::TooDeep
            | CborError::DuplicateKey
            | CborError::Truncated
            | CborError::Trailing
            | CborError::Tag24Invalid
            | CborError::InvalidText,
        ) => DECODING,
        _ => VALIDATION,
    }
}
