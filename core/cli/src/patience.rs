//! The total time that a command waits for a peer: `--timeout`.
use std::time::Duration;

use rid_flow::{Uptime, ports::Clock};
use rid_shell::SystemClock;

/// A limit on everything a command waits for. It starts when it is made.
pub(crate) struct Patience {
    clock: SystemClock,
    until: Option<Uptime>,
}

impl Patience {
    /// With `None` only the limits of the session apply.
    pub(crate) fn new(seconds: Option<u32>) -> Self {
        let clock = SystemClock::new();
        let until = seconds.map(|seconds| clock.uptime().plus_seconds(seconds.into()));
        Self { clock, until }
    }

    /// The shorter of `longest` and the time left. `None` means no limit.
    pub(crate) fn at_most(&self, longest: Option<Duration>) -> Option<Duration> {
        let left =
            self.until.map(|until| Duration::from_millis(until.millis().saturating_sub(self.clock.uptime().millis())));
        match (longest, left) {
            (Some(longest), Some(left)) => Some(longest.min(left)),
            (longest, left) => longest.or(left),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| self.clock.uptime() >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_limit_applies() {
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(Patience::new(None).at_most(hour), hour);
        assert_eq!(Patience::new(None).at_most(None), None);
        assert!(!Patience::new(None).is_over());
        let short = Patience::new(Some(60));
        assert!(short.at_most(hour).is_some_and(|left| left <= Duration::from_secs(60)));
        assert!(short.at_most(None).is_some() && !short.is_over());
        assert_eq!(short.at_most(Some(Duration::ZERO)), Some(Duration::ZERO));
        assert!(Patience::new(Some(0)).is_over());
    }
}
