//! From a decrypted DeviceRequest to what is asked, by whom.
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

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
    cbor::{CborError, Limits},
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
    let parsed = UnverifiedRequest::parse(plaintext, Limits::PROXIMITY)
        .map_err(|error| Refusal { status: status_of(error), code: error.code() })?;
    let mut ages = Ages { answered: Vec::new(), most: rules.age_elements_per_request };
    let documents = parsed
        .doc_requests
        .iter()
        .map(|doc_request| RequestedDocument {
            doc_type: doc_request.items.doc_type.clone(),
            elements: elements(doc_request, &mut ages),
            auth: reader_auth::verify(doc_request, transcript, trust, now),
        })
        .collect();
    Ok(Request { hash: sha256(&[&transcript.tagged(), plaintext]), documents })
}

impl RequestedDocument {
    /// Why reader authentication does not name this document's reader; `None` when it does.
    pub(super) fn doubt(&self) -> Option<Code> {
        match &self.auth {
            ReaderAuth::Absent => Some(Code::new("reader_auth_absent")),
            ReaderAuth::Invalid(code) | ReaderAuth::Unknown(code) => Some(*code),
            ReaderAuth::Verified(_) => None,
        }
    }
}

/// Counts ages over all requests for one document type, so that splitting a request does not lift the cap (std-M48).
struct Ages {
    answered: Vec<(String, u32)>,
    most: u32,
}

impl Ages {
    fn is_over(&mut self, doc_type: &str) -> bool {
        if !self.answered.iter().any(|(known, _)| known == doc_type) {
            self.answered.push((doc_type.to_string(), 0));
        }
        let Some((_, count)) = self.answered.iter_mut().find(|(known, _)| known == doc_type) else { return true };
        *count = count.saturating_add(1);
        *count > self.most
    }
}

fn elements(doc_request: &DocRequest<'_>, ages: &mut Ages) -> Vec<Requested> {
    let mut elements = Vec::new();
    for namespace in &doc_request.items.namespaces {
        for element in &namespace.elements {
            let is_age = age::age_over(&element.identifier).is_some();
            elements.push(Requested {
                namespace: namespace.namespace.clone(),
                identifier: element.identifier.clone(),
                intent_to_retain: element.intent_to_retain,
                over_limit: is_age && ages.is_over(&doc_request.items.doc_type),
            });
        }
    }
    elements
}

/// DeviceResponse status (18013-5, table 8): 10 for a version nobody here speaks, 11 for what is no valid CBOR, 12 for what
/// is CBOR but no DeviceRequest.
const fn status_of(error: MdocError) -> u64 {
    match error {
        MdocError::Version => 10,
        MdocError::Cbor(
            CborError::TooDeep
            | CborError::DuplicateKey
            | CborError::Truncated
            | CborError::Trailing
            | CborError::Tag24Invalid
            | CborError::InvalidText
            | CborError::TooLarge,
        ) => 11,
        _ => 12,
    }
}
