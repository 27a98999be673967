//! The question to the person and the answer, without words and languages: the wallet facade adds those.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimPath, ClaimValue, CredentialType, PrivateText, ReusePolicy};
use rid_flow::CredentialId;
use rid_trust::Party;
use rid_wire::{Code, Timestamp};

use crate::held::Validity;

/// Names one question; drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuestionId(pub [u8; 16]);

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requester {
    /// A verifier that proved its identifier alone: its client identifier by a certificate that leads to no known root,
    /// or its origin by the word of the platform. The party is named by that identifier.
    Identified {
        /// The party, recognised at its next visit.
        party: Party,
        /// Why no more is known (`cert_untrusted`, `requester_origin`).
        reason: Code,
    },
    /// One verified reader asks for every document. Its names are fit to be displayed ([`crate::shown::party`]).
    Known(Party),
    /// No valid reader authentication: the code says why (`reader_auth_absent`, `reader_auth_invalid`,
    /// `cert_untrusted`, ...).
    Unknown(Code),
}

impl Requester {
    /// The party; `None` for an unknown requester, which has no identifier of its own.
    #[must_use]
    pub const fn party(&self) -> Option<&Party> {
        match self {
            Self::Known(party) | Self::Identified { party, .. } => Some(party),
            Self::Unknown(_) => None,
        }
    }
}

/// A question to the person. Raised for every request that could be read, also when nothing asked for is held: a
/// refusal and "not held" leave only after a tap, and alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Which question.
    pub id: QuestionId,
    /// SHA-256 over the session transcript or the channel, and the request as received.
    pub hash: [u8; 32],
    /// Who asks.
    pub requester: Requester,
    /// The purpose that a verified registration certificate states; `None`: not registered.
    pub purpose: Option<String>,
    /// True if all elements of a candidate leave or none, and every mandatory use case or nothing (OpenID4VP).
    pub whole: bool,
    /// Why nothing can be presented, whatever the person says; the requester is told only that its request is refused.
    pub unanswerable: Option<Code>,
    /// One for each document request, in their order.
    pub documents: Vec<AskedDocument>,
    /// Use cases or credential sets of the request, with positions in `documents`; empty: there are none.
    pub use_cases: Vec<UseCase>,
    /// Codes the view must show (`reader_unknown`, `request_age_limit`, ...).
    pub warnings: Vec<Code>,
}

/// A purpose of the request, and the sets of documents that serve it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseCase {
    /// True if the requester cannot proceed without it.
    pub mandatory: bool,
    /// Alternatives in order of preference, each a set of positions in [`Question::documents`].
    pub document_sets: Vec<Vec<u32>>,
}

/// One document asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedDocument {
    /// The type of the credential.
    pub credential_type: CredentialType,
    /// Elements asked for, in order.
    pub elements: Vec<AskedElement>,
    /// Credentials that can answer, best first; none when the document is blocked.
    pub candidates: Vec<Candidate>,
    /// Credentials of this type that are not offered, and why.
    pub unavailable: Vec<Unavailable>,
    /// Several credentials may answer.
    pub multiple: bool,
    /// The portrait was asked for and goes with the rest, or nothing of this document goes (18013-5, 7.2.1).
    pub portrait_binds: bool,
    /// Why it cannot be presented whatever the person says; it will be answered like one not held. `None`: there is a
    /// candidate.
    pub blocked: Option<Code>,
    /// It belongs to the first set of documents of its use case that can be answered, or to no use case.
    pub suggested: bool,
}

/// One element asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedElement {
    /// The path as it was asked for.
    pub path: ClaimPath,
    /// The requester means to keep it (neg-C11).
    pub intent_to_retain: bool,
    /// The request says whether it is kept. Without a statement nothing is known.
    pub states_retention: bool,
    /// A verified registration certificate does not name it.
    pub exceeds_purpose: bool,
}

/// A credential that can answer. Where the request takes another combination of its claims, it is listed again.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Which credential.
    pub credential: CredentialId,
    /// Its type.
    pub credential_type: CredentialType,
    /// Issuer's name.
    pub issuer: String,
    /// Whose data it is, if not the holder's.
    pub subject: Option<PrivateText>,
    /// Whether it is valid now.
    pub validity: Validity,
    /// Last second of technical validity.
    pub valid_until: Timestamp,
    /// Copies left.
    pub copies_left: u32,
    /// Which copy leaves: under any policy but `Once` a copy can be presented again, and presentations be linked.
    pub reuse: ReusePolicy,
    /// Answers to the elements asked for, in their order.
    pub elements: Vec<OfferedElement>,
}

/// An element that leaves if the person ticks it, or one that cannot leave.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferedElement {
    /// The element itself: for an age that is asked for, the nearest attested one (std-M48).
    pub path: ClaimPath,
    /// Its value; `Nothing` for a portrait, and for an element that cannot leave.
    pub value: ClaimValue,
    /// An attested age of the same credential, which says less than this date of birth.
    pub less_revealing: Option<ClaimPath>,
    /// The elements it answers, as positions in [`AskedDocument::elements`]; at least one.
    pub asked: Vec<usize>,
    /// The reader means to keep an element it answers (neg-C11).
    pub intent_to_retain: bool,
    /// Why it cannot leave (`not_held`, `request_age_limit`); `None`: it leaves when it is ticked.
    pub withheld: Option<Code>,
    /// This is the holder's portrait.
    pub portrait: bool,
}

/// A credential that is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// Which credential.
    pub credential: CredentialId,
    /// Issuer's name.
    pub issuer: String,
    /// Whose data it is, if not the holder's.
    pub subject: Option<PrivateText>,
    /// Why (`credential_unavailable`, `storage_corrupt`, `elements_not_held`, `mdoc_expired`, `dcql_claims`, ...).
    pub reason: Code,
    /// The elements that it lacks, for a query that takes all or nothing. This is for the eyes of the holder.
    pub missing: Vec<MissingElement>,
}

/// An element for which a credential does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingElement {
    /// The path as it was asked for.
    pub path: ClaimPath,
    /// Why (`dcql_claim_absent`, `dcql_claim_value`).
    pub reason: Code,
}

/// The person's answer. Bound to the question by id and hash (neg-G20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Of which question.
    pub id: QuestionId,
    /// Of which request.
    pub hash: [u8; 32],
    /// The decision.
    pub decision: Decision,
}

/// The decision of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Present these.
    Agree(Vec<AgreedDocument>),
    /// Present nothing.
    Refuse,
}

/// The ticked part of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedDocument {
    /// Position in [`Question::documents`].
    pub document: u32,
    /// One of its candidates.
    pub credential: CredentialId,
    /// Ticked elements, as [`OfferedElement::path`]; none: as if refused.
    pub elements: Vec<ClaimPath>,
}
