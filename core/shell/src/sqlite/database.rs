use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use rid_flow::ports::{Expect, Generation, Read, Row, RowKey, StorageError, Table, Transaction, Write};
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, config::DbConfig, params};

use crate::envelope;

/// Version of the file's layout, in `user_version`.
const LAYOUT: i64 = 1;
/// In the order they are moved aside or removed.
const FILES: [&str; 7] =
    ["envelope.new", "envelope.a", "envelope.b", "store.db", "store.db-wal", "store.db-shm", "store.db-journal"];
/// Folders of stores moved aside: this and a number.
const ASIDE: &str = "aside-";

const PRAGMAS: [(&str, &str); 11] = [
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("fullfsync", "ON"),
    ("checkpoint_fullfsync", "ON"),
    ("secure_delete", "ON"),
    ("trusted_schema", "OFF"),
    ("cell_size_check", "ON"),
    ("temp_store", "MEMORY"),
    ("foreign_keys", "ON"),
    ("mmap_size", "0"),
    ("locking_mode", "EXCLUSIVE"),
];

/// The store's files, used by one thread.
pub(super) struct Database {
    folder: PathBuf,
    open: Option<Open>,
}

struct Open {
    connection: Connection,
    /// Held, so that no other process or instance opens the same store (neg-K21).
    _lock: File,
}

impl Database {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, open: None }
    }

    pub(super) fn open(&mut self) -> Result<(), StorageError> {
        if self.open.is_some() {
            return Ok(());
        }
        fs::create_dir_all(&self.folder).map_err(|error| envelope::storage_error(&error))?;
        let lock = lock(&self.folder)?;
        let connection = connect(&self.folder)?;
        self.open = Some(Open { connection, _lock: lock });
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<(), StorageError> {
        match self.open.take() {
            Some(Open { connection, _lock }) => connection.close().map_err(|(_, error)| storage_error(&error)),
            None => Ok(()),
        }
    }

    pub(super) fn transact(&mut self, transaction: &Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        let Open { connection, .. } = self.open.as_mut().ok_or(StorageError::Locked)?;
        run(connection, transaction)
    }

    pub(super) fn envelope_read(&mut self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.open.as_ref().ok_or(StorageError::Locked)?;
        envelope::read(&self.folder)
    }

    pub(super) fn envelope_replace(&mut self, generation: Generation, bytes: &[u8]) -> Result<(), StorageError> {
        self.open.as_ref().ok_or(StorageError::Locked)?;
        envelope::replace(&self.folder, generation, bytes)
    }

    /// Moves everything into `aside-<n>`, the envelope first: what a crash in between leaves has a name, and never looks like an
    /// empty store.
    pub(super) fn set_aside(&mut self) -> Result<(), StorageError> {
        let fail = |error: std::io::Error| envelope::storage_error(&error);
        let _lock = self.take()?;
        let aside = (1..u32::MAX).map(|n| self.folder.join(format!("{ASIDE}{n}"))).find(|path| !path.exists());
        let aside = aside.ok_or(StorageError::Io)?;
        fs::create_dir(&aside).map_err(fail)?;
        for name in FILES {
            let from = self.folder.join(name);
            if from.exists() {
                fs::rename(from, aside.join(name)).map_err(fail)?;
            }
        }
        envelope::sync_folder(&aside).map_err(fail)?;
        envelope::sync_folder(&self.folder).map_err(fail)
    }

    /// The envelopes first: without them nothing of the rest can be read.
    pub(super) fn wipe(&mut self) -> Result<(), StorageError> {
        let fail = |error: std::io::Error| envelope::storage_error(&error);
        let _lock = self.take()?;
        let mut folders = vec![self.folder.clone()];
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if entry.file_name().to_string_lossy().starts_with(ASIDE) {
                folders.push(entry.path());
            }
        }
        for name in FILES {
            for folder in &folders {
                match fs::remove_file(folder.join(name)) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(fail(error)),
                }
            }
        }
        for aside in folders.iter().skip(1) {
            fs::remove_dir(aside).map_err(fail)?;
        }
        envelope::sync_folder(&self.folder).map_err(fail)
    }

    /// Closes the database, if open, and holds the lock over what its files are to become.
    fn take(&mut self) -> Result<File, StorageError> {
        fs::create_dir_all(&self.folder).map_err(|error| envelope::storage_error(&error))?;
        match self.open.take() {
            Some(Open { connection, _lock: held }) => {
                // Its content is of no interest any more: an error of its last checkpoint is none here.
                drop(connection);
                Ok(held)
            }
            None => lock(&self.folder),
        }
    }
}

fn lock(folder: &Path) -> Result<File, StorageError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join("lock"))
        .map_err(|error| envelope::storage_error(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Locked),
        Err(TryLockError::Error(error)) => Err(envelope::storage_error(&error)),
    }
}

fn connect(folder: &Path) -> Result<Connection, StorageError> {
    let fail = |error: rusqlite::Error| storage_error(&error);
    let connection = Connection::open(folder.join("store.db")).map_err(fail)?;
    let layout: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    if layout > LAYOUT {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
        return Err(StorageError::Newer);
    }
    if layout < LAYOUT && envelope::exists(folder) {
        // The database of this envelope is gone or cut to nothing: a new one would look like an empty wallet (inv-I9).
        return Err(StorageError::Damaged);
    }
    set_up(&connection, layout).map_err(fail)?;
    Ok(connection)
}

fn set_up(connection: &Connection, layout: i64) -> rusqlite::Result<()> {
    for (name, value) in PRAGMAS {
        connection.pragma_update_and_check(None, name, value, |_| Ok(())).or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(()),
            other => Err(other),
        })?;
    }
    if layout == LAYOUT {
        return Ok(());
    }
    // The body stands last: lists without it do not read its pages.
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         CREATE TABLE r (t INTEGER NOT NULL, k BLOB NOT NULL, v INTEGER NOT NULL, i BLOB NOT NULL, b BLOB NOT NULL,
                         PRIMARY KEY (t, k));
         CREATE INDEX ri ON r (t, i, k);
         PRAGMA user_version = {LAYOUT};
         COMMIT;"
    ))
}

fn run(connection: &mut Connection, transaction: &Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
    let fail = |error: rusqlite::Error| storage_error(&error);
    let behavior =
        if transaction.writes.is_empty() { TransactionBehavior::Deferred } else { TransactionBehavior::Immediate };
    let sql = connection.transaction_with_behavior(behavior).map_err(fail)?;
    let mut results = Vec::with_capacity(transaction.reads.len());
    for read in &transaction.reads {
        results.push(rows(&sql, read).map_err(fail)?);
    }
    for write in &transaction.writes {
        if apply(&sql, write).map_err(fail)? != 1 {
            return Err(StorageError::Conflict);
        }
    }
    sql.commit().map_err(fail)?;
    Ok(results)
}

fn rows(sql: &Connection, read: &Read) -> rusqlite::Result<Vec<Row>> {
    let read_row = |row: &rusqlite::Row<'_>| {
        Ok(Row {
            key: RowKey { table: Table(row.get(0)?), id: row.get(1)? },
            version: u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default(),
            index: row.get(3)?,
            bytes: row.get(4)?,
        })
    };
    match read {
        Read::Get(key) => sql
            .prepare_cached("SELECT t, k, v, i, b FROM r WHERE t = ?1 AND k = ?2")?
            .query_row(params![key.table.0, key.id], read_row)
            .optional()
            .map(|row| row.into_iter().collect()),
        Read::Heads(table, None) => sql
            .prepare_cached("SELECT t, k, v, i, x'' FROM r WHERE t = ?1 ORDER BY k")?
            .query_map(params![table.0], read_row)?
            .collect(),
        Read::Heads(table, Some(index)) => sql
            .prepare_cached("SELECT t, k, v, i, x'' FROM r WHERE t = ?1 AND i = ?2 ORDER BY k")?
            .query_map(params![table.0, index], read_row)?
            .collect(),
        Read::Rows(table, None) => sql
            .prepare_cached("SELECT t, k, v, i, b FROM r WHERE t = ?1 ORDER BY k")?
            .query_map(params![table.0], read_row)?
            .collect(),
        Read::Rows(table, Some(index)) => sql
            .prepare_cached("SELECT t, k, v, i, b FROM r WHERE t = ?1 AND i = ?2 ORDER BY k")?
            .query_map(params![table.0, index], read_row)?
            .collect(),
    }
}

/// The number of rows changed: 1, or the expectation did not hold.
fn apply(sql: &Connection, write: &Write) -> rusqlite::Result<usize> {
    let number = |version: u64| i64::try_from(version).unwrap_or(i64::MAX);
    match write {
        Write::Delete(key, Expect::Version(version)) => sql
            .prepare_cached("DELETE FROM r WHERE t = ?1 AND k = ?2 AND v = ?3")?
            .execute(params![key.table.0, key.id, number(*version)]),
        // Deleting what must be absent holds if it is.
        Write::Delete(key, Expect::Absent) => sql
            .prepare_cached("SELECT count(*) = 0 FROM r WHERE t = ?1 AND k = ?2")?
            .query_row(params![key.table.0, key.id], |row| row.get::<_, bool>(0))
            .map(usize::from),
        Write::Put(row, Expect::Absent) => sql
            .prepare_cached("INSERT OR IGNORE INTO r (t, k, v, i, b) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![row.key.table.0, row.key.id, number(row.version), row.index, row.bytes]),
        Write::Put(row, Expect::Version(version)) => sql
            .prepare_cached("UPDATE r SET v = ?3, i = ?4, b = ?5 WHERE t = ?1 AND k = ?2 AND v = ?6")?
            .execute(params![row.key.table.0, row.key.id, number(row.version), row.index, row.bytes, number(*version)]),
    }
}

fn storage_error(error: &rusqlite::Error) -> StorageError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StorageError::ReadOnly,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Locked,
        // `Unknown` is SQLITE_ERROR: a table or column of ours is not there.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => StorageError::Damaged,
        Some(_) => StorageError::Io,
        // Rows of another form than this layout's.
        None => StorageError::Damaged,
    }
}

#[cfg(test)]
mod tests;
