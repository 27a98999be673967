//! Reads the INDEX and compares it with the folder.
use std::collections::BTreeSet;

use crate::{Outcome, data};

/// The expected result of a vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Accepted,
    NotApplicable,
    Refused(String),
}

/// A line of the INDEX.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The file and, after `#`, a part of it.
    pub(crate) path: String,
    pub(crate) expected: Expected,
    /// The first word of the third field: the way to read the vector.
    pub(crate) kind: String,
    /// The third field.
    pub(crate) why: String,
}

impl Line {
    /// The file without the part.
    pub(crate) fn file(&self) -> &str {
        self.path.split('#').next().unwrap_or(&self.path)
    }
}

/// All lines.
pub(crate) fn read() -> Vec<Line> {
    let text = data::text("INDEX");
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(line).collect()
}

fn line(text: &str) -> Line {
    let [path, expected, why] = text.split('\t').collect::<Vec<_>>()[..] else { panic!("three fields: {text}") };
    let expected = match expected {
        "accepted" => Expected::Accepted,
        "n/a" => Expected::NotApplicable,
        other => Expected::Refused(other.strip_prefix("refused:").expect(text).to_owned()),
    };
    let kind = why.split_once(": ").map_or("", |(kind, _)| kind);
    Line { path: path.to_owned(), expected, kind: kind.to_owned(), why: why.to_owned() }
}

pub(crate) fn names_every_file() -> Outcome {
    let named: BTreeSet<String> = read().iter().map(|line| line.file().to_owned()).collect();
    let unnamed: Vec<String> = data::files().into_iter().filter(|file| !named.contains(file)).collect();
    if unnamed.is_empty() { Ok(()) } else { Err(format!("not in INDEX: {unnamed:?}")) }
}

pub(crate) fn names_nothing_else() -> Outcome {
    let files: BTreeSet<String> = data::files().into_iter().collect();
    let mut seen = BTreeSet::new();
    let wrong: Vec<String> = read()
        .into_iter()
        .filter(|line| !files.contains(line.file()) || !seen.insert(line.path.clone()))
        .map(|line| line.path)
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("no such file, or twice: {wrong:?}")) }
}
