//! The table of what was withstood.
use std::{
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{check, tally::Tally};

/// The table, and the last line of `cargo xtask`'s stages.
#[derive(Default)]
pub(crate) struct Report {
    passed: AtomicU64,
    failed: AtomicU64,
    skipped: AtomicU64,
    line: Mutex<()>,
}

impl Report {
    pub(crate) fn begin() -> Self {
        println!(
            "{:<14} {:>8} {:>9} {:>9} {:>8} {:>6} {:>12} {:>6}",
            "fault", "count", "survived", "detected", "earlier", "lost", "double-used", "wrong"
        );
        Self::default()
    }

    /// Does the work of a kind and says what came of it; `Err` says why it could not be done.
    pub(crate) fn line(&self, name: &str, work: impl FnOnce() -> Result<Tally, String>) {
        let begun = check::begin();
        let done = work();
        let _line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = match done {
            Ok(tally) => tally,
            Err(why) => {
                println!("skipped: {name}: {why}");
                self.skipped.fetch_add(1, Ordering::AcqRel);
                return;
            }
        };
        println!(
            "{name:<14} {:>8} {:>9} {:>9} {:>8} {:>6} {:>12} {:>6}   {} s",
            tally.all(),
            tally.survived,
            tally.detected,
            tally.earlier,
            tally.lost,
            tally.double_used,
            tally.wrong,
            begun.elapsed().as_secs()
        );
        for example in &tally.examples {
            println!("  {example}");
        }
        let whole = tally.broken() == 0 && tally.all() > 0;
        (if whole { &self.passed } else { &self.failed }).fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn end(&self) -> ExitCode {
        let count = |number: &AtomicU64| number.load(Ordering::Acquire);
        let failed = count(&self.failed);
        println!("{} passed, {failed} failed, {} skipped", count(&self.passed), count(&self.skipped));
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
