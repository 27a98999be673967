//! A request/response protocol as a machine.
use crate::{Effect, Env, Reply};

/// What a flow wants next.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for one turn of the driver's loop; a box would be one more a step"
)]
pub enum Step<P, T> {
    /// A port's work; answer with [`Flow::reply`].
    Io(Effect),
    /// A person's; answer with [`Flow::answer`]. Repeated until answered.
    Pause(P),
    /// The end. Repeated at every further step.
    Done(T),
}

/// A request/response protocol as a machine (issuance, online presentation, login).
///
/// A failed step leaves the old state, or the state it came from. Dropping the flow cancels it.
pub trait Flow {
    /// What a person is asked.
    type Pause;
    /// What a person answers.
    type Answer;
    /// The result.
    type Done;
    /// Why the flow failed; typed, with a stable code.
    type Error;

    /// Says what is wanted now.
    ///
    /// # Errors
    /// The flow's own.
    fn step(&mut self, env: &mut Env<'_>) -> Result<Step<Self::Pause, Self::Done>, Self::Error>;

    /// Takes the answer of a port to the effect last asked for.
    ///
    /// # Errors
    /// The flow's own; an answer to something not asked is a misuse, by name.
    fn reply(&mut self, reply: Reply, env: &mut Env<'_>) -> Result<(), Self::Error>;

    /// Takes a person's answer to the pause last given.
    ///
    /// # Errors
    /// The flow's own.
    fn answer(&mut self, answer: Self::Answer, env: &mut Env<'_>) -> Result<(), Self::Error>;
}
