use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rid_flow::{
    Uptime,
    ports::{Clock, ClockError, Timer},
};
use rid_wire::Timestamp;

/// The system's clocks. [`Uptime`] counts from the first clock made in this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock(());

impl SystemClock {
    /// The system's clocks.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl SystemClock {
    /// [`Clock::uptime`] in milliseconds, for a boundary that shows no trait.
    #[must_use]
    pub fn uptime_millis(&self) -> u64 {
        self.uptime().millis()
    }
}

/// The process's zero of monotonic time; the one moment every clock of this process shares.
fn zero() -> Instant {
    static ZERO: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *ZERO.get_or_init(instant)
}

#[expect(clippy::disallowed_methods, reason = "the shell implements the Clock port over it")]
fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the shell implements the Clock port over it")]
fn system_time() -> SystemTime {
    SystemTime::now()
}

impl Clock for SystemClock {
    fn now(&self) -> Result<Timestamp, ClockError> {
        let since = system_time().duration_since(UNIX_EPOCH).map_err(|_| ClockError)?;
        i64::try_from(since.as_secs()).map(Timestamp::from_unix).map_err(|_| ClockError)
    }

    fn uptime(&self) -> Uptime {
        let zero = zero();
        let millis = instant().saturating_duration_since(zero).as_millis();
        // One second ahead of zero: a deadline may be computed backwards without reaching it.
        Uptime::from_millis(u64::try_from(millis).unwrap_or(u64::MAX).saturating_add(1_000))
    }
}

/// Sleeps on a thread of its own for each call: calls are few and minutes long.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemTimer(());

impl SystemTimer {
    /// A timer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

#[async_trait]
impl Timer for SystemTimer {
    async fn sleep_until(&self, until: Uptime) {
        let now = SystemClock::new().uptime();
        let longest = Duration::from_millis(until.millis().saturating_sub(now.millis()));
        let (waker, slept) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            std::thread::sleep(longest);
            // Nobody waits any more when this fails.
            let _ = waker.send(());
        });
        let _ = slept.await;
    }
}
