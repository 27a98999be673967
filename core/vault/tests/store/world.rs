//! A store in memory with a secure area, both to be cut off at any call.
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use async_trait::async_trait;
use rid_crypto::Secret;
use rid_flow::{
    Changes, Committer, Credential, CredentialId, HistoryDraft, HistoryId, HistoryKind, HistoryOutcome, NewCopy,
    Record, RecordKey, Reuse,
    fake::{MemoryDisk, MemoryStorage, ScriptedSecureArea, SeededRng, block_on},
    ports::{
        Generation, KeyId, KeyInfo, KeySpec, Layout, Prompt, Row, SecureArea, SecureAreaError, Storage, StorageError,
        Transaction,
    },
};
use rid_vault::{Pin, RngSource, Vault, VaultConfig, VaultError};
use rid_wire::Timestamp;

pub(crate) const CANARY: &str = "Canary-Surname-Of-Nobody";
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn rng() -> RngSource {
    static SEED: AtomicU64 = AtomicU64::new(1);
    Arc::new(|| Box::new(SeededRng::new(SEED.fetch_add(1, SeqCst))))
}

pub(crate) fn open(storage: Arc<dyn Storage>, area: Arc<dyn SecureArea>) -> Result<Vault, VaultError> {
    block_on(Vault::open(storage, area, rng(), VaultConfig { low_water: 2 }))
}

pub(crate) fn pin(digits: &str) -> Pin {
    Pin::parse(digits.as_bytes()).unwrap()
}

pub(crate) fn id(name: &str) -> CredentialId {
    CredentialId(name.into())
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW + seconds)
}

pub(crate) fn credential(name: &str, copies: usize, reuse: Reuse) -> Credential {
    let copy = |n: usize| NewCopy {
        key: KeyId(format!("{name}-key-{n}")),
        bytes: format!("{CANARY} {name} {n}").into_bytes(),
    };
    Credential {
        id: id(name),
        format: "mso_mdoc".into(),
        kind: "org.iso.18013.5.1.mDL".into(),
        subject: None,
        issuer: CANARY.into(),
        signed: at(0),
        valid_from: at(0),
        valid_until: at(1_000_000),
        reuse,
        elements: vec![("ns".into(), vec!["family_name".into()])],
        copies: (0..copies).map(copy).collect(),
    }
}

pub(crate) fn add(name: &str, copies: usize) -> Changes {
    Changes { add: vec![credential(name, copies, Reuse::Once)], ..Changes::default() }
}

pub(crate) fn event(n: u8) -> HistoryDraft {
    HistoryDraft {
        id: HistoryId([n; 16]),
        kind: HistoryKind::Presentation,
        outcome: HistoryOutcome::Started,
        at: at(i64::from(n)),
        peer: CANARY.into(),
        peer_verified: true,
        elements: vec![("kind".into(), "ns".into(), "family_name".into(), true)],
        reason: "agreed".into(),
    }
}

pub(crate) fn log(n: u8) -> Changes {
    Changes { history: vec![event(n)], ..Changes::default() }
}

pub(crate) fn present(name: &str, n: u8) -> Changes {
    Changes { consume: vec![id(name)], ..log(n) }
}

pub(crate) fn key(kind: &str, name: &str) -> RecordKey {
    RecordKey { kind: kind.into(), name: name.into() }
}

pub(crate) fn put(kind: &str, name: &str, value: &str) -> Changes {
    let record = Record { key: key(kind, name), bytes: value.as_bytes().to_vec() };
    Changes { put: vec![record], ..Changes::default() }
}

pub(crate) fn left(vault: &Vault, name: &str) -> u32 {
    block_on(vault.credential(&id(name))).unwrap().map_or(0, |meta| meta.copies_left)
}

/// Storage and secure area of one wallet. A clone is the same wallet; a [`Self::fork`] another that begins with the same files.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) disk: MemoryDisk,
    pub(crate) area: Arc<ScriptedSecureArea>,
    /// Keys that are gone, for this wallet.
    gone: Arc<Mutex<BTreeSet<KeyId>>>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self { disk: MemoryDisk::new(), area: Arc::new(ScriptedSecureArea::new(seed)), gone: Arc::default() }
    }

    pub(crate) fn open(&self) -> Vault {
        self.try_open().unwrap()
    }

    /// Another process, after the death of the last.
    pub(crate) fn try_open(&self) -> Result<Vault, VaultError> {
        self.disk.kill();
        open(Arc::new(MemoryStorage::new(&self.disk)), self.area(&Line::whole()))
    }

    /// Opens it so that the line can cut it off.
    pub(crate) fn open_on(&self, line: &Line) -> Result<Vault, VaultError> {
        self.disk.kill();
        open(self.storage(line), self.area(line))
    }

    pub(crate) fn storage(&self, line: &Line) -> Arc<dyn Storage> {
        line.over(Arc::new(MemoryStorage::new(&self.disk)))
    }

    pub(crate) fn area(&self, line: &Line) -> Arc<dyn SecureArea> {
        Arc::new(CutArea { area: self.area.clone(), gone: self.gone.clone(), line: line.clone() })
    }

    /// The same files and the same chip, which forgets keys for this one alone.
    pub(crate) fn fork(&self) -> Self {
        let disk = self.disk.clone_files();
        let gone = self.gone.lock().unwrap().clone();
        Self { disk, area: self.area.clone(), gone: Arc::new(Mutex::new(gone)) }
    }

    /// The same files on another device.
    pub(crate) fn on(&self, seed: u64) -> Self {
        Self { disk: self.disk.clone_files(), ..Self::new(seed) }
    }

    /// Keys of the secure area that are there.
    pub(crate) fn keys(&self) -> Vec<KeyId> {
        let gone = self.gone.lock().unwrap();
        self.area.keys().into_iter().filter(|key| !gone.contains(key)).collect()
    }

    pub(crate) fn is_gone(&self, key: &KeyId) -> bool {
        !self.keys().contains(key)
    }
}

pub(crate) trait Files {
    fn clone_files(&self) -> MemoryDisk;
    /// Puts the rows of another disk here, the envelope stays.
    fn take_rows(&self, of: &MemoryDisk);
    /// Puts the envelope of another disk here, as a file of a later date; the rows stay.
    fn take_envelope(&self, of: &MemoryDisk);
}

impl Files for MemoryDisk {
    fn clone_files(&self) -> MemoryDisk {
        let disk = MemoryDisk::new();
        if let Some(layout) = self.layout() {
            disk.alter_layout(layout);
        }
        disk.take_rows(self);
        disk.alter_envelope(|envelope| *envelope = self.envelope());
        disk
    }

    fn take_rows(&self, of: &MemoryDisk) {
        let found = of.rows();
        self.alter(|rows| *rows = found.into_iter().map(|row| (row.key.clone(), row)).collect());
    }

    fn take_envelope(&self, of: &MemoryDisk) {
        let (_, bytes) = of.envelope().unwrap();
        self.alter_envelope(|envelope| envelope.as_mut().unwrap().1 = bytes);
    }
}

/// Where a wallet's process dies: at a call of storage or secure area, before or just after it was carried out.
#[derive(Clone)]
pub(crate) struct Line(Arc<Mutex<Cut>>);

struct Cut {
    /// Calls that still go through; `None`: all.
    left: Option<u64>,
    carried_out: bool,
    /// Only this call fails, then it is whole again.
    once: bool,
    hit: bool,
    error: StorageError,
}

enum Passing {
    Whole,
    /// It is carried out, the answer is lost.
    Mute,
    Dead,
}

impl Line {
    pub(crate) fn whole() -> Self {
        let error = StorageError::Io;
        Self(Arc::new(Mutex::new(Cut { left: None, carried_out: false, once: false, hit: false, error })))
    }

    /// From the call after the next `calls` on nothing gets through.
    pub(crate) fn cut_after(&self, calls: u64, carried_out: bool) {
        let mut cut = self.0.lock().unwrap();
        (cut.left, cut.carried_out, cut.once, cut.hit) = (Some(calls), carried_out, false, false);
    }

    /// That one call fails, later ones do not.
    pub(crate) fn fail_one(&self, calls: u64, error: StorageError) {
        self.cut_after(calls, false);
        let mut cut = self.0.lock().unwrap();
        (cut.once, cut.error) = (true, error);
    }

    /// Storage that it can cut off.
    pub(crate) fn over(&self, storage: Arc<dyn Storage>) -> Arc<dyn Storage> {
        Arc::new(CutStorage(storage, self.clone()))
    }

    pub(crate) fn was_hit(&self) -> bool {
        self.0.lock().unwrap().hit
    }

    fn pass(&self) -> Result<Passing, StorageError> {
        let mut cut = self.0.lock().unwrap();
        match cut.left {
            None => Ok(Passing::Whole),
            Some(0) => {
                let first = !cut.hit;
                cut.hit = true;
                if cut.once {
                    cut.left = None;
                    return Err(cut.error);
                }
                Ok(if first && cut.carried_out { Passing::Mute } else { Passing::Dead })
            }
            Some(left) => {
                cut.left = Some(left - 1);
                Ok(Passing::Whole)
            }
        }
    }

    async fn run<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
        error: impl Fn(StorageError) -> E,
    ) -> Result<T, E> {
        match self.pass().map_err(&error)? {
            Passing::Whole => call.await,
            Passing::Mute => {
                let _ = call.await;
                Err(error(StorageError::Io))
            }
            Passing::Dead => Err(error(StorageError::Io)),
        }
    }
}

/// Runs `act` over forks of a wallet, cut off at each call in turn, before and after it; then `check` over what lies there.
pub(crate) fn at_each_call(base: &World, act: impl Fn(&Vault), check: impl Fn(&World, bool)) {
    for carried_out in [false, true] {
        for calls in 0.. {
            let (world, line) = (base.fork(), Line::whole());
            let vault = world.open_on(&line).unwrap();
            line.cut_after(calls, carried_out);
            act(&vault);
            drop(vault);
            check(&world, !line.was_hit());
            if !line.was_hit() {
                break;
            }
        }
    }
}

struct CutStorage(Arc<dyn Storage>, Line);

#[async_trait]
impl Storage for CutStorage {
    async fn open(&self) -> Result<Layout, StorageError> {
        self.1.run(self.0.open(), |error| error).await
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        self.1.run(self.0.transact(transaction), |error| error).await
    }

    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.1.run(self.0.envelope_read(), |error| error).await
    }

    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError> {
        self.1.run(self.0.envelope_replace(generation, bytes), |error| error).await
    }

    async fn set_aside(&self) -> Result<(), StorageError> {
        self.1.run(self.0.set_aside(), |error| error).await
    }

    async fn wipe(&self) -> Result<(), StorageError> {
        self.1.run(self.0.wipe(), |error| error).await
    }

    async fn close(&self) -> Result<(), StorageError> {
        self.1.run(self.0.close(), |error| error).await
    }
}

struct CutArea {
    area: Arc<ScriptedSecureArea>,
    gone: Arc<Mutex<BTreeSet<KeyId>>>,
    line: Line,
}

impl CutArea {
    fn there(&self, key: &KeyId) -> Result<(), SecureAreaError> {
        if self.gone.lock().unwrap().contains(key) { Err(SecureAreaError::NotFound) } else { Ok(()) }
    }
}

fn unavailable(_: StorageError) -> SecureAreaError {
    SecureAreaError::Unavailable
}

#[async_trait]
impl SecureArea for CutArea {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.line.run(self.area.create_keys(count, spec), unavailable).await
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.there(&key)?;
        self.line.run(self.area.sign(key, message, prompt), unavailable).await
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.there(&key)?;
        self.line.run(self.area.agree(key, peer, prompt), unavailable).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        let derived = async {
            self.there(&key)?;
            self.area.derive(key.clone(), input, prompt).await
        };
        self.line.run(derived, unavailable).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.there(&key)?;
        self.line.run(self.area.info(key), unavailable).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        let forget = async {
            self.gone.lock().unwrap().insert(key.clone());
            Ok(())
        };
        self.line.run(forget, unavailable).await
    }
}

pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_path_buf() } else { env!("CARGO_TARGET_TMPDIR").into() };
        let path = place.join(format!("rid-vault-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One commit that must go through.
pub(crate) fn commit(vault: &Vault, changes: Changes) -> rid_flow::Committed {
    block_on(vault.commit(changes)).unwrap()
}
