//! Transactions over rows, and their limits.
use rid_flow::ports::{Expect, Read, Row, RowKey, StorageError, Table, Transaction, Write};
use rusqlite::Connection;

use super::super::{
    Database,
    tests::{INDEX, opened, put},
};
use super::MAX_BODY;
use crate::testing::Folder;

const INDEXES: [[u8; 32]; 2] = [INDEX, [0; 32]];

/// Three rows, the second of them altered while the store was closed.
fn altered(sql: &str) -> (Folder, Database) {
    altered_of(INDEX, sql)
}

/// The same with rows of this index value.
fn altered_of(index: [u8; 32], sql: &str) -> (Folder, Database) {
    let folder = Folder::new("malformed");
    let mut database = opened(&folder);
    for id in [1, 2, 3] {
        let row = Row { key: key(id), version: 1, index, bytes: vec![id; 100] };
        write(&mut database, Write::Put(row, Expect::Absent)).unwrap();
    }
    database.close().unwrap();
    let path = folder.0.join("store.db");
    let other = || Connection::open(&path).unwrap();
    let made: String =
        other().query_row("SELECT sql FROM sqlite_schema WHERE name = 'r'", [], |row| row.get(0)).unwrap();
    let schema = |sql: &str| {
        let other = other();
        other.execute_batch("PRAGMA writable_schema = ON").unwrap();
        other.execute("UPDATE sqlite_schema SET sql = ?1 WHERE name = 'r'", [sql]).unwrap();
    };
    // The file's rows need not keep to the file's statement.
    schema(&made.replace("NOT NULL", ""));
    assert_eq!(other().execute(sql, []).unwrap(), 1, "{sql}");
    schema(&made);
    let database = opened(&folder);
    (folder, database)
}

fn read(database: &mut Database, read: Read) -> Vec<Row> {
    database.transact(&Transaction { reads: vec![read], ..Transaction::default() }).unwrap().remove(0)
}

fn ids(rows: &[Row]) -> Vec<u8> {
    rows.iter().map(|row| row.key.id[0]).collect()
}

fn set(what: &str) -> String {
    format!("UPDATE r SET {what} WHERE k = x'{}'", "02".repeat(32))
}

fn key(id: u8) -> RowKey {
    RowKey { table: Table(1), id: [id; 32] }
}

fn write(database: &mut Database, write: Write) -> Result<(), StorageError> {
    database.transact(&Transaction { writes: vec![write], ..Transaction::default() }).map(drop)
}

/// The columns of a row that is damaged, and what is served of it: the version, whether the index is what it was.
const DAMAGED: [(&str, u64, bool); 14] = [
    ("v = NULL", 0, true),
    ("v = 'one'", 0, true),
    ("v = x'01'", 0, true),
    ("v = 1.5", 0, true),
    ("v = -1", 0, true),
    ("i = NULL", 1, false),
    ("i = 'text'", 1, false),
    ("i = zeroblob(31)", 1, false),
    ("i = 7", 1, false),
    ("i = printf('%.*c', 32, 'i')", 1, false),
    ("b = NULL", 1, true),
    ("b = 'text'", 1, true),
    ("b = 1", 1, true),
    ("v = 'v', i = 'i', b = 'b'", 0, false),
];

#[test]
fn neg_k20_a_row_with_a_malformed_column_is_named_and_the_others_are_served() {
    for (index, (what, version, same_index)) in INDEXES.into_iter().flat_map(|index| DAMAGED.map(|it| (index, it))) {
        let served = if same_index { index } else { [0; 32] };
        let (_folder, mut database) = altered_of(index, &set(what));
        for whole in [Read::Rows(Table(1), None), Read::Heads(Table(1), None)] {
            let bodies = matches!(whole, Read::Rows(..));
            let rows = read(&mut database, whole);
            assert_eq!(ids(&rows), [1, 2, 3], "{what}");
            assert!(rows[1] == Row { key: key(2), version, index: served, bytes: vec![] }, "{what}");
            for row in [&rows[0], &rows[2]] {
                let bytes = if bodies { vec![row.key.id[0]; 100] } else { vec![] };
                assert!(*row == Row { key: row.key.clone(), version: 1, index, bytes }, "{what}");
            }
        }
        let one = read(&mut database, Read::Get(key(2)));
        assert!(one == [Row { key: key(2), version, index: served, bytes: vec![] }], "{what}");
        for some in [Read::Rows(Table(1), Some(INDEX)), Read::Heads(Table(1), Some(INDEX))] {
            let expected: &[u8] = match (index == INDEX, same_index) {
                (false, _) => &[],
                (true, true) => &[1, 2, 3],
                (true, false) => &[1, 3],
            };
            assert_eq!(ids(&read(&mut database, some)), expected, "{what}");
        }
    }
}

#[test]
fn neg_k20_a_row_with_a_malformed_column_can_be_deleted_or_replaced() {
    for (index, (what, version, _)) in INDEXES.into_iter().flat_map(|index| DAMAGED.map(|it| (index, it))) {
        let (_folder, mut database) = altered_of(index, &set(what));
        let other = Write::Delete(key(2), Expect::Version(version + 1));
        assert_eq!(write(&mut database, other), Err(StorageError::Conflict), "{what}");
        let new = Row { key: key(2), version: 5, index, bytes: vec![5] };
        assert_eq!(
            write(&mut database, Write::Put(new.clone(), Expect::Absent)),
            Err(StorageError::Conflict),
            "{what}"
        );
        write(&mut database, Write::Put(new.clone(), Expect::Version(version))).unwrap();
        assert!(read(&mut database, Read::Get(key(2))) == [new], "{what}");

        let (_folder, mut database) = altered_of(index, &set(what));
        write(&mut database, Write::Delete(key(2), Expect::Version(version))).unwrap();
        assert_eq!(ids(&read(&mut database, Read::Rows(Table(1), None))), [1, 3], "{what}");
    }
}

#[test]
fn neg_k20_what_no_key_is_names_no_row_and_the_others_are_served() {
    for what in ["k = x'02'", "k = zeroblob(33)", "k = 2", "k = printf('%.*c', 32, 'k')"] {
        for index in INDEXES {
            let (_folder, mut database) = altered_of(index, &set(what));
            for some in [None, Some(index)].into_iter().filter(|some| *some != Some([0; 32])) {
                for reads in [Read::Rows(Table(1), some), Read::Heads(Table(1), some)] {
                    assert_eq!(ids(&read(&mut database, reads)), [1, 3], "{what}");
                }
            }
            assert!(read(&mut database, Read::Get(key(2))).is_empty());
        }
    }
}

#[test]
fn neg_k20_a_table_number_that_is_none_is_in_no_table() {
    for what in ["t = 'one'", "t = x'01'", "t = 257", "t = -255", "t = 1.5"] {
        let (_folder, mut database) = altered(&set(what));
        for table in 0..=u8::MAX {
            let expected: &[u8] = if table == 1 { &[1, 3] } else { &[] };
            assert_eq!(ids(&read(&mut database, Read::Rows(Table(table), None))), expected, "{what}");
        }
    }
}

#[test]
fn neg_k20_a_body_longer_than_any_is_not_read_and_not_written() {
    let longest = format!("b = zeroblob({MAX_BODY})");
    let (_folder, mut database) = altered(&set(&longest));
    assert_eq!(read(&mut database, Read::Get(key(2)))[0].bytes.len(), MAX_BODY);
    for what in [format!("b = zeroblob({})", MAX_BODY + 1), "b = zeroblob(100000000)".to_owned()] {
        let (_folder, mut database) = altered(&set(&what));
        let rows = read(&mut database, Read::Rows(Table(1), None));
        assert_eq!(rows.iter().map(|row| row.bytes.len()).collect::<Vec<_>>(), [100, 0, 100], "{what}");
        assert_eq!(rows[1].version, 1);
        write(&mut database, Write::Delete(key(2), Expect::Version(1))).unwrap();
    }
    let folder = Folder::new("long");
    let mut database = opened(&folder);
    assert_eq!(database.transact(&put(1, MAX_BODY + 1)).err(), Some(StorageError::Io));
    // A version is a whole number of SQLite's too: a higher one would come back as another.
    let row = Row { key: key(2), version: 1 << 63, index: INDEX, bytes: vec![0] };
    assert_eq!(write(&mut database, Write::Put(row, Expect::Absent)), Err(StorageError::Io));
    assert!(read(&mut database, Read::Rows(Table(1), None)).is_empty());
    database.transact(&put(1, MAX_BODY)).unwrap();
    assert_eq!(read(&mut database, Read::Rows(Table(1), None))[0].bytes.len(), MAX_BODY);
}

#[test]
fn neg_k20_an_indexed_column_longer_than_any_is_not_read() {
    for (what, version, index) in [
        ("i = zeroblob(9000000)", 1, [0; 32]),
        ("i = printf('%.*c', 9000000, 'i')", 1, [0; 32]),
        ("v = printf('%.*c', 9000000, 'v')", 0, INDEX),
        ("v = zeroblob(9000000)", 0, INDEX),
    ] {
        let (_folder, mut database) = altered(&set(what));
        for whole in [Read::Rows(Table(1), None), Read::Heads(Table(1), None)] {
            let rows = read(&mut database, whole);
            assert_eq!(ids(&rows), [1, 2, 3], "{what}");
            assert!(rows[1] == Row { key: key(2), version, index, bytes: vec![] }, "{what}");
        }
        write(&mut database, Write::Delete(key(2), Expect::Version(version))).unwrap();
        assert_eq!(ids(&read(&mut database, Read::Rows(Table(1), None))), [1, 3], "it can be deleted");
    }
}
