use alloc::string::String;
use core::fmt;

/// Not a time of the form asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time_invalid")]
pub struct TimeError;

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From Unix seconds.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Unix seconds.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// A `tdate` of ISO 18013-5 (RFC 3339, UTC as `Z`, upper case). The flag says that a fraction of a second was given
    /// (and cut off); zones other than `Z` are refused (neg-B10). Leap second 60 is refused.
    ///
    /// # Errors
    /// [`TimeError`].
    pub fn parse_tdate(text: &str) -> Result<(Self, bool), TimeError> {
        todo!()
    }

    /// Any RFC 3339 date-time, with a numeric zone too; for command lines.
    ///
    /// # Errors
    /// [`TimeError`].
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        todo!()
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`.
    #[must_use]
    pub fn to_tdate(self) -> String {
        todo!()
    }

    /// 00:00:00Z of the same day.
    #[must_use]
    pub fn day_start(self) -> Self {
        todo!()
    }

    /// Later by `seconds` (earlier if negative), saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Later by whole days, saturating.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(86_400)))
    }

    /// The day in UTC.
    #[must_use]
    pub fn date(self) -> FullDate {
        todo!()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_tdate())
    }
}

/// A calendar day (RFC 3339 `full-date`), year 0000 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FullDate {
    year: u16,
    month: u8,
    day: u8,
}

impl FullDate {
    /// Checks the calendar.
    ///
    /// # Errors
    /// [`TimeError`].
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, TimeError> {
        todo!()
    }

    /// `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`TimeError`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        todo!()
    }

    /// Year, month, day.
    #[must_use]
    pub const fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// 00:00:00Z of the day.
    #[must_use]
    pub fn start(self) -> Timestamp {
        todo!()
    }

    /// Whole years from this day to `on` (birthdays counted on the day).
    #[must_use]
    pub fn years_until(self, on: Self) -> i32 {
        todo!()
    }
}

impl fmt::Display for FullDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
