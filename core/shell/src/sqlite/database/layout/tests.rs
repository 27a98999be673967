//! Layouts, headers, logs and journals at opening.
use std::{collections::BTreeMap, fs};

use rid_flow::ports::{Expect, Layout, Read, Row, RowKey, StorageError, Table, Transaction, Write};
use rusqlite::{Connection, config::DbConfig};

use super::super::{
    Database,
    tests::{connection, names, opened, opened_by, put},
};
use crate::testing::Folder;

const NEXT: Layout = Layout(Layout::NEWEST.0 + 1);

fn texts(connection: &Connection, sql: &str, column: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(column)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn pragma(connection: &Connection, name: &str) -> String {
    let value = |row: &rusqlite::Row<'_>| {
        row.get::<_, i64>(0).map(|number| number.to_string()).or_else(|_| row.get::<_, String>(0))
    };
    connection.pragma_query_value(None, name, value).unwrap()
}

/// Everything that lies in the folder, but for the lock.
pub(in super::super) fn files(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let names = names(&folder.0).into_iter().filter(|name| name != "lock");
    names.map(|name| (name.clone(), fs::read(folder.0.join(name)).unwrap())).collect()
}

/// What a process that is killed now leaves behind.
pub(in super::super) fn killed(folder: &Folder, name: &str) -> Folder {
    let left = Folder::new(name);
    fs::create_dir_all(&left.0).unwrap();
    files(folder).iter().for_each(|(name, bytes)| fs::write(left.0.join(name), bytes).unwrap());
    left
}

fn raise(layout: Layout, writes: Vec<Write>) -> Transaction {
    Transaction { writes, layout: Some(layout), ..Transaction::default() }
}

fn rows(database: &mut Database) -> Vec<Row> {
    let read = Transaction { reads: vec![Read::Rows(Table(1), None)], ..Transaction::default() };
    database.transact(&read).unwrap().remove(0)
}

#[test]
fn the_database_is_set_up_to_lose_nothing_and_leave_nothing() {
    let folder = Folder::new("pragmas");
    for newest in [Layout::NEWEST, NEXT] {
        // Made, and then opened as it is.
        for _ in 0..2 {
            let database = opened_by(&folder, newest);
            let connection = connection(&database);
            for (name, value) in [
                ("journal_mode", "wal"),
                ("synchronous", "2"),
                ("fullfsync", "1"),
                ("checkpoint_fullfsync", "1"),
                ("secure_delete", "1"),
                ("trusted_schema", "0"),
                ("cell_size_check", "1"),
                ("temp_store", "2"),
                ("foreign_keys", "0"),
                ("locking_mode", "exclusive"),
                ("user_version", &newest.0.to_string()),
            ] {
                assert_eq!(pragma(connection, name), value, "{name}");
            }
            let mapped = connection.pragma_query_value(None, "mmap_size", |row| row.get::<_, i64>(0)).unwrap_or(0);
            assert_eq!(mapped, 0);
            for (config, on) in [
                (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
                (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
                (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
                (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
                (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
                (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false),
            ] {
                assert_eq!(connection.db_config(config).unwrap(), on);
            }
            assert!(connection.prepare("SELECT \"no such column\"").is_err(), "a name that is none is no text");
            assert_eq!(names(&folder.0), ["lock", "store.db", "store.db-wal"], "the WAL's index is in memory only");
        }
        opened_by(&folder, newest).wipe().unwrap();
    }
}

/// `.cargo/config.toml` asks for it: a build from elsewhere than the repository must set `LIBSQLITE3_FLAGS` itself.
#[test]
fn sqlite_is_built_without_what_no_store_needs() {
    let options = texts(&Connection::open_in_memory().unwrap(), "PRAGMA compile_options", "compile_options");
    for wanted in ["DQS=0", "OMIT_AUTOVACUUM", "OMIT_LOAD_EXTENSION", "TEMP_STORE=3"] {
        assert!(options.iter().any(|option| option == wanted), "{wanted} is not in {options:?}");
    }
}

#[test]
fn neg_k17_a_newer_layout_is_named_and_not_touched() {
    for raised in [NEXT, Layout(u32::MAX)] {
        let folder = Folder::new("newer");
        let mut database = opened(&folder);
        database.transact(&put(1, 100)).unwrap();
        connection(&database).pragma_update(None, "user_version", raised.0.cast_signed()).unwrap();
        database.close().unwrap();
        let before = files(&folder);
        assert_eq!(before.keys().collect::<Vec<_>>(), ["store.db"]);
        assert_eq!(Database::new(folder.0.clone(), Layout::NEWEST).open(), Err(StorageError::Newer));
        assert!(files(&folder) == before, "not a bit, and no file more");
    }
}

#[test]
fn neg_k17_a_newer_layout_that_lies_in_the_wal_alone_is_not_touched() {
    let folder = Folder::new("newer-wal");
    let mut database = opened_by(&folder, Layout::NEWEST);
    database.close().unwrap();
    let mut database = opened_by(&folder, NEXT);
    database.transact(&raise(NEXT, put(1, 100).writes)).unwrap();
    let folder = killed(&folder, "newer-wal-killed");
    let before = files(&folder);
    let header = super::header(&folder.0.join("store.db")).unwrap().unwrap();
    assert_eq!(header.layout, Layout::NEWEST, "it is not in the file yet");
    for _ in 0..2 {
        assert_eq!(Database::new(folder.0.clone(), Layout::NEWEST).open(), Err(StorageError::Newer));
        assert!(files(&folder) == before);
    }
    let mut database = opened_by(&folder, NEXT);
    assert_eq!((database.open(), rows(&mut database).len()), (Ok(NEXT), 1));
}

#[test]
fn neg_k16_a_raise_that_is_not_acknowledged_has_not_happened_and_one_that_is_has() {
    for (from, to) in [(Layout::NEWEST, NEXT), (Layout::NEWEST, Layout(NEXT.0 + 1))] {
        let folder = Folder::new("raise");
        let mut database = opened_by(&folder, from);
        database.transact(&put(1, 100)).unwrap();
        database.close().unwrap();
        let mut database = opened_by(&folder, to);
        // Every statement of the steps and of the writes was executed, then the process dies before the commit.
        let sql = connection(&database).unchecked_transaction().unwrap();
        super::raise(&sql, to, to).unwrap();
        sql.execute("DELETE FROM r", []).unwrap();
        let dead = killed(&folder, "raise-dead");
        sql.rollback().unwrap();
        let mut left = opened_by(&dead, to);
        assert_eq!((left.open(), rows(&mut left).len()), (Ok(from), 1));

        database.transact(&raise(to, put(2, 100).writes)).unwrap();
        let dead = killed(&folder, "raise-done");
        let mut left = opened_by(&dead, to);
        assert_eq!((left.open(), rows(&mut left).len()), (Ok(to), 2));
    }
}

#[test]
fn neg_k18_a_raise_on_a_full_disk_leaves_the_old_layout_whole() {
    for (from, to) in [(Layout::NEWEST, NEXT), (Layout::NEWEST, Layout(NEXT.0 + 1))] {
        let folder = Folder::new("raise-full");
        let mut database = opened_by(&folder, from);
        (1..=100).for_each(|id| drop(database.transact(&put(id, 300)).unwrap()));
        database.close().unwrap();
        let mut database = opened_by(&folder, to);
        let before = rows(&mut database);
        let pages: i64 = pragma(connection(&database), "page_count").parse().unwrap();
        let limit = |database: &Database, pages: i64| {
            connection(database).pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        };
        limit(&database, pages);
        // The last thing that is written is what finds no room.
        let key = RowKey { table: Table(1), id: [200; 32] };
        let large = Row { key, version: 1, index: [0; 32], bytes: vec![1; 1 << 20] };
        let raise = raise(to, vec![Write::Put(large, Expect::Absent)]);
        assert_eq!(database.transact(&raise).err(), Some(StorageError::Full));
        assert!((database.open(), rows(&mut database)) == (Ok(from), before.clone()));
        database.close().unwrap();
        let mut database = opened_by(&folder, to);
        assert!((database.open(), rows(&mut database)) == (Ok(from), before));
        let check = texts(connection(&database), "PRAGMA integrity_check", "integrity_check");
        assert_eq!(check, ["ok"]);
        // With room it goes on.
        database.transact(&raise).unwrap();
        assert_eq!((database.open(), rows(&mut database).len()), (Ok(to), 101));
    }
}

#[test]
fn neg_k31_a_journal_that_sqlite_would_play_is_refused_and_an_empty_one_is_not() {
    let folder = Folder::new("journal");
    let mut database = opened(&folder);
    database.transact(&put(1, 100)).unwrap();
    database.envelope_replace(rid_flow::ports::Generation(1), b"envelope").unwrap();
    database.close().unwrap();
    let journal = folder.0.join("store.db-journal");
    for (bytes, is_refused) in [(&b""[..], false), (&[0; 512], false), (&[0xd9; 512], true)] {
        fs::write(&journal, bytes).unwrap();
        let mut database = Database::new(folder.0.clone(), Layout::NEWEST);
        let opens = database.open();
        assert_eq!(opens.is_ok() && !rows_are_salvaged(&database), !is_refused, "{opens:?}");
        assert_eq!(rows(&mut database).len(), 1, "the row is read either way");
        database.close().unwrap();
    }
}

fn rows_are_salvaged(database: &Database) -> bool {
    database.open.as_ref().is_some_and(|open| open.connection.is_none())
}
