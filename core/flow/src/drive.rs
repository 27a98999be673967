use alloc::boxed::Box;
use alloc::sync::Arc;
use async_trait::async_trait;

use rid_crypto::CryptoRng;

use crate::{
    Changes, Committed, Effect, Env, Flow, Reply, Step,
    ports::{Clock, ClockError, Http, HttpError, SecureArea, StorageError, Timer},
};

/// Where a driven flow came to rest.
pub enum Driven<P, T> {
    /// The end.
    Done(T),
    /// A person is asked.
    Pause(P),
}

/// Takes [`Effect::Commit`]; the vault implements it over the Storage port.
#[async_trait]
pub trait Store: Send + Sync {
    /// One durable step.
    ///
    /// # Errors
    /// [`StorageError`]; then nothing was written.
    async fn commit(&self, changes: Changes) -> Result<Committed, StorageError>;
}

/// The ports a flow is driven with.
pub struct Ports<'a> {
    /// Keys.
    pub secure_area: Arc<dyn SecureArea>,
    /// Durable changes.
    pub committer: &'a dyn Store,
    /// Network; `None` where there is none (then every fetch is `Offline`).
    pub http: Option<Arc<dyn Http>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Sleep.
    pub timer: Arc<dyn Timer>,
}

/// Runs a flow until it pauses for a person or ends. `make_rng` gives a fresh handle at each step: no randomness is held over
/// an await.
///
/// A clock that fails before a step ends the drive with the flow's own error for it, after the flow was told (neg-M07). The
/// answer of a port is never lost to the clock: if it fails only then, the flow takes the answer at the time of its step, and
/// the next step ends the drive. The flow may be driven again when the clock works.
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
            Step::Io(effect) => run(effect, ports).await,
        };
        let mut rng = make_rng();
        let now = ports.clock.now().unwrap_or(stepped);
        flow.reply(reply, &mut Env { now, uptime: ports.clock.uptime(), rng: &mut *rng })?;
    }
}

async fn run(effect: Effect, ports: &Ports<'_>) -> Reply {
    match effect {
        Effect::Agree(r) => Reply::Agreed(ports.secure_area.agree(r.key, r.peer, r.prompt).await),
        Effect::Commit(changes) => Reply::Committed(ports.committer.commit(changes).await),
        Effect::CreateKeys(r) => Reply::KeysCreated(ports.secure_area.create_keys(r.count, r.spec).await),
        Effect::DeleteKeys(keys) => {
            for key in keys {
                if let Err(error) = ports.secure_area.delete(key).await {
                    return Reply::KeysDeleted(Err(error));
                }
            }
            Reply::KeysDeleted(Ok(()))
        }
        Effect::Derive(r) => Reply::Derived(ports.secure_area.derive(r.key, r.input, r.prompt).await),
        Effect::Http(request) => Reply::Fetched(match &ports.http {
            Some(http) => http.send(request).await,
            None => Err(HttpError::Offline),
        }),
        Effect::Sign(r) => Reply::Signed(ports.secure_area.sign(r.key, r.message, r.prompt).await),
        Effect::SleepUntil(until) => {
            ports.timer.sleep_until(until).await;
            Reply::Slept
        }
    }
}

#[cfg(test)]
mod tests;
