//! The 18013-5 device as a session machine: engagement, session, request, consent, response. Sans-IO.
//!
//! ```text
//! Advertising -Connected-> Engaged -SessionEstablishment-> Unlocking -> Matching -> Asking -Consent-> (Unlocking) ->
//!   Committing -> Signing (per document) -> Send + Finished -> Engaged (next request) ... -> Closed(reason)
//! refusal, or nothing held:  Asking -> Committing ("refused" row) -> Send -> Finished
//! ```
use alloc::{string::String, vec::Vec};

use rid_flow::{CredentialId, Env, HistoryId, Input, Output, Session, SessionTypes, Uptime};
use rid_mdoc::engagement::Engagement;
use rid_profile::Profile;
use rid_trust::TrustStore;
use rid_wire::Code;

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

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The app cancelled.
    Cancelled,
    /// The person did not answer in time (neg-C15: `consent_expired`).
    ConsentExpired,
    /// The link broke.
    Disconnected,
    /// The peer's message was refused; the code says why.
    PeerInvalid(Code),
    /// The peer ended the session (status 20), or it ended after its last exchange.
    PeerTerminated,
    /// A port failed; the code says which and how (`key_cancelled`, `storage_full`, `credential_unavailable`, ...).
    Port(Code),
    /// Nothing came for too long (neg-C14: `transport_timeout`).
    Timeout,
    /// The wallet stayed locked.
    Locked,
}

impl CloseReason {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Cancelled => Code::new("cancelled"),
            Self::ConsentExpired => Code::new("consent_expired"),
            Self::Disconnected => Code::new("transport_disconnected"),
            Self::PeerInvalid(code) | Self::Port(code) => code,
            Self::PeerTerminated => Code::new("session_terminated"),
            Self::Timeout => Code::new("transport_timeout"),
            Self::Locked => Code::new("locked"),
        }
    }
}

/// A misuse by the caller; the session is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The session is over.
    #[error("session_closed")]
    Closed,
    /// An answer with another question's id or hash (neg-G20).
    #[error("consent_binding")]
    ConsentBinding,
    /// The answer selects what was not asked, not held or blocked.
    #[error("consent_selection")]
    ConsentSelection,
    /// An answer to something that was not asked.
    #[error("not_asked")]
    NotAsked,
}

impl Misuse {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Closed => "session_closed",
            Self::ConsentBinding => "consent_binding",
            Self::ConsentSelection => "consent_selection",
            Self::NotAsked => "not_asked",
        })
    }
}

/// The types of [`Proximity`].
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

/// One proximity session of a holder. Its ephemeral key never leaves it; process death ends it.
pub struct Proximity(());

impl Proximity {
    /// Starts: draws the ephemeral key and the BLE UUIDs, and asks to be advertised.
    #[must_use]
    pub fn start(
        profile: alloc::sync::Arc<Profile>,
        reader_trust: alloc::sync::Arc<TrustStore>,
        method: DeviceAuthMethod,
        env: &mut Env<'_>,
    ) -> Self {
        todo!()
    }

    /// Ends the session for the app: terminates towards the peer if possible.
    pub fn cancel(&mut self, env: &mut Env<'_>) {
        todo!()
    }
}

impl Session for Proximity {
    type Types = ProximityTypes;
    type Error = Misuse;

    fn handle(&mut self, input: Input<ProximityTypes>, env: &mut Env<'_>) -> Result<(), Misuse> {
        todo!()
    }

    fn poll(&mut self) -> Option<Output<ProximityTypes>> {
        todo!()
    }

    fn deadline(&self) -> Option<Uptime> {
        todo!()
    }
}
