//! From a decrypted DeviceRequest to what is asked, by whom.
use alloc::{collections::BTreeSet, vec::Vec};

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
    cbor::{CborError, Decoder, Limits},
};

use super::state::{Request, Requested, RequestedDocument};
use crate::consent::UseCase;

/// A request that cannot be read: the status of the DeviceResponse, and why.
pub(crate) struct Refusal {
    pub(super) status: u64,
    pub(crate) code: Code,
}

/// Reads a request and verifies its reader authentications.
pub(crate) fn read(
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
    let mut ages = Ages { most: rules.age_elements_per_request, asked: BTreeSet::new() };
    let documents = parsed
        .doc_requests
        .iter()
        .map(|doc_request| RequestedDocument {
            doc_type: doc_request.items.doc_type.clone(),
            elements: elements(doc_request, &mut ages),
            auth: reader_auth::verify(doc_request, transcript, &mut trust).or(all.clone()),
        })
        .collect();
    let use_case =
        |one: rid_mdoc::request_info::UseCase| UseCase { mandatory: one.mandatory, document_sets: one.document_sets };
    let use_cases = parsed.info.map_or(Ok(Vec::new()), |info| info.use_cases);
    let use_cases = use_cases.map(|all| all.into_iter().map(use_case).collect());
    Ok(Request { hash: sha256(&[&transcript.tagged(), plaintext]), documents, use_cases })
}

impl RequestedDocument {
    /// Why reader authentication does not name this document's reader; `None` when it does.
    pub(super) fn doubt(&self) -> Option<Code> {
        match &self.auth {
            ReaderAuth::Absent => Some(Code::new("reader_auth_absent")),
            ReaderAuth::Invalid(code)
            | ReaderAuth::Forbidden(code)
            | ReaderAuth::Unchecked(code)
            | ReaderAuth::Unknown(code) => Some(*code),
            ReaderAuth::Verified(_) => None,
        }
    }
}

/// The ages that one request asks for, over all of its documents: they are all of one person (std-M48).
struct Ages {
    most: u32,
    asked: BTreeSet<u8>,
}

impl Ages {
    /// Whether an element asks for one age more than the profile answers.
    fn is_over_limit(&mut self, identifier: &str) -> bool {
        let Some(age) = age::age_over(identifier) else { return false };
        if self.asked.contains(&age) {
            return false;
        }
        let full = u32::try_from(self.asked.len()).is_ok_and(|asked| asked >= self.most);
        if !full {
            self.asked.insert(age);
        }
        full
    }
}

fn elements(doc_request: &DocRequest<'_>, ages: &mut Ages) -> Vec<Requested> {
    let mut elements = Vec::new();
    for namespace in &doc_request.items.namespaces {
        for element in &namespace.elements {
            elements.push(Requested {
                namespace: namespace.namespace.clone(),
                identifier: element.identifier.clone(),
                intent_to_retain: element.intent_to_retain,
                over_limit: ages.is_over_limit(&element.identifier),
            });
        }
    }
    elements
}

/// Whether it is CBOR at all, before anybody asks whether it is a request.
fn well_formed(plaintext: &[u8]) -> Result<(), CborError> {
    let mut reader = Decoder::new(plaintext, Limits::PROXIMITY)?;
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
