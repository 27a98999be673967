//! A session as an object: one call at a time, events from any thread, an end at any moment.
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rid_wire::Code;

use super::{
    CallGate, Current, RunError, SessionHost,
    host::{with_env, with_uptime},
    standing::{CANCELLED, Standing},
};
use crate::{Effect, Env, Input, LinkCommand, LinkEvent, Output, Reply, Session};

/// Runs one session machine for a facade. Its calls come in four kinds, as for any machine that does no IO of its own:
///
/// - [`Self::next`] performs what ports can do and gives the step that only the app can do, the same one until it was
///   done;
/// - [`Self::proceed`] and [`Self::answer`] say that the step was done, or how it was answered;
/// - [`Self::link`], [`Self::disconnected`] and [`Self::tick`] report the radio and the time, whenever they come;
/// - [`Self::cancel`] and [`Self::end`] end it at once, also while `next` runs; [`Self::park`] only interrupts `next`.
///
/// Each method may be called from any thread. After the end, events do nothing. A panic breaks the object: every
/// later call says [`RunError::Broken`].
pub struct SessionRunner<S: Session, H> {
    host: H,
    /// Locked while the machine works.
    session: Mutex<S>,
    /// Locked for moments, so `cancel` waits for nothing else.
    standing: Mutex<Standing<S::Types>>,
    gate: CallGate,
}

type Result<T, S> = core::result::Result<T, RunError<<S as Session>::Error>>;

/// What is to be done next.
enum Work<S: Session, P> {
    /// Ask a port.
    Perform(Effect),
    /// Hand out this step.
    Step(P),
    /// Tell the machine.
    Tell(Input<S::Types>),
}

impl<S: Session, H: SessionHost<S>> SessionRunner<S, H> {
    /// Runs this session.
    pub const fn new(session: S, host: H) -> Self {
        Self { host, session: Mutex::new(session), standing: Mutex::new(Standing::new()), gate: CallGate::new() }
    }

    /// The facade behind it.
    pub const fn host(&self) -> &H {
        &self.host
    }

    /// Does what needs no person and no radio, and gives the next step. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`RunError::Busy`] while another `next` runs; [`RunError::Cancelled`] when it was interrupted by [`Self::end`]
    /// or [`Self::park`]; [`RunError::Clock`].
    pub async fn next(&self) -> Result<H::Step, S> {
        loop {
            let before = self.standing()?.overtaken;
            let guard = self.gate.enter()?;
            if let Some(done) = guard.run(self.advance()).await {
                return done;
            }
            // The session ended from outside while a port was asked: its last outputs are the next step.
            let standing = self.standing()?;
            if before || !standing.overtaken || standing.ended.is_some() {
                return Err(RunError::Cancelled);
            }
        }
    }

    async fn advance(&self) -> Result<H::Step, S> {
        loop {
            self.host.settle().await;
            match self.work()? {
                Work::Perform(effect) => {
                    let guard = InFlight { runner: self, again: repeat(&effect), landed: false };
                    let reply = self.host.perform(effect).await;
                    guard.land();
                    self.host.answered(&reply);
                    self.tell(Input::Done(reply))?;
                }
                Work::Step(step) => return Ok(step),
                Work::Tell(input) => self.tell(input)?,
            }
        }
    }

    /// Takes what comes next. A step becomes the current one in the same moment, so that `end` withdraws it or comes
    /// too late.
    fn work(&self) -> Result<Work<S, H::Step>, S> {
        self.tell_end();
        let mut standing = self.standing()?;
        standing.withdraw_sends();
        if let Some(current) = &standing.current {
            return Ok(Work::Step(self.host.show(current)));
        }
        if let Some(input) = standing.unfed.take() {
            return Ok(Work::Tell(input));
        }
        let output = match standing.pending.pop_front() {
            Some(output) => Some(output),
            // Between `end` and the machine's farewell nothing is taken from it.
            None if standing.is_over() => None,
            None => self.poll(&mut standing)?,
        };
        let current = match output {
            Some(Output::Ask(question)) => Current::Ask(question),
            Some(Output::Finished(receipt)) => Current::Finished(receipt),
            Some(Output::Link(command)) => Current::Link(command),
            Some(Output::Unlock) if self.host.is_locked() => Current::Unlock,
            Some(Output::Unlock) => return Ok(Work::Tell(Input::Unlocked(true))),
            Some(Output::Io(effect)) => {
                self.host.asked(&effect);
                return Ok(Work::Perform(effect));
            }
            Some(Output::Close(reason)) => {
                standing.close(reason);
                return Ok(Work::Step(self.resting(&standing)));
            }
            // Notes are taken when the machine makes them.
            None | Some(Output::Note(_)) => return Ok(Work::Step(self.resting(&standing))),
        };
        let step = self.host.show(&current);
        standing.current = Some(current);
        Ok(Work::Step(step))
    }

    fn resting(&self, standing: &Standing<S::Types>) -> H::Step {
        match standing.closed {
            Some(code) => self.host.closed(code),
            None => self.host.wait(standing.deadline),
        }
    }

    /// The step `next` gave was done: for [`LinkCommand::Send`] the link took the last chunk.
    ///
    /// # Errors
    /// [`RunError::NotAsked`] when there is no such step.
    pub fn proceed(&self) -> Result<(), S> {
        let mut standing = self.standing()?;
        match standing.current.take() {
            Some(Current::Link(LinkCommand::Advertise(_)) | Current::Finished(_)) => Ok(()),
            Some(Current::Link(LinkCommand::Send(_))) => {
                drop(standing);
                self.tell(Input::Link(LinkEvent::Sent))
            }
            other => {
                standing.current = other;
                Err(RunError::NotAsked)
            }
        }
    }

    /// Answers the current step by what `answer` makes of it. When it fails the step stays.
    ///
    /// # Errors
    /// [`RunError::Misuse`] of the machine, and what `answer` says.
    pub fn answer<E: From<RunError<S::Error>>>(
        &self,
        answer: impl FnOnce(Option<&Current<S::Types>>) -> core::result::Result<Input<S::Types>, E>,
    ) -> core::result::Result<(), E> {
        let input = answer(self.standing()?.current.as_ref())?;
        self.feed(input)?;
        self.standing()?.current = None;
        Ok(())
    }

    /// Lets the caller look at the current step.
    ///
    /// # Errors
    /// [`RunError::Broken`].
    pub fn look<T>(&self, at: impl FnOnce(Option<&Current<S::Types>>) -> T) -> Result<T, S> {
        Ok(at(self.standing()?.current.as_ref()))
    }

    /// The radio reports an event other than [`LinkEvent::Down`]. The step to connect is done by [`LinkEvent::Up`].
    ///
    /// # Errors
    /// [`RunError::Misuse`] of the machine; [`RunError::Clock`]: the event can be given again.
    pub fn link(&self, event: LinkEvent) -> Result<(), S> {
        let up = matches!(event, LinkEvent::Up);
        self.feed(Input::Link(event))?;
        let mut standing = self.standing()?;
        if up && matches!(standing.current, Some(Current::Link(LinkCommand::Connect(_)))) {
            standing.current = None;
        }
        Ok(())
    }

    /// The link is down. A message that was handed out and not taken by then ([`Self::proceed`]) is not sent any more.
    ///
    /// # Errors
    /// [`RunError::Broken`].
    pub fn disconnected(&self) -> Result<(), S> {
        self.standing()?.link_lost = true;
        self.feed(Input::Link(LinkEvent::Down))
    }

    /// The time to wait has passed.
    ///
    /// # Errors
    /// [`RunError::Broken`].
    pub fn tick(&self) -> Result<(), S> {
        self.feed(Input::Tick)
    }

    /// True once the session has ended. A farewell to the peer and the closing step may still be left.
    ///
    /// # Errors
    /// [`RunError::Broken`].
    pub fn is_over(&self) -> Result<bool, S> {
        Ok(self.standing()?.is_over())
    }

    /// Ends the session by the app's wish: see [`Self::end`].
    pub fn cancel(&self) {
        self.end(CANCELLED);
    }

    /// Ends the session from this side by name, whatever the machine does now. Nothing but the farewell to the peer
    /// is handed out afterwards. A running `next` returns [`RunError::Cancelled`].
    pub fn end(&self, why: Code) {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).end(why);
        self.gate.interrupt();
        self.tell_end();
    }

    /// Makes a running `next` return [`RunError::Cancelled`] at once and changes nothing else.
    pub fn park(&self) {
        self.gate.interrupt();
    }

    /// Gives the machine to a call of its own kind, between two steps.
    ///
    /// # Errors
    /// [`RunError::Clock`]; nothing changed. [`RunError::Broken`].
    pub fn with_session<T>(&self, work: impl FnOnce(&mut S, &mut Env<'_>) -> T) -> Result<T, S> {
        self.locked(|session| with_env(&self.host, |env| work(session, env)))?.map_err(RunError::Clock)
    }

    /// As [`Self::with_session`], for a call that reads no wall clock.
    ///
    /// # Errors
    /// [`RunError::Broken`].
    pub fn with_session_at_any_time<T>(&self, work: impl FnOnce(&mut S) -> T) -> Result<T, S> {
        self.locked(work)
    }

    /// Takes the current step back if it is a receipt, for a call that stands for `proceed` as well.
    ///
    /// # Errors
    /// [`RunError::Broken`].
    pub fn pass_receipt(&self) -> Result<(), S> {
        let mut standing = self.standing()?;
        if matches!(standing.current, Some(Current::Finished(_))) {
            standing.current = None;
        }
        Ok(())
    }

    /// Gives the machine one input from outside, and waits while it works for another call. When the session is over
    /// by it, a `next` that waits for a port stops waiting.
    fn feed(&self, input: Input<S::Types>) -> Result<(), S> {
        let fed = self.feed_from(&mut Some(input));
        let mut standing = self.standing()?;
        if standing.over && !standing.overtaken {
            standing.overtaken = true;
            self.gate.interrupt();
        }
        fed
    }

    /// As [`Self::feed`], for an answer that must not be lost: without a clock it is kept for the next `next`. An
    /// answer that comes after the end is dropped.
    fn tell(&self, input: Input<S::Types>) -> Result<(), S> {
        let mut input = Some(input);
        let fed = self.feed_from(&mut input);
        if input.is_some() {
            self.standing()?.unfed = input;
        }
        match fed {
            Err(RunError::Closed | RunError::Misuse(_)) => Ok(()),
            fed => fed,
        }
    }

    /// Takes the input only when the machine took it.
    fn feed_from(&self, input: &mut Option<Input<S::Types>>) -> Result<(), S> {
        self.locked(|session| {
            if self.standing()?.ended.is_some() {
                let event = input.take().is_none_or(|input| input.is_event());
                return if event { Ok(()) } else { Err(RunError::Closed) };
            }
            let needs_time = input.as_ref().is_some_and(Input::needs_time);
            let handle = |env: &mut Env<'_>| input.take().map_or(Ok(()), |input| session.handle(input, env));
            let handled = if needs_time {
                with_env(&self.host, handle).map_err(RunError::Clock)?
            } else {
                with_uptime(&self.host, handle)
            };
            handled.map_err(RunError::Misuse)
        })?
    }

    /// Lets a call use the machine, and does then what others left to the one that has it.
    fn locked<T>(&self, work: impl FnOnce(&mut S) -> T) -> Result<T, S> {
        let done = {
            let mut session = self.session.lock().map_err(|_| self.broken())?;
            let done = work(&mut session);
            self.collect(&mut session)?;
            done
        };
        self.tell_end();
        Ok(done)
    }

    fn collect(&self, session: &mut S) -> Result<(), S> {
        session.take_notes().into_iter().for_each(|note| self.host.note(note));
        self.standing()?.collect(session);
        Ok(())
    }

    /// The machine's next output; `None` also while it works for another call, which then says what is to be done.
    fn poll(&self, standing: &mut Standing<S::Types>) -> Result<Option<Output<S::Types>>, S> {
        match self.session.try_lock() {
            Ok(mut session) => {
                standing.deadline = session.deadline();
                Ok(session.poll())
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Poisoned(_)) => Err(RunError::Broken),
        }
    }

    /// Tells the machine that the session was ended from this side. When it works for another call, that one does it
    /// then.
    fn tell_end(&self) {
        let Ok(mut session) = self.session.try_lock() else { return };
        if self.standing().is_ok_and(|standing| standing.ended.is_some() && !standing.over) {
            with_uptime(&self.host, |env| session.cancel(env));
            // The state cannot be broken here: the machine's lock is held.
            let _ = self.collect(&mut session);
        }
    }

    /// A panic left the machine in an unknown state.
    fn broken(&self) -> RunError<S::Error> {
        self.host.broke();
        RunError::Broken
    }

    fn standing(&self) -> Result<MutexGuard<'_, Standing<S::Types>>, S> {
        if self.gate.is_broken() || self.session.is_poisoned() {
            return Err(self.broken());
        }
        self.standing.lock().map_err(|_| RunError::Broken)
    }
}

/// The effect to be performed again when its answer is lost; `None` where a second time could change something.
fn repeat(effect: &Effect) -> Option<Effect> {
    match effect {
        Effect::Agree(request) => Some(Effect::Agree(request.clone())),
        Effect::Derive(request) => Some(Effect::Derive(request.clone())),
        Effect::Lookup(lookup) => Some(Effect::Lookup(lookup.clone())),
        Effect::Sign(request) => Some(Effect::Sign(request.clone())),
        Effect::SleepUntil(until) => Some(Effect::SleepUntil(*until)),
        Effect::Commit(_) | Effect::CreateKeys(_) | Effect::DeleteKeys(_) | Effect::Http(_) => None,
    }
}

/// An effect that a port has. Dropping it before the answer came puts it back, or tells the machine that the answer
/// is lost; this is the only place that does.
struct InFlight<'a, S: Session, H: SessionHost<S>> {
    runner: &'a SessionRunner<S, H>,
    again: Option<Effect>,
    landed: bool,
}

impl<S: Session, H: SessionHost<S>> InFlight<'_, S, H> {
    fn land(mut self) {
        self.landed = true;
    }
}

impl<S: Session, H: SessionHost<S>> Drop for InFlight<'_, S, H> {
    fn drop(&mut self) {
        if self.landed {
            return;
        }
        let Ok(mut standing) = self.runner.standing() else { return };
        if standing.is_over() {
            return;
        }
        match self.again.take() {
            Some(effect) => standing.pending.push_front(Output::Io(effect)),
            None => standing.unfed = Some(Input::Done(Reply::Unknown)),
        }
    }
}
