//! Counts of one kind of fault.
use crate::check::Verdict;

/// Counts of one kind of fault.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) survived: u64,
    /// Damage that was named instead of read wrongly.
    pub(crate) detected: u64,
    /// A whole earlier moment, of a database or log that was exchanged or cut alone: promised to be seen from 64
    /// commits on.
    pub(crate) earlier: u64,
    pub(crate) lost: u64,
    pub(crate) double_used: u64,
    pub(crate) wrong: u64,
    /// The first few, in words.
    pub(crate) examples: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, verdict: Verdict, place: &str) {
        let words = match verdict {
            Verdict::Survived => {
                self.survived += 1;
                return;
            }
            Verdict::Lost(words) => {
                self.lost += 1;
                words
            }
            Verdict::DoubleUsed(words) => {
                self.double_used += 1;
                words
            }
            Verdict::Wrong(words) => {
                self.wrong += 1;
                words
            }
        };
        if self.examples.len() < 12 {
            self.examples.push(format!("{place}: {words}"));
        }
    }

    pub(crate) const fn all(&self) -> u64 {
        self.survived + self.detected + self.earlier + self.broken()
    }

    pub(crate) const fn broken(&self) -> u64 {
        self.lost + self.double_used + self.wrong
    }
}
