//! Where a reading stands.
use std::collections::VecDeque;

use rid_flow::{Input, LinkCommand, Output, Session, Uptime};
use rid_verifier::{
    reader::{
        CloseReason, Reader as Machine, ReaderTypes,
        chunk::{Assembler, MAX_MESSAGE},
    },
    view::Verdict,
};
use rid_wire::Code;

use super::{Reading, ReadingStep};

type Plan = <ReaderTypes as rid_flow::SessionTypes>::Plan;

/// The app ended the session.
pub(super) const CANCELLED: Code = Code::new("cancelled");

pub(crate) struct State {
    pub(super) assembler: Assembler,
    /// Outputs to be done before the machine is asked: their answer was never seen, or the machine closed.
    pub(super) pending: VecDeque<Output<ReaderTypes>>,
    /// An answer that the machine could not take because the clock failed.
    pub(super) unfed: Option<Input<ReaderTypes>>,
    pub(super) current: Option<Current>,
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
    Connect(Plan),
    Judged(Verdict),
    Send(Vec<u8>),
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            assembler: Assembler::new(MAX_MESSAGE),
            pending: VecDeque::new(),
            unfed: None,
            current: None,
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

    /// When the machine has closed: takes what it has left. A step that was given out is still to be done, but for the connecting.
    pub(super) fn collect(&mut self, session: &mut Machine) {
        self.deadline = session.deadline();
        if self.deadline.is_some() || self.over {
            return;
        }
        self.over = true;
        self.pending.clear();
        self.unfed = None;
        if matches!(self.current, Some(Current::Connect(_))) {
            self.current = None;
        }
        // After `cancel` only the farewell and the close are left.
        let ended = self.ended.is_some();
        let left = std::iter::from_fn(|| session.poll());
        self.pending.extend(
            left.filter(|output| !ended || matches!(output, Output::Link(LinkCommand::Send(_)) | Output::Close(_))),
        );
    }

    /// The session is over; the machine's reason counts unless this side ended it for another one than the app's wish.
    pub(super) fn close(&mut self, reason: CloseReason) {
        let why = self.ended.filter(|why| *why != CANCELLED);
        self.closed = Some(why.unwrap_or(reason.code()));
    }

    pub(super) fn resting(&self) -> ReadingStep {
        match self.closed {
            Some(code) => ReadingStep::Closed { code },
            None => ReadingStep::Wait { until_millis: self.deadline.map(Uptime::millis) },
        }
    }

    pub(super) fn current_step(&self) -> Option<ReadingStep> {
        Some(match self.current.as_ref()? {
            Current::Connect(engagement) => {
                let (peripheral_server, central_client) = Machine::ble(engagement);
                ReadingStep::Connect {
                    peripheral_server: peripheral_server.map(Into::into),
                    central_client: central_client.map(Into::into),
                }
            }
            Current::Judged(verdict) => ReadingStep::Judged { verdict: verdict.clone() },
            Current::Send(message) => ReadingStep::Send { message: message.clone() },
        })
    }
}

/// Puts an output that may be asked twice back to the front when its future is dropped before the answer came.
pub(super) struct Repeat<'a> {
    reading: &'a Reading,
    output: Option<Output<ReaderTypes>>,
}

impl<'a> Repeat<'a> {
    pub(super) const fn guard(reading: &'a Reading, output: Output<ReaderTypes>) -> Self {
        Self { reading, output: Some(output) }
    }

    pub(super) fn done(mut self) {
        self.output = None;
    }
}

impl Drop for Repeat<'_> {
    fn drop(&mut self) {
        let Some(output) = self.output.take() else { return };
        if let Ok(mut state) = self.reading.state()
            && !state.is_over()
        {
            state.pending.push_front(output);
        }
    }
}
