//! How a session ends, and what the history says of it.
use alloc::vec::Vec;

use rid_flow::{Changes, Env, HistoryId, HistoryOutcome, Input, LinkCommand, LinkEvent, Note, Output};
use rid_mdoc::session::{SessionData, Status};

use super::{CloseReason, HolderSession, Misuse, ProximityTypes, answer, state::State};

impl HolderSession {
    /// The app ended the session: a request that the person had been asked about leaves a row in the history.
    pub(super) fn cancelled(&mut self, env: &mut Env<'_>) {
        if matches!(self.state, State::Closed) {
            return;
        }
        let rows = answer::cancelled(&self.state, env);
        if !rows.is_empty() {
            self.outputs.push_back(write(Changes { history: rows, ..Changes::default() }));
        }
        self.terminate(CloseReason::Cancelled);
        // The app withdrew the response: no later word of the link is about it.
        self.unsettled = None;
    }

    /// Whether the deadline of the state has come; only uptime counts.
    pub(super) fn is_late(&self, env: &Env<'_>) -> bool {
        self.deadline.is_some_and(|deadline| env.uptime >= deadline)
    }

    /// Why the state may not last beyond its deadline.
    pub(super) const fn lateness(&self) -> CloseReason {
        match self.state {
            State::Asking(_) => CloseReason::ConsentExpired,
            State::Unlocking(_) | State::Confirming(_) => CloseReason::Locked,
            State::Matching(_) | State::Committing(_) | State::Signing(_) => CloseReason::PortTimeout,
            _ => CloseReason::Timeout,
        }
    }

    /// Closes with status 20 to the peer where there are session keys.
    pub(super) fn terminate(&mut self, reason: CloseReason) {
        let farewell = self.link.is_some().then(|| SessionData::encode(None, Some(Status::Termination)));
        self.close(farewell, reason);
    }

    /// Closes: wipes the keys, withdraws what was asked for and not yet fetched, sends the last message, tells the
    /// caller.
    pub(super) fn close(&mut self, farewell: Option<Vec<u8>>, reason: CloseReason) {
        let state = core::mem::replace(&mut self.state, State::Closed);
        self.ephemeral = None;
        self.link = None;
        self.deadline = None;
        let fetched = !self.outputs.iter().any(|output| matches!(output, Output::Link(LinkCommand::Send(_))));
        let handed_out = matches!(state, State::Sending(_)) && fetched;
        self.outputs.retain(|output| matches!(output, Output::Finished(_) | Output::Note(_)));
        if !handed_out {
            let unsettled = self.unsettled.take();
            self.outputs.extend(unsettled.map(|event| note(event, HistoryOutcome::Failed)));
        }
        self.drop_consumed_keys();
        self.outputs.extend(farewell.map(|message| Output::Link(LinkCommand::Send(message))));
        let after_exchange = matches!(state, State::Idle);
        self.outputs.push_back(Output::Close(if after_exchange { reason.after_exchange() } else { reason }));
    }

    /// The link took the last chunk of the response: the exchange is over. What the peer said meanwhile comes now.
    pub(super) fn sent(&mut self, env: &mut Env<'_>) -> Result<(), Misuse> {
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Sending(sending) => {
                let outcome = if sending.receipt.disclosed { HistoryOutcome::Finished } else { HistoryOutcome::Failed };
                let unsettled = self.unsettled.take();
                self.outputs.extend(unsettled.map(|event| note(event, outcome)));
                self.drop_consumed_keys();
                self.outputs.push_back(Output::Finished(sending.receipt));
                self.deadline = self.link_deadline(env);
                sending.held.map_or(Ok(()), |message| self.received(&message, env))
            }
            other => {
                self.state = other;
                Err(Misuse::NotAsked)
            }
        }
    }

    /// The copies of this exchange are used up, and so are their keys.
    fn drop_consumed_keys(&mut self) {
        if !self.consumed_keys.is_empty() {
            let keys = core::mem::take(&mut self.consumed_keys);
            self.outputs.push_back(Output::Note(Note::DeleteKeys(keys)));
        }
    }

    /// Events of the link come when they come. Of those after the end only one matters: the link took the response
    /// after all.
    pub(super) fn after_the_end(&mut self, input: &Input<ProximityTypes>) -> Result<(), Misuse> {
        match input {
            Input::Link(LinkEvent::Bytes(_) | LinkEvent::Up | LinkEvent::Down) | Input::Tick => Ok(()),
            Input::Link(LinkEvent::Sent) => {
                let unsettled = self.unsettled.take();
                self.outputs.extend(unsettled.map(|event| note(event, HistoryOutcome::Finished)));
                Ok(())
            }
            _ => Err(Misuse::Closed),
        }
    }
}

/// The outcome of a presentation, for its row.
pub(super) fn note(event: HistoryId, outcome: HistoryOutcome) -> Output<ProximityTypes> {
    write(Changes { outcomes: [(event, outcome)].into(), ..Changes::default() })
}

const fn write(changes: Changes) -> Output<ProximityTypes> {
    Output::Note(Note::Write(changes))
}
