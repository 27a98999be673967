//! An error of I/O at every operation number, in six modes.
use std::{fs, path::Path};

use crate::{
    check::{self, Verdict},
    kill,
    model::Account,
    scratch::Scratch,
    seed::Seed,
    tally::Tally,
};

/// As in `shim.c`: one error, errors from then on, a half-written write, a full disk, a read-only one, a sync that fails.
const MODES: [(u8, &str); 6] = [(1, "once"), (2, "sticky"), (3, "torn"), (4, "full"), (5, "read-only"), (6, "sync")];
const OPERATIONS: u64 = 8;

pub(crate) fn run(runs: u64, seed: u64, shim: &Path, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    let mut seed = Seed::new(seed);
    let mut done = 0;
    while done < runs {
        let work = seed.draw();
        let filled = scratch.fresh("filled");
        if seed.below(2) == 0 && !fill(&filled, seed.draw()) {
            tally.add(Verdict::Wrong("a store could not be filled".into()), "error of I/O");
            return tally;
        }
        for (mode, name) in MODES {
            // With few runs to spend they are spread over the whole of a run, with many every number has its turn.
            let step = if runs < 5_000 { 1 + seed.below(24) } else { 1 };
            let mut at = seed.below(step);
            while done < runs {
                done += 1;
                let (verdict, operations) = one(&filled, work, at, mode, shim, scratch);
                tally.add(verdict, &format!("{name} error at operation {at}"));
                if at > operations {
                    break;
                }
                at += step;
            }
        }
    }
    tally
}

/// A store with something in it, so that errors also hit a store in use and its opening.
fn fill(folder: &Path, seed: u64) -> bool {
    kill::spawn(folder, seed, 12, &[])
        .is_some_and(|child| child.wait_with_output().is_ok_and(|out| out.status.success()))
}

fn one(filled: &Path, work: u64, at: u64, mode: u8, shim: &Path, scratch: &Scratch) -> (Verdict, u64) {
    let folder = scratch.fresh("error");
    crate::scratch::copy(filled, &folder);
    let mut account = Account::default();
    if let Some(model) = before(&folder) {
        account.possible = [model].into();
    }
    let env = [
        ("LD_PRELOAD", shim.display().to_string()),
        ("RID_SHIM_ROOT", folder.display().to_string()),
        ("RID_SHIM_FAIL", format!("{at}:{mode}")),
    ];
    let Some(output) = kill::spawn(&folder, work, OPERATIONS, &env).and_then(|child| child.wait_with_output().ok())
    else {
        return (Verdict::Wrong("the child did not start".into()), 0);
    };
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let operations = errors.lines().find_map(|line| line.strip_prefix("operations ")?.parse().ok()).unwrap_or(u64::MAX);
    if !output.status.success() {
        let words = errors.lines().next().unwrap_or_default().to_owned();
        return (Verdict::Wrong(format!("inv-I1: not a named error but {:?}: {words}", output.status)), operations);
    }
    kill::heard(&output.stdout, &mut account);
    (check::after(&folder, &mut account), operations)
}

fn before(folder: &Path) -> Option<crate::model::Model> {
    let empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if empty {
        return None;
    }
    let vault = crate::store::open_again(folder).ok()?;
    crate::store::observe(&vault).ok().map(|observed| observed.model)
}
