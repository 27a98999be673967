//! Time in tests.
use rid_flow::{
    Uptime,
    ports::{Clock, ClockError},
};
use rid_wire::Timestamp;

/// The time 2026-06-15T12:00:00Z, at which the certificates of most tests are valid.
pub const NOON: Timestamp = Timestamp::from_unix(1_781_524_800);

/// Reads a time such as `2026-06-15T12:00:00Z`.
#[must_use]
#[track_caller]
pub fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// A clock that always gives the same time, one second after boot. Use [`rid_flow::fake::FakeClock`] where time must
/// pass.
#[derive(Clone, Copy, Debug)]
pub struct StoppedClock(pub Timestamp);

impl Clock for StoppedClock {
    fn now(&self) -> Result<Timestamp, ClockError> {
        Ok(self.0)
    }

    fn uptime(&self) -> Uptime {
        Uptime::from_millis(1_000)
    }
}
