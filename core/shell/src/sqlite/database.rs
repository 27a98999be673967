mod layout;
mod rows;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use rid_flow::ports::{Generation, Layout, Row, StorageError, Transaction};
use rusqlite::Connection;

use crate::envelope;

/// In the order they are moved aside or removed.
const FILES: [&str; 7] =
    ["envelope.new", "envelope.a", "envelope.b", "store.db", "store.db-wal", "store.db-shm", "store.db-journal"];
/// Folders of stores moved aside: this and a number.
const ASIDE: &str = "aside-";

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
        fs::create_dir_all(&self.folder).map_err(|error| envelope::storage_error(&error))?;
        let lock = lock(&self.folder)?;
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

#[cfg(test)]
mod tests;
