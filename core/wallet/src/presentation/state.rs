//! Where a presentation stands.
use std::collections::VecDeque;

use rid_flow::{CredentialId, HistoryId, Input, Output, Session, Uptime, ports::KeyId};
use rid_holder::{
    consent::Question,
    link::{Assembler, MAX_MESSAGE},
    proximity::{Advertisement, CloseReason, Proximity, ProximityTypes, Receipt},
};
use rid_wire::Code;

use super::PresentationStep;
use crate::{Wallet, WalletError, view::ReceiptView};

pub(super) struct State {
    session: Proximity,
    pub(super) assembler: Assembler,
    /// Outputs whose answer was never seen and that may be asked again.
    pub(super) pending: VecDeque<Output<ProximityTypes>>,
    pub(super) current: Option<Current>,
    pub(super) low_water: Vec<CredentialId>,
    /// Device keys of the copies used up: of no use once the exchange is over.
    pub(super) used_keys: Vec<KeyId>,
    /// The event whose row says "started" and whose outcome is not yet written.
    pub(super) begun: Option<HistoryId>,
    closed: Option<Code>,
    /// Why the session was ended from this side; its own reason for closing is then of no interest.
    failed: Option<Code>,
    /// A commit was begun and its answer was never seen: asking again could use a second copy.
    pub(super) committing: bool,
}

/// The step given out and not yet done.
pub(super) enum Current {
    Advertise(Advertisement),
    Ask(Question),
    Receipt(Receipt),
    Send(Vec<u8>),
    Unlock,
}

impl State {
    pub(super) fn new(session: Proximity) -> Self {
        Self {
            session,
            assembler: Assembler::new(MAX_MESSAGE),
            pending: VecDeque::new(),
            current: None,
            low_water: Vec::new(),
            used_keys: Vec::new(),
            begun: None,
            closed: None,
            failed: None,
            committing: false,
        }
    }

    pub(super) fn handle(&mut self, wallet: &Wallet, input: Input<ProximityTypes>) -> Result<(), WalletError> {
        let session = &mut self.session;
        wallet.with_env(|env| session.handle(input, env))?.map_err(WalletError::from)
    }

    pub(super) fn take_output(&mut self) -> Option<Output<ProximityTypes>> {
        self.pending.pop_front().or_else(|| self.session.poll())
    }

    pub(super) fn close(&mut self, reason: CloseReason) {
        self.closed = Some(self.failed.unwrap_or(reason.code()));
    }

    /// Ends the session from this side by name; what is left is the farewell to the peer.
    pub(super) fn fail(&mut self, wallet: &Wallet, why: Code) {
        if self.closed.is_some() || self.failed.is_some() {
            return;
        }
        self.failed = Some(why);
        self.pending.clear();
        self.current = None;
        let session = &mut self.session;
        while session.poll().is_some() {}
        if wallet.with_env(|env| session.cancel(env)).is_err() {
            // Without a clock there is no farewell to the peer; the link's end says it.
            self.closed = Some(why);
        }
    }

    /// A commit whose answer was never seen: the copy may be used, so the session ends by name and nothing is signed.
    pub(super) fn interrupted(&mut self, wallet: &Wallet) {
        self.committing = false;
        self.fail(wallet, Code::new("interrupted"));
    }

    /// Puts back what may be asked again.
    pub(super) fn put_back(&mut self, output: Output<ProximityTypes>) {
        if self.failed.is_none() {
            self.pending.push_front(output);
        }
    }

    pub(super) fn resting(&self) -> PresentationStep {
        match self.closed {
            Some(code) => PresentationStep::Closed { code },
            None => PresentationStep::Wait { until_millis: self.session.deadline().map(Uptime::millis) },
        }
    }

    pub(super) fn current_step(&self, wallet: &Wallet) -> Option<PresentationStep> {
        Some(match self.current.as_ref()? {
            Current::Advertise(plan) => PresentationStep::Advertise {
                qr: plan.qr(),
                peripheral_server: plan.peripheral_server().map(Into::into),
                central_client: plan.central_client().map(Into::into),
            },
            Current::Ask(question) => PresentationStep::Ask { request: wallet.request_view(question) },
            Current::Receipt(receipt) => PresentationStep::Receipt {
                receipt: ReceiptView {
                    disclosed: receipt.disclosed,
                    elements: receipt.presented.iter().map(|element| wallet.history_element(element.clone())).collect(),
                    used: receipt.used.clone(),
                    low_water: self.low_water.clone(),
                },
            },
            Current::Send(message) => PresentationStep::Send { message: message.clone() },
            Current::Unlock => PresentationStep::Unlock,
        })
    }
}
