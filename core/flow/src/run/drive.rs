//! Runs a flow up to a pause or its end.
use alloc::boxed::Box;

use rid_crypto::CryptoRng;

use super::{Ports, patience::Patience, perform};
use crate::{Effect, Env, Flow, Reply, Step, ports::ClockError};

/// Where a driven flow came to rest.
pub enum Driven<P, T> {
    /// The end.
    Done(T),
    /// A person is asked.
    Pause(P),
}

/// How long a port may take, a person's finger included. A flow that asked for more is told [`Reply::TimedOut`]
/// (neg-C36).
const PORT_SECONDS: u64 = 300;

/// Runs a flow until it pauses for a person or ends. `make_rng` gives a fresh handle at each step: no randomness is
/// held over an await.
///
/// A clock that fails before a step ends the drive with the flow's own error for it, after the flow was told
/// (neg-M07). The answer of a port is never lost to the clock: if it fails only then, the flow takes the answer at
/// the time of its step, and the next step ends the drive. The flow may be driven again when the clock works.
///
/// # Errors
/// The flow's own.
pub async fn drive<F: Flow>(
    flow: &mut F,
    ports: &Ports<'_>,
    make_rng: &(dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync),
) -> Result<Driven<F::Pause, F::Done>, F::Error>
where
    F::Error: From<ClockError>,
{
    let mut patience = Patience::new(&*ports.clock, &*ports.timer, PORT_SECONDS);
    loop {
        let (step, stepped) = {
            let mut rng = make_rng();
            let uptime = ports.clock.uptime();
            match ports.clock.now() {
                Ok(now) => (flow.step(&mut Env { now, uptime, rng: &mut *rng })?, now),
                Err(error) => {
                    let now = rid_wire::Timestamp::from_unix(0);
                    flow.reply(Reply::ClockFailed(error), &mut Env { now, uptime, rng: &mut *rng })?;
                    return Err(error.into());
                }
            }
        };
        let reply = match step {
            Step::Done(done) => return Ok(Driven::Done(done)),
            Step::Pause(pause) => return Ok(Driven::Pause(pause)),
            // A sleep has an end of its own.
            Step::Io(effect @ Effect::SleepUntil(_)) => perform(effect, ports).await,
            Step::Io(effect) => patience.within(perform(effect, ports)).await.unwrap_or(Reply::TimedOut),
        };
        let mut rng = make_rng();
        let now = ports.clock.now().unwrap_or(stepped);
        flow.reply(reply, &mut Env { now, uptime: ports.clock.uptime(), rng: &mut *rng })?;
    }
}

#[cfg(test)]
mod tests;
