use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::Path,
};

use rid_flow::ports::{Layout, StorageError};
use rusqlite::{Connection, TransactionBehavior, config::DbConfig, limits::Limit};

use super::{
    rows::{MAX_LEN, storage_error},
    schema,
};
use crate::envelope;

/// Before anything is read. A list reads each page once, so 400 KiB of cache is enough. Exclusive from the start, the WAL's index is in
/// memory and not in a file. As text: `rusqlite`'s pragma calls read the database first. Foreign keys are off: no layout has one, and the
/// action of a forged one would change other rows.
const BEFORE_READING: &str = "PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -400;
    PRAGMA cell_size_check = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA foreign_keys = OFF;
    PRAGMA secure_delete = ON;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;";
/// No text in double quotes, nothing that runs by itself, and no statement that writes the schema as if it were a table. A statement is
/// planned once, not again for each value that is bound.
const CONFIG: [(DbConfig, bool); 6] = [
    (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
];
/// With `FULL` a commit is one sync of the WAL.
const BEFORE_WRITING: &str = "PRAGMA synchronous = FULL;";

/// One tree, ordered by table and key. The body is the last column: a list of heads reads no overflow page.
pub(super) const ROWS: &str = "CREATE TABLE r (t INTEGER NOT NULL, k BLOB NOT NULL, v INTEGER NOT NULL, i BLOB NOT NULL, b BLOB NOT NULL, PRIMARY KEY (t, k)) WITHOUT ROWID";
/// The same for [`rid_flow::ports::Table::MIRROR`]: another tree, so another page.
pub(super) const MIRROR: &str = "CREATE TABLE m (t INTEGER NOT NULL, k BLOB NOT NULL, v INTEGER NOT NULL, i BLOB NOT NULL, b BLOB NOT NULL, PRIMARY KEY (t, k)) WITHOUT ROWID";
/// For tests of steps to come: only `SqliteStorage::dangerous_with_layout` gets there.
pub(super) const MADE_UP: &str = "CREATE TABLE made_up (x INTEGER NOT NULL)";

/// What leads from the layout before to this one. Neither a statement nor a word of one is ever changed: files are compared with them.
fn step(layout: u32) -> &'static [&'static str] {
    match layout {
        1 => &[ROWS, MIRROR],
        2 => &[MADE_UP, "INSERT INTO made_up VALUES (1)"],
        _ => &["INSERT INTO made_up VALUES (2)"],
    }
}

/// Opens the database of a folder, made at `newest` where there is none; a newer one is named and not touched.
pub(super) fn connect(folder: &Path, newest: Layout) -> Result<(Connection, Layout), StorageError> {
    let fail = |error: rusqlite::Error| storage_error(&error);
    let path = folder.join("store.db");
    // Told from the bytes first: SQLite itself makes a WAL before it answers.
    if header_layout(&path)?.is_some_and(|layout| layout > newest) {
        return Err(StorageError::Newer);
    }
    let has_wal = folder.join("store.db-wal").exists();
    let mut connection = Connection::open(path).map_err(fail)?;
    for (config, on) in CONFIG {
        connection.set_db_config(config, on).map_err(fail)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_LEN).map_err(fail)?;
    // What makes us refuse the store may lie in the WAL alone; then the WAL stays as it is.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_wal).map_err(fail)?;
    connection.execute_batch(BEFORE_READING).map_err(fail)?;
    let layout = layout(&connection)?;
    if layout > newest {
        return Err(StorageError::Newer);
    }
    if layout == Layout(0) && envelope::exists(folder) {
        // The database of this envelope is gone or cut to nothing: a new one would look like an empty wallet (inv-I9).
        return Err(StorageError::Damaged);
    }
    // Before any row is read or written.
    schema::check(&connection, layout)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(fail)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(fail)?;
    if mode != "wal" {
        return Err(StorageError::Io);
    }
    connection.execute_batch(BEFORE_WRITING).map_err(fail)?;
    if layout > Layout(0) {
        return Ok((connection, layout));
    }
    let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    raise(&sql, newest, newest)?;
    sql.commit().map_err(fail)?;
    Ok((connection, newest))
}

/// Raises the store to a layout, inside the caller's transaction.
pub(super) fn raise(sql: &Connection, wanted: Layout, newest: Layout) -> Result<(), StorageError> {
    let Layout(current) = layout(sql)?;
    if wanted > newest {
        return Err(StorageError::Newer);
    }
    if wanted.0 < current {
        return Err(StorageError::Conflict);
    }
    if wanted.0 == current {
        return Ok(());
    }
    lay_out(sql, Layout(current), wanted).map_err(|error| storage_error(&error))?;
    sql.execute_batch(&format!("PRAGMA user_version = {}", wanted.0)).map_err(|error| storage_error(&error))
}

/// The steps from one layout to another.
pub(super) fn lay_out(sql: &Connection, from: Layout, to: Layout) -> rusqlite::Result<()> {
    let mut statements = (from.0.saturating_add(1)..=to.0).flat_map(step);
    statements.try_for_each(|statement| sql.execute_batch(statement))
}

fn layout(connection: &Connection) -> Result<Layout, StorageError> {
    let number: i64 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|error| storage_error(&error))?;
    u32::try_from(number).map(Layout).map_err(|_| StorageError::Damaged)
}

/// `user_version` as it lies in the file; `None` when there is no whole header.
fn header_layout(path: &Path) -> Result<Option<Layout>, StorageError> {
    let mut header = [0; 64];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => return Ok(None),
        Err(error) => return Err(envelope::storage_error(&error)),
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return Ok(None);
    }
    let [.., a, b, c, d] = header;
    Ok(Some(Layout(u32::from_be_bytes([a, b, c, d]))))
}

#[cfg(test)]
pub(super) mod tests;
