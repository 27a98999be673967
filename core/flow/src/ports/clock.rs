//! The ports of time.
use alloc::boxed::Box;

use async_trait::async_trait;
use rid_wire::Timestamp;

use crate::Uptime;

/// The clock failed or answered nonsense (neg-M07: `clock`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("clock")]
pub struct ClockError;

/// Wall and monotonic time; only the driver calls it.
pub trait Clock: Send + Sync {
    /// Wall clock.
    ///
    /// # Errors
    /// [`ClockError`].
    fn now(&self) -> Result<Timestamp, ClockError>;

    /// Monotonic clock.
    fn uptime(&self) -> Uptime;
}

/// Sleeping.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Returns at or after `until`.
    async fn sleep_until(&self, until: Uptime);
}
