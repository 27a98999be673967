//! What the machine is told, and how a session is ended while it works.
use std::sync::{MutexGuard, PoisonError, TryLockError};

use rid_flow::{Input, LinkEvent, Output, Session};
use rid_verifier::reader::{Misuse, Reader as Machine, ReaderTypes};
use rid_wire::Code;

use super::{Reading, state::State};
use crate::ReaderError;

impl Reading {
    /// Gives the machine one input from outside. Waits while it works for another call. When the session is over by it, a `next` that
    /// waits for a port stops waiting.
    pub(super) fn feed(&self, input: Input<ReaderTypes>) -> Result<(), ReaderError> {
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
    pub(super) fn tell(&self, input: Input<ReaderTypes>) -> Result<(), ReaderError> {
        let mut input = Some(input);
        let fed = self.feed_from(&mut input);
        if input.is_some() {
            self.state()?.unfed = input;
        }
        match fed {
            Err(ReaderError::Misuse { .. }) => Ok(()),
            fed => fed,
        }
    }

    /// Takes the input only when the machine took it.
    fn feed_from(&self, input: &mut Option<Input<ReaderTypes>>) -> Result<(), ReaderError> {
        self.with_session(|session| {
            if self.state()?.ended.is_some() {
                let event = input.take().is_none_or(|input| is_event(&input));
                return if event { Ok(()) } else { Err(Misuse::Closed.into()) };
            }
            let handled = if input.as_ref().is_some_and(is_event_without_time) {
                self.reader.with_uptime(|env| input.take().map(|input| session.handle(input, env)))
            } else {
                self.reader.with_env(|env| input.take().map(|input| session.handle(input, env)))?
            };
            Ok(handled.unwrap_or(Ok(()))?)
        })?
    }

    /// Lets a call use the machine, and does then what others left to the one that has it.
    pub(super) fn with_session<T>(&self, work: impl FnOnce(&mut Machine) -> T) -> Result<T, ReaderError> {
        let done = {
            let mut session = self.session.lock().map_err(|_| broken())?;
            let done = work(&mut session);
            self.state()?.collect(&mut session);
            done
        };
        self.tell_end();
        Ok(done)
    }

    /// The machine's next output; `None` also while it works for another call, which then says what is to be done.
    pub(super) fn poll(&self, state: &mut State) -> Result<Option<Output<ReaderTypes>>, ReaderError> {
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
        let Ok(mut state) = self.state() else { return };
        if state.ended.is_some() && !state.over {
            session.finish();
            state.collect(&mut session);
        }
    }

    pub(super) fn state(&self) -> Result<MutexGuard<'_, State>, ReaderError> {
        if self.turn.is_broken() || self.session.is_poisoned() {
            return Err(broken());
        }
        self.state.lock().map_err(|_| broken())
    }
}

fn broken() -> ReaderError {
    ReaderError::Bug { code: Code::new("broken") }
}

/// Events of the link come when they come; after the end they do nothing.
const fn is_event(input: &Input<ReaderTypes>) -> bool {
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
const fn is_event_without_time(input: &Input<ReaderTypes>) -> bool {
    matches!(input, Input::Link(LinkEvent::Up) | Input::Link(LinkEvent::Down) | Input::Tick)
}
