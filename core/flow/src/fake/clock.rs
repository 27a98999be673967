//! A clock and a timer that tests move.
use alloc::{boxed::Box, sync::Arc};
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst};

use async_trait::async_trait;
use rid_wire::Timestamp;

use crate::{
    Uptime,
    ports::{Clock, ClockError, Timer},
};

/// A clock that stands still until it is moved. Clones are the same clock.
#[derive(Clone)]
pub struct FakeClock(Arc<Hands>);

struct Hands {
    wall: AtomicI64,
    uptime: AtomicU64,
    broken: AtomicBool,
    readings: AtomicU64,
}

impl FakeClock {
    /// A clock at this moment, one hour after boot.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Hands {
            wall: AtomicI64::new(now.unix()),
            uptime: AtomicU64::new(3_600_000),
            broken: AtomicBool::new(false),
            readings: AtomicU64::new(0),
        }))
    }

    /// Moves the wall clock alone, forwards or backwards (neg-K19).
    pub fn jump(&self, now: Timestamp) {
        self.0.wall.store(now.unix(), SeqCst);
    }

    /// Time passes on both clocks.
    pub fn pass_millis(&self, millis: u64) {
        let before = self.0.uptime.fetch_add(millis, SeqCst);
        let seconds = before.saturating_add(millis) / 1000 - before / 1000;
        self.0.wall.fetch_add(i64::try_from(seconds).unwrap_or(i64::MAX), SeqCst);
    }

    /// From now on the wall clock fails, or works again (neg-M07).
    pub fn break_down(&self, broken: bool) {
        self.0.broken.store(broken, SeqCst);
    }

    /// How often the wall clock was read.
    #[must_use]
    pub fn readings(&self) -> u64 {
        self.0.readings.load(SeqCst)
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Result<Timestamp, ClockError> {
        self.0.readings.fetch_add(1, SeqCst);
        if self.0.broken.load(SeqCst) {
            return Err(ClockError);
        }
        Ok(Timestamp::from_unix(self.0.wall.load(SeqCst)))
    }

    fn uptime(&self) -> Uptime {
        Uptime::from_millis(self.0.uptime.load(SeqCst))
    }
}

/// A timer that does not wait: the time asked for passes at once on its clock.
#[derive(Clone)]
pub struct FakeTimer(FakeClock);

impl FakeTimer {
    /// A timer of this clock.
    #[must_use]
    pub fn new(clock: &FakeClock) -> Self {
        Self(clock.clone())
    }
}

#[async_trait]
impl Timer for FakeTimer {
    async fn sleep_until(&self, until: Uptime) {
        self.0.pass_millis(until.millis().saturating_sub(self.0.uptime().millis()));
    }
}
