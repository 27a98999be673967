//! The table at the end of a run.
use crate::tally::Tally;

/// One row of the table.
pub(crate) struct Row {
    pub(crate) stage: &'static str,
    pub(crate) seconds: u64,
    pub(crate) budget: u64,
    pub(crate) tally: Tally,
}

/// Renders the table. The last line has the sums.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut text = format!("\n{:<9} {:>7} {:>7} {:>7} {:>8}\n", "stage", "seconds", "passed", "failed", "skipped");
    let mut sum = Tally::default();
    for row in rows {
        let mut notes = row.tally.reasons.clone();
        if row.seconds > row.budget {
            notes.push(format!("over its budget of {} s", row.budget));
        }
        let line = format!(
            "{:<9} {:>7} {:>7} {:>7} {:>8}  {}",
            row.stage,
            row.seconds,
            row.tally.passed,
            row.tally.failed,
            row.tally.skipped,
            notes.join("; ")
        );
        text.push_str(line.trim_end());
        text.push('\n');
        sum.add(row.tally.clone());
    }
    text.push_str(&format!("\n{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_with_the_sums_alone() {
        let row = |stage, tally| Row { stage, seconds: 3, budget: 2, tally };
        let text = render(&[
            row("fmt", Tally::passed()),
            row("deny", Tally::skipped("not installed")),
            row("arch", Tally::failed("x")),
        ]);
        assert_eq!(text.lines().last(), Some("1 passed, 1 failed, 1 skipped"));
        assert!(text.contains("skipped: not installed; over its budget of 2 s"));
    }
}
