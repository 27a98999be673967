//! Lists of steps that a process exit interrupts.
use std::collections::{BTreeMap, BTreeSet};

use rid_flow::ports::{Generation, Layout, Read, Table, Transaction};

use super::*;
use crate::sqlite::database::{
    Database,
    tests::{opened, put},
};
use crate::testing::Folder;

/// All files, also those in folders.
fn files_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for name in names(folder).unwrap() {
        let path = folder.join(&name);
        if path.is_dir() {
            let inner = files_of(&path).into_iter();
            files.extend(inner.map(|(inner, bytes)| (Path::new(&name).join(inner), bytes)));
        } else {
            files.insert(name.into(), fs::read(path).unwrap());
        }
    }
    files.remove(Path::new("lock"));
    files
}

/// What a process leaves that was killed over a store with everything: one set aside before, one open, its WAL not
/// empty, a third generation of the envelope begun.
fn killed() -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = Folder::new("files-made");
    let mut database = Database::new(folder.0.clone(), Layout::NEWEST);
    for _ in 0..2 {
        database.set_aside().unwrap();
        database.open().unwrap();
        database.transact(&put(1, 100)).unwrap();
        for generation in 1..=2 {
            database.envelope_replace(Generation(generation), b"envelope").unwrap();
        }
    }
    fs::write(folder.0.join("envelope.new"), b"env").unwrap();
    files_of(&folder.0)
}

fn laid_out(files: &BTreeMap<PathBuf, Vec<u8>>) -> Folder {
    let folder = Folder::new("files-cut");
    for (path, bytes) in files {
        let path = folder.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Whole,
    Nothing,
}

/// A store can be opened, and is one or the other; it works.
fn opened_after(folder: &Folder) -> Left {
    let mut database = opened(folder);
    let read = Transaction { reads: vec![Read::Get(put_key())], ..Transaction::default() };
    let left = match (database.transact(&read).unwrap().concat().len(), database.envelope_read().unwrap()) {
        (1, Some((Generation(2), _))) => Left::Whole,
        (0, None) => Left::Nothing,
        _ => panic!("neither a whole store nor none"),
    };
    database.transact(&put(2, 100)).unwrap();
    database.envelope_replace(Generation(3), b"next").unwrap();
    let markers = names(&folder.0).unwrap().into_iter().filter(|name| name.starts_with(MOVING)).count();
    assert_eq!(markers, 0, "what was begun is done");
    left
}

fn put_key() -> rid_flow::ports::RowKey {
    rid_flow::ports::RowKey { table: Table(1), id: [1; 32] }
}

/// Steps that a process did before it died, in the ways a power cut may have kept them: all, or those since the last
/// sync of the folder in part.
fn cuts(folder: &Path, steps: &[Step]) -> Vec<Vec<Step>> {
    let is_sync = |step: &Step| matches!(step, Step::Sync(synced) if synced == folder);
    let mut cuts = BTreeSet::new();
    for end in 0..=steps.len() {
        let durable = steps[..end].iter().rposition(is_sync).map_or(0, |last| last + 1);
        let keep = |chosen: &dyn Fn(usize) -> bool| (0..end).filter(|at| *at < durable || chosen(*at)).collect();
        let keeps: [Vec<usize>; 4] =
            [keep(&|_| true), keep(&|at| at % 2 == 0), keep(&|at| at % 2 == 1), keep(&|at| at + 1 == end)];
        cuts.extend(keeps);
    }
    cuts.iter().map(|kept| kept.iter().map(|at| steps[*at].clone()).collect()).collect()
}

/// Cuts a list at every step, then the list that takes it up again at every step, then lets `end` look.
fn cut_everywhere(plan: fn(&Path) -> io::Result<Vec<Step>>, end: impl Fn(&Folder, bool)) {
    cut_everywhere_from(&killed(), plan, end);
}

fn cut_everywhere_from(
    made: &BTreeMap<PathBuf, Vec<u8>>,
    plan: fn(&Path) -> io::Result<Vec<Step>>,
    end: impl Fn(&Folder, bool),
) {
    let count = {
        let folder = laid_out(made);
        cuts(&folder.0, &plan(&folder.0).unwrap()).len()
    };
    for first in 0..count {
        for second in 0.. {
            let folder = laid_out(made);
            let steps = cuts(&folder.0, &plan(&folder.0).unwrap()).swap_remove(first);
            steps.iter().for_each(|step| drop(super::step(step)));
            let certain = steps.iter().filter(|step| matches!(step, Step::Mark(_) | Step::Sync(_))).count() > 1;
            let mut again = cuts(&folder.0, &completion(&folder.0).unwrap());
            let last = second + 1 == again.len();
            // What a power cut dropped of them may make a later one fail, which is another cut.
            again.swap_remove(second).iter().for_each(|step| drop(super::step(step)));
            end(&folder, certain);
            if last {
                break;
            }
        }
    }
}

#[test]
fn neg_k15_a_wipe_cut_off_anywhere_is_completed_by_the_next_open() {
    cut_everywhere(wiping, |folder, certain| {
        let left = opened_after(folder);
        assert!(left == Left::Nothing || !certain, "once the marker is durable there is no way back");
        let asides = names(&folder.0).unwrap().into_iter().filter(|name| name.starts_with(ASIDE)).count();
        assert_eq!(asides, usize::from(left == Left::Whole), "what was set aside goes with it");
    });
}

#[test]
fn neg_k15_a_wipe_cut_off_anywhere_is_completed_by_the_next_wipe() {
    cut_everywhere(wiping, |folder, _| {
        Database::new(folder.0.clone(), Layout::NEWEST).wipe().unwrap();
        assert_eq!(names(&folder.0).unwrap(), ["lock"], "nothing is left");
    });
}

#[test]
fn neg_k15_a_move_aside_cut_off_anywhere_is_completed_by_the_next_open() {
    let made = killed();
    let moved: BTreeMap<PathBuf, Vec<u8>> = made
        .iter()
        .filter(|(path, _)| path.parent() == Some(Path::new("")))
        .map(|(path, bytes)| (Path::new("aside-2").join(path), bytes.clone()))
        .collect();
    assert_eq!(moved.len(), 5);
    cut_everywhere(setting_aside, |folder, certain| {
        let left = opened_after(folder);
        assert!(left == Left::Nothing || !certain);
        let after = files_of(&folder.0);
        assert!(made.iter().filter(|(path, _)| path.starts_with("aside-1")).all(|(path, bytes)| after[path] == *bytes));
        let aside = after.into_iter().filter(|(path, _)| path.starts_with("aside-2")).map(|(path, _)| path);
        let expected = moved.keys().cloned();
        match left {
            Left::Whole => assert_eq!(aside.count(), 0),
            Left::Nothing => assert!(aside.eq(expected), "all of it, in one place"),
        }
    });
}

/// A repaired database beside the present one: its row, and one more.
fn with_new() -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = Folder::new("files-new");
    let mut database = opened(&folder);
    for id in [1, 9] {
        database.transact(&put(id, 100)).unwrap();
    }
    database.close().unwrap();
    let mut files = killed();
    files.insert(NEW.into(), fs::read(folder.0.join("store.db")).unwrap());
    files
}

#[test]
fn neg_k30_a_repair_cut_off_anywhere_leaves_the_old_database_or_the_new_one() {
    cut_everywhere_from(&with_new(), putting_new, |folder, certain| {
        assert_eq!(opened_after(folder), Left::Whole);
        let mut database = opened(folder);
        let nine = rid_flow::ports::RowKey { table: Table(1), id: [9; 32] };
        let read = Transaction { reads: vec![Read::Get(nine)], ..Transaction::default() };
        let is_new = database.transact(&read).unwrap().concat().len() == 1;
        assert!(is_new || !certain, "once the marker is durable it is completed");
        let aside = files_of(&folder.0).keys().any(|path| *path == Path::new("aside-2").join("store.db"));
        assert_eq!(is_new, aside, "the old one is kept");
    });
}

#[test]
fn neg_k15_a_move_aside_or_a_wipe_may_follow_a_move_cut_off_anywhere() {
    cut_everywhere(setting_aside, |folder, _| {
        let mut database = Database::new(folder.0.clone(), Layout::NEWEST);
        database.set_aside().unwrap();
        let mut places = BTreeMap::<PathBuf, usize>::new();
        for path in files_of(&folder.0).into_keys() {
            *places.entry(path.parent().unwrap().into()).or_default() += 1;
        }
        assert_eq!(places.into_values().collect::<Vec<_>>(), [3, 5], "both are there, whole, each in one place");
        assert_eq!(opened_after(folder), Left::Nothing);
    });
    cut_everywhere(setting_aside, |folder, _| {
        Database::new(folder.0.clone(), Layout::NEWEST).wipe().unwrap();
        assert_eq!(names(&folder.0).unwrap(), ["lock"]);
    });
}

#[test]
fn neg_k15_a_wipe_wins_over_a_move_that_was_cut_off() {
    let folder = laid_out(&killed());
    for marker in ["journal-aside-7", WIPING] {
        fs::write(folder.0.join(marker), b"").unwrap();
    }
    assert_eq!(opened_after(&folder), Left::Nothing);
    assert_eq!(names(&folder.0).unwrap().iter().filter(|name| name.starts_with(ASIDE)).count(), 0);
}

#[test]
fn envelopes_are_overwritten_before_they_are_removed() {
    let folder = laid_out(&killed());
    let before = files_of(&folder.0);
    let steps = wiping(&folder.0).unwrap();
    let removes_first = |steps: &[Step]| steps.iter().position(|step| matches!(step, Step::Remove(_))).unwrap();
    assert!(removes_first(&steps) > 0);
    for step in &steps {
        if let Step::Overwrite(path) = step {
            super::step(step).unwrap();
            let (was, is) = (&before[path.strip_prefix(&folder.0).unwrap()], fs::read(path).unwrap());
            assert!(was.len() == is.len() && *was != is, "{path:?}");
        }
    }
    let count = steps.iter().filter(|step| matches!(step, Step::Overwrite(_))).count();
    assert_eq!(count, 5, "two of the one aside, three of the other");
    let long = folder.0.join("long");
    fs::write(&long, vec![0; 10_000]).unwrap();
    overwrite(&long).unwrap();
    let is = fs::read(&long).unwrap();
    assert!(is.len() == 10_000 && is.chunks(100).all(|part| part.iter().any(|byte| *byte != 0)));
}
