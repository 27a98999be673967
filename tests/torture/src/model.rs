//! What the outside knows of a store: the harness's own account, by what was acknowledged over a pipe.
use std::collections::{BTreeMap, BTreeSet};

use rid_flow::HistoryOutcome;

/// The account.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Model {
    /// Copies left of each credential.
    pub(crate) credentials: BTreeMap<String, u32>,
    /// Outcome of each event, by a letter.
    pub(crate) history: BTreeMap<String, char>,
    /// Small records.
    pub(crate) records: BTreeMap<String, String>,
}

/// One operation, as it is said over the pipe: `use c1 0f..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Add { id: String, copies: u32 },
    Use { id: String, event: String },
    End { event: String },
    Delete { id: String, event: String },
    Put { name: String, value: String },
    Take { name: String },
}

pub(crate) const fn letter(outcome: HistoryOutcome) -> char {
    match outcome {
        HistoryOutcome::Failed => 'x',
        HistoryOutcome::Finished => 'f',
        HistoryOutcome::Refused => 'r',
        HistoryOutcome::Started => 's',
        HistoryOutcome::UnknownDelivery => 'u',
    }
}

impl Work {
    pub(crate) fn say(&self) -> String {
        match self {
            Self::Add { id, copies } => format!("add {id} {copies}"),
            Self::Use { id, event } => format!("use {id} {event}"),
            Self::End { event } => format!("end {event}"),
            Self::Delete { id, event } => format!("del {id} {event}"),
            Self::Put { name, value } => format!("put {name} {value}"),
            Self::Take { name } => format!("take {name}"),
        }
    }

    pub(crate) fn hear(text: &str) -> Option<Self> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        Some(match words.as_slice() {
            [verb, id, copies] if verb == "add" => Self::Add { id: id.clone(), copies: copies.parse().ok()? },
            [verb, id, event] if verb == "use" => Self::Use { id: id.clone(), event: event.clone() },
            [verb, event] if verb == "end" => Self::End { event: event.clone() },
            [verb, id, event] if verb == "del" => Self::Delete { id: id.clone(), event: event.clone() },
            [verb, name, value] if verb == "put" => Self::Put { name: name.clone(), value: value.clone() },
            [verb, name] if verb == "take" => Self::Take { name: name.clone() },
            _ => return None,
        })
    }
}

impl Model {
    /// The account after an operation; `None` where it cannot have been done.
    pub(crate) fn after(&self, work: &Work) -> Option<Self> {
        let mut next = self.clone();
        match work {
            Work::Add { id, copies } => next.credentials.insert(id.clone(), *copies).is_none().then_some(())?,
            Work::Use { id, event } => {
                let left = next.credentials.get_mut(id)?;
                *left = left.checked_sub(1)?;
                next.history.insert(event.clone(), 's');
            }
            Work::End { event } => *next.history.get_mut(event)? = 'f',
            Work::Delete { id, event } => {
                next.credentials.remove(id)?;
                next.history.insert(event.clone(), 'f');
            }
            Work::Put { name, value } => {
                next.records.insert(name.clone(), value.clone());
            }
            Work::Take { name } => {
                next.records.remove(name)?;
            }
        }
        Some(next)
    }
}

/// All accounts that fit what was said: an operation without an answer, or with an error, may have been done or not.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) possible: BTreeSet<Model>,
    /// Keys of copies handed out and acknowledged: never to be seen again.
    pub(crate) handed: BTreeSet<String>,
    open: Option<Work>,
    /// Operations acknowledged.
    pub(crate) acknowledged: u64,
    /// The store said it was open.
    pub(crate) opened: bool,
    /// Codes of errors that were said.
    pub(crate) errors: Vec<String>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            possible: BTreeSet::from([Model::default()]),
            handed: BTreeSet::new(),
            open: None,
            acknowledged: 0,
            opened: false,
            errors: Vec::new(),
        }
    }
}

impl Account {
    /// One whole line of the child.
    pub(crate) fn hear(&mut self, line: &str) {
        if line == "open" {
            self.opened = true;
        } else if let Some(work) = line.strip_prefix("do ").and_then(Work::hear) {
            self.open = Some(work);
        } else if let Some(keys) = line.strip_prefix("ok") {
            if let Some(work) = self.open.take() {
                self.possible = self.possible.iter().filter_map(|model| model.after(&work)).collect();
                self.acknowledged += 1;
            }
            self.handed.extend(keys.split_whitespace().map(str::to_owned));
        } else if let Some(code) = line.strip_prefix("err ") {
            self.errors.push(code.to_owned());
            self.settle();
        }
    }

    /// What is open may have been done or not.
    pub(crate) fn settle(&mut self) {
        if let Some(work) = self.open.take() {
            let done: Vec<Model> = self.possible.iter().filter_map(|model| model.after(&work)).collect();
            self.possible.extend(done);
        }
    }
}
