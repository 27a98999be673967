//! The states of a session.
use alloc::{boxed::Box, collections::VecDeque, string::String, vec::Vec};

use rid_claims::{ClaimPath, CredentialType};
use rid_flow::{Changes, CredentialId};
use rid_mdoc::{MdocError, reader_auth::ReaderAuth};
use rid_wire::Timestamp;

use super::Receipt;
use crate::{
    consent::{Question, UseCase},
    format::{Disclosure, Prepared},
};

/// Where a session stands; each state owns what it needs, and nothing outlives it.
pub(super) enum State {
    /// The engagement is shown; no link yet.
    Advertising,
    /// The link is up; SessionEstablishment is awaited.
    Engaged,
    /// One exchange is over; another request, or the end, is awaited.
    Idle,
    /// A request was read; the wallet is being unlocked.
    Unlocking(Request),
    /// What is held is being looked up.
    Matching(Request),
    /// The person is asked.
    Asking(Asking),
    /// The person has answered; the wallet is unlocked once more.
    Confirming(Decided),
    /// Copies are being consumed and history rows written.
    Committing(Decided),
    /// The device key authenticates one document after the other.
    Signing(Box<Signing>),
    /// The response goes out; the link has not taken its last chunk yet.
    Sending(Sending),
    /// It is over.
    Closed,
}

/// A request as read, owned.
pub(crate) struct Request {
    /// SHA-256 over transcript and request.
    pub(super) hash: [u8; 32],
    /// The documents asked for, in order.
    pub(super) documents: Vec<RequestedDocument>,
    /// Use cases of the second edition; an error when they cannot be read.
    pub(super) use_cases: Result<Vec<UseCase>, MdocError>,
}

impl Request {
    /// The types asked for.
    pub(crate) fn types(&self) -> Vec<CredentialType> {
        self.documents.iter().map(RequestedDocument::credential_type).collect()
    }
}

/// One document of a request.
pub(super) struct RequestedDocument {
    pub(super) doc_type: String,
    pub(super) elements: Vec<Requested>,
    pub(super) auth: ReaderAuth,
}

impl RequestedDocument {
    pub(super) fn credential_type(&self) -> CredentialType {
        CredentialType::mdoc(&self.doc_type)
    }
}

/// One element of a request.
pub(super) struct Requested {
    pub(super) namespace: String,
    pub(super) identifier: String,
    pub(super) intent_to_retain: bool,
    /// An age beyond the cap (std-M48): answered as lacked.
    pub(super) over_limit: bool,
}

impl Requested {
    pub(super) fn path(&self) -> ClaimPath {
        ClaimPath::element(&self.namespace, &self.identifier)
    }
}

/// A question that was asked.
pub(super) struct Asking {
    pub(super) question: Question,
    /// When it was asked, by the wall clock.
    pub(super) at: Timestamp,
}

/// The person's decision, checked.
pub(crate) struct Decided {
    /// Document types in the order of the request.
    pub(crate) doc_types: Vec<String>,
    /// The documents to be presented, in the order of the request; empty for a refusal.
    pub(crate) planned: Vec<Planned>,
    pub(crate) changes: Changes,
    /// Given out once the response is on its way.
    pub(crate) receipt: Receipt,
}

/// One document to be presented.
pub(crate) struct Planned {
    /// Position in the request.
    pub(crate) position: usize,
    pub(crate) credential: CredentialId,
    pub(crate) credential_type: CredentialType,
    pub(crate) disclosure: Disclosure,
}

/// A document that only lacks the proof of its device key.
pub(super) struct PreparedDocument {
    /// Position in the request.
    pub(super) position: usize,
    pub(super) prepared: Prepared,
}

/// Documents on their way through the secure area.
pub(super) struct Signing {
    pub(super) doc_types: Vec<String>,
    pub(super) receipt: Receipt,
    /// The one the secure area was asked for.
    pub(super) current: PreparedDocument,
    pub(super) rest: VecDeque<PreparedDocument>,
    /// Positions and encodings of the finished ones.
    pub(super) done: Vec<(usize, Vec<u8>)>,
}

/// A response on its way out.
pub(super) struct Sending {
    /// What the caller gets when it was sent.
    pub(super) receipt: Receipt,
    /// The peer's next message, which came before the caller said that ours was sent.
    pub(super) held: Option<Vec<u8>>,
}
