//! Online presentation (OpenID4VP 1.0, HAIP) as a flow: fetch, question, answer, signatures, delivery. Sans-IO.
//!
//! ```text
//! Beginning -> Fetching (request object, once) -> Unlocking -> Matching -> Asking -Answer-> Confirming (unlock) ->
//!   Committing -> Signing (per presentation) -> Recording (history: handed out) -> Posting (once) -> Done
//! refusal, or nothing held:  Asking -> Confirming -> Committing ("refused" row) -> Posting (error) -> Done
//! Digital Credentials API:   no Fetching and no Posting: the answer is given back to the app
//! ```
//!
//! A request that is malformed or not authenticated fails the flow, and gets no reply. Every other request is asked
//! about, also one that cannot be served: its error leaves only after the person's tap. The row of a presentation is
//! `Started` from the commit on, `UnknownDelivery` from the hand-out on, `Finished` once the service took the answer.
mod annex_c;
mod deliver;
mod error;
mod fetch;
mod question;
mod respond;
mod state;
mod types;

pub use error::OnlineError;
pub use types::{Arrival, Beginning, Delivery, OnlineAnswer, OnlinePause, OnlineReceipt};

use alloc::{sync::Arc, vec::Vec};

use rid_flow::{
    Changes, Effect, Env, Flow, HistoryId, HistoryOutcome, Note, Reply, Step,
    ports::{KeyId, StorageError},
};
use rid_openid::vp::VpError;
use rid_profile::{Profile, ReaderPolicy};
use rid_trust::TrustStore;

use self::state::State;
use crate::proximity::Misuse;

/// One online presentation.
pub struct Online {
    profile: Arc<Profile>,
    trust: Arc<TrustStore>,
    policy: ReaderPolicy,
    arrival: Arrival,
    state: State,
    /// The presentation whose history row has no final outcome yet.
    unsettled: Option<HistoryId>,
    /// Keys of the copies that are used up.
    consumed_keys: Vec<KeyId>,
    notes: Vec<Note>,
}

impl Online {
    /// Starts.
    #[must_use]
    pub fn new(profile: Arc<Profile>, trust: Arc<TrustStore>, policy: ReaderPolicy, beginning: Beginning) -> Self {
        let arrival = match &beginning {
            Beginning::Invocation(_, arrival) => *arrival,
            Beginning::Api { .. } => Arrival::Scan,
        };
        Self {
            profile,
            trust,
            policy,
            arrival,
            state: State::Beginning(beginning),
            unsettled: None,
            consumed_keys: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Takes the work that nothing waits for.
    pub fn take_notes(&mut self) -> Vec<Note> {
        core::mem::take(&mut self.notes)
    }

    /// The app ends it, or it failed. A question that was open leaves a row in the history.
    #[must_use]
    pub fn abandon(mut self) -> Vec<Note> {
        let rows = match &mut self.state {
            State::Asking(asking) => core::mem::take(&mut asking.withdrawn),
            State::Confirming(answered) => core::mem::take(&mut answered.asking.withdrawn),
            // Whether it left is not known, which is what the row says.
            State::Posting(_) => {
                self.unsettled = None;
                Vec::new()
            }
            _ => Vec::new(),
        };
        if !rows.is_empty() {
            self.write(Changes { history: rows, ..Changes::default() });
        }
        self.settle(HistoryOutcome::Failed);
        self.take_notes()
    }

    fn write(&mut self, changes: Changes) {
        self.notes.push(Note::Write(changes));
    }

    /// Notes the outcome of the presentation, and that the keys of its copies are of no further use.
    fn settle(&mut self, outcome: HistoryOutcome) {
        if let Some(event) = self.unsettled.take() {
            self.write(Changes { outcomes: [(event, outcome)].into(), ..Changes::default() });
        }
        let keys = core::mem::take(&mut self.consumed_keys);
        if !keys.is_empty() {
            self.notes.push(Note::DeleteKeys(keys));
        }
    }

    fn fail(&mut self, error: OnlineError) {
        self.settle(HistoryOutcome::Failed);
        self.state = State::Failed(error);
    }

    fn replied(&mut self, reply: Reply, env: &mut Env<'_>) -> Result<(), OnlineError> {
        match (&self.state, reply) {
            (_, Reply::ClockFailed(error)) => return Err(error.into()),
            (State::Fetching(_), Reply::Fetched(fetched)) => self.fetched(fetched, env),
            (State::Matching(_), Reply::Found(Ok(found))) => self.found(&found, env),
            (State::Matching(_), Reply::Found(Err(StorageError::Locked))) => self.locked_again(),
            (State::Matching(_), Reply::Found(Err(error))) => self.fail(OnlineError::Port(error.code())),
            (State::Committing(_), Reply::Committed(Ok(committed))) => self.committed(committed, env),
            (State::Committing(_), Reply::Committed(Err(error))) => {
                // Nothing was written, so no row waits for its outcome.
                self.unsettled = None;
                self.fail(OnlineError::Port(error.code()));
            }
            (State::Signing(_), Reply::Signed(Ok(signature))) => self.signed(&signature, env),
            (State::Signing(_), Reply::Signed(Err(error))) => self.fail(OnlineError::Port(error.code())),
            (State::Recording(_), Reply::Committed(Ok(_))) => self.recorded(),
            (State::Recording(_), Reply::Committed(Err(error))) => self.fail(OnlineError::Port(error.code())),
            (State::Posting(_), Reply::Fetched(fetched)) => self.posted(Some(fetched)),
            // The answer may have left: it is not sent again.
            (State::Posting(_), Reply::Unknown | Reply::TimedOut) => self.posted(None),
            // Asking again changes nothing.
            (State::Matching(_) | State::Signing(_), Reply::Unknown) => {}
            (State::Fetching(_) | State::Committing(_) | State::Recording(_), Reply::Unknown) => {
                self.fail(OnlineError::Interrupted);
            }
            (
                State::Fetching(_)
                | State::Matching(_)
                | State::Committing(_)
                | State::Signing(_)
                | State::Recording(_),
                Reply::TimedOut,
            ) => self.fail(OnlineError::PortTimeout),
            // A call that was dropped between two effects lost nothing.
            (_, Reply::Unknown) => {}
            _ => return Err(Misuse::NotAsked.into()),
        }
        Ok(())
    }
}

impl Flow for Online {
    type Pause = OnlinePause;
    type Answer = OnlineAnswer;
    type Done = OnlineReceipt;
    type Error = OnlineError;

    fn step(&mut self, env: &mut Env<'_>) -> Result<Step<OnlinePause, OnlineReceipt>, OnlineError> {
        if matches!(self.state, State::Beginning(_)) {
            self.begin(env);
        }
        Ok(match &self.state {
            State::Fetching(fetching) => Step::Io(Effect::Http(fetching.request())),
            State::Unlocking(_) | State::Confirming(_) => Step::Pause(OnlinePause::Unlock),
            State::Matching(source) => Step::Io(Effect::Lookup(self.lookup(source, env.now))),
            State::Asking(asking) => Step::Pause(OnlinePause::Ask(asking.question.clone())),
            State::Committing(answered) => Step::Io(Effect::Commit(answered.decided.changes.clone())),
            State::Signing(signing) => Step::Io(Effect::Sign(signing.sign_request()?)),
            State::Recording(_) => Step::Io(Effect::Commit(self.handed_out())),
            State::Posting(sending) => Step::Io(Effect::Http(sending.request()?)),
            State::Done(receipt) => Step::Done(receipt.clone()),
            State::Failed(error) => return Err(*error),
            State::Beginning(_) => return Err(OnlineError::Request(VpError::Link)),
        })
    }

    fn reply(&mut self, reply: Reply, env: &mut Env<'_>) -> Result<(), OnlineError> {
        self.replied(reply, env)
    }

    fn answer(&mut self, answer: OnlineAnswer, env: &mut Env<'_>) -> Result<(), OnlineError> {
        match answer {
            OnlineAnswer::Unlocked(open) => self.unlocked(open, env),
            OnlineAnswer::Consent(answer) => self.consented(&answer, env),
        }
    }
}
