//! The text patterns of the profile file.
use alloc::vec::Vec;

/// Most steps of one pattern, so that matching stays cheap.
const MOST_STEPS: usize = 16;

/// A text pattern of the profile file: letters and `[sets]` with ranges, each once, `{n}` or `{m,n}` times. It must
/// match the whole text.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    ranges: Vec<(char, char)>,
    least: usize,
    most: usize,
}

impl Pattern {
    /// Returns `None` if the text is not such a pattern.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut steps = Vec::new();
        while let Some(first) = rest.chars().next() {
            let ranges = match first {
                '[' => {
                    let (set, after) = rest.strip_prefix('[')?.split_once(']')?;
                    rest = after;
                    ranges(set)?
                }
                ']' | '{' | '}' => return None,
                letter => {
                    rest = rest.strip_prefix(letter)?;
                    [(letter, letter)].into()
                }
            };
            let (least, most) = match rest.strip_prefix('{') {
                Some(open) => {
                    let (times, after) = open.split_once('}')?;
                    rest = after;
                    counts(times)?
                }
                None => (1, 1),
            };
            steps.push(Step { ranges, least, most });
        }
        (!steps.is_empty() && steps.len() <= MOST_STEPS).then_some(Self { steps })
    }

    /// Returns true if the whole text matches.
    pub(crate) fn fits(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        fits(&self.steps, &letters)
    }
}

fn fits(steps: &[Step], letters: &[char]) -> bool {
    let Some((step, later)) = steps.split_first() else { return letters.is_empty() };
    let run = letters.iter().take(step.most).take_while(|letter| step.takes(**letter)).count();
    (step.least..=run).rev().any(|taken| letters.get(taken..).is_some_and(|rest| fits(later, rest)))
}

impl Step {
    fn takes(&self, letter: char) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&letter))
    }
}

/// Reads a set such as `A-Za-z' -`. A hyphen at the end is literal.
fn ranges(set: &str) -> Option<Vec<(char, char)>> {
    let mut letters = set.chars().peekable();
    let mut ranges = Vec::new();
    while let Some(first) = letters.next() {
        let mut last = first;
        if letters.peek() == Some(&'-') {
            let hyphen = letters.next()?;
            match letters.next() {
                Some(end) => last = end,
                None => ranges.push((hyphen, hyphen)),
            }
        }
        if last < first {
            return None;
        }
        ranges.push((first, last));
    }
    (!ranges.is_empty()).then_some(ranges)
}

fn counts(times: &str) -> Option<(usize, usize)> {
    let number = |text: &str| text.parse::<usize>().ok();
    let (least, most) = match times.split_once(',') {
        Some((least, most)) => (number(least)?, number(most)?),
        None => (number(times)?, number(times)?),
    };
    (least <= most && most > 0).then_some((least, most))
}
