//! Prints a verdict: for people all checks and the elements with their labels, for machines JSON.
mod json;
mod people;
mod request;

use std::io::Write;

use rid_profile::{Locale, Profile};
use rid_verifier::{
    ask::Asked,
    view::{Decision, Verdict},
};
use rid_wire::Code;

use crate::{args::Language, failure::Failure};

pub(crate) use json::{path as path_json, to_json, value as value_json};
pub(crate) use people::printable;
pub(crate) use request::print_request;

/// The languages of the tool.
pub(crate) const LOCALES: [Locale; 3] = [Locale::Az, Locale::En, Locale::Ru];

/// The embedded national profile.
pub(crate) fn profile() -> Result<Profile, Failure> {
    rid_profile::embedded().map_err(|_| Failure::core("profile", Code::new("profile_invalid")))
}

/// The chosen language, or all of them.
pub(crate) fn languages(chosen: Option<Language>) -> Vec<Locale> {
    chosen.map_or_else(|| LOCALES.to_vec(), |language| vec![language.locale()])
}

/// A verdict with its question, and a hint if the input is something else.
pub(crate) struct Report<'a> {
    pub(crate) verdict: &'a Verdict,
    pub(crate) asked: Option<&'a Asked>,
    pub(crate) hint: Option<&'static str>,
    pub(crate) languages: &'a [Locale],
}

impl<'a> Report<'a> {
    /// Reports a verdict without a question.
    pub(crate) const fn of(verdict: &'a Verdict, languages: &'a [Locale]) -> Self {
        Self { verdict, asked: None, hint: None, languages }
    }
}

/// Prints a verdict.
pub(crate) fn print(report: &Report<'_>, json: bool) -> Result<(), Failure> {
    let text = if json { format!("{:#}\n", json::report(report)) } else { people::render(report, &profile()?) };
    write_out(&text)
}

/// Writes to standard output.
pub(crate) fn write_out(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::file(std::path::Path::new("standard output"), error))
}

/// A decision as one word.
pub(crate) const fn decision(verdict: Decision) -> &'static str {
    match verdict {
        Decision::Accepted => "accepted",
        Decision::Refused => "refused",
        Decision::Undecided => "undecided",
    }
}

/// An outcome as one word.
pub(crate) const fn outcome(outcome: rid_trust::Outcome) -> &'static str {
    use rid_trust::Outcome;
    match outcome {
        Outcome::Failed => "failed",
        Outcome::NotDone => "not_done",
        Outcome::Passed => "passed",
        Outcome::Unknown => "unknown",
    }
}

/// The exit code: 0 accepted, 1 refused, 2 undecided.
pub(crate) const fn exit_code(decision: Decision) -> u8 {
    match decision {
        Decision::Accepted => 0,
        Decision::Refused => 1,
        Decision::Undecided => 2,
    }
}
