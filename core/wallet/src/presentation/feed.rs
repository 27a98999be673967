//! What the machine is told, and how a session is ended while it works.
use std::sync::{MutexGuard, PoisonError, TryLockError};

use rid_flow::{HistoryOutcome, Input, LinkEvent, Output, Session};
use rid_holder::proximity::{Misuse, Proximity, ProximityTypes};
use rid_wire::Code;

use super::{Presentation, state::State};
use crate::WalletError;

impl Presentation {
    /// Gives the machine one input from outside. Waits while it works for another call. When the session is over by it, a `next` that
    /// waits for a port stops waiting.
    pub(super) fn feed(&self, input: Input<ProximityTypes>) -> Result<(), WalletError> {
        let fed = self.feed_from(&mut Some(input));
        let mut state = self.state()?;
        if state.over && !state.overtaken {
            state.overtaken = true;
            self.turn.interrupt();
        }
        fed
    }

    /// As [`Self::feed`], for an answer that must not be lost: without a clock it is kept for the next `next`. An answer that comes
    /// after the end is dropped.
    pub(super) fn tell(&self, input: Input<ProximityTypes>) -> Result<(), WalletError> {
        let mut input = Some(input);
        let fed = self.feed_from(&mut input);
        if input.is_some() {
            self.state()?.unfed = input;
        }
        match fed {
            Err(WalletError::Misuse { .. }) => Ok(()),
            fed => fed,
        }
    }

    /// Takes the input only when the machine took it.
    fn feed_from(&self, input: &mut Option<Input<ProximityTypes>>) -> Result<(), WalletError> {
        self.with_session(|session| {
            if self.state()?.ended.is_some() {
                let event = input.take().is_none_or(|input| is_event(&input));
                return if event { Ok(()) } else { Err(Misuse::Closed.into()) };
            }
            let handled = if input.as_ref().is_some_and(is_event_without_time) {
                self.wallet.with_uptime(|env| input.take().map(|input| session.handle(input, env)))
            } else {
                self.wallet.with_env(|env| input.take().map(|input| session.handle(input, env)))?
            };
            Ok(handled.unwrap_or(Ok(()))?)
        })?
    }

    /// Lets a call use the machine, and does then what others left to the one that has it.
    fn with_session<T>(&self, work: impl FnOnce(&mut Proximity) -> T) -> Result<T, WalletError> {
        let done = {
            let mut session = self.session.lock().map_err(|_| self.broken())?;
            let done = work(&mut session);
            self.state()?.collect(&mut session, &self.wallet);
            done
        };
        self.tell_end();
        Ok(done)
    }

    /// The machine's next output; `None` also while it works for another call, which then says what is to be done.
    pub(super) fn poll(&self, state: &mut State) -> Result<Option<Output<ProximityTypes>>, WalletError> {
        match self.session.try_lock() {
            Ok(mut session) => {
                state.deadline = session.deadline();
                Ok(session.poll())
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Poisoned(_)) => Err(broken()),
        }
    }

    /// Ends the session from this side by name, whatever the machine does now. Only the farewell to the peer is left.
    pub(super) fn end(&self, why: Code) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).end(why);
        self.turn.interrupt();
        self.tell_end();
    }

    /// Tells the machine that the session was ended from this side. When it works for another call, that one does it then.
    pub(super) fn tell_end(&self) {
        let Ok(mut session) = self.session.try_lock() else { return };
        // No port is asked while the state is locked.
        if self.state().is_ok_and(|state| state.ended.is_some() && !state.over) {
            self.wallet.with_uptime(|env| session.cancel(env));
            if let Ok(mut state) = self.state() {
                state.collect(&mut session, &self.wallet);
            }
        }
    }

    /// Leaves to the wallet what a session that nobody calls any more still has to do.
    pub(super) fn leave_work(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.wallet.leave_keys(std::mem::take(&mut state.used_keys));
        // A session that ended has noted its outcome; one that a panic broke has not.
        if let Some(event) = state.begun.take() {
            self.wallet.leave_outcome(event, HistoryOutcome::Failed);
        }
    }

    /// A panic left the machine half way: it is not used any more, and what was begun failed.
    fn broken(&self) -> WalletError {
        self.leave_work();
        broken()
    }

    pub(super) fn state(&self) -> Result<MutexGuard<'_, State>, WalletError> {
        if self.turn.is_broken() || self.session.is_poisoned() {
            return Err(self.broken());
        }
        self.state.lock().map_err(|_| broken())
    }
}

fn broken() -> WalletError {
    WalletError::Bug { code: Code::new("broken") }
}

/// Events of the link come when they come; after the end they do nothing.
const fn is_event(input: &Input<ProximityTypes>) -> bool {
    matches!(
        input,
        Input::Link(LinkEvent::Bytes(_))
            | Input::Link(LinkEvent::Up)
            | Input::Link(LinkEvent::Down)
            | Input::Link(LinkEvent::Sent)
            | Input::Tick
    )
}

/// For these the machine reads no wall clock.
const fn is_event_without_time(input: &Input<ProximityTypes>) -> bool {
    matches!(input, Input::Link(LinkEvent::Up) | Input::Link(LinkEvent::Down) | Input::Tick)
}
