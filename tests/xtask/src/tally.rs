//! Counts of passed, failed and skipped tests.
/// The result of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// The reasons for failures and skips, for the table.
    pub(crate) reasons: Vec<String>,
}

impl Tally {
    pub(crate) fn passed() -> Self {
        Self { passed: 1, ..Self::default() }
    }

    pub(crate) fn failed(reason: &str) -> Self {
        Self { failed: 1, reasons: vec![reason.to_owned()], ..Self::default() }
    }

    pub(crate) fn skipped(reason: &str) -> Self {
        Self { skipped: 1, reasons: vec![format!("skipped: {reason}")], ..Self::default() }
    }

    /// The result of one check.
    pub(crate) fn of(success: bool, reason: &str) -> Self {
        if success { Self::passed() } else { Self::failed(reason) }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.reasons.extend(other.reasons);
    }

    /// Reads one line of a test binary: a result line, or a `skipped: <reason>` that a test printed.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(reason) = line.trim_start().strip_prefix("skipped: ") {
            self.add(Self::skipped(reason));
            return;
        }
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let (Some(number), Some(kind)) = (words.next().and_then(|word| word.parse::<u64>().ok()), words.next())
            else {
                continue;
            };
            match kind {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_result_lines() {
        let mut tally = Tally::default();
        tally.read("test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 7 filtered out; finished in 0.01s");
        tally.read("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        assert_eq!((tally.passed, tally.failed, tally.skipped), (13, 2, 3));
    }

    #[test]
    fn other_lines_are_not_results() {
        let mut tally = Tally::default();
        tally.read("running 3 tests");
        tally.read("test a::b ... ok");
        tally.read("  test result: ok. 9 passed;");
        assert_eq!(tally, Tally::default());
    }

    #[test]
    fn printed_skip_counts_with_its_reason() {
        let mut tally = Tally::default();
        tally.read("skipped: node is not installed");
        assert_eq!(
            (tally.skipped, tally.reasons.as_slice()),
            (1, ["skipped: node is not installed".to_owned()].as_slice())
        );
    }
}
