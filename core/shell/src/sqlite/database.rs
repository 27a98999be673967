mod files;
mod layout;
mod read;
mod rows;
mod schema;

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use rid_flow::ports::{Generation, Layout, Read, Row, StorageError, Transaction, Visitor};
use rusqlite::Connection;

use crate::{envelope, folder};

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
    connection: Connection,
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
        let (connection, layout) = layout::connect(&self.folder, self.newest)?;
        self.open = Some(Open { connection, layout, _lock: lock });
        Ok(layout)
    }

    pub(super) fn close(&mut self) -> Result<(), StorageError> {
        match self.open.take() {
            Some(Open { connection, .. }) => connection.close().map_err(|(_, error)| rows::storage_error(&error)),
            None => Ok(()),
        }
    }

    pub(super) fn transact(&mut self, transaction: &Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        let Open { connection, layout, .. } = self.open.as_mut().ok_or(StorageError::Locked)?;
        let found = rows::run(connection, transaction, self.newest)?;
        *layout = transaction.layout.unwrap_or(*layout);
        Ok(found)
    }

    pub(super) fn visit(&mut self, reads: &[Read], visitor: Visitor) -> Result<(), StorageError> {
        let Open { connection, .. } = self.open.as_mut().ok_or(StorageError::Locked)?;
        rows::visit(connection, reads, visitor)
    }

    pub(super) fn envelope_read(&mut self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.open.as_ref().ok_or(StorageError::Locked)?;
        envelope::read(&self.folder)
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
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(folder.join(LOCK)).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Locked),
        Err(TryLockError::Error(error)) => Err(fail(error)),
    }
}

fn fail(error: io::Error) -> StorageError {
    envelope::storage_error(&error)
}

#[cfg(test)]
mod tests;
