//! Prints, checks and deletes entries of the history.
use serde_json::{Value, json};

use super::{Opened, say};
use crate::{
    failure::{EXIT_UNSOUND, Failure},
    terminal, wallet,
};

pub(super) fn history(opened: &Opened, json: bool) -> Result<u8, Failure> {
    let rows = pollster::block_on(opened.0.history(0, u32::MAX))?;
    say(
        json,
        || rows.iter().map(wallet::history_json).collect::<Value>(),
        || match rows.is_empty() {
            true => "Nothing happened yet.\n".into(),
            false => rows.iter().map(wallet::history_line).collect(),
        },
    )
    .map(|()| 0)
}

/// Walks the chain of this store.
pub(super) fn verify(opened: &Opened, json: bool) -> Result<u8, Failure> {
    let check = pollster::block_on(opened.0.check_history())?;
    let verdict = if check.whole { "accepted" } else { "broken" };
    say(
        json,
        || json!({"verdict": verdict, "rows": check.rows, "whole": check.whole, "firstBroken": check.first_broken}),
        || match check.first_broken {
            None => format!("VERDICT: accepted\n{} rows, each where it was written\n", check.rows),
            Some(seq) => format!(
                "VERDICT: broken\nthe first place that does not check: {seq}; the {} rows before it stand\n",
                check.rows
            ),
        },
    )?;
    Ok(if check.whole { 0 } else { EXIT_UNSOUND })
}

pub(super) fn delete(opened: &Opened, seq: u64, yes: bool, json: bool) -> Result<u8, Failure> {
    let question = format!("Delete what row {seq} of the history says? This cannot be undone.");
    if !yes && !terminal::confirmed(&question)? {
        return Err(Failure::usage("not deleted"));
    }
    pollster::block_on(opened.0.delete_history(seq))?;
    say(json, || json!({"deleted": seq}), || format!("deleted: {seq}; that there was a row stays to be seen\n"))
        .map(|()| 0)
}
