use std::{
    boxed::Box,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    vec::Vec,
};

use async_trait::async_trait;

use crate::ports::{
    Expect, Generation, Read, Row, RowKey, Storage, StorageError, Transaction, Write,
};

/// When an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The operation with this number (from 0) fails once.
    Once(u64, StorageError),
    /// It and all after it fail.
    Sticky(u64, StorageError),
}

/// What outlives a process: share it between two [`MemoryStorage`]s to play a restart.
#[derive(Default)]
struct Disk {
    rows: BTreeMap<RowKey, Row>,
    envelope: Option<(Generation, Vec<u8>)>,
    aside: usize,
    opened: bool,
    operations: u64,
    faults: Vec<Fault>,
}

/// The Storage port in memory, with a script of faults.
pub struct MemoryStorage {
    disk: Arc<Mutex<Disk>>,
    open: Mutex<bool>,
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self { disk: Arc::default(), open: Mutex::new(false) }
    }
}

impl MemoryStorage {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another instance over the same disk, as another process would be.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { disk: self.disk.clone(), open: Mutex::new(false) }
    }

    /// The process dies: nothing is closed, the lock is freed.
    pub fn kill(&self) {
        self.disk().opened = false;
        *self.is_open() = false;
    }

    /// Sets the faults and counts operations anew.
    pub fn set_faults(&self, faults: &[Fault]) {
        let mut disk = self.disk();
        disk.operations = 0;
        disk.faults = faults.to_vec();
    }

    /// Operations since the faults were set.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// Changes stored rows behind everybody's back (bit rot, an attacker).
    pub fn tamper(&self, change: impl FnOnce(&mut BTreeMap<RowKey, Row>)) {
        change(&mut self.disk().rows);
    }

    /// Loses or replaces the envelope behind everybody's back.
    pub fn tamper_envelope(&self, envelope: Option<(Generation, Vec<u8>)>) {
        self.disk().envelope = envelope;
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_open(&self) -> MutexGuard<'_, bool> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation and lets it through, or fails it.
    fn operate(&self) -> Result<MutexGuard<'_, Disk>, StorageError> {
        if !*self.is_open() {
            return Err(StorageError::Locked);
        }
        let mut disk = self.disk();
        let number = disk.operations;
        disk.operations += 1;
        let failing = disk.faults.iter().find_map(|fault| match fault {
            Fault::Once(at, error) if *at == number => Some(*error),
            Fault::Sticky(at, error) if *at <= number => Some(*error),
            _ => None,
        });
        failing.map_or(Ok(disk), Err)
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn open(&self) -> Result<(), StorageError> {
        let mut open = self.is_open();
        if *open {
            return Ok(());
        }
        let mut disk = self.disk();
        if disk.opened {
            return Err(StorageError::Locked);
        }
        disk.opened = true;
        *open = true;
        Ok(())
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        let mut disk = self.operate()?;
        let results = transaction.reads.iter().map(|read| rows(&disk.rows, read)).collect();
        let mut next = disk.rows.clone();
        for write in transaction.writes {
            apply(&mut next, write)?;
        }
        disk.rows = next;
        Ok(results)
    }

    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        Ok(self.operate()?.envelope.clone())
    }

    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError> {
        let mut disk = self.operate()?;
        if disk.envelope.as_ref().is_some_and(|(current, _)| generation <= *current) {
            return Err(StorageError::Conflict);
        }
        disk.envelope = Some((generation, bytes));
        Ok(())
    }

    async fn set_aside(&self) -> Result<(), StorageError> {
        let mut disk = self.operate()?;
        disk.rows.clear();
        disk.envelope = None;
        disk.aside += 1;
        Ok(())
    }

    async fn wipe(&self) -> Result<(), StorageError> {
        let mut disk = self.operate()?;
        disk.envelope = None;
        disk.rows.clear();
        disk.opened = false;
        drop(disk);
        *self.is_open() = false;
        Ok(())
    }

    async fn close(&self) -> Result<(), StorageError> {
        let mut open = self.is_open();
        if *open {
            self.disk().opened = false;
            *open = false;
        }
        Ok(())
    }
}

fn rows(stored: &BTreeMap<RowKey, Row>, read: &Read) -> Vec<Row> {
    let of = |table, index: &Option<[u8; 32]>| -> Vec<Row> {
        let fits = |row: &&Row| row.key.table == table && index.is_none_or(|index| row.index == index);
        stored.values().filter(fits).cloned().collect()
    };
    match read {
        Read::Get(key) => stored.get(key).cloned().into_iter().collect(),
        Read::Heads(table, index) => {
            of(*table, index).into_iter().map(|row| Row { bytes: Vec::new(), ..row }).collect()
        }
        Read::Rows(table, index) => of(*table, index),
    }
}

fn apply(rows: &mut BTreeMap<RowKey, Row>, write: Write) -> Result<(), StorageError> {
    let holds = |rows: &BTreeMap<RowKey, Row>, key: &RowKey, expect: Expect| match (rows.get(key), expect) {
        (None, Expect::Absent) => true,
        (Some(row), Expect::Version(version)) => row.version == version,
        _ => false,
    };
    match write {
        Write::Delete(key, expect) if holds(rows, &key, expect) => drop(rows.remove(&key)),
        Write::Put(row, expect) if holds(rows, &row.key, expect) => drop(rows.insert(row.key.clone(), row)),
        _ => return Err(StorageError::Conflict),
    }
    Ok(())
}
