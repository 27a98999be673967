//! Where a presentation stands.
use std::collections::VecDeque;

use rid_flow::{CredentialId, HistoryId, Input, LinkCommand, Output, Session, Uptime, ports::KeyId};
use rid_holder::{
    consent::Question,
    proximity::{
        Advertisement, CloseReason, Proximity, ProximityTypes, Receipt,
        chunk::{Assembler, MAX_MESSAGE},
    },
};
use rid_wire::Code;

use super::PresentationStep;
use crate::{Wallet, view::PresentationReceipt};

/// The app ended the session.
pub(super) const CANCELLED: Code = Code::new("cancelled");

pub(super) struct State {
    pub(super) assembler: Assembler,
    /// Outputs to be done before the machine is asked: their answer was never seen, or the machine closed.
    pub(super) pending: VecDeque<Output<ProximityTypes>>,
    /// An answer that the machine could not take because the clock failed.
    pub(super) unfed: Option<Input<ProximityTypes>>,
    pub(super) current: Option<Current>,
    pub(super) low_water: Vec<CredentialId>,
    /// Device keys of the copies used up. They are deleted when the exchange is over.
    pub(super) used_keys: Vec<KeyId>,
    /// The presentation whose row says `Started`.
    pub(super) begun: Option<HistoryId>,
    /// A commit was begun and its answer was never seen: asking again could use a second copy.
    pub(super) committing: bool,
    pub(super) deadline: Option<Uptime>,
    /// Why the session was ended from this side.
    pub(super) ended: Option<Code>,
    /// The machine has closed; what it had left is in `pending`.
    pub(super) over: bool,
    /// A `next` that ran when the machine closed was interrupted for that, once.
    pub(super) overtaken: bool,
    /// No message can be sent any more.
    pub(super) link_lost: bool,
    closed: Option<Code>,
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
    pub(super) fn new() -> Self {
        Self {
            assembler: Assembler::new(MAX_MESSAGE),
            pending: VecDeque::new(),
            unfed: None,
            current: None,
            low_water: Vec::new(),
            used_keys: Vec::new(),
            begun: None,
            committing: false,
            deadline: None,
            ended: None,
            over: false,
            overtaken: false,
            link_lost: false,
            closed: None,
        }
    }

    /// Without a link nothing is sent. Only a `next` withdraws the message that was given out: its last chunk may have been taken before
    /// the link went, and `proceed` then still says so.
    pub(super) fn withdraw_sends(&mut self) {
        if !self.link_lost {
            return;
        }
        if matches!(self.current, Some(Current::Send(_))) {
            self.current = None;
        }
        self.pending.retain(|output| !matches!(output, Output::Link(LinkCommand::Send(_))));
    }

    pub(super) const fn is_over(&self) -> bool {
        self.over || self.ended.is_some()
    }

    /// Nothing that was to be done is done any more, but for the farewell to the peer and the close of a machine that has closed.
    pub(super) fn end(&mut self, why: Code) {
        self.current = None;
        self.unfed = None;
        if self.over {
            self.pending.retain(|output| matches!(output, Output::Link(LinkCommand::Send(_)) | Output::Close(_)));
        } else {
            self.pending.clear();
            self.ended.get_or_insert(why);
        }
    }

    /// Takes what the machine noted and, when it has closed, all that it has left. Then a question is asked no more; a response that was
    /// given out is still to be sent.
    pub(super) fn collect(&mut self, session: &mut Proximity, wallet: &Wallet) {
        for changes in session.take_notes() {
            self.begun = None;
            wallet.leave_changes(changes);
        }
        self.deadline = session.deadline();
        if self.deadline.is_some() || self.over {
            return;
        }
        self.over = true;
        self.pending.clear();
        self.unfed = None;
        if !matches!(self.current, Some(Current::Send(_) | Current::Receipt(_))) {
            self.current = None;
        }
        // After `cancel` only the farewell and the close are left.
        let ended = self.ended.is_some();
        let left = std::iter::from_fn(|| session.poll());
        self.pending.extend(
            left.filter(|output| !ended || matches!(output, Output::Link(LinkCommand::Send(_)) | Output::Close(_))),
        );
        wallet.leave_keys(std::mem::take(&mut self.used_keys));
    }

    /// The session is over; the machine's reason counts unless this side ended it for another one than the app's wish.
    pub(super) fn close(&mut self, reason: CloseReason) {
        let why = self.ended.filter(|why| *why != CANCELLED);
        self.closed = Some(why.unwrap_or(reason.code()));
    }

    pub(super) fn resting(&self) -> PresentationStep {
        match self.closed {
            Some(code) => PresentationStep::Closed { code },
            None => PresentationStep::Wait { until_millis: self.deadline.map(Uptime::millis) },
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
                receipt: PresentationReceipt {
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
