use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock,
    atomic::{AtomicI64, Ordering},
};

use async_trait::async_trait;
use rid_crypto::CryptoRng;
use rid_flow::{
    Changes, Committed, Committer, CredentialId, RecordKey,
    ports::{Generation, KeyId, Read, Row, SecureArea, Storage, StorageError, Table, Transaction},
};
use rid_wire::{Timestamp, hex};

use crate::{
    CredentialMeta, Door, VaultError,
    encode::{credential, small},
    envelope::Envelope,
    head::Head,
    keys::{OpenKeys, UserKeys},
    latch::{Held, Latch},
    rows,
    tally::Tally,
};

/// Makes a handle to randomness for one step.
pub type RngSource = Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>;

/// How a vault behaves.
#[derive(Clone, Copy, Debug)]
pub struct VaultConfig {
    /// Copies left at which a commit reports a pool as low.
    pub low_water: u32,
}

/// What does not check in an open store. Reading goes on: a damaged row is named, the others are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The row of counters cannot be read: nothing can be written.
    pub head: bool,
    /// Tables (by number) in which rows are missing, too many, or of an earlier time.
    pub tables: Vec<u8>,
}

impl Health {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Self::default()
    }
}

/// The credentials of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Those that can be read, newest first.
    pub credentials: Vec<CredentialMeta>,
    /// Names of rows that cannot: a credential was there (neg-K05).
    pub damaged: Vec<CredentialId>,
}

/// The encrypted store of one wallet.
pub struct Vault {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) rng: RngSource,
    pub(crate) config: VaultConfig,
    pub(crate) area: Arc<dyn SecureArea>,
    /// Held by who changes the envelope.
    pub(crate) latch: Latch,
    /// The envelope as it lies on the disk.
    pub(crate) beside: Mutex<Beside>,
    open_keys: RwLock<Arc<OpenKeys>>,
    /// Keys of personal data, there while it is unlocked, and the door by which they came.
    user_keys: RwLock<Option<(Arc<UserKeys>, Door)>>,
    health: Mutex<Health>,
    /// The latest time a stored credential was signed at, in seconds.
    signed: AtomicI64,
}

/// The envelope and which generation it is.
#[derive(Clone)]
pub(crate) struct Beside {
    pub(crate) envelope: Envelope,
    pub(crate) generation: Generation,
    /// The other of the two files is of before a change of keys: to be written over at the next occasion.
    pub(crate) other_is_old: bool,
}

/// The keys of one operation: cheap handles, so that no lock is held over an await.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) open: Arc<OpenKeys>,
    user: Option<Arc<UserKeys>>,
}

impl Keys {
    pub(crate) fn user(&self) -> Result<&Arc<UserKeys>, VaultError> {
        self.user.as_ref().ok_or(VaultError::Locked)
    }

    /// Opens a row by the class of its table.
    pub(crate) fn open_row(&self, row: &Row) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError> {
        let masters = if rows::OPEN.contains(&row.key.table) { &self.open.masters } else { &self.user()?.masters };
        Ok(rows::open(masters, row)?)
    }
}

impl Vault {
    pub(crate) fn assemble(parts: Parts, beside: Beside, open: OpenKeys) -> Self {
        let Parts { storage, area, rng, config } = parts;
        Self {
            storage,
            rng,
            config,
            area,
            latch: Latch::default(),
            beside: Mutex::new(beside),
            open_keys: RwLock::new(Arc::new(open)),
            user_keys: RwLock::new(None),
            health: Mutex::new(Health::default()),
            signed: AtomicI64::new(i64::MIN),
        }
    }

    /// Drops the keys of personal data; operations under way keep theirs to their end.
    pub fn lock(&self) {
        *self.user_keys.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether the keys of personal data are out of memory.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.user_keys.read().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// The door by which it was unlocked.
    #[must_use]
    pub fn unlocked_by(&self) -> Option<Door> {
        self.user_keys.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, door)| *door)
    }

    /// What was found wrong when it was opened, and since.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The latest time any stored credential was signed at: a clock that says less is wrong (neg-K19).
    #[must_use]
    pub fn latest_signed(&self) -> Option<Timestamp> {
        let signed = self.signed.load(Ordering::Acquire);
        (signed != i64::MIN).then(|| Timestamp::from_unix(signed))
    }

    /// Locks, renews the envelope's copy of the counters, closes the store and lets others open it.
    ///
    /// # Errors
    /// [`VaultError::Storage`].
    pub async fn close(&self) -> Result<(), VaultError> {
        self.lock();
        let held = self.latch.hold().await;
        // What was acknowledged stands without it; it only makes an exchanged database sooner seen.
        let _ = self.renew(&held).await;
        Ok(self.storage.close().await?)
    }

    /// All credentials. Decrypts no copy.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn credentials(&self) -> Result<Listing, VaultError> {
        let keys = self.keys();
        keys.user()?;
        let mut listing = Listing::default();
        for row in self.read(Read::Rows(rows::CREDENTIALS, None)).await? {
            match keys.open_row(&row).map(|plain| credential::decode(&plain)) {
                Ok(Ok(meta)) => listing.credentials.push(meta),
                _ => listing.damaged.push(damaged_name(&row)),
            }
        }
        // Rows lie in the order of keyed hashes; people see the newest first, and always in the same order.
        listing
            .credentials
            .sort_by(|a, b| b.signed.cmp(&a.signed).then_with(|| a.kind.cmp(&b.kind)).then_with(|| a.id.cmp(&b.id)));
        Ok(listing)
    }

    /// One credential.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn credential(&self, id: &CredentialId) -> Result<Option<CredentialMeta>, VaultError> {
        let keys = self.keys();
        keys.user()?;
        let rows = self.read(Read::Get(keys.open.credential(id))).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(credential::decode(&keys.open_row(row)?)?))
    }

    /// The bytes of one copy left, for the holder's own eyes; nothing is used up. `None` when no copy is left.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn copy_for_display(&self, id: &CredentialId) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, VaultError> {
        let keys = self.keys();
        keys.user()?;
        let mut damaged = None;
        for head in self.read(Read::Heads(rows::COPIES, Some(keys.open.pool(id)))).await? {
            let rows = self.read(Read::Get(head.key.clone())).await?;
            let Some(row) = rows.first() else { continue };
            match keys.open_row(row).and_then(|plain| Ok(small::read_copy(&plain)?)) {
                Ok(copy) if copy.credential == *id => return Ok(Some(zeroize::Zeroizing::new(copy.bytes))),
                Ok(_) => damaged = Some(StorageError::Damaged.into()),
                Err(error) => damaged = Some(error),
            }
        }
        damaged.map_or(Ok(None), Err)
    }

    /// The device keys a credential came with; those of copies used up among them.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn keys_of(&self, id: &CredentialId) -> Result<Vec<KeyId>, VaultError> {
        let keys = self.keys();
        let rows = self.read(Read::Get(keys.open.device_keys(id))).await?;
        rows.first().map_or(Ok(Vec::new()), |row| Ok(small::read_device_keys(&keys.open_row(row)?)?.1))
    }

    /// The device keys of the copies left; opens every copy.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn keys_left(&self, id: &CredentialId) -> Result<Vec<KeyId>, VaultError> {
        let keys = self.keys();
        keys.user()?;
        let rows = self.read(Read::Rows(rows::COPIES, Some(keys.open.pool(id)))).await?;
        rows.iter().map(|row| Ok(small::read_copy(&keys.open_row(row)?)?.key)).collect()
    }

    /// The device keys of all credentials; needs no unlocking.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn all_device_keys(&self) -> Result<Vec<KeyId>, VaultError> {
        let keys = self.keys();
        let mut all = Vec::new();
        for row in self.read(Read::Rows(rows::DEVICE_KEYS, None)).await? {
            // A list that cannot be read names keys that are then left in the secure area, where they sign nothing.
            if let Ok((_, named)) = keys.open_row(&row).and_then(|plain| Ok(small::read_device_keys(&plain)?)) {
                all.extend(named);
            }
        }
        Ok(all)
    }

    /// One small record.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn record(&self, key: &RecordKey) -> Result<Option<Vec<u8>>, VaultError> {
        let keys = self.keys();
        let place = keys.open.record(key);
        if !rows::OPEN.contains(&place.table) {
            keys.user()?;
        }
        let rows = self.read(Read::Get(place)).await?;
        rows.first().map(|row| Ok(small::read_record(&keys.open_row(row)?)?.bytes)).transpose()
    }

    /// All small records of one kind.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn records(&self, kind: &str) -> Result<Vec<(RecordKey, Vec<u8>)>, VaultError> {
        let keys = self.keys();
        let table = rows::record_table(kind);
        if !rows::OPEN.contains(&table) {
            keys.user()?;
        }
        let rows = self.read(Read::Rows(table, Some(keys.open.record_kind(kind)))).await?;
        let read = |row: &Row| {
            let record = small::read_record(&keys.open_row(row)?)?;
            Ok((record.key, record.bytes))
        };
        rows.iter().map(read).collect()
    }

    pub(crate) fn keys(&self) -> Keys {
        let user = self.user_keys.read().unwrap_or_else(PoisonError::into_inner);
        Keys { open: self.open_keys(), user: user.as_ref().map(|(keys, _)| keys.clone()) }
    }

    pub(crate) fn open_keys(&self) -> Arc<OpenKeys> {
        self.open_keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_open_keys(&self, keys: OpenKeys) {
        *self.open_keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    pub(crate) fn set_user_keys(&self, keys: UserKeys, door: Door) {
        *self.user_keys.write().unwrap_or_else(PoisonError::into_inner) = Some((Arc::new(keys), door));
    }

    pub(crate) fn beside(&self) -> MutexGuard<'_, Beside> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn envelope(&self) -> Envelope {
        self.beside().envelope.clone()
    }

    pub(crate) async fn read(&self, read: Read) -> Result<Vec<Row>, StorageError> {
        Ok(self.read_all(vec![read]).await?.into_iter().next().unwrap_or_default())
    }

    pub(crate) async fn read_all(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.storage.transact(Transaction { reads, ..Transaction::default() }).await
    }

    /// The head and the version of its row; the default and 0 before the first commit.
    pub(crate) async fn read_head(&self) -> Result<(Head, u64), VaultError> {
        let keys = self.open_keys();
        match self.read(Read::Get(keys.head())).await?.first() {
            Some(row) => Ok((Head::decode(&rows::open(&keys.masters, row)?)?, row.version)),
            None => Ok((Head::default(), 0)),
        }
    }

    pub(crate) fn note_signed(&self, signed: Option<Timestamp>) {
        if let Some(signed) = signed {
            self.signed.fetch_max(signed.unix(), Ordering::AcqRel);
        }
    }

    /// Compares every table with its tally: a scan of places and versions, no row is opened.
    pub(crate) async fn check(&self, head: &Head) -> Result<(), VaultError> {
        let keys = self.open_keys();
        let reads = rows::TALLIED.map(|table| Read::Heads(table, None)).to_vec();
        let found = self.read_all(reads).await?;
        let tables = rows::TALLIED.iter().zip(&found);
        let wrong = tables.filter(|(table, rows)| Tally::of(&keys, *rows) != head.tallies.of(**table));
        self.health.lock().unwrap_or_else(PoisonError::into_inner).tables = wrong.map(|(table, _)| table.0).collect();
        Ok(())
    }

    pub(crate) fn set_head_damaged(&self) {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).head = true;
    }

    /// Whether a table does not check; nothing is taken from pools that may hold a copy used before.
    pub(crate) fn is_suspect(&self, table: Table) -> bool {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).tables.contains(&table.0)
    }

    /// Replaces the envelope; `structure`: keys or doors change, so both generations are written over.
    pub(crate) async fn write_envelope(
        &self,
        _held: &Held<'_>,
        mut envelope: Envelope,
        structure: bool,
    ) -> Result<(), VaultError> {
        if structure {
            envelope.structure = envelope.structure.saturating_add(1);
        }
        let bytes = envelope.seal(&self.open_keys());
        let mut old = self.beside().clone();
        let written = replace(&self.storage, old.generation, bytes.clone()).await?;
        let twice = structure || old.other_is_old;
        old = Beside { envelope, generation: written, other_is_old: twice };
        *self.beside() = old;
        if twice && let Ok(again) = replace(&self.storage, written, bytes).await {
            // The change stands already: a failure here is made good at the next occasion.
            let mut beside = self.beside();
            beside.generation = again;
            beside.other_is_old = false;
        }
        Ok(())
    }

    /// Writes the counters of now into the envelope.
    pub(crate) async fn renew(&self, held: &Held<'_>) -> Result<(), VaultError> {
        let (head, _) = self.read_head().await?;
        let mut envelope = self.envelope();
        if envelope.counters == head.counters && !self.beside().other_is_old {
            return Ok(());
        }
        envelope.counters = head.counters;
        self.write_envelope(held, envelope, false).await
    }
}

/// Writes the next generation; one that was written although its answer was an error is counted too.
pub(crate) async fn replace(
    storage: &Arc<dyn Storage>,
    after: Generation,
    bytes: Vec<u8>,
) -> Result<Generation, StorageError> {
    let next = Generation(after.0.saturating_add(1));
    match storage.envelope_replace(next, bytes.clone()).await {
        Ok(()) => Ok(next),
        Err(StorageError::Conflict) => {
            let found = storage.envelope_read().await?.map_or(after, |(generation, _)| generation);
            let next = Generation(found.0.saturating_add(1));
            storage.envelope_replace(next, bytes).await?;
            Ok(next)
        }
        Err(error) => Err(error),
    }
}

/// What a vault is made over.
pub(crate) struct Parts {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) area: Arc<dyn SecureArea>,
    pub(crate) rng: RngSource,
    pub(crate) config: VaultConfig,
}

/// A damaged credential's name: its row's place. No credential is called so.
pub(crate) fn damaged_name(row: &Row) -> CredentialId {
    CredentialId(format!("damaged-{}", hex::encode(&row.key.id)))
}

#[async_trait]
impl Committer for Vault {
    async fn commit(&self, changes: Changes) -> Result<Committed, StorageError> {
        self.commit_changes(&changes).await.map_err(VaultError::as_storage)
    }
}
