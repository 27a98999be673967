//! The port of storage: rows in tables, written in transactions.
use alloc::{boxed::Box, vec::Vec};

use async_trait::async_trait;
use rid_wire::Code;

/// A table of the store, by number: names in the file are neutral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(pub u8);

impl Table {
    /// For copies of rows of other tables: its rows share no page with theirs, so that one lost page does not take
    /// both.
    pub const MIRROR: Self = Self(255);
}

/// The place of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Table.
    pub table: Table,
    /// Identifier: random or a keyed hash, never plain.
    pub id: [u8; 32],
}

/// A row: an encrypted record.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Place.
    pub key: RowKey,
    /// Counts every write of this row, from 1.
    pub version: u64,
    /// Keyed hash by which rows are listed together; zero when there is none: then the row is listed with its whole
    /// table only.
    pub index: [u8; 32],
    /// The sealed bytes; empty in [`Read::Heads`].
    pub bytes: Vec<u8>,
}

/// What a row must be for a write to go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No such row.
    Absent,
    /// This version.
    Version(u64),
}

impl Expect {
    /// What must be there for a row to be written over one of that version, or where there is none.
    #[must_use]
    pub fn over(version: Option<u64>) -> Self {
        version.map_or(Self::Absent, Self::Version)
    }
}

/// One read of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// One row by key, if there.
    Get(RowKey),
    /// All rows of a table, or those of one index value, ordered by key, without their bytes.
    Heads(Table, Option<[u8; 32]>),
    /// The same with bytes.
    Rows(Table, Option<[u8; 32]>),
}

/// One write of a transaction.
#[derive(Clone, PartialEq, Eq)]
pub enum Write {
    /// Removes a row.
    Delete(RowKey, Expect),
    /// Writes a row.
    Put(Row, Expect),
}

/// Version of how a store lays out and fills its rows; one number for the file and for what the vault keeps in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layout(pub u32);

impl Layout {
    /// The layout new stores are made with.
    pub const NEWEST: Self = Self(1);
}

/// Reads, then writes, as one durable unit. If an expectation does not hold, nothing is written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Done first, in order.
    pub reads: Vec<Read>,
    /// Done next, in order.
    pub writes: Vec<Write>,
    /// Raises the store to this layout in the same unit: a migration is there whole or not at all (neg-K16). The one
    /// it has changes nothing; a lower one is [`StorageError::Conflict`], one this software does not know
    /// [`StorageError::Newer`].
    pub layout: Option<Layout>,
}

/// Which generation of the key envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u64);

/// Why storage failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum StorageError {
    /// An expectation of a write did not hold.
    Conflict,
    /// A record or the file is damaged (neg-K05).
    Damaged,
    /// No free copy is left in a pool.
    Exhausted,
    /// The disk is full.
    Full,
    /// Any other error of reading or writing.
    Io,
    /// Another process or instance has the store open, or it is not open.
    Locked,
    /// A newer version of this software wrote the store; nothing was touched (neg-K17).
    Newer,
    /// The file system is read-only.
    ReadOnly,
}

impl StorageError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Conflict => "storage_conflict",
            Self::Damaged => "storage_corrupt",
            Self::Exhausted => "credential_unavailable",
            Self::Full => "storage_full",
            Self::Io => "storage_io",
            Self::Locked => "storage_locked",
            Self::Newer => "schema_newer",
            Self::ReadOnly => "storage_readonly",
        })
    }
}

impl core::fmt::Debug for Row {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Row")
    }
}

impl core::fmt::Debug for Write {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Write")
    }
}

impl core::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Transaction")
    }
}

/// Durable opaque records and the key envelope beside them.
#[async_trait]
pub trait Storage: Send + Sync {
    /// Opens, exclusively for this handle; makes an empty store of the newest layout where there is none. A database
    /// that cannot be read, beside an envelope, opens for reading what is left of it; then each write is
    /// [`StorageError::Damaged`]. Opening what this handle has open succeeds. What a kill left half done of
    /// [`Self::wipe`] or [`Self::set_aside`] is completed first. Gives the layout the store has; an older one is
    /// served as it is until a transaction raises it.
    ///
    /// # Errors
    /// [`StorageError::Locked`] when another process or handle has it open; [`StorageError::Newer`], then nothing was
    /// touched.
    async fn open(&self) -> Result<Layout, StorageError>;

    /// Runs one transaction; returns one list of rows per read. When it returns, the writes survive a power cut.
    ///
    /// # Errors
    /// [`StorageError`]; then nothing was written.
    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError>;

    /// Allows storage to rewrite the database file from now on: whoever opened it has found its rows to be of this
    /// store and of now. Until then a refused store stays as it is, byte for byte (neg-K31).
    ///
    /// # Errors
    /// [`StorageError`].
    async fn accept(&self) -> Result<(), StorageError> {
        Ok(())
    }

    /// Reads the whole database, also parts that no read of rows meets.
    ///
    /// # Errors
    /// [`StorageError::Damaged`] where any part is corrupt.
    async fn check(&self) -> Result<(), StorageError> {
        Ok(())
    }

    /// Serves what can be found in any part of the database file from now on, and in its log where `log` says so;
    /// writes nothing until [`Self::rebuild`]. For whoever refused the rows that a transaction shows.
    ///
    /// # Errors
    /// [`StorageError`].
    async fn salvage(&self, _log: bool) -> Result<(), StorageError> {
        Ok(())
    }

    /// Puts a new database of these rows in the place of the present one, whose files are moved aside: complete or
    /// not begun, whenever the process exits.
    ///
    /// # Errors
    /// [`StorageError`]; then the present one stays. [`StorageError::Damaged`] from a storage that cannot.
    async fn rebuild(&self, _rows: Vec<Row>) -> Result<(), StorageError> {
        Err(StorageError::Damaged)
    }

    /// The older whole envelope, if any: the one to use where the newest is of another store.
    ///
    /// # Errors
    /// [`StorageError`].
    async fn envelope_other(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        Ok(None)
    }

    /// The newest whole envelope, if any.
    ///
    /// # Errors
    /// [`StorageError`].
    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError>;

    /// Replaces the envelope durably and atomically; `generation` must be greater than every earlier one.
    ///
    /// # Errors
    /// [`StorageError`]; then the old one stands.
    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError>;

    /// Moves all files aside under a new name (never deletes) so that the next `open` makes an empty store; also
    /// files that cannot be opened. Cut off by a kill it is completed by the next `open`.
    ///
    /// # Errors
    /// [`StorageError`].
    async fn set_aside(&self) -> Result<(), StorageError>;

    /// Destroys everything, stores set aside too, and closes; open or not. Cut off by a kill it is completed by the
    /// next `open`.
    ///
    /// # Errors
    /// [`StorageError`].
    async fn wipe(&self) -> Result<(), StorageError>;

    /// Closes and lets others open.
    ///
    /// # Errors
    /// [`StorageError`].
    async fn close(&self) -> Result<(), StorageError>;
}
