//! Points in time and calendar days, as text and as numbers.
use alloc::{format, string::String};
use core::fmt;

/// The text is not a time in the expected form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time_invalid")]
pub struct TimeError;

/// A point in time: seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Makes a time of Unix seconds.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Unix seconds.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// Parses a `tdate` of ISO 18013-5 (RFC 3339, UTC as `Z`, upper case). The flag is true if a fraction of a second
    /// was given; it is truncated. Zones other than `Z` (neg-B10) and leap second 60 are refused.
    ///
    /// # Errors
    /// [`TimeError`].
    pub fn parse_tdate(text: &str) -> Result<(Self, bool), TimeError> {
        let mut text = Text(text.as_bytes());
        let local = text.local_time(b"T")?;
        let fraction = text.fraction()?;
        text.one_of(b"Z")?;
        text.end()?;
        Ok((local, fraction))
    }

    /// Parses any RFC 3339 date-time, with any zone; for command lines. A fraction is truncated; leap second 60 is
    /// refused.
    ///
    /// # Errors
    /// [`TimeError`].
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        let mut text = Text(text.as_bytes());
        let local = text.local_time(b"Tt")?;
        text.fraction()?;
        let ahead = match text.one_of(b"Zz+-")? {
            b'+' => text.zone()?,
            b'-' => text.zone()?.saturating_neg(),
            _ => 0,
        };
        text.end()?;
        let time = local.plus_seconds(ahead.saturating_neg());
        if time == time.shown() { Ok(time) } else { Err(TimeError) }
    }

    /// Formats as `YYYY-MM-DDTHH:MM:SSZ`. A time outside the years 0000 to 9999 becomes the nearest one inside.
    #[must_use]
    pub fn to_tdate(self) -> String {
        let shown = self.shown();
        let second = shown.0.rem_euclid(DAY);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        format!("{}T{hour:02}:{minute:02}:{:02}Z", shown.date(), second % 60)
    }

    /// The start (00:00:00Z) of the same day.
    #[must_use]
    pub fn day_start(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(DAY)))
    }

    /// Adds seconds, which may be negative; saturates.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Adds whole days, which may be negative; saturates.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(86_400)))
    }

    /// The day in UTC, clamped to the years 0000 to 9999 as in [`Self::to_tdate`].
    #[must_use]
    pub fn date(self) -> FullDate {
        FullDate::from_days(self.shown().0.div_euclid(DAY).saturating_add(EPOCH))
    }

    /// The nearest time within the years 0000 to 9999.
    fn shown(self) -> Self {
        Self(self.0.clamp(FIRST, LAST))
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
    /// Makes a day that exists in the calendar.
    ///
    /// # Errors
    /// [`TimeError`].
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, TimeError> {
        let real = year <= 9_999 && (1..=month_days(year, month)).contains(&day);
        if real { Ok(Self { year, month, day }) } else { Err(TimeError) }
    }

    /// Parses `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`TimeError`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let mut text = Text(text.as_bytes());
        let date = text.date()?;
        text.end()?;
        Ok(date)
    }

    /// The year, month and day.
    #[must_use]
    pub const fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// The start (00:00:00Z) of the day.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp(self.days().saturating_sub(EPOCH).saturating_mul(DAY))
    }

    /// Whole years from this day to `on`. A year is complete on the birthday itself.
    #[must_use]
    pub fn years_until(self, on: Self) -> i32 {
        let passed = i32::from((on.month, on.day) >= (self.month, self.day));
        i32::from(on.year).saturating_sub(self.year.into()).saturating_add(passed).saturating_sub(1)
    }

    /// Days since 0000-01-01.
    fn days(self) -> i64 {
        let months = (1..self.month).map(|month| i64::from(month_days(self.year, month)));
        months.fold(year_days(self.year), i64::saturating_add).saturating_add(self.day.into()).saturating_sub(1)
    }

    /// The day this many days after 0000-01-01; `days` must be in the years 0000 to 9999.
    fn from_days(days: i64) -> Self {
        // 400 years have 146,097 days. In the first days of a year the quotient can be off by one year either way.
        let mut year = u16::try_from(days.saturating_mul(400) / 146_097).unwrap_or(0);
        if year_days(year) > days {
            year = year.saturating_sub(1);
        } else if year_days(year.saturating_add(1)) <= days {
            year = year.saturating_add(1);
        }
        let mut left = days.saturating_sub(year_days(year));
        let mut month = 1_u8;
        while left >= i64::from(month_days(year, month)) && month < 12 {
            left = left.saturating_sub(month_days(year, month).into());
            month = month.saturating_add(1);
        }
        Self { year, month, day: u8::try_from(left.saturating_add(1)).unwrap_or(1) }
    }
}

impl fmt::Display for FullDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Days from 0000-01-01 to 1970-01-01.
const EPOCH: i64 = 719_528;

const DAY: i64 = 86_400;

const FIRST: i64 = -62_167_219_200;

const LAST: i64 = 253_402_300_799;

/// Days from 0000-01-01 to the first day of `year`.
fn year_days(year: u16) -> i64 {
    let year = i64::from(year);
    // Leap years before `year`; 0000 is one.
    let leaps = (year.saturating_add(3) / 4)
        .saturating_sub(year.saturating_add(99) / 100)
        .saturating_add(year.saturating_add(399) / 400);
    year.saturating_mul(365).saturating_add(leaps)
}

/// Days of a month; 0 if the month does not exist.
const fn month_days(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// The rest of a text.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn one_of(&mut self, wanted: &[u8]) -> Result<u8, TimeError> {
        let (first, rest) = self.0.split_first().ok_or(TimeError)?;
        if !wanted.contains(first) {
            return Err(TimeError);
        }
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self, digits: u8) -> Result<u16, TimeError> {
        let mut number = 0_u16;
        for _ in 0..digits {
            let digit = self.one_of(b"0123456789")?.saturating_sub(b'0');
            number = number.saturating_mul(10).saturating_add(digit.into());
        }
        Ok(number)
    }

    fn pair(&mut self, max: u16) -> Result<i64, TimeError> {
        let number = self.number(2)?;
        if number <= max { Ok(number.into()) } else { Err(TimeError) }
    }

    fn date(&mut self) -> Result<FullDate, TimeError> {
        let year = self.number(4)?;
        self.one_of(b"-")?;
        let month = self.number(2)?;
        self.one_of(b"-")?;
        let day = self.number(2)?;
        FullDate::new(year, u8::try_from(month).map_err(|_| TimeError)?, u8::try_from(day).map_err(|_| TimeError)?)
    }

    /// Reads date and time as if in UTC.
    fn local_time(&mut self, between: &[u8]) -> Result<Timestamp, TimeError> {
        let date = self.date()?;
        self.one_of(between)?;
        let minutes = self.hour_and_minute()?;
        self.one_of(b":")?;
        let seconds = self.pair(59)?;
        Ok(date.start().plus_seconds(minutes.saturating_mul(60)).plus_seconds(seconds))
    }

    fn hour_and_minute(&mut self) -> Result<i64, TimeError> {
        let hour = self.pair(23)?;
        self.one_of(b":")?;
        Ok(hour.saturating_mul(60).saturating_add(self.pair(59)?))
    }

    /// Reads an optional fraction of a second.
    fn fraction(&mut self) -> Result<bool, TimeError> {
        let Some(digits) = self.0.strip_prefix(b".") else { return Ok(false) };
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.0 = digits.get(length..).ok_or(TimeError)?;
        if length > 0 { Ok(true) } else { Err(TimeError) }
    }

    /// Reads a numeric zone after its sign, in seconds.
    fn zone(&mut self) -> Result<i64, TimeError> {
        Ok(self.hour_and_minute()?.saturating_mul(60))
    }

    fn end(&self) -> Result<(), TimeError> {
        if self.0.is_empty() { Ok(()) } else { Err(TimeError) }
    }
}
