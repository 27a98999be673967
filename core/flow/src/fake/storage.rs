//! A storage in memory whose answers can be scripted.
use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::script::Script;
use crate::ports::{Expect, Generation, Layout, Read, Row, RowKey, Storage, StorageError, Transaction, Write};

/// What a store in memory has written: it outlives the [`MemoryStorage`]s over it. Clones are the same disk.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    files: Files,
    /// Moved aside, oldest first.
    aside: Vec<Files>,
    /// The instance that has it open.
    holder: Option<u64>,
}

#[derive(Default)]
struct Files {
    /// `None` until a first `open` makes the store.
    layout: Option<Layout>,
    rows: BTreeMap<RowKey, Row>,
    envelope: Option<(Generation, Vec<u8>)>,
}

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The process that had the store open is dead; nobody closed it.
    pub fn kill(&self) {
        self.disk().holder = None;
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.disk().files.rows.values().cloned().collect()
    }

    /// Changes rows behind the store's back: bits rot, files are swapped.
    pub fn alter(&self, change: impl FnOnce(&mut BTreeMap<RowKey, Row>)) {
        change(&mut self.disk().files.rows);
    }

    /// The layout of the store; `None` while there is none.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        self.disk().files.layout
    }

    /// Changes the layout behind the store's back: older or newer software wrote it.
    pub fn alter_layout(&self, layout: Layout) {
        self.disk().files.layout = Some(layout);
    }

    /// The envelope as it lies there.
    #[must_use]
    pub fn envelope(&self) -> Option<(Generation, Vec<u8>)> {
        self.disk().files.envelope.clone()
    }

    /// Changes the envelope behind the store's back.
    pub fn alter_envelope(&self, change: impl FnOnce(&mut Option<(Generation, Vec<u8>)>)) {
        change(&mut self.disk().files.envelope);
    }

    /// How many stores were moved aside.
    #[must_use]
    pub fn set_aside(&self) -> usize {
        self.disk().aside.len()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store over a [`MemoryDisk`], with a script of faults.
pub struct MemoryStorage {
    disk: MemoryDisk,
    instance: u64,
    newest: Layout,
    script: Mutex<Script<(), StorageError>>,
}

impl MemoryStorage {
    /// Every error of a disk.
    pub const ERRORS: [StorageError; 4] =
        [StorageError::Damaged, StorageError::Full, StorageError::Io, StorageError::ReadOnly];

    /// A store over this disk; another one over the same disk stands for another process.
    #[must_use]
    pub fn new(disk: &MemoryDisk) -> Self {
        Self::with_layout(disk, Layout::NEWEST)
    }

    /// As [`Self::new`], by software whose newest layout is this one: older, or of a version yet to come.
    #[must_use]
    pub fn with_layout(disk: &MemoryDisk, newest: Layout) -> Self {
        static INSTANCES: AtomicU64 = AtomicU64::new(1);
        let instance = INSTANCES.fetch_add(1, SeqCst);
        Self { disk: disk.clone(), instance, newest, script: Mutex::new(Script::new()) }
    }

    /// After `succeed` calls of any kind one fails; nothing is written by it.
    pub fn fail_after(&self, succeed: u64, error: StorageError) {
        self.script().add(None, succeed, false, error);
    }

    /// After `succeed` calls of any kind all fail until [`Self::heal`].
    pub fn fail_from(&self, succeed: u64, error: StorageError) {
        self.script().add(None, succeed, true, error);
    }

    /// Forgets all faults to come.
    pub fn heal(&self) {
        self.script().clear();
    }

    /// How many calls came, failed ones too.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.script().calls()
    }

    fn script(&self) -> MutexGuard<'_, Script<(), StorageError>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<T>(&self, act: impl FnOnce(&mut Disk) -> Result<T, StorageError>) -> Result<T, StorageError> {
        self.script().call(())?;
        act(&mut self.disk.disk())
    }

    /// As [`Self::run`], for calls that need the store open.
    fn run_open<T>(&self, act: impl FnOnce(&mut Files) -> Result<T, StorageError>) -> Result<T, StorageError> {
        self.run(
            |disk| if disk.holder == Some(self.instance) { act(&mut disk.files) } else { Err(StorageError::Locked) },
        )
    }

    /// As [`Self::run`], for calls that need nobody else to have it open.
    fn run_alone<T>(&self, act: impl FnOnce(&mut Disk) -> T) -> Result<T, StorageError> {
        self.run(|disk| match disk.holder {
            Some(other) if other != self.instance => Err(StorageError::Locked),
            _ => Ok(act(disk)),
        })
    }
}

impl Drop for MemoryStorage {
    fn drop(&mut self) {
        let mut disk = self.disk.disk();
        if disk.holder == Some(self.instance) {
            disk.holder = None;
        }
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn open(&self) -> Result<Layout, StorageError> {
        self.run_alone(|disk| {
            let layout = disk.files.layout.unwrap_or(self.newest);
            if layout > self.newest {
                return Err(StorageError::Newer);
            }
            disk.files.layout = Some(layout);
            disk.holder = Some(self.instance);
            Ok(layout)
        })?
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        self.run_open(|files| {
            let layout = files.raised(transaction.layout, self.newest)?;
            let found = transaction.reads.iter().map(|read| files.read(read)).collect();
            if !transaction.writes.is_empty() {
                let mut after = files.rows.clone();
                for write in &transaction.writes {
                    apply(&mut after, write)?;
                }
                files.rows = after;
            }
            files.layout = layout;
            Ok(found)
        })
    }

    async fn rebuild(&self, rows: Vec<Row>) -> Result<(), StorageError> {
        self.run_open(|files| {
            files.rows = rows.into_iter().map(|row| (row.key.clone(), row)).collect();
            Ok(())
        })
    }

    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.run_open(|files| Ok(files.envelope.clone()))
    }

    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError> {
        self.run_open(|files| {
            if files.envelope.as_ref().is_some_and(|(newest, _)| generation <= *newest) {
                return Err(StorageError::Conflict);
            }
            files.envelope = Some((generation, bytes));
            Ok(())
        })
    }

    async fn set_aside(&self) -> Result<(), StorageError> {
        self.run_alone(|disk| {
            let files = core::mem::take(&mut disk.files);
            disk.aside.push(files);
            disk.holder = None;
        })
    }

    async fn wipe(&self) -> Result<(), StorageError> {
        self.run_alone(|disk| *disk = Disk::default())
    }

    async fn close(&self) -> Result<(), StorageError> {
        self.run(|disk| {
            if disk.holder == Some(self.instance) {
                disk.holder = None;
            }
            Ok(())
        })
    }
}

impl Files {
    /// The layout after a transaction that asks for `wanted`.
    fn raised(&self, wanted: Option<Layout>, newest: Layout) -> Result<Option<Layout>, StorageError> {
        match wanted {
            None => Ok(self.layout),
            Some(wanted) if wanted > newest => Err(StorageError::Newer),
            wanted if wanted < self.layout => Err(StorageError::Conflict),
            wanted => Ok(wanted),
        }
    }

    fn read(&self, read: &Read) -> Vec<Row> {
        let (table, index, bytes) = match read {
            Read::Get(key) => return self.rows.get(key).cloned().into_iter().collect(),
            Read::Heads(table, index) => (table, index, false),
            Read::Rows(table, index) => (table, index, true),
        };
        let rows = self.rows.values().filter(|row| row.key.table == *table);
        // Zero is no index value.
        let rows = rows.filter(|row| index.is_none_or(|index| index != [0; 32] && row.index == index));
        let headless = |row: &Row| Row { key: row.key.clone(), bytes: Vec::new(), ..*row };
        rows.map(|row| if bytes { row.clone() } else { headless(row) }).collect()
    }
}

fn apply(rows: &mut BTreeMap<RowKey, Row>, write: &Write) -> Result<(), StorageError> {
    let (key, expect) = match write {
        Write::Delete(key, expect) => (key, expect),
        Write::Put(row, expect) => (&row.key, expect),
    };
    let holds = match (rows.get(key), expect) {
        (None, Expect::Absent) => true,
        (Some(row), Expect::Version(version)) => row.version == *version,
        _ => false,
    };
    if !holds {
        return Err(StorageError::Conflict);
    }
    match write {
        Write::Delete(key, _) => drop(rows.remove(key)),
        Write::Put(row, _) => drop(rows.insert(row.key.clone(), row.clone())),
    }
    Ok(())
}
