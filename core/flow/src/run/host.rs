//! What a facade brings to a runner.
use alloc::boxed::Box;

use async_trait::async_trait;
use rid_crypto::CryptoRng;
use rid_wire::{Code, Timestamp};

use super::{Current, GateError};
use crate::{
    Effect, Env, Note, Reply, Session, Uptime,
    ports::{Clock, ClockError},
};

/// The ports and duties of the facade behind a runner.
#[async_trait]
pub trait Host: Send + Sync {
    /// The clock.
    fn clock(&self) -> &dyn Clock;

    /// A fresh handle to the randomness of the platform, for one step.
    fn rng(&self) -> Box<dyn CryptoRng + Send>;

    /// Gives an effect to its port: [`perform`](super::perform) over the facade's ports.
    async fn perform(&self, effect: Effect) -> Reply;

    /// Does what earlier steps left to be done. It runs before each step, and may be dropped.
    async fn settle(&self) {}

    /// A call panicked, so the machine is not used any more. It may be called more than once.
    fn broke(&self) {}
}

/// What the facade of a session shows and decides.
pub trait SessionHost<S: Session>: Host {
    /// A step of the facade.
    type Step;

    /// The step for something that is to be done by the app.
    fn show(&self, current: &Current<S::Types>) -> Self::Step;

    /// The step for waiting on the link, at most until then.
    fn wait(&self, until: Option<Uptime>) -> Self::Step;

    /// The step for the end.
    fn closed(&self, why: Code) -> Self::Step;

    /// True if the person has to unlock.
    fn is_locked(&self) -> bool {
        false
    }

    /// The machine asks a port for this.
    fn asked(&self, _effect: &Effect) {}

    /// A port answered.
    fn answered(&self, _reply: &Reply) {}

    /// Work that nothing waits for.
    fn note(&self, _note: Note) {}
}

/// Why a call of a runner failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunError<M> {
    /// An earlier call panicked.
    Broken,
    /// Another call runs.
    Busy,
    /// The call was interrupted.
    Cancelled,
    /// The clock failed; nothing changed.
    Clock(ClockError),
    /// The session is over.
    Closed,
    /// The machine refused the input; nothing changed.
    Misuse(M),
    /// The call answers a step that was not given.
    NotAsked,
}

impl<M> From<GateError> for RunError<M> {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Broken => Self::Broken,
            GateError::Busy => Self::Busy,
        }
    }
}

/// Runs one step of a machine with a fresh [`Env`]; nothing of it is held over an await.
pub(super) fn with_env<T>(host: &dyn Host, step: impl FnOnce(&mut Env<'_>) -> T) -> Result<T, ClockError> {
    let now = host.clock().now()?;
    Ok(at(host, now, step))
}

/// As [`with_env`], for a step that reads no wall clock: it works without one.
pub(super) fn with_uptime<T>(host: &dyn Host, step: impl FnOnce(&mut Env<'_>) -> T) -> T {
    let now = host.clock().now().unwrap_or(Timestamp::from_unix(0));
    at(host, now, step)
}

fn at<T>(host: &dyn Host, now: Timestamp, step: impl FnOnce(&mut Env<'_>) -> T) -> T {
    let mut rng = host.rng();
    step(&mut Env { now, uptime: host.clock().uptime(), rng: &mut *rng })
}
