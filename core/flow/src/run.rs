//! The runner: the one place where machines meet ports.
//!
//! [`perform`] gives an effect to its port. [`drive`] runs a [`Flow`](crate::Flow) up to a pause or its end.
//! [`SessionRunner`] and [`FlowRunner`] are the objects behind the facades: one call at a time, interrupted from any
//! thread, and nothing lost when a call is dropped. An effect whose answer was lost is performed again where that
//! changes nothing; for any other the machine is told [`Reply::Unknown`].
mod drive;
#[cfg(feature = "run")]
mod flow;
mod gate;
#[cfg(feature = "run")]
mod host;
mod patience;
#[cfg(feature = "run")]
mod session;
#[cfg(feature = "run")]
mod standing;

use alloc::sync::Arc;

pub use drive::{Driven, drive};
#[cfg(feature = "run")]
pub use flow::{FlowError, FlowHost, FlowRunner};
pub use gate::{CallGate, CallGuard, GateError};
#[cfg(feature = "run")]
pub use host::{Host, RunError, SessionHost};
pub use patience::Patience;
#[cfg(feature = "run")]
pub use session::SessionRunner;
#[cfg(feature = "run")]
pub use standing::Current;

use crate::{
    Effect, Reply, Store,
    ports::{Clock, Http, HttpError, SecureArea, Timer},
};

/// The ports that machines are run with.
pub struct Ports<'a> {
    /// Keys.
    pub secure_area: Arc<dyn SecureArea>,
    /// Durable changes.
    pub store: &'a dyn Store,
    /// Network; `None` where there is none (then every request is answered by `Offline`).
    pub http: Option<Arc<dyn Http>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Sleep.
    pub timer: Arc<dyn Timer>,
}

/// Gives an effect to its port and awaits the answer.
pub async fn perform(effect: Effect, ports: &Ports<'_>) -> Reply {
    match effect {
        Effect::Agree(r) => Reply::Agreed(ports.secure_area.agree(r.key, r.peer, r.prompt).await),
        Effect::Commit(changes) => Reply::Committed(ports.store.commit(changes).await),
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
        Effect::Lookup(lookup) => Reply::Found(ports.store.lookup(lookup).await),
        Effect::Sign(r) => Reply::Signed(ports.secure_area.sign(r.key, r.message, r.prompt).await),
        Effect::SleepUntil(until) => {
            ports.timer.sleep_until(until).await;
            Reply::Slept
        }
    }
}
