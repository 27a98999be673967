//! The states of an online presentation.
use alloc::{boxed::Box, collections::VecDeque, string::String, vec::Vec};

use rid_claims::CredentialId;
use rid_flow::{HistoryDraft, Uptime};
use rid_openid::vp::{self, Invocation, Message, OAuthError, Reply};

use super::{Beginning, OnlineError, OnlineReceipt, annex_c::AnnexC};
use crate::{
    consent::Question,
    format::{Checked, Prepared},
    proximity::{Decided, Receipt},
};

/// Where a presentation stands; each state owns what it needs.
pub(super) enum State {
    /// Nothing was done.
    Beginning(Beginning),
    /// The request object is being fetched, once.
    Fetching(Fetching),
    /// A request was read; the wallet is being unlocked.
    Unlocking(Box<Source>),
    /// What is held is being looked up.
    Matching(Box<Source>),
    /// The person is asked.
    Asking(Box<Asking>),
    /// The person has answered; the wallet is unlocked once more.
    Confirming(Box<Answered>),
    /// Copies are being consumed and history rows written.
    Committing(Box<Answered>),
    /// The device keys sign one presentation after the other.
    Signing(Box<Signing>),
    /// The history is told that the answer is about to be handed out.
    Recording(Box<Sending>),
    /// The answer is sent, once.
    Posting(Box<Sending>),
    /// It is over.
    Done(OnlineReceipt),
    /// It failed.
    Failed(OnlineError),
}

/// A request object on its way.
pub(super) struct Fetching {
    pub(super) invocation: Invocation,
    /// The nonce that the request must repeat, if it is fetched by POST.
    pub(super) nonce: Option<String>,
}

/// An authenticated request.
pub(super) struct Source {
    /// SHA-256 over the channel and the request as received.
    pub(super) hash: [u8; 32],
    pub(super) content: Content,
    /// Look-ups that found the wallet locked.
    pub(super) locked: u8,
}

/// What an authenticated request is.
pub(super) enum Content {
    /// A DeviceRequest.
    AnnexC(Box<AnnexC>),
    /// A query.
    Query(Box<vp::Request>),
    /// It cannot be served, which its sender is told after the person's tap.
    Refused { error: vp::VpError, oauth: OAuthError, reply: Reply, requester: Option<Box<vp::Requester>> },
}

/// A question that was asked.
pub(super) struct Asking {
    pub(super) source: Source,
    pub(super) question: Question,
    /// The credential query of each document.
    pub(super) queries: Vec<usize>,
    /// The copies that were checked.
    pub(super) checked: Vec<(CredentialId, Checked)>,
    /// The rows to be written if the app withdraws the question.
    pub(super) withdrawn: Vec<HistoryDraft>,
    /// When the answer is due.
    pub(super) until: Uptime,
}

/// The person's decision, checked.
pub(super) struct Answered {
    pub(super) asking: Asking,
    pub(super) decided: Decided,
    /// What was agreed: nothing else is signed.
    pub(super) agreement: [u8; 32],
}

/// A presentation that only lacks the proof of its device key.
pub(super) struct Unsigned {
    /// Position of the document in the question.
    pub(super) position: usize,
    pub(super) prepared: Prepared,
}

/// Presentations on their way through the secure area.
pub(super) struct Signing {
    pub(super) content: Content,
    /// The credential query of each document.
    pub(super) queries: Vec<usize>,
    pub(super) receipt: Receipt,
    /// The one the secure area was asked for is the first.
    pub(super) left: VecDeque<Unsigned>,
    /// Positions of documents, and their presentations.
    pub(super) done: Vec<(usize, Vec<u8>)>,
}

/// An answer on its way out.
pub(super) struct Sending {
    pub(super) message: Message,
    pub(super) receipt: Receipt,
}
