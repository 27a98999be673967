//! The clock tolerance of time checks.
use crate::Timestamp;

/// The largest lead of a time set by another clock over the time of a check, in seconds.
///
/// It applies to `signed`, validFrom and notBefore, never to the end of a validity period. The default is 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTolerance(u32);

impl ClockTolerance {
    /// A tolerance of this many seconds. Zero accepts no time ahead of the check.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// Returns true if `time` is ahead of `at` by more than the tolerance.
    #[must_use]
    pub fn is_ahead(self, time: Timestamp, at: Timestamp) -> bool {
        time > at.plus_seconds(self.0.into())
    }
}

impl Default for ClockTolerance {
    fn default() -> Self {
        Self(60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neg_f35_tolerance_is_inclusive_and_saturates() {
        let at = Timestamp::from_unix(1_000);
        assert!(!ClockTolerance::default().is_ahead(Timestamp::from_unix(1_060), at));
        assert!(ClockTolerance::default().is_ahead(Timestamp::from_unix(1_061), at));
        assert!(ClockTolerance::seconds(0).is_ahead(Timestamp::from_unix(1_001), at));
        let last = Timestamp::from_unix(i64::MAX);
        assert!(!ClockTolerance::seconds(u32::MAX).is_ahead(last, last));
    }
}
