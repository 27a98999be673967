//! The files of an open store, used by one thread.
mod files;
mod layout;
mod read;
mod rows;
mod salvage;
mod schema;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use rid_flow::ports::{Expect, Generation, Layout, Row, StorageError, Transaction, Write};
use rusqlite::Connection;

use crate::{durable, envelope, folder};

const LOCK: &str = "lock";

/// Whether there is a file of a store.
pub(super) fn is_there(folder: &Path) -> Result<bool, StorageError> {
    files::are_there(folder).map_err(fail)
}

/// Names of what was set aside.
pub(super) fn asides(folder: &Path) -> Result<Vec<String>, StorageError> {
    files::asides(folder).map_err(fail)
}

/// The store's files, used by one thread.
pub(super) struct Database {
    folder: PathBuf,
    newest: Layout,
    open: Option<Open>,
}

struct Open {
    /// `None`: SQLite cannot read the database, or its rows were refused. What the leaves of its files hold is read,
    /// nothing is written.
    connection: Option<Connection>,
    /// Rows of the log are among those that are read without SQLite.
    log: bool,
    layout: Layout,
    /// Held, so that no other process or instance opens the same store (neg-K21).
    _lock: File,
}

impl Database {
    pub(super) fn new(folder: PathBuf, newest: Layout) -> Self {
        Self { folder, newest, open: None }
    }

    pub(super) fn open(&mut self) -> Result<Layout, StorageError> {
        if let Some(open) = &self.open {
            return Ok(open.layout);
        }
        let lock = self.take()?;
        files::complete(&self.folder).map_err(fail)?;
        let (connection, layout) = match layout::connect(&self.folder, self.newest) {
            Ok((connection, layout)) => (Some(connection), layout),
            Err(StorageError::Damaged) if self.is_salvageable()? => (None, self.newest),
            Err(error) => return Err(error),
        };
        self.open = Some(Open { connection, log: true, layout, _lock: lock });
        Ok(layout)
    }

    /// Whether there is an envelope, and a row that its keys may open.
    fn is_salvageable(&self) -> Result<bool, StorageError> {
        Ok(envelope::exists(&self.folder).map_err(fail)?
            && !salvage::rows(&self.folder, true).map_err(fail)?.is_empty())
    }

    pub(super) fn close(&mut self) -> Result<(), StorageError> {
        match self.open.take().and_then(|open| open.connection) {
            Some(connection) => connection.close().map_err(|(_, error)| rows::storage_error(&error)),
            None => Ok(()),
        }
    }

    pub(super) fn accept(&self) -> Result<(), StorageError> {
        let open = self.open.as_ref().ok_or(StorageError::Locked)?;
        open.connection.as_ref().map_or(Ok(()), layout::accept)
    }

    /// Reads all of the database.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        let open = self.open.as_ref().ok_or(StorageError::Locked)?;
        let connection = open.connection.as_ref().ok_or(StorageError::Damaged)?;
        let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        match found.map_err(|error| rows::storage_error(&error))?.as_str() {
            "ok" => Ok(()),
            _ => Err(StorageError::Damaged),
        }
    }

    /// Reads what the leaves hold from now on; nothing is written.
    pub(super) fn salvage(&mut self, log: bool) -> Result<(), StorageError> {
        let open = self.open.as_mut().ok_or(StorageError::Locked)?;
        drop(open.connection.take());
        open.log = log;
        Ok(())
    }

    /// Puts a database of these rows in the place of the present one.
    pub(super) fn rebuild(&mut self, rows: Vec<Row>) -> Result<(), StorageError> {
        drop(self.open.as_mut().ok_or(StorageError::Locked)?.connection.take());
        files::clear_new(&self.folder).map_err(fail)?;
        let path = self.folder.join(files::NEW);
        let mut new = layout::create(&path, self.newest)?;
        let writes = rows.into_iter().map(|row| Write::Put(row, Expect::Absent)).collect();
        rows::run(&mut new, &Transaction { writes, ..Transaction::default() }, self.newest)?;
        // SQLite hides an error of the checkpoint at closing: a part could stay in a log that is not moved.
        layout::empty_log(&new)?;
        new.close().map_err(|(_, error)| rows::storage_error(&error))?;
        File::open(&path).and_then(|file| file.sync_all()).map_err(fail)?;
        files::put_new(&self.folder).map_err(fail)?;
        let (connection, layout) = layout::connect(&self.folder, self.newest)?;
        layout::accept(&connection)?;
        let open = self.open.as_mut().ok_or(StorageError::Locked)?;
        (open.connection, open.layout) = (Some(connection), layout);
        Ok(())
    }

    pub(super) fn transact(&mut self, transaction: &Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        let Open { connection, layout, log, .. } = self.open.as_mut().ok_or(StorageError::Locked)?;
        let found = match connection {
            Some(connection) => match rows::run(connection, transaction, self.newest) {
                // The log may have room that the database no longer needs there.
                Err(StorageError::Full) if layout::empty_log(connection).is_ok() => {
                    rows::run(connection, transaction, self.newest)
                }
                found => found,
            },
            None => Err(StorageError::Damaged),
        };
        match found {
            Err(StorageError::Damaged) if transaction.writes.is_empty() && transaction.layout.is_none() => {
                let rows = salvage::rows(&self.folder, *log).map_err(fail)?;
                Ok(transaction.reads.iter().map(|read| salvage::of(&rows, read)).collect())
            }
            found => {
                let found = found?;
                *layout = transaction.layout.unwrap_or(*layout);
                Ok(found)
            }
        }
    }

    pub(super) fn envelope_read(&mut self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.open.as_ref().ok_or(StorageError::Locked)?;
        Ok(envelope::read(&self.folder)?.into_iter().next())
    }

    pub(super) fn envelope_other(&mut self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.open.as_ref().ok_or(StorageError::Locked)?;
        Ok(envelope::read(&self.folder)?.into_iter().nth(1))
    }

    pub(super) fn envelope_replace(&mut self, generation: Generation, bytes: &[u8]) -> Result<(), StorageError> {
        self.open.as_ref().ok_or(StorageError::Locked)?;
        envelope::replace(&self.folder, generation, bytes)
    }

    /// Moves everything into `aside-<n>`.
    pub(super) fn set_aside(&mut self) -> Result<(), StorageError> {
        let _lock = self.take()?;
        files::complete(&self.folder).and_then(|()| files::set_aside(&self.folder)).map_err(fail)
    }

    pub(super) fn wipe(&mut self) -> Result<(), StorageError> {
        let _lock = self.take()?;
        files::wipe(&self.folder).map_err(fail)
    }

    /// Closes the database, if open, and holds the lock.
    fn take(&mut self) -> Result<File, StorageError> {
        folder::make(&self.folder, LOCK).map_err(fail)?;
        match self.open.take() {
            Some(Open { connection, _lock: held, .. }) => {
                // Its content is of no interest any more: an error of its last checkpoint is none here.
                drop(connection);
                Ok(held)
            }
            None => lock(&self.folder),
        }
    }
}

fn lock(folder: &Path) -> Result<File, StorageError> {
    durable::lock(&folder.join(LOCK)).map_err(fail)
}

fn fail(error: io::Error) -> StorageError {
    envelope::storage_error(&error)
}

#[cfg(test)]
mod tests;
