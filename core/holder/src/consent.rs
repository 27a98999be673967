//! What the person is asked and answers, without words and languages: the wallet facade adds those.
use alloc::{string::String, vec::Vec};

use rid_flow::CredentialId;
use rid_mdoc::{age, reader_auth::ReaderIdentity};
use rid_profile::ClaimPath;
use rid_wire::{Code, Timestamp};

/// Names one question; drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuestionId(pub [u8; 16]);

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requester {
    /// Verified by reader authentication (of every document asked for, by one and the same reader).
    Known(ReaderIdentity),
    /// No valid reader authentication: the code says why (`reader_auth_absent`, `reader_auth_invalid`, `cert_untrusted`, ...).
    Unknown(Code),
}

/// A question to the person. Raised for every request that could be read, also when nothing asked for is held: a refusal and
/// "not held" leave only after a tap, and alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Which question.
    pub id: QuestionId,
    /// SHA-256 over the session transcript and the request as received.
    pub hash: [u8; 32],
    /// Who asks.
    pub requester: Requester,
    /// What is asked for, in the order of the request.
    pub documents: Vec<AskedDocument>,
    /// Codes the view must show (`reader_unknown`, `request_age_limit`, ...).
    pub warnings: Vec<Code>,
}

/// One document asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedDocument {
    /// Document type.
    pub doc_type: String,
    /// Credentials that could answer, best first; empty: none is held.
    pub candidates: Vec<Candidate>,
    /// Elements asked for, in order.
    pub elements: Vec<AskedElement>,
    /// The portrait was asked for and goes with the rest, or nothing of this document goes (18013-5, 7.2.1).
    pub portrait_binds: bool,
    /// The document may not be shown to this reader whatever the person says; it will be answered like one not held.
    pub blocked: Option<Code>,
}

/// One element asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedElement {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// intentToRetain (neg-C11).
    pub intent_to_retain: bool,
    /// Whether the first candidate holds it (for `age_over_NN`: holds one that may answer).
    pub held: bool,
}

/// A credential that could answer: names only, no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which credential.
    pub credential: CredentialId,
    /// Issuer's name.
    pub issuer: String,
    /// Last second of technical validity.
    pub valid_until: Timestamp,
    /// One-time copies left.
    pub copies_left: u32,
    /// Names of the elements held: namespace, identifiers.
    pub elements: Vec<(String, Vec<String>)>,
}

impl Candidate {
    /// Whether it holds an element; for `age_over_NN`, whether it holds one that may answer (std-M48).
    #[must_use]
    pub fn holds(&self, path: &ClaimPath) -> bool {
        let Some((namespace, identifier)) = path.as_element() else { return false };
        let is_age = |name: &str| age::age_over(name).is_some();
        self.elements
            .iter()
            .filter(|(held, _)| held == namespace)
            .any(|(_, names)| names.iter().any(|held| held == identifier || (is_age(identifier) && is_age(held))))
    }
}

/// The person's answer. Bound to the question by id and hash (neg-G20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Of which question.
    pub id: QuestionId,
    /// Of which request.
    pub hash: [u8; 32],
    /// What the person decided.
    pub decision: Decision,
}

/// What the person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Show these.
    Agree(Vec<AgreedDocument>),
    /// Show nothing.
    Refuse,
}

/// The ticked part of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedDocument {
    /// Position in [`Question::documents`].
    pub document: u32,
    /// Which of the candidates.
    pub credential: CredentialId,
    /// Ticked elements; none: as if refused.
    pub elements: Vec<ClaimPath>,
}
