//! Forged schemas are refused.
use rid_flow::ports::{Layout, StorageError};
use rusqlite::Connection;

use super::super::{
    Database,
    layout::tests::{files, killed},
    tests::{connection, opened, opened_by, put},
};
use crate::testing::Folder;

const LAYOUTS: [Layout; 2] = [Layout(1), Layout(2)];
/// Brings back what is deleted.
const TRIGGER: &str = "CREATE TRIGGER again AFTER DELETE ON r BEGIN
    INSERT INTO r (t, k, v, i, b) VALUES (old.t, old.k, old.v, old.i, old.b); END;";

/// A row of no table of ours takes the place of row 1 when that is deleted: its key is the default's then.
fn by_foreign_key() -> String {
    let key = format!("x'{}'", "01".repeat(32));
    format!(
        "ALTER TABLE r RENAME TO old;
         CREATE TABLE r (t INTEGER NOT NULL DEFAULT 1, k BLOB NOT NULL DEFAULT {key}, v INTEGER NOT NULL, i BLOB NOT NULL,
                         b BLOB NOT NULL, x INTEGER, y BLOB, PRIMARY KEY (t, k), UNIQUE (x, y),
                         FOREIGN KEY (t, k) REFERENCES r (x, y) ON DELETE SET DEFAULT);
         PRAGMA foreign_keys = OFF;
         INSERT INTO r SELECT t, k, v, i, b, 200, x'77' FROM old WHERE t = 1;
         INSERT INTO r SELECT 200, x'77', v, i, b, 1, {key} FROM old WHERE t = 1;
         DROP TABLE old;"
    )
}

#[test]
fn neg_k20_the_schema_looked_for_is_the_one_that_the_steps_make() {
    for layout in [Layout(0)].into_iter().chain(LAYOUTS) {
        let made = Connection::open_in_memory().unwrap();
        super::super::layout::lay_out(&made, Layout(0), layout).unwrap();
        assert_eq!(super::entries(&made).unwrap(), super::made_by(layout), "{layout:?}");
    }
}

/// A store of one row, closed.
fn made(name: &str, layout: Layout) -> Folder {
    let folder = Folder::new(name);
    let mut database = opened_by(&folder, layout);
    database.transact(&put(1, 100)).unwrap();
    database.close().unwrap();
    folder
}

fn attacker(folder: &Folder) -> Connection {
    Connection::open(folder.0.join("store.db")).unwrap()
}

/// By software of this layout, twice: the first attempt changes nothing, not even a file more.
fn is_refused(folder: &Folder, newest: Layout, why: &str) {
    let before = files(folder);
    for _ in 0..2 {
        let refused = Database::new(folder.0.clone(), newest).open();
        assert_eq!(refused, Err(StorageError::Damaged), "{why}");
        assert_eq!(StorageError::Damaged.code().as_str(), "storage_corrupt");
        assert!(files(folder) == before, "not a bit, and no file more: {why}");
    }
}

#[test]
fn neg_k20_what_revives_a_deleted_row_is_refused_before_any_row_is_read() {
    for attack in [TRIGGER.to_owned(), by_foreign_key()] {
        let folder = made("revived", Layout::NEWEST);
        attacker(&folder).execute_batch(&attack).unwrap();
        let tried = killed(&folder, "revived-tried");
        let sql = attacker(&tried);
        sql.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        let delete = "DELETE FROM r WHERE t = 1 AND k = (SELECT k FROM r WHERE t = 1) AND v = 1";
        assert_eq!(sql.execute(delete, []).unwrap(), 1, "as if it had gone");
        let left: u32 = sql.query_row("SELECT count(*) FROM r WHERE t = 1", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1, "the attack works where nobody looks: {attack}");
        is_refused(&folder, Layout::NEWEST, &attack);
    }
}

#[test]
fn neg_k20_triggers_do_not_run_even_if_they_are_there() {
    let folder = Folder::new("trigger-off");
    let mut database = opened(&folder);
    database.transact(&put(1, 100)).unwrap();
    let sql = connection(&database);
    sql.execute_batch(TRIGGER).unwrap();
    assert_eq!(sql.execute("DELETE FROM r", []).unwrap(), 1);
    assert_eq!(sql.query_row("SELECT count(*) FROM r", [], |row| row.get::<_, u32>(0)).unwrap(), 0);
}

#[test]
fn neg_k20_any_other_schema_than_the_layouts_own_is_damage() {
    let schema = "PRAGMA writable_schema = ON;";
    let attacks = [
        "CREATE TABLE more (x)".to_owned(),
        "CREATE VIEW more AS SELECT * FROM r".to_owned(),
        "CREATE UNIQUE INDEX more ON r (t, k, v)".to_owned(),
        "CREATE INDEX more ON r (b) WHERE t = 1".to_owned(),
        "DROP TABLE m".to_owned(),
        "CREATE INDEX ri ON r (t, i, k)".to_owned(),
        "DROP TABLE r".to_owned(),
        "ALTER TABLE r ADD COLUMN c DEFAULT 1".to_owned(),
        "ANALYZE".to_owned(),
        format!("{schema} UPDATE sqlite_schema SET sql = replace(sql, 'k BLOB', 'k TEXT') WHERE name = 'r'"),
        format!("{schema} UPDATE sqlite_schema SET sql = replace(sql, 'KEY (t, k)', 'KEY (t, k) ON CONFLICT REPLACE')"),
        format!("{schema} UPDATE sqlite_schema SET sql = sql || '/**/' WHERE name = 'm'"),
        format!("{schema} UPDATE sqlite_schema SET sql = sql || char(0) || 'x' WHERE name = 'm'"),
        format!("{schema} UPDATE sqlite_schema SET sql = upper(sql) WHERE name = 'm'"),
    ];
    for layout in LAYOUTS {
        for attack in &attacks {
            let folder = made("schema", layout);
            attacker(&folder).execute_batch(attack).unwrap();
            is_refused(&folder, layout, attack);
        }
        let folder = made("schema-none", layout);
        assert_eq!(opened_by(&folder, layout).open(), Ok(layout), "and as it was it opens");
    }
}

#[test]
fn neg_k20_a_schema_that_lies_in_the_wal_alone_is_refused_and_stays_there() {
    let folder = made("schema-wal", Layout::NEWEST);
    let sql = attacker(&folder);
    sql.execute_batch(TRIGGER).unwrap();
    let left = killed(&folder, "schema-wal-killed");
    assert!(std::fs::metadata(left.0.join("store.db-wal")).unwrap().len() > 0);
    // Its index is made again by whoever opens it.
    std::fs::remove_file(left.0.join("store.db-shm")).unwrap();
    is_refused(&left, Layout::NEWEST, "in the WAL");
}

#[test]
fn neg_k20_a_schema_of_another_layout_is_damage() {
    for layout in LAYOUTS {
        for said in LAYOUTS.into_iter().filter(|said| *said != layout) {
            let folder = made("schema-layout", layout);
            attacker(&folder).pragma_update(None, "user_version", said.0).unwrap();
            is_refused(&folder, Layout(2), "another layout's number");
        }
        // As a new store it would be made over what is there.
        let folder = made("schema-zero", layout);
        attacker(&folder).pragma_update(None, "user_version", 0).unwrap();
        is_refused(&folder, layout, "no layout's number");
    }
}

#[test]
fn neg_k20_an_index_over_the_schema_is_not_believed() {
    let folder = made("schema-index", Layout::NEWEST);
    let sql = attacker(&folder);
    let entry = "PRAGMA writable_schema = ON; CREATE TABLE hidden (a, b, c, d); CREATE INDEX forged ON hidden (a, b, c, d);
        INSERT INTO hidden SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name = 'r';
        DELETE FROM sqlite_schema WHERE name = 'hidden';
        UPDATE sqlite_schema SET tbl_name = 'sqlite_master', sql = 'CREATE INDEX forged ON sqlite_master(type, name, tbl_name, sql)'
        WHERE name = 'forged';";
    sql.execute_batch(entry).unwrap();
    drop(sql);
    is_refused(&folder, Layout::NEWEST, "an index over the schema");
}
