//! What the outside knows of a store: the harness's own account, by what was acknowledged over a pipe.
use std::collections::{BTreeMap, BTreeSet};

use rid_claims::ReusePolicy;
use rid_flow::HistoryOutcome;

use crate::work::Work;

/// Events of the container that is taken in.
pub(crate) const FOREIGN: [&str; 3] =
    ["f0000000000000000000000000000001", "f0000000000000000000000000000002", "f0000000000000000000000000000003"];
/// The entry of the history that a repair writes; its identifier is drawn inside the vault.
pub(crate) const REPAIR: &str = "repair";
/// A code that was made but not told: the process died over its answer.
pub(crate) const UNKNOWN: &str = "?";

/// The account.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Model {
    /// Copies left of each credential.
    pub(crate) credentials: BTreeMap<String, u32>,
    /// The history in its order: event and a letter for its outcome; `None` where a row was deleted.
    pub(crate) history: Vec<Option<(String, char)>>,
    /// Small records.
    pub(crate) records: BTreeMap<String, String>,
    /// What a container said to ask issuers for again.
    pub(crate) reissue: u32,
    pub(crate) pin: Option<String>,
    pub(crate) biometric: bool,
    pub(crate) code: Option<String>,
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

/// How the copies of a credential are used up, by the first letter of its identifier. A limited one names its number
/// of copies too.
pub(crate) fn reuse(id: &str) -> ReusePolicy {
    match id.as_bytes().first() {
        Some(b'L') => ReusePolicy::Limited { seconds: 3600 },
        Some(b'P') => ReusePolicy::PerVerifier,
        Some(b'T') => ReusePolicy::Rotate,
        _ => ReusePolicy::Once,
    }
}

/// Copies never presented that are left after one more use, each by another verifier at the same time.
fn left_after_use(id: &str, left: u32) -> Option<u32> {
    match reuse(id) {
        ReusePolicy::Rotate => (left > 0).then_some(left),
        ReusePolicy::Limited { .. } if id.get(1..2).and_then(|total| total.parse().ok()) != Some(left) => Some(left),
        _ => left.checked_sub(1),
    }
}

impl Model {
    /// The account after an operation; `None` where it cannot have been done.
    pub(crate) fn after(&self, work: &Work) -> Option<Self> {
        let mut next = self.clone();
        match work {
            Work::Add { id, copies } => next.credentials.insert(id.clone(), *copies).is_none().then_some(())?,
            Work::BioOff => next.biometric = false,
            Work::BioOn => next.biometric = true,
            Work::ChangePin { old, new } => {
                (self.pin.as_ref() == Some(old)).then(|| next.pin = Some(new.clone()))?;
            }
            Work::Delete { id, event } => {
                next.credentials.remove(id)?;
                next.history.push(Some((event.clone(), 'f')));
            }
            Work::End { event } => next.event(event)?.1 = 'f',
            Work::Erase { event } => {
                let at = self.position(event)?;
                *next.history.get_mut(at)? = None;
            }
            Work::Export { code } | Work::UnlockCode { code } => (self.code.as_ref() == Some(code)).then_some(())?,
            Work::Import => {
                for event in FOREIGN {
                    if self.position(event).is_none() {
                        next.history.push(Some((event.into(), 'f')));
                    }
                }
                next.records.insert("s9".into(), "imported".into());
                next.reissue = 1;
            }
            Work::MakeCode { pin } => {
                (self.pin == *pin).then(|| next.code = Some(UNKNOWN.into()))?;
            }
            Work::Put { name, value } => {
                next.records.insert(name.clone(), value.clone());
            }
            Work::Reopen | Work::Rotate => {}
            Work::Repair => next.history.push(Some((REPAIR.into(), 'f'))),
            Work::Reset | Work::Wipe => next = Self::default(),
            Work::SetPin { pin } => next.pin = Some(pin.clone()),
            Work::Take { name } => {
                next.records.remove(name)?;
            }
            Work::UnlockBio => self.biometric.then_some(())?,
            Work::UnlockPin { pin } => (self.pin.as_ref() == Some(pin)).then_some(())?,
            Work::Use { id, event } => {
                let left = next.credentials.get_mut(id)?;
                *left = left_after_use(id, *left)?;
                next.history.push(Some((event.clone(), 's')));
            }
        }
        Some(next)
    }

    fn position(&self, event: &str) -> Option<usize> {
        self.history.iter().position(|row| row.as_ref().is_some_and(|(known, _)| known == event))
    }

    fn event(&mut self, event: &str) -> Option<&mut (String, char)> {
        let at = self.position(event)?;
        self.history.get_mut(at)?.as_mut()
    }
}

/// All accounts that fit what was said: an operation without an answer, or with an error, may have been done or not.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) possible: BTreeSet<Model>,
    /// Keys of copies handed out and acknowledged: never to be seen again.
    pub(crate) handed: BTreeSet<String>,
    /// A copy that was handed out to a second verifier.
    pub(crate) twice: Option<String>,
    open: Option<Work>,
    /// Operations acknowledged.
    pub(crate) acknowledged: u64,
    /// The store said it was open.
    pub(crate) opened: bool,
    /// Codes of errors that were said.
    pub(crate) errors: Vec<String>,
    /// Wrong PINs that reached the PIN's key since it may last have been told a right one: said by the secure area,
    /// outside the store.
    pub(crate) guesses: u32,
    /// PINs asked for since the last right one was acknowledged.
    pub(crate) attempts: u32,
    /// Secrets that were drawn or derived, in hex, and codes: never to be found in a file.
    pub(crate) secrets: BTreeSet<String>,
    /// Keys of the secure area that were made and not deleted.
    pub(crate) area_keys: BTreeSet<String>,
    /// The store's newest version is the made-up next one.
    pub(crate) next_layout: bool,
    /// Nothing opens it any more, as designed: too many wrong PINs and no other unlock method.
    pub(crate) over: bool,
    /// A store was moved aside; it said one of these.
    pub(crate) aside: Option<BTreeSet<Model>>,
}

impl Default for Account {
    fn default() -> Self {
        Self::of(Model::default())
    }
}

impl Account {
    pub(crate) fn of(model: Model) -> Self {
        Self {
            possible: BTreeSet::from([model]),
            handed: BTreeSet::new(),
            twice: None,
            open: None,
            acknowledged: 0,
            opened: false,
            errors: Vec::new(),
            guesses: 0,
            attempts: 0,
            secrets: BTreeSet::new(),
            area_keys: BTreeSet::new(),
            next_layout: false,
            over: false,
            aside: None,
        }
    }

    /// The one account that is left after a check.
    pub(crate) fn model(&self) -> Model {
        self.possible.iter().next().cloned().unwrap_or_default()
    }

    /// One whole line of the child.
    pub(crate) fn hear(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "open" => self.opened = true,
            "do" => {
                self.open = Work::hear(rest);
                self.begun();
            }
            "ok" => self.done(rest),
            "err" => {
                self.errors.push(rest.to_owned());
                self.settle();
            }
            "guess" => self.guessed(),
            "secret" => {
                self.secrets.insert(rest.to_owned());
            }
            "key+" => {
                self.area_keys.insert(rest.to_owned());
            }
            "key-" => {
                self.area_keys.remove(rest);
            }
            _ => {}
        }
    }

    fn begun(&mut self) {
        match &self.open {
            Some(Work::UnlockPin { .. } | Work::ChangePin { .. } | Work::MakeCode { pin: Some(_) }) => {
                self.attempts += 1
            }
            Some(Work::Reset) => self.aside = Some(self.possible.clone()),
            _ => {}
        }
        if matches!(self.open, Some(Work::SetPin { .. } | Work::Wipe | Work::Reset)) {
            self.guesses = 0;
        }
    }

    fn guessed(&mut self) {
        let right = match &self.open {
            Some(Work::UnlockPin { pin } | Work::ChangePin { old: pin, .. } | Work::MakeCode { pin: Some(pin) }) => {
                self.possible.iter().any(|model| model.pin.as_ref() == Some(pin))
            }
            _ => false,
        };
        self.guesses = if right { 0 } else { self.guesses + 1 };
    }

    fn done(&mut self, said: &str) {
        let Some(work) = self.open.take() else { return };
        self.possible = self.possible.iter().filter_map(|model| model.after(&work)).collect();
        self.acknowledged += 1;
        match work {
            Work::UnlockPin { .. } | Work::ChangePin { .. } | Work::SetPin { .. } | Work::Wipe | Work::Reset => {
                self.attempts = 0;
            }
            Work::MakeCode { .. } => {
                self.attempts = 0;
                self.secrets.insert(said.to_owned());
                let told = |model: &Model| Model { code: Some(said.to_owned()), ..model.clone() };
                self.possible = self.possible.iter().map(told).collect();
            }
            Work::Use { id, .. } => {
                for key in said.split_whitespace() {
                    let is_again = !self.handed.insert(key.to_owned());
                    if is_again && matches!(reuse(&id), ReusePolicy::Once | ReusePolicy::PerVerifier) {
                        self.twice = Some(key.to_owned());
                    }
                }
            }
            _ => {}
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
