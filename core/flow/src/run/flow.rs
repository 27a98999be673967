//! A flow as an object: one call at a time, interrupted from any thread, asked again after a call was dropped.
use alloc::boxed::Box;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;

use super::{CallGate, Driven, Host, RunError, host::with_env};
use crate::{Flow, Reply};

/// What the facade of a flow does with it.
#[async_trait]
pub trait FlowHost<F: Flow + Send>: Host {
    /// Runs the flow to its next pause or its end: [`drive`](super::drive) over the facade's ports.
    ///
    /// # Errors
    /// The flow's own.
    async fn drive(&self, flow: &mut F) -> Result<Driven<F::Pause, F::Done>, F::Error>
    where
        F: 'async_trait;

    /// The flow does not go on: what it has made is to be removed.
    fn abandon(&self, flow: F);

    /// The flow has ended, and nobody was given its result.
    fn unclaimed(&self, result: &F::Done);
}

/// Runs one flow for a facade. A pause is given again until it is answered, and the result, or the error, at each
/// call. Dropping the runner cancels the flow.
pub struct FlowRunner<F: Flow + Send, H: FlowHost<F>> {
    host: H,
    slot: Mutex<Slot<F>>,
    gate: CallGate,
}

/// Why a call gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowError<E> {
    /// The flow failed.
    Flow(E),
    /// The runner refused the call, or it was interrupted.
    Run(RunError<core::convert::Infallible>),
}

enum Slot<F: Flow> {
    /// A call runs it now.
    Away,
    /// It failed or was cancelled.
    Ended(FlowError<F::Error>),
    /// Its result, and true once somebody was given it.
    Finished(F::Done, bool),
    /// To be driven on, or paused for a person.
    Ready(Box<F>),
}

impl<F, H> FlowRunner<F, H>
where
    F: Flow + Send,
    F::Pause: Send,
    F::Done: Clone + Send,
    F::Error: Clone + Send,
    H: FlowHost<F>,
{
    /// Runs this flow.
    pub fn new(flow: F, host: H) -> Self {
        Self { host, slot: Mutex::new(Slot::Ready(Box::new(flow))), gate: CallGate::new() }
    }

    /// Runs to the next pause or the end. When a call was dropped or interrupted while it awaited a port, the next one
    /// tells the flow [`Reply::Unknown`] and goes on.
    ///
    /// # Errors
    /// The flow's own; [`RunError::Busy`] while another call runs, [`RunError::Cancelled`] when interrupted,
    /// [`RunError::Broken`] after a panic.
    pub async fn next(&self) -> Result<Driven<F::Pause, F::Done>, FlowError<F::Error>> {
        let guard = self.gate.enter().map_err(|error| FlowError::Run(error.into()))?;
        let rested = guard.run(self.advance()).await.unwrap_or(Err(FlowError::Run(RunError::Cancelled)))?;
        match (&rested, &mut *self.slot()?) {
            (Driven::Done(_), Slot::Finished(_, given)) => *given = true,
            (Driven::Pause(_), Slot::Ready(_)) => {}
            _ => return Err(FlowError::Run(RunError::Cancelled)),
        }
        Ok(rested)
    }

    /// Answers the pause that `next` gave. When the flow refuses the answer, the pause stays.
    ///
    /// # Errors
    /// The flow's own; [`RunError::Busy`] while `next` runs, [`RunError::NotAsked`] when nothing is asked,
    /// [`RunError::Clock`]; nothing changed.
    pub fn answer(&self, answer: F::Answer) -> Result<(), FlowError<F::Error>> {
        let _guard = self.gate.enter().map_err(|error| FlowError::Run(error.into()))?;
        match &mut *self.slot()? {
            Slot::Ready(flow) => with_env(&self.host, |env| flow.answer(answer, env))
                .map_err(|error| FlowError::Run(RunError::Clock(error)))?
                .map_err(FlowError::Flow),
            Slot::Ended(why) => Err(why.clone()),
            Slot::Away | Slot::Finished(..) => Err(FlowError::Run(RunError::NotAsked)),
        }
    }

    /// The facade behind it.
    pub const fn host(&self) -> &H {
        &self.host
    }

    async fn advance(&self) -> Result<Driven<F::Pause, F::Done>, FlowError<F::Error>> {
        let taken = core::mem::replace(&mut *self.slot()?, Slot::Away);
        match taken {
            Slot::Ready(flow) => Held { runner: self, flow: Some(flow) }.drive().await,
            Slot::Away => Err(FlowError::Run(RunError::Broken)),
            Slot::Ended(why) => {
                *self.slot()? = Slot::Ended(why.clone());
                self.host.settle().await;
                Err(why)
            }
            Slot::Finished(result, given) => {
                *self.slot()? = Slot::Finished(result.clone(), given);
                Ok(Driven::Done(result))
            }
        }
    }

    /// True once it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.slot.lock().is_ok_and(|slot| matches!(&*slot, Slot::Ended(FlowError::Run(RunError::Cancelled))))
    }

    /// Makes a running `next` return [`RunError::Cancelled`] at once; the next call goes on.
    pub fn park(&self) {
        self.gate.interrupt();
    }

    fn slot(&self) -> Result<MutexGuard<'_, Slot<F>>, FlowError<F::Error>> {
        self.slot.lock().map_err(|_| FlowError::Run(RunError::Broken))
    }
}

impl<F: Flow + Send, H: FlowHost<F>> FlowRunner<F, H> {
    /// Ends it: the running `next` returns at once, every later one says [`RunError::Cancelled`].
    pub fn cancel(&self) {
        if let Ok(mut slot) = self.slot.lock() {
            match core::mem::replace(&mut *slot, Slot::Ended(FlowError::Run(RunError::Cancelled))) {
                Slot::Ready(flow) => self.host.abandon(*flow),
                Slot::Finished(result, false) => self.host.unclaimed(&result),
                Slot::Ended(why) => *slot = Slot::Ended(why),
                Slot::Away | Slot::Finished(_, true) => {}
            }
        }
        self.gate.interrupt();
    }
}

impl<F: Flow + Send, H: FlowHost<F>> Drop for FlowRunner<F, H> {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// A flow out of its slot: it goes back when the call ends in whatever way. After a panic no call enters the gate
/// again.
struct Held<'a, F: Flow + Send, H: FlowHost<F>> {
    runner: &'a FlowRunner<F, H>,
    flow: Option<Box<F>>,
}

impl<F, H> Held<'_, F, H>
where
    F: Flow + Send,
    F::Pause: Send,
    F::Done: Clone + Send,
    F::Error: Clone + Send,
    H: FlowHost<F>,
{
    async fn drive(mut self) -> Result<Driven<F::Pause, F::Done>, FlowError<F::Error>> {
        let Some(flow) = &mut self.flow else { return Err(FlowError::Run(RunError::Broken)) };
        let ended = self.runner.host.drive(flow).await;
        let flow = self.flow.take();
        let mut slot = self.runner.slot()?;
        match ended {
            Ok(Driven::Pause(pause)) => {
                match (&*slot, flow) {
                    (Slot::Away, Some(flow)) => *slot = Slot::Ready(flow),
                    (_, flow) => flow.into_iter().for_each(|flow| self.runner.host.abandon(*flow)),
                }
                Ok(Driven::Pause(pause))
            }
            Ok(Driven::Done(result)) => {
                match &*slot {
                    Slot::Away => *slot = Slot::Finished(result.clone(), false),
                    // Cancelled in the last moment.
                    _ => self.runner.host.unclaimed(&result),
                }
                Ok(Driven::Done(result))
            }
            Err(why) => {
                let why = FlowError::Flow(why);
                if matches!(&*slot, Slot::Away) {
                    *slot = Slot::Ended(why.clone());
                }
                flow.into_iter().for_each(|flow| self.runner.host.abandon(*flow));
                Err(why)
            }
        }
    }
}

impl<F: Flow + Send, H: FlowHost<F>> Drop for Held<'_, F, H> {
    fn drop(&mut self) {
        let Some(mut flow) = self.flow.take() else { return };
        let host = &self.runner.host;
        // The call was dropped while it awaited a port: the effect may have happened.
        let told = with_env(host, |env| flow.reply(Reply::Unknown, env));
        if let Ok(mut slot) = self.runner.slot.lock()
            && matches!(&*slot, Slot::Away)
        {
            match told {
                // If the flow failed by it, the next call drives it to its end.
                Ok(_) => {
                    *slot = Slot::Ready(flow);
                    return;
                }
                Err(why) => *slot = Slot::Ended(FlowError::Run(RunError::Clock(why))),
            }
        }
        host.abandon(*flow);
    }
}
