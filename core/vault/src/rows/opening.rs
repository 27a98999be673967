//! Rows opened while storage shows them: a batch at a time, where their bytes lie, in one buffer that is wiped after each.
use rid_flow::ports::{Lent, RowKey, StorageError, Table};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    VaultError,
    rows::{self, Waiting},
    vault::Keys,
};

/// Rows in the clear at one time; fewer, if they are long.
const BATCH: usize = 64;
/// Bytes of theirs, but for a row that is longer itself.
const ROOM: usize = 128 << 10;

/// A row's key and version, and its content.
pub(crate) type Found<T> = (RowKey, u64, Result<T, VaultError>);

/// Takes a value from what stands in a row.
pub(crate) trait Decode<T>: Fn(&[u8]) -> Result<T, StorageError> + Clone + Send + 'static {}

impl<T, D: Fn(&[u8]) -> Result<T, StorageError> + Clone + Send + 'static> Decode<T> for D {}

/// Rows of one table, some of them opened.
pub(crate) struct Opening<T, D> {
    keys: Keys,
    table: Table,
    decode: D,
    waiting: Vec<Waiting>,
    /// Their bytes.
    buffer: Zeroizing<Vec<u8>>,
    found: Vec<Found<T>>,
}

impl<T, D: Decode<T>> Opening<T, D> {
    pub(crate) fn new(keys: Keys, table: Table, decode: D) -> Self {
        let (waiting, buffer) = (Vec::with_capacity(BATCH), Zeroizing::default());
        Self { keys, table, decode, waiting, buffer, found: Vec::new() }
    }

    /// Takes the next row in.
    pub(crate) fn take(&mut self, row: Lent<'_>) {
        if self.waiting.len() == BATCH || self.buffer.len().saturating_add(row.bytes.len()) > ROOM {
            self.open();
        }
        self.buffer.extend_from_slice(row.bytes);
        self.waiting.push(Waiting { key: row.key.clone(), version: row.version, len: row.bytes.len() });
    }

    /// All that were taken in.
    pub(crate) fn finish(mut self) -> Vec<Found<T>> {
        self.open();
        self.found
    }

    fn open(&mut self) {
        let opened: Vec<_> = match self.keys.masters_of(self.table) {
            Ok(masters) => rows::open_all(masters, &self.waiting, &mut self.buffer, &self.decode),
            Err(_) => self.waiting.iter().map(|_| Err(StorageError::Locked)).collect(),
        };
        let opened = opened.into_iter().map(|value| value.map_err(VaultError::from));
        let rows = self.waiting.drain(..).zip(opened);
        self.found.extend(rows.map(|(row, value)| (row.key, row.version, value)));
        self.buffer.zeroize();
    }
}
