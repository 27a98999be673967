//! The system's clocks. The one for deadlines counts the time that the device sleeps.
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rid_flow::{
    Uptime,
    ports::{Clock, ClockError, Timer},
};
use rid_wire::Timestamp;

/// The system's clocks. [`Uptime`] is the time since boot, including sleep: a deadline passes in a pocket too.
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

/// `CLOCK_BOOTTIME`; `CLOCK_MONOTONIC` stands still while Linux and Android sleep.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> Duration {
    use rustix::time::{ClockId, DynamicClockId, clock_gettime, clock_gettime_dynamic};
    // Kernels without it are older than every Android that has a Keystore.
    let time = clock_gettime_dynamic(DynamicClockId::Boottime).unwrap_or_else(|_| clock_gettime(ClockId::Monotonic));
    Duration::try_from(time).unwrap_or_default()
}

/// Apple's `CLOCK_MONOTONIC` goes on while the system sleeps; `std::time::Instant` there does not.
#[cfg(target_vendor = "apple")]
fn since_boot() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
}

/// Windows counts sleep in its `Instant`. Elsewhere it is the best there is.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn since_boot() -> Duration {
    static ZERO: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "the shell implements the Clock port over it")]
    let now = std::time::Instant::now();
    now.saturating_duration_since(*ZERO.get_or_init(|| now))
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
        Uptime::from_millis(u64::try_from(since_boot().as_millis()).unwrap_or(u64::MAX))
    }
}

/// Sleeps on a thread of its own for each call: calls are few.
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
        let (waker, slept) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            loop {
                let left = until.millis().saturating_sub(SystemClock::new().uptime().millis());
                // A sleep that was given up needs no thread.
                if left == 0 || waker.is_closed() {
                    break;
                }
                // A thread's sleep stands still while the device sleeps: look at the clock again after a second.
                std::thread::sleep(Duration::from_millis(left.min(1_000)));
            }
            // When this fails, the caller no longer waits.
            let _ = waker.send(());
        });
        let _ = slept.await;
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds since boot including sleep, as the kernel says.
    fn kernel() -> f64 {
        let text = std::fs::read_to_string("/proc/uptime").unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }

    #[test]
    fn uptime_is_the_time_since_boot() {
        let (before, uptime, after) = (kernel(), SystemClock::new().uptime().millis(), kernel());
        let seconds = uptime as f64 / 1000.0;
        assert!((before - 0.02..=after + 0.02).contains(&seconds), "{before} {seconds} {after}");
    }

    /// In a time namespace whose boot clock is ahead of its monotonic clock, as after a sleep of that length.
    #[test]
    fn neg_c40_time_asleep_counts() {
        let namespace = ["--map-root-user", "--time", "--boottime", "1000000", "--fork"];
        let works = std::process::Command::new("unshare").args(namespace).arg("true").output();
        if !works.is_ok_and(|output| output.status.success()) {
            eprintln!("NOT RUN: no time namespace can be made here");
            return;
        }
        let test = std::env::current_exe().unwrap();
        let inside = ["--exact", "clock::tests::uptime_is_the_time_since_boot"];
        let run = std::process::Command::new("unshare").args(namespace).arg(test).args(inside).output().unwrap();
        let text = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && text.contains("1 passed"), "{text}");
    }
}
