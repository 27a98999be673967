//! Databases that are locked, damaged or replaced.
use std::{fs, path::Path};

use rid_flow::ports::{Expect, Generation, Layout, Row, RowKey, StorageError, Table, Transaction, Write};

use super::Database;
use crate::testing::Folder;

pub(super) const INDEX: [u8; 32] = [7; 32];

pub(super) fn connection(database: &Database) -> &rusqlite::Connection {
    database.open.as_ref().unwrap().connection.as_ref().unwrap()
}

pub(super) fn opened(folder: &Folder) -> Database {
    opened_by(folder, Layout::NEWEST)
}

/// By software whose newest layout is this.
pub(super) fn opened_by(folder: &Folder, newest: Layout) -> Database {
    let mut database = Database::new(folder.0.clone(), newest);
    database.open().unwrap();
    database
}

pub(super) fn put(id: u8, len: usize) -> Transaction {
    let key = RowKey { table: Table(1), id: [id; 32] };
    let row = Row { key, version: 1, index: INDEX, bytes: vec![id; len] };
    Transaction { writes: vec![Write::Put(row, Expect::Absent)], ..Transaction::default() }
}

#[test]
fn a_database_that_is_gone_beside_its_envelope_is_no_empty_store() {
    let folder = Folder::new("gone");
    let mut database = opened(&folder);
    database.transact(&put(1, 100)).unwrap();
    database.envelope_replace(Generation(1), b"envelope").unwrap();
    database.close().unwrap();
    let path = folder.0.join("store.db");
    let whole = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(Database::new(folder.0.clone(), Layout::NEWEST).open(), Err(StorageError::Damaged));
    fs::write(&path, b"").unwrap();
    assert_eq!(Database::new(folder.0.clone(), Layout::NEWEST).open(), Err(StorageError::Damaged));
    fs::write(&path, &whole).unwrap();
    let mut database = opened(&folder);
    assert!(database.envelope_read().unwrap().is_some());
}

#[test]
fn other_tables_than_ours_are_damage() {
    let folder = Folder::new("tables");
    let mut database = opened(&folder);
    connection(&database).execute_batch("DROP TABLE r").unwrap();
    assert_eq!(database.transact(&put(1, 1)).err(), Some(StorageError::Damaged));
}

#[test]
fn a_full_store_is_named_and_nothing_of_the_transaction_stays() {
    let folder = Folder::new("full");
    let mut database = opened(&folder);
    database.transact(&put(1, 100)).unwrap();
    connection(&database).pragma_update_and_check(None, "max_page_count", 16, |_| Ok(())).unwrap();
    let mut large = put(2, 100);
    large.writes.extend(put(3, 1 << 20).writes);
    assert_eq!(database.transact(&large).err(), Some(StorageError::Full));
    database.transact(&put(2, 100)).unwrap();
    database.close().unwrap();
    let mut database = opened(&folder);
    database.transact(&put(3, 1 << 20)).unwrap();
}

#[test]
fn a_store_that_may_not_be_written_says_so() {
    let folder = Folder::new("readonly");
    let mut database = opened(&folder);
    connection(&database).pragma_update(None, "query_only", true).unwrap();
    assert_eq!(database.transact(&put(1, 1)).err(), Some(StorageError::ReadOnly));
}

#[test]
fn what_cannot_be_opened_can_be_set_aside_and_wiped() {
    let folder = Folder::new("aside");
    fs::create_dir_all(&folder.0).unwrap();
    for round in 1..=2 {
        fs::write(folder.0.join("store.db"), vec![0x5a; 8192]).unwrap();
        let mut database = Database::new(folder.0.clone(), Layout::NEWEST);
        assert_eq!(database.open(), Err(StorageError::Damaged));
        assert_eq!(super::is_there(&folder.0), Ok(true));
        database.set_aside().unwrap();
        assert_eq!(super::is_there(&folder.0), Ok(false));
        assert_eq!(super::asides(&folder.0).map(|names| names.len()), Ok(round));
        let aside = folder.0.join(format!("aside-{round}")).join("store.db");
        assert_eq!(fs::read(aside).unwrap(), vec![0x5a; 8192], "moved, not deleted");
        database.open().unwrap();
        database.transact(&put(1, 1)).unwrap();
        database.close().unwrap();
    }
    let mut database = Database::new(folder.0.clone(), Layout::NEWEST);
    database.wipe().unwrap();
    assert_eq!(names(&folder.0), ["lock"], "nothing is left, what was set aside neither");
    database.wipe().unwrap();
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
