//! The chained history: whatever is done to a row, the first place that does not check is named.
use std::sync::Arc;

use rid_flow::{
    Changes, HistoryContent, HistoryOutcome, HistorySeq, Store,
    fake::{ScriptedSecureArea, block_on},
    ports::{Row, Storage, StorageError, Table},
};
use rid_shell::SqliteStorage;
use rid_vault::{ChainVerdict, Vault, VaultError};

use crate::world::*;

const HISTORY: Table = Table(3);

/// Six events, each row by its place, with the rows as they were when each was the newest.
fn world(seed: u64) -> (World, Vec<Row>) {
    let world = World::new(seed);
    let vault = world.open();
    let mut rows: Vec<Row> = Vec::new();
    for n in 1..=6 {
        commit(&vault, log(n));
        let new = world
            .disk
            .rows()
            .into_iter()
            .find(|row| row.key.table == HISTORY && !rows.iter().any(|r| r.key == row.key));
        rows.push(new.unwrap());
    }
    (world, rows)
}

fn verdict(world: &World) -> ChainVerdict {
    block_on(world.open().verify_history()).unwrap()
}

fn broken(seq: u64) -> ChainVerdict {
    ChainVerdict::Broken { seq: HistorySeq(seq) }
}

fn whole(rows: u64) -> ChainVerdict {
    ChainVerdict::Whole { rows }
}

fn outcome(n: u8, outcome: HistoryOutcome) -> Changes {
    Changes { outcomes: vec![(event(n).id, outcome)], ..Changes::default() }
}

#[test]
fn the_chain_is_whole_over_every_operation() {
    let (world, _) = world(801);
    let vault = world.open();
    assert_eq!(block_on(vault.verify_history()).unwrap(), whole(6));
    commit(&vault, add("a", 2));
    commit(&vault, present("a", 7));
    for ended in [HistoryOutcome::Finished, HistoryOutcome::UnknownDelivery, HistoryOutcome::Failed] {
        commit(&vault, outcome(7, ended));
        assert_eq!(block_on(vault.history(7, 1)).unwrap()[0].kept().unwrap().outcome, ended);
    }
    block_on(vault.delete_history(HistorySeq(3), at(99))).unwrap();
    commit(&vault, Changes { remove: vec![id("a")], ..log(8) });
    block_on(vault.rotate_keys()).unwrap();
    commit(&vault, Changes { history: vec![event(9), event(9)], ..Changes::default() });
    commit(&vault, outcome(9, HistoryOutcome::Refused));
    assert_eq!(block_on(vault.verify_history()).unwrap(), whole(10));
    let rows = block_on(vault.history(9, 9)).unwrap();
    assert!(rows.iter().all(|row| row.kept().unwrap().outcome == HistoryOutcome::Refused), "both rows of the event");
    block_on(vault.close()).unwrap();
    assert_eq!(verdict(&world), whole(10));
}

#[test]
fn each_place_that_was_touched_is_named() {
    let (world, rows) = world(802);
    type Touch = fn(&mut Row);
    let touches: [(&str, Touch); 4] = [
        ("a bit", |row| row.bytes[30] ^= 1),
        ("emptied", |row| row.bytes.clear()),
        ("an earlier version", |row| row.version -= 1),
        ("zeros", |row| row.bytes.fill(0)),
    ];
    for (seq, row) in (1..).zip(&rows) {
        for (name, touch) in touches {
            let altered = world.fork();
            altered.disk.alter(|rows| touch(rows.get_mut(&row.key).unwrap()));
            let vault = altered.open();
            assert_eq!(block_on(vault.verify_history()).unwrap(), broken(seq), "{name}");
            let shown = block_on(vault.history(0, 99)).unwrap();
            assert_eq!(shown.len(), 6, "its place is shown");
            let damaged = |row: &&rid_flow::History| row.content == HistoryContent::Damaged;
            assert_eq!(shown.iter().filter(damaged).map(|row| row.seq.0).collect::<Vec<_>>(), [seq]);
        }
        let altered = world.fork();
        altered.disk.alter(|rows| drop(rows.remove(&row.key)));
        assert_eq!(verdict(&altered), broken(seq), "removed");
        assert_eq!(block_on(altered.open().health()).unwrap().tables, [HISTORY.0]);
    }
}

#[test]
fn swapped_and_moved_rows_are_named_and_an_end_cut_off_too() {
    let (world, rows) = world(803);
    let altered = world.fork();
    altered.disk.alter(|now| {
        now.get_mut(&rows[1].key).unwrap().bytes = rows[4].bytes.clone();
        now.get_mut(&rows[4].key).unwrap().bytes = rows[1].bytes.clone();
    });
    assert_eq!(verdict(&altered), broken(2));
    for left in 0..6 {
        let altered = world.fork();
        altered.disk.alter(|now| rows[left..].iter().for_each(|row| drop(now.remove(&row.key))));
        assert_eq!(verdict(&altered), broken(left as u64 + 1), "cut at the end");
        assert_eq!(block_on(altered.open().history(0, 99)).unwrap().len(), 6, "never silently shorter");
    }
}

#[test]
fn a_deleted_entry_leaves_a_stone_that_checks() {
    let (world, rows) = world(804);
    let vault = world.open();
    block_on(vault.delete_history(HistorySeq(2), at(50))).unwrap();
    block_on(vault.delete_history(HistorySeq(6), at(51))).unwrap();
    assert_eq!(block_on(vault.verify_history()).unwrap(), whole(6));
    let shown = block_on(vault.history(0, 99)).unwrap();
    assert!(shown[1].content == HistoryContent::Deleted { at: at(50) } && shown[1].kept().is_none());
    for gone in [2, 6, 0, 7] {
        assert_eq!(block_on(vault.delete_history(HistorySeq(gone), at(52))), Err(VaultError::HistoryUnknown));
    }
    let refused = block_on(vault.commit(outcome(2, HistoryOutcome::Finished)));
    assert_eq!(refused.err(), Some(StorageError::Conflict), "it is of no event any more");
    commit(&vault, log(7));
    drop(vault);
    assert_eq!(verdict(&world), whole(7));
    // The entry put back as it was: it opens, but the table is not what was left.
    let undone = world.fork();
    undone.disk.alter(|now| drop(now.insert(rows[1].key.clone(), rows[1].clone())));
    assert_eq!(block_on(undone.open().health()).unwrap().tables, [HISTORY.0]);
    assert_eq!(verdict(&undone), broken(7), "which it was cannot be told");
    // A stone that is altered is no stone.
    let stone = world.disk.rows().into_iter().find(|row| row.key == rows[1].key).unwrap();
    world.disk.alter(|now| now.get_mut(&stone.key).unwrap().bytes[50] ^= 1);
    assert_eq!(verdict(&world), broken(2));
}

/// Outcome and stone are outside the chain; the digest tells that a row is previous, while the store is open too.
#[test]
fn an_earlier_row_breaks_the_history() {
    let (world, rows) = world(809);
    commit(&world.open(), outcome(2, HistoryOutcome::Refused));
    let vault = world.open();
    assert_eq!(block_on(vault.verify_history()).unwrap(), whole(6));
    let refused = world.disk.rows();
    world.disk.alter(|now| drop(now.insert(rows[1].key.clone(), rows[1].clone())));
    assert!(block_on(vault.history(2, 1)).unwrap()[0].kept().unwrap().outcome == HistoryOutcome::Started);
    assert_eq!(block_on(vault.verify_history()).unwrap(), broken(6), "read again");
    let found = block_on(vault.examine()).unwrap().findings;
    assert!(found.iter().any(|finding| finding.code.as_str() == "history_broken" && finding.count == 6));
    // As it was left again it is whole again.
    world.disk.alter(|now| *now = refused.iter().map(|row| (row.key.clone(), row.clone())).collect());
    assert_eq!(block_on(vault.verify_history()).unwrap(), whole(6));
    // A history that was never begun has no row.
    let empty = World::new(810);
    commit(&empty.open(), put("settings", "language", "az"));
    empty.disk.alter(|now| drop(now.insert(rows[1].key.clone(), rows[1].clone())));
    assert_eq!(verdict(&empty), broken(1));
}

#[test]
fn an_outcome_is_not_written_to_a_row_of_another_event() {
    let (world, rows) = world(805);
    world.disk.alter(|now| now.get_mut(&rows[0].key).unwrap().index = rows[1].index);
    let vault = world.open();
    assert_eq!(block_on(vault.commit(outcome(2, HistoryOutcome::Failed))).err(), Some(StorageError::Damaged));
    let shown = block_on(vault.history(0, 99)).unwrap();
    assert!(shown.iter().all(|row| row.kept().unwrap().outcome == HistoryOutcome::Started));
}

#[test]
fn a_history_is_read_in_parts() {
    let world = World::new(806);
    let vault = world.open();
    for _ in 0..6 {
        let history = (0..100).map(event).collect();
        commit(&vault, Changes { history, ..Changes::default() });
    }
    assert_eq!(block_on(vault.verify_history()).unwrap(), whole(600));
    for (from, max, first, count) in [(0, 5, 1, 5), (1, 600, 1, 600), (595, 99, 595, 6), (250, 20, 250, 20)] {
        let part = block_on(vault.history(from, max)).unwrap();
        assert_eq!((part[0].seq.0, part.len()), (first, count));
        assert!(part.windows(2).all(|pair| pair[0].seq.0 + 1 == pair[1].seq.0));
    }
    for (from, max) in [(601, 5), (u64::MAX, u32::MAX), (1, 0)] {
        assert!(block_on(vault.history(from, max)).unwrap().is_empty());
    }
}

/// neg-K23: nothing of a deleted entry is in any file, nor its sealed bytes once the store was closed.
#[test]
fn neg_k23_of_a_deleted_entry_nothing_stays_in_any_file() {
    let folder = Folder::new("history");
    let area = Arc::new(ScriptedSecureArea::new(807));
    let open_files = || open(Arc::new(SqliteStorage::new(&folder.0)), area.clone()).unwrap();
    let vault = open_files();
    commit(&vault, log(1));
    commit(&vault, log(2));
    block_on(vault.close()).unwrap();
    let sealed = sealed_rows(&folder);
    assert_eq!(sealed.len(), 2);
    let found = |part: &[u8]| files(&folder).iter().any(|file| file.windows(part.len()).any(|window| window == part));
    assert!(sealed.iter().all(|bytes| found(&bytes[..32])));
    let vault = open_files();
    block_on(vault.delete_history(HistorySeq(1), at(9))).unwrap();
    assert!(!found(CANARY.as_bytes()) && !found(b"family_name"), "while it is open");
    block_on(vault.close()).unwrap();
    assert!(!found(CANARY.as_bytes()));
    let gone = sealed.iter().filter(|bytes| !found(&bytes[..32]) && !found(&bytes[100..132])).count();
    assert_eq!(gone, 1, "its sealed bytes were written over");
    assert_eq!(block_on(open_files().verify_history()).unwrap(), whole(2));
}

fn files(folder: &Folder) -> Vec<Vec<u8>> {
    std::fs::read_dir(&folder.0).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

fn sealed_rows(folder: &Folder) -> Vec<Vec<u8>> {
    let storage = SqliteStorage::new(&folder.0);
    block_on(storage.open()).unwrap();
    let reads = vec![rid_flow::ports::Read::Rows(HISTORY, None)];
    let transaction = rid_flow::ports::Transaction { reads, ..Default::default() };
    let rows = block_on(storage.transact(transaction)).unwrap().remove(0);
    block_on(storage.close()).unwrap();
    rows.into_iter().map(|row| row.bytes).collect()
}

/// A kill at any call of a deletion leaves the entry or its stone.
#[test]
fn a_deletion_cut_off_anywhere_is_done_or_not() {
    let (base, _) = world(808);
    let delete = |vault: &Vault| {
        let _ = block_on(vault.delete_history(HistorySeq(3), at(9)));
    };
    at_each_call(&base, delete, |world, done| {
        let vault = world.open();
        assert!(block_on(vault.health()).unwrap().is_whole());
        assert_eq!(block_on(vault.verify_history()).unwrap(), whole(6));
        let row = block_on(vault.history(3, 1)).unwrap().remove(0);
        assert!(row.kept().is_some() || row.content == HistoryContent::Deleted { at: at(9) });
        assert!(!done || row.kept().is_none());
    });
}
