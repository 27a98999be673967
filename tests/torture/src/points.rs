//! A fault at every operation of I/O of every public operation: the process killed before it, or an error from it in
//! six modes. It goes on until the number is above what the operation takes.
use std::{collections::BTreeSet, fs, path::Path};

use crate::{
    canary::Canaries,
    check::{self, Verdict},
    child::Orders,
    fixture::{self, Fixture},
    kill,
    model::{Account, Model},
    observe,
    scratch::{self, Scratch},
    seed::Seed,
    session::Place,
    tally::Tally,
    work::{KINDS, Kind},
};

/// As in `shim.c`: one error, errors from then on, a half-written write, a full disk, a read-only one, a sync that
/// fails.
pub(crate) const ERRORS: [(u8, &str); 6] =
    [(1, "once"), (2, "sticky"), (3, "torn"), (4, "full"), (5, "read-only"), (6, "sync")];
pub(crate) const KILL: [(u8, &str); 1] = [(7, "kill")];

/// Where the fault comes.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// `None`: while it is opened.
    kind: Option<Kind>,
    fixture: Fixture,
    /// Opened by software of the next layout.
    next_layout: bool,
}

impl Case {
    fn name(&self) -> String {
        let to = if self.next_layout { " to the next layout" } else { "" };
        format!("{} of {:?}{to}", self.kind.map_or("opening", Kind::name), self.fixture)
    }
}

/// Every public operation over a store with all unlock methods, and the small ones over one without; opening in each
/// state, migrations among them.
fn cases() -> Vec<Case> {
    let opening = |fixture, next_layout| Case { kind: None, fixture, next_layout };
    let mut cases = vec![
        opening(Fixture::Empty, false),
        opening(Fixture::Filled, true),
        opening(Fixture::Filled, false),
        opening(Fixture::Pin, false),
        opening(Fixture::Methods, true),
    ];
    for (kind, _) in KINDS {
        let fixture = match kind {
            Kind::Export | Kind::UnlockCode | Kind::MakeCode => Fixture::Methods,
            Kind::Add | Kind::Use | Kind::End | Kind::Delete | Kind::Put | Kind::Take | Kind::Import => Fixture::Filled,
            _ => Fixture::Pin,
        };
        cases.push(Case { kind: Some(kind), fixture, next_layout: false });
    }
    for kind in [Kind::Rotate, Kind::Reset, Kind::Wipe, Kind::SetPin] {
        cases.push(Case { kind: Some(kind), fixture: Fixture::Filled, next_layout: false });
    }
    cases
}

pub(crate) fn run(runs: u64, modes: &[(u8, &str)], seed: u64, shim: &Path, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    let mut cases = cases();
    // Whoever goes on with another seed begins at another case.
    let begin = Seed::new(seed).index(cases.len());
    cases.rotate_left(begin);
    let series = u64::try_from(cases.len() * modes.len()).unwrap_or(1);
    // With few runs to spend they are spread over all cases, with many every number has its turn.
    let share = (runs / series).max(1);
    for round in seed.. {
        if tally.all() >= runs {
            break;
        }
        let mut seed = Seed::new(round);
        for case in &cases {
            let base = scratch.fresh("base");
            let account = match case.fixture.make(&base, &mut seed) {
                Ok(account) => account,
                Err(error) => {
                    tally.add(Verdict::Wrong(format!("no store could be made: {}", error.code())), &case.name());
                    continue;
                }
            };
            let mut counted = Vec::new();
            for (mode, name) in modes {
                let bench =
                    Bench { case, base: &base, account: &account, work: seed.draw(), mode: *mode, shim, scratch };
                counted.extend(bench.series(share, runs, &mut seed, name, &mut tally));
            }
            // A mode may have nothing to fail at; a case in which nothing was counted was never armed.
            if !counted.is_empty() && counted.iter().all(|count| *count == 0) {
                tally.add(Verdict::Wrong("no operation of I/O was counted".into()), &case.name());
            }
        }
    }
    tally
}

/// One case in one mode.
struct Bench<'a> {
    case: &'a Case,
    base: &'a Path,
    account: &'a Account,
    work: u64,
    mode: u8,
    shim: &'a Path,
    scratch: &'a Scratch,
}

impl Bench<'_> {
    /// How many operations the first run counted; `None`: there were no runs left.
    fn series(&self, share: u64, runs: u64, seed: &mut Seed, name: &str, tally: &mut Tally) -> Option<u64> {
        let (mut at, mut step, mut first) = (0, 1, None);
        while tally.all() < runs {
            let (verdict, operations) = self.one(at);
            tally.add(verdict, &format!("{}, {name} at operation {at}, work {}", self.case.name(), self.work));
            let begins = first.is_none();
            first = first.or(Some(operations));
            if at > operations {
                break;
            }
            if begins {
                // The first run (at 0) says nothing of how many there are; about so many are usual.
                step = (120 / share.max(1)).max(1);
                at = if step == 1 { 1 } else { 1 + seed.below(step) };
            } else {
                at += step;
            }
        }
        first
    }

    fn one(&self, at: u64) -> (Verdict, u64) {
        let folder = self.scratch.fresh("point");
        scratch::copy(self.base, &folder);
        let place = Place { folder: folder.clone(), next_layout: self.case.next_layout };
        let mut account = self.account.clone();
        account.next_layout = self.case.next_layout;
        let mut env = vec![
            ("LD_PRELOAD", self.shim.display().to_string()),
            ("RID_SHIM_ROOT", folder.display().to_string()),
            ("RID_SHIM_FAIL", format!("{at}:{}", self.mode)),
        ];
        let first = self.case.kind.map(|kind| kind.name().to_owned());
        if let Some(kind) = self.case.kind {
            let said = if kind == Kind::Guess { "unlock-pin" } else { kind.name() };
            env.push(("RID_SHIM_ARM", format!("do {said}")));
        }
        let operations = if first.is_some() { 3 } else { 2 };
        let orders = Orders { first, calm: true, ..kill::orders(&place, &account, self.work, operations) };
        let Some(output) = kill::spawn(&orders, &env).and_then(|child| child.wait_with_output().ok()) else {
            return (Verdict::Wrong("the child did not start".into()), 0);
        };
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let counted = errors.lines().find_map(|line| line.strip_prefix("operations ")?.parse::<u64>().ok());
        let by_us = self.mode == 7 && output.status.code().is_none();
        if !by_us && let Err(verdict) = kill::in_order(output.status, &output.stderr) {
            return (verdict, counted.unwrap_or(0));
        }
        kill::heard(&output.stdout, &mut account);
        let keys: Vec<String> = self.account.area_keys.iter().cloned().collect();
        let mut verdict = check::after(&folder, &mut account);
        if verdict == Verdict::Survived && self.case.kind == Some(Kind::Wipe) {
            verdict = self.wiped(&folder, &account, &keys).err().unwrap_or(verdict);
        }
        if verdict == Verdict::Survived && self.case.next_layout && self.case.kind.is_none() {
            verdict = self.older(&folder).err().unwrap_or(verdict);
        }
        // Who was killed at it counted no further; who ends in order and counted nothing was never armed.
        let beyond = if by_us { u64::MAX } else { 0 };
        (verdict, counted.unwrap_or(beyond))
    }

    /// neg-K15: of a store that was wiped neither key nor content is left.
    fn wiped(&self, folder: &Path, account: &Account, keys: &[String]) -> Result<(), Verdict> {
        if account.model() != Model::default() {
            return Ok(());
        }
        check::keys_gone(folder, keys)?;
        let pieces = Canaries::new(pieces(self.base));
        pieces.found(folder).map_or(Ok(()), |file| Err(Verdict::Wrong(format!("neg-K15: what was wiped is in {file}"))))
    }

    /// neg-K17: the previous software reads a store of its version, and leaves any other alone.
    fn older(&self, folder: &Path) -> Result<(), Verdict> {
        let copy = self.scratch.fresh("older");
        scratch::copy(folder, &copy);
        match Place::new(&copy).open() {
            Err(error) if error.code().as_str() == "schema_newer" => Ok(()),
            Err(error) => Err(Verdict::Wrong(format!("neg-K17: {}", error.code()))),
            Ok(mut session) => {
                let unlocked = fixture::unlock(&mut session, self.account);
                let read = unlocked.and_then(|()| observe::observe(session.vault()?));
                read.map(drop).map_err(|error| Verdict::Wrong(format!("neg-K17: {}", error.code())))
            }
        }
    }
}

/// Pieces of the content of a store's files that come nowhere else: no run of one byte, no text.
fn pieces(folder: &Path) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    for name in ["envelope.a", "envelope.b", "store.db"] {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        let random = |piece: &&[u8]| {
            let seen: BTreeSet<&u8> = piece.iter().collect();
            let readable = piece.iter().filter(|byte| (0x20..0x7f).contains(*byte)).count();
            seen.len() > 24 && readable < 20
        };
        pieces.extend(bytes.chunks_exact(32).filter(random).step_by(7).take(400).map(<[u8]>::to_vec));
    }
    pieces
}
