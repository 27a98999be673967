//! The types of a proximity session.
use alloc::vec::Vec;

use rid_flow::{CredentialId, HistoryElement, HistoryId, SessionTypes};
use rid_mdoc::engagement::Engagement;

use super::CloseReason;
use crate::consent::{Answer, Question};

/// How the holder can be reached: the QR text and the BLE UUIDs are all in the engagement.
#[derive(Clone)]
pub struct Advertisement {
    /// The engagement to be shown.
    pub engagement: Engagement,
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
    /// Credentials of which few copies are left.
    pub low_water: Vec<CredentialId>,
    /// What was sent, as the history has it.
    pub presented: Vec<HistoryElement>,
}

/// The types of [`super::HolderSession`].
pub struct ProximityTypes;

impl SessionTypes for ProximityTypes {
    type Plan = Advertisement;
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
