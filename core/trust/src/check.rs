use alloc::string::String;

use rid_wire::{Code, Timestamp};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done and failed.
    Failed,
    /// It was not done: not asked for here, or a needed input is missing (then `reason` names it).
    NotDone,
    /// It was done and holds.
    Passed,
    /// It was tried and could not be decided (no network, no list).
    Unknown,
}

/// One named check of a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The name of the check.
    pub code: Code,
    /// How it ended.
    pub outcome: Outcome,
    /// The named error or warning; `None` for a plain pass.
    pub reason: Option<Code>,
    /// The time the check refers to, where it refers to one.
    pub as_of: Option<Timestamp>,
    /// The part of the message that the reason is about, as a path of the standard's names (spec/errors.md), where it is known.
    pub place: Option<String>,
}

impl Check {
    /// A plain pass.
    #[must_use]
    pub const fn passed(code: Code) -> Self {
        Self { code, outcome: Outcome::Passed, reason: None, as_of: None, place: None }
    }

    /// A failure with its named error.
    #[must_use]
    pub const fn failed(code: Code, reason: Code) -> Self {
        Self { code, outcome: Outcome::Failed, reason: Some(reason), as_of: None, place: None }
    }

    /// Not done, and why if an input was missing.
    #[must_use]
    pub const fn not_done(code: Code, reason: Option<Code>) -> Self {
        Self { code, outcome: Outcome::NotDone, reason, as_of: None, place: None }
    }

    /// The same check with the part of the message that its reason is about.
    #[must_use]
    pub fn with_place(mut self, place: Option<String>) -> Self {
        self.place = place;
        self
    }

    /// It could not be decided, and why.
    #[must_use]
    pub const fn unknown(code: Code, reason: Code) -> Self {
        Self { code, outcome: Outcome::Unknown, reason: Some(reason), as_of: None, place: None }
    }

    /// A pass with a warning.
    #[must_use]
    pub const fn passed_with(code: Code, warning: Code) -> Self {
        Self { code, outcome: Outcome::Passed, reason: Some(warning), as_of: None, place: None }
    }

    /// The same check with the time it refers to.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.as_of = Some(time);
        self
    }
}
