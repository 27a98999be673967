use alloc::vec::Vec;

use rid_claims::CredentialType;

use rid_flow::{CredentialId, HistoryElement, HistoryId, SessionTypes, VerifierId};
use rid_mdoc::engagement::Engagement;

use super::CloseReason;
use crate::{
    consent::{Answer, Question},
    held::Held,
};

/// How the holder can be reached: the QR text and the BLE UUIDs are all in the engagement.
#[derive(Clone)]
pub struct Advertisement {
    /// The engagement to be shown.
    pub engagement: Engagement,
}

/// What must be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchRequest {
    /// Types of the credentials asked for, in the order of the request; one may occur again.
    pub credential_types: Vec<CredentialType>,
    /// For whom, if known: a copy that is kept for this verifier can be presented to it again.
    pub verifier: Option<VerifierId>,
}

/// What is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matches {
    /// The credentials of each document type, in the order and length of [`MatchRequest::credential_types`].
    pub by_document: Vec<Vec<Held>>,
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
    /// What was sent, as the history has it.
    pub presented: Vec<HistoryElement>,
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
