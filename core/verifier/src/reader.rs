//! The 18013-5 reader as a session machine. Sans-IO.
use alloc::{sync::Arc, vec::Vec};

use rid_crypto::x509::Certificate;
use rid_flow::{Env, Input, Output, Session, SessionTypes, Uptime, ports::KeyId};
use rid_mdoc::{MdocError, engagement::Engagement, request::ItemsRequest};
use rid_profile::{Locale, Profile};
use rid_trust::TrustStore;
use rid_wire::Code;

use crate::view::Verdict;

/// What a reader asks and how it judges.
pub struct ReaderConfig {
    /// One per document asked for.
    pub items: Vec<ItemsRequest>,
    /// The reader's key and chain (leaf first, without root) for reader authentication; `None`: an anonymous request.
    pub authentication: Option<(KeyId, Vec<Certificate>)>,
    /// Issuer anchors.
    pub trust: Arc<TrustStore>,
    /// Labels.
    pub profile: Arc<Profile>,
    /// Languages of the verdict.
    pub locales: Vec<Locale>,
}

/// Why a reader session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The app cancelled.
    Cancelled,
    /// The link broke.
    Disconnected,
    /// The exchange is done and the session ended in order.
    Done,
    /// The peer's message was refused; the code says why.
    PeerInvalid(Code),
    /// The peer ended the session with a status.
    PeerTerminated,
    /// A port failed.
    Port(Code),
    /// Nothing came for too long.
    Timeout,
}

impl CloseReason {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Cancelled => Code::new("cancelled"),
            Self::Disconnected => Code::new("transport_disconnected"),
            Self::Done => Code::new("done"),
            Self::PeerInvalid(code) | Self::Port(code) => code,
            Self::PeerTerminated => Code::new("session_terminated"),
            Self::Timeout => Code::new("transport_timeout"),
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
    /// An answer to something that was not asked.
    #[error("not_asked")]
    NotAsked,
}

/// One exchange of a reader: the verdict, and what a later `rid verify` needs to reach the same one.
pub struct Exchange {
    /// The verdict.
    pub verdict: Verdict,
    /// DeviceResponse as decrypted.
    pub response: Vec<u8>,
    /// SessionTranscript (array of three).
    pub transcript: Vec<u8>,
}

/// The types of [`Reader`].
pub struct ReaderTypes;

impl SessionTypes for ReaderTypes {
    type Plan = Engagement;
    type Request = core::convert::Infallible;
    type Candidates = core::convert::Infallible;
    type Question = core::convert::Infallible;
    type Answer = core::convert::Infallible;
    type Receipt = Exchange;
    type Reason = CloseReason;
}

/// One reader session: Connect → SessionEstablishment{request} → SessionData{response} → verdict → termination.
pub struct Reader(());

impl Reader {
    /// Starts from the text of the QR code.
    ///
    /// # Errors
    /// [`MdocError`] for an engagement that cannot be used.
    pub fn start(qr: &str, config: ReaderConfig, env: &mut Env<'_>) -> Result<Self, MdocError> {
        todo!()
    }

    /// Asks again in the same session, after a verdict and before [`Reader::finish`].
    ///
    /// # Errors
    /// [`Misuse::NotAsked`] while an exchange is under way, [`Misuse::Closed`].
    pub fn ask(&mut self, items: Vec<ItemsRequest>, env: &mut Env<'_>) -> Result<(), Misuse> {
        todo!()
    }

    /// Ends the session in order (status 20).
    pub fn finish(&mut self) {
        todo!()
    }

    /// The reader's ephemeral private scalar, to be kept beside a capture with a deviceMac (an integrator's tool only).
    #[must_use]
    pub fn dangerous_ephemeral_scalar(&self) -> Option<rid_crypto::Secret<32>> {
        todo!()
    }
}

impl Session for Reader {
    type Types = ReaderTypes;
    type Error = Misuse;

    fn handle(&mut self, input: Input<ReaderTypes>, env: &mut Env<'_>) -> Result<(), Misuse> {
        todo!()
    }

    fn poll(&mut self) -> Option<Output<ReaderTypes>> {
        todo!()
    }

    fn deadline(&self) -> Option<Uptime> {
        todo!()
    }
}
