//! Pools of copies: once, for a time, for a verifier, in turn; and what damage leaves of them.
use std::sync::Arc;

use rid_claims::ReusePolicy;
use rid_flow::{
    Changes, Committed, Store, VerifierId,
    fake::{MemoryStorage, block_on},
    ports::StorageError,
};
use rid_vault::Vault;

use crate::world::*;

fn world(seed: u64, reuse: ReusePolicy, copies: usize) -> (World, Vault) {
    let world = World::new(seed);
    let vault = world.open();
    commit(&vault, Changes { add: vec![credential("a", copies, reuse)], ..Changes::default() });
    (world, vault)
}

fn show(vault: &Vault, verifier: Option<u8>, seconds: i64) -> Result<Committed, StorageError> {
    let mut changes = present("a", 1);
    changes.history[0].at = at(seconds);
    changes.verifier = verifier.map(|n| VerifierId([n; 32]));
    block_on(vault.commit(changes))
}

/// Which copy, and whether it is gone.
fn copy(result: Result<Committed, StorageError>) -> (String, bool) {
    let committed = result.unwrap();
    (committed.copies[0].id.0.clone(), committed.copies[0].consumed)
}

fn low(result: &Result<Committed, StorageError>) -> bool {
    result.as_ref().is_ok_and(|committed| !committed.low_water.is_empty())
}

#[test]
fn once_each_copy_is_gone_with_its_showing() {
    let (_, vault) = world(601, ReusePolicy::Once, 4);
    let mut seen = Vec::new();
    for n in 0..4 {
        let shown = show(&vault, Some(1), n);
        assert_eq!(low(&shown), n >= 1, "low from two copies left on");
        let (name, consumed) = copy(shown);
        assert!(consumed && !seen.contains(&name));
        seen.push(name);
    }
    assert_eq!(show(&vault, None, 9).err(), Some(StorageError::Exhausted));
    let meta = block_on(vault.credential(&id("a"))).unwrap().unwrap();
    assert!(meta.is_exhausted(at(0)) && meta.summary.copies_total == 4);
    assert_eq!(block_on(vault.keys_left(&id("a"))).unwrap(), []);
    assert_eq!(block_on(vault.keys_of(&id("a"))).unwrap().len(), 4, "the names of the keys stay, to be deleted");
}

#[test]
fn limited_a_copy_serves_until_its_time_is_over() {
    let (world, vault) = world(602, ReusePolicy::Limited { seconds: 60 }, 3);
    let (first, consumed) = copy(show(&vault, Some(1), 0));
    assert!(!consumed);
    assert_eq!(copy(show(&vault, Some(2), 59)).0, first);
    let third = show(&vault, Some(1), 60);
    assert!(low(&third));
    let (second, _) = copy(third);
    assert_ne!(second, first);
    // A clock that went back does not give the first one's time again, and ends the second's.
    let (last, _) = copy(show(&vault, None, 30));
    assert!(last != first && last != second);
    assert_eq!(show(&vault, None, 20).err(), Some(StorageError::Exhausted));
    let meta = block_on(vault.credential(&id("a"))).unwrap().unwrap();
    assert!(!meta.is_exhausted(at(30)) && meta.is_exhausted(at(90)) && meta.is_exhausted(at(29)));
    drop(vault);
    assert_eq!(copy(show(&world.open(), None, 89)).0, last, "also after a restart");
    assert_eq!(world.disk.rows().iter().filter(|row| row.key.table.0 == 2).count(), 1, "those that are over are gone");
}

#[test]
fn limited_without_a_time_a_copy_serves_once() {
    let (_, vault) = world(603, ReusePolicy::Limited { seconds: 60 }, 2);
    let timeless = || Changes { consume: vec![id("a")], ..Changes::default() };
    let first = commit(&vault, timeless()).copies[0].id.clone();
    assert_ne!(commit(&vault, timeless()).copies[0].id, first);
    assert_eq!(block_on(vault.commit(timeless())).err(), Some(StorageError::Exhausted));
}

#[test]
fn per_verifier_each_has_a_copy_of_its_own() {
    let (world, vault) = world(604, ReusePolicy::PerVerifier, 4);
    let (one, consumed) = copy(show(&vault, Some(1), 0));
    assert!(!consumed);
    let second = show(&vault, Some(2), 1);
    assert!(low(&second));
    let (two, _) = copy(second);
    assert_ne!(one, two);
    drop(vault);
    let vault = world.open();
    assert_eq!(copy(show(&vault, Some(1), 9)).0, one, "the same again, also after a restart");
    let (nobody, consumed) = copy(show(&vault, None, 9));
    assert!(consumed && nobody != one && nobody != two, "one that is kept for nobody goes at once");
    let (three, _) = copy(show(&vault, Some(3), 9));
    assert!(![&one, &two, &nobody].contains(&&three));
    assert_eq!(show(&vault, Some(4), 9).err(), Some(StorageError::Exhausted));
    assert_eq!(show(&vault, None, 9).err(), Some(StorageError::Exhausted));
    assert_eq!(copy(show(&vault, Some(2), 9)).0, two, "who has one is still served");
    assert!(!block_on(vault.credential(&id("a"))).unwrap().unwrap().is_exhausted(at(0)));
}

#[test]
fn rotate_all_serve_as_often() {
    let (_, vault) = world(605, ReusePolicy::Rotate, 3);
    let mut uses = std::collections::BTreeMap::<String, u32>::new();
    for n in 0..30 {
        let shown = show(&vault, Some(1), n);
        assert!(!low(&shown), "there is no end to it");
        let (name, consumed) = copy(shown);
        assert!(!consumed);
        *uses.entry(name).or_default() += 1;
    }
    assert_eq!(uses.into_values().collect::<Vec<_>>(), [10, 10, 10]);
    assert_eq!(left(&vault, "a"), 3);
}

#[test]
fn several_credentials_are_taken_together_or_not_at_all() {
    for reuse in
        [ReusePolicy::Once, ReusePolicy::PerVerifier, ReusePolicy::Limited { seconds: 60 }, ReusePolicy::Rotate]
    {
        let (world, vault) = world(606, reuse, 2);
        commit(&vault, add("empty", 1));
        commit(&vault, present("empty", 1));
        let before = world.disk.rows();
        for consume in [vec![id("a"), id("empty")], vec![id("a"), id("nobody")]] {
            let changes = Changes { consume, put: put("enrolment", "x", "y").put, ..log(2) };
            assert_eq!(block_on(vault.commit(changes)).err(), Some(StorageError::Exhausted));
            assert!(world.disk.rows() == before, "nothing was written");
        }
    }
}

/// neg-K05, K20: a copy that cannot be read does not stand in the way of the others.
#[test]
fn neg_k20_behind_a_damaged_copy_the_others_are_served() {
    for reuse in
        [ReusePolicy::Once, ReusePolicy::PerVerifier, ReusePolicy::Limited { seconds: 60 }, ReusePolicy::Rotate]
    {
        for damaged in 0..3 {
            let (world, vault) = world(607, reuse, 3);
            drop(vault);
            let copies: Vec<_> = world.disk.rows().into_iter().filter(|row| row.key.table.0 == 2).collect();
            world.disk.alter(|rows| rows.get_mut(&copies[damaged].key).unwrap().bytes[40] ^= 1);
            let vault = world.open();
            assert!(block_on(vault.health()).unwrap().is_whole(), "no row is missing");
            assert!(block_on(vault.copy_for_display(&id("a"))).unwrap().is_some());
            let mut seen = Vec::new();
            for verifier in [1, 2] {
                seen.push(copy(show(&vault, Some(verifier), i64::from(verifier) * 60)).0);
            }
            assert_ne!(seen[0], seen[1]);
            let third = show(&vault, Some(3), 180);
            match reuse {
                ReusePolicy::Rotate => assert!(third.is_ok()),
                // The damaged one is met now, or was met before.
                ReusePolicy::Once => {
                    assert!(matches!(third.err(), Some(StorageError::Damaged | StorageError::Exhausted)))
                }
                _ => assert!(third.is_err()),
            }
        }
    }
}

/// What can never be written is a conflict, at once and whole.
#[test]
fn what_contradicts_itself_is_a_conflict_at_once() {
    let world = World::new(608);
    let storage = Arc::new(MemoryStorage::new(&world.disk));
    let vault = open(storage.clone(), world.area(&Line::whole())).unwrap();
    commit(&vault, add("a", 2));
    commit(&vault, put("enrolment", "x", "1"));
    let before = world.disk.rows();
    let record = || put("enrolment", "x", "2").put;
    for changes in [
        add("a", 1),
        Changes { take: vec![key("enrolment", "x"), key("enrolment", "x")], ..Changes::default() },
        Changes { put: [record(), record()].concat(), ..Changes::default() },
        Changes { remove: vec![id("a"), id("a")], ..Changes::default() },
        Changes { remove: vec![id("a")], ..present("a", 3) },
        Changes { remove: vec![id("nobody")], ..Changes::default() },
        Changes { outcomes: vec![(event(77).id, rid_flow::HistoryOutcome::Failed)], ..Changes::default() },
    ] {
        let calls = storage.calls();
        assert_eq!(block_on(vault.commit(changes)).err(), Some(StorageError::Conflict));
        assert!(storage.calls() - calls < 20, "not after a thousand tries");
        assert!(world.disk.rows() == before);
    }
}
