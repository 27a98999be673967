//! The named check of a verdict, and its outcome.
use alloc::string::String;

use rid_wire::{Code, Timestamp};

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The check was done and failed.
    Failed,
    /// The check was not done: it does not apply here, or an input is missing (named in `reason`).
    NotDone,
    /// The check was done and holds.
    Passed,
    /// The check was attempted but could not be decided (no network, no list).
    Unknown,
}

/// A named check of a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The name of the check.
    pub code: Code,
    /// The outcome.
    pub outcome: Outcome,
    /// The named error or warning; `None` for a pass without warning.
    pub reason: Option<Code>,
    /// The time that the check refers to, if any.
    pub as_of: Option<Timestamp>,
    /// The part of the message that the reason is about, if known, as a path of the standard's names (spec/errors.md).
    pub place: Option<String>,
}

impl Check {
    /// A pass without warning.
    #[must_use]
    pub const fn passed(code: Code) -> Self {
        Self { code, outcome: Outcome::Passed, reason: None, as_of: None, place: None }
    }

    /// A failure with its named error.
    #[must_use]
    pub const fn failed(code: Code, reason: Code) -> Self {
        Self { code, outcome: Outcome::Failed, reason: Some(reason), as_of: None, place: None }
    }

    /// A check that was not done, with the reason if an input is missing.
    #[must_use]
    pub const fn not_done(code: Code, reason: Option<Code>) -> Self {
        Self { code, outcome: Outcome::NotDone, reason, as_of: None, place: None }
    }

    /// Adds the part of the message that the reason is about.
    #[must_use]
    pub fn with_place(mut self, place: Option<String>) -> Self {
        self.place = place;
        self
    }

    /// A check that could not be decided, with the reason.
    #[must_use]
    pub const fn unknown(code: Code, reason: Code) -> Self {
        Self { code, outcome: Outcome::Unknown, reason: Some(reason), as_of: None, place: None }
    }

    /// A pass with a warning.
    #[must_use]
    pub const fn passed_with(code: Code, warning: Code) -> Self {
        Self { code, outcome: Outcome::Passed, reason: Some(warning), as_of: None, place: None }
    }

    /// Adds the time that the check refers to.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.as_of = Some(time);
        self
    }
}
