use alloc::{string::String, vec::Vec};

use rid_flow::{CredentialId, HistoryId, SessionTypes};
use rid_mdoc::engagement::Engagement;

use super::CloseReason;
use crate::consent::{Answer, Candidate, Question};

/// How the holder can be reached: the QR text and the BLE UUIDs are all in the engagement.
#[derive(Clone)]
pub struct Advertisement {
    /// The engagement to be shown.
    pub engagement: Engagement,
}

/// What must be looked up: document types asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchRequest {
    /// Document types, in the order of the request.
    pub doc_types: Vec<String>,
}

/// What is held: for each document type asked for, the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matches {
    /// Same order and length as [`MatchRequest::doc_types`].
    pub by_doc_type: Vec<Vec<Candidate>>,
}

/// How one exchange ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The history rows of this exchange.
    pub history: HistoryId,
    /// Whether data was sent (else: refused, or nothing held).
    pub disclosed: bool,
    /// Credentials a copy of which was used.
    pub used: Vec<CredentialId>,
}

/// The types of [`super::Proximity`].
pub struct ProximityTypes;

impl SessionTypes for ProximityTypes {
    type Plan = Advertisement;
    type Request = MatchRequest;
    type Candidates = Matches;
    type Question = Question;
    type Answer = Answer;
    type Receipt = Receipt;
    type Reason = CloseReason;
}

/// How the device authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAuthMethod {
    /// deviceMac (needs an agreement key in the secure area).
    Mac,
    /// deviceSignature.
    Signature,
}
