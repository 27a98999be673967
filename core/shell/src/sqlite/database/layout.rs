//! Opens a database, makes a new one, and raises its layout.
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
use crate::{durable, envelope};

/// Before anything is read. A list reads each page once, so 400 KiB of cache is enough. Exclusive from the start, the
/// WAL's index is in memory and not in a file. As text: `rusqlite`'s pragma calls read the database first. Foreign keys
/// are off: no layout has one, and the action of a forged one would change other rows.
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
/// No text in double quotes, nothing that runs by itself, and no statement that writes the schema as if it were a
/// table. A statement is planned once, not again for each value that is bound.
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

/// What leads from the layout before to this one. Neither a statement nor a word of one is ever changed: files are
/// compared with them.
fn step(layout: u32) -> &'static [&'static str] {
    match layout {
        1 => &[ROWS, MIRROR],
        2 => &[MADE_UP, "INSERT INTO made_up VALUES (1)"],
        _ => &["INSERT INTO made_up VALUES (2)"],
    }
}

/// Opens the database of a folder, made at `newest` where there is none; a newer one is named and not touched. Nothing
/// of an existing one is changed before [`accept`].
pub(super) fn connect(folder: &Path, newest: Layout) -> Result<(Connection, Layout), StorageError> {
    let about = |name: &str| durable::regular(&folder.join(name)).map_err(|error| envelope::storage_error(&error));
    let has_envelope = envelope::exists(folder).map_err(|error| envelope::storage_error(&error))?;
    let has_wal = about("store.db-wal")?.is_some_and(|log| log.len() > 0);
    let is_empty = about("store.db")?.is_none_or(|file| file.len() == 0);
    // SQLite would delete a log without its database, and play a rollback journal, which no store of ours leaves, into
    // the database.
    let journal = folder.join("store.db-journal");
    if has_envelope && (is_empty || (about("store.db-journal")?.is_some() && is_hot(&journal)?)) {
        return Err(StorageError::Damaged);
    }
    let path = folder.join("store.db");
    // From the bytes first: SQLite itself makes a WAL before it answers.
    let header = header(&path)?;
    if header.is_some_and(|header| header.layout > newest) {
        return Err(StorageError::Newer);
    }
    // SQLite would write the header of a file that is not in WAL mode.
    if header.is_some_and(|header| header.layout > Layout(0) && !header.is_wal) {
        return Err(StorageError::Damaged);
    }
    let connection = open(&path)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_wal).map_err(fail)?;
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0").map_err(fail)?;
    let layout = layout(&connection)?;
    if layout > newest {
        return Err(StorageError::Newer);
    }
    if layout == Layout(0) && has_envelope {
        // The database of this envelope is gone or cut to nothing: a new one would look like an empty wallet (inv-I9).
        return Err(StorageError::Damaged);
    }
    // Before any row is read or written.
    schema::check(&connection, layout)?;
    if layout > Layout(0) {
        to_wal(&connection)?;
        return Ok((connection, layout));
    }
    make(connection, newest).map(|connection| (connection, newest))
}

/// Lets SQLite move the log into the database.
pub(super) fn accept(connection: &Connection) -> Result<(), StorageError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(fail)?;
    connection.execute_batch("PRAGMA wal_autocheckpoint = 1000").map_err(fail)
}

/// Moves the log into the database and cuts it, where the disk is full.
pub(super) fn empty_log(connection: &Connection) -> Result<(), StorageError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(fail)
}

/// A new database with no row.
pub(super) fn create(path: &Path, newest: Layout) -> Result<Connection, StorageError> {
    make(open(path)?, newest)
}

fn make(mut connection: Connection, newest: Layout) -> Result<Connection, StorageError> {
    to_wal(&connection)?;
    let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    raise(&sql, newest, newest)?;
    sql.commit().map_err(fail)?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection, StorageError> {
    let connection = Connection::open(path).map_err(fail)?;
    for (config, on) in CONFIG {
        connection.set_db_config(config, on).map_err(fail)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_LEN).map_err(fail)?;
    connection.execute_batch(BEFORE_READING).map_err(fail)?;
    Ok(connection)
}

fn to_wal(connection: &Connection) -> Result<(), StorageError> {
    let mut statement = connection.prepare("PRAGMA journal_mode = WAL").map_err(fail)?;
    let mut modes = statement.query([]).map_err(fail)?;
    let is_wal =
        matches!(modes.next().map_err(fail)?, Some(row) if row.get_ref(0).is_ok_and(|mode| mode.as_str() == Ok("wal")));
    // SQLite writes the header after the row: an error of that write comes with the end of the rows, or is never seen.
    let is_last = modes.next().map_err(fail)?.is_none();
    if !is_wal || !is_last {
        return Err(StorageError::Io);
    }
    connection.execute_batch(BEFORE_WRITING).map_err(fail)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn fail(error: rusqlite::Error) -> StorageError {
    storage_error(&error)
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

/// Whether SQLite would play a rollback journal. One that is empty or begins with zeros is what a failed deletion
/// leaves.
fn is_hot(journal: &Path) -> Result<bool, StorageError> {
    let mut first = [0];
    let read = File::open(journal).and_then(|mut file| file.read(&mut first));
    read.map(|_| first != [0]).map_err(|error| envelope::storage_error(&error))
}

/// What the first bytes of a file say.
#[derive(Clone, Copy)]
struct Header {
    layout: Layout,
    is_wal: bool,
}

/// `None` when there is no whole header.
fn header(path: &Path) -> Result<Option<Header>, StorageError> {
    let mut header = [0; 64];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => return Ok(None),
        Err(error) => return Err(envelope::storage_error(&error)),
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return Ok(None);
    }
    let is_wal = header.get(18..20) == Some(&[2, 2]);
    let [.., a, b, c, d] = header;
    Ok(Some(Header { layout: Layout(u32::from_be_bytes([a, b, c, d])), is_wal }))
}

#[cfg(test)]
pub(super) mod tests;
