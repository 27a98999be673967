//! The torture tests of the vault: as a task with any counts, and as a stage with a few of each.
use std::process::{Command, ExitCode};

use crate::{child, packages, tally::Tally};

fn command() -> Command {
    let mut command = child::cargo();
    command.args(["run", "--release", "--locked", "--quiet", "--package", "rid-torture", "--"]);
    command
}

/// `cargo xtask torture [ARGS]`.
pub(crate) fn task(rest: &[String]) -> ExitCode {
    child::passes(command().args(rest))
}

/// Runs a small count of each kind. Each passes, fails, or reports why it cannot run here.
pub(crate) fn stage() -> Tally {
    packages::judged(&mut command(), "cargo xtask torture")
}
