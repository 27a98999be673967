//! Where a reading stands.
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use rid_flow::{Input, Output, Session, Uptime};
use rid_verifier::{
    link::{Assembler, MAX_MESSAGE},
    reader::{CloseReason, Reader as Machine, ReaderTypes},
    view::Verdict,
};
use rid_wire::Code;

use super::ReadingStep;
use crate::{Reader, ReaderError};

type Plan = <ReaderTypes as rid_flow::SessionTypes>::Plan;

pub(crate) struct State {
    pub(super) session: Machine,
    pub(super) assembler: Assembler,
    /// Outputs whose answer was never seen and that may be asked again.
    pending: VecDeque<Output<ReaderTypes>>,
    pub(super) current: Option<Current>,
    closed: Option<Code>,
    /// Why the session was ended from this side; its own reason for closing is then of no interest.
    failed: Option<Code>,
}

/// The step given out and not yet done.
pub(super) enum Current {
    Connect(Plan),
    Judged(Verdict),
    Send(Vec<u8>),
}

impl State {
    pub(crate) fn new(session: Machine) -> Self {
        Self {
            session,
            assembler: Assembler::new(MAX_MESSAGE),
            pending: VecDeque::new(),
            current: None,
            closed: None,
            failed: None,
        }
    }

    pub(super) fn handle(&mut self, reader: &Reader, input: Input<ReaderTypes>) -> Result<(), ReaderError> {
        let session = &mut self.session;
        Ok(reader.with_env(|env| session.handle(input, env))??)
    }

    pub(super) fn take_output(&mut self) -> Option<Output<ReaderTypes>> {
        self.pending.pop_front().or_else(|| self.session.poll())
    }

    pub(super) fn close(&mut self, reason: CloseReason) {
        self.closed = Some(self.failed.unwrap_or(reason.code()));
    }

    /// Ends the session from this side by name; what is left is the farewell to the peer.
    pub(super) fn fail(&mut self, why: Code) {
        if self.closed.is_some() || self.failed.is_some() {
            return;
        }
        self.failed = Some(why);
        self.pending.clear();
        self.current = None;
        while self.session.poll().is_some() {}
        self.session.finish();
    }

    pub(super) fn resting(&self) -> ReadingStep {
        match self.closed {
            Some(code) => ReadingStep::Closed { code },
            None => ReadingStep::Wait { until_millis: self.session.deadline().map(Uptime::millis) },
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
    state: &'a Mutex<State>,
    output: Option<Output<ReaderTypes>>,
}

impl<'a> Repeat<'a> {
    pub(super) fn guard(state: &'a Mutex<State>, output: Output<ReaderTypes>) -> Self {
        Self { state, output: Some(output) }
    }

    pub(super) fn done(mut self) {
        self.output = None;
    }
}

impl Drop for Repeat<'_> {
    fn drop(&mut self) {
        if let Some(output) = self.output.take() {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.failed.is_none() {
                state.pending.push_front(output);
            }
        }
    }
}
