use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use async_trait::async_trait;
use rid_crypto::CryptoRng;
use rid_flow::{
    Changes, Committed, Committer, CredentialId, RecordKey, Reuse,
    ports::{KeyId, Read, Row, RowKey, SecureArea, Storage, StorageError, Table},
};
use rid_wire::{Timestamp, hex};

use crate::{
    CredentialMeta, Door, VaultError,
    beside::Beside,
    encode::{credential, small},
    head::{Head, HeadVersions},
    health::Looked,
    keys::{Masters, OpenKeys, UserKeys},
    latch::Latch,
    rows,
};

/// Makes a handle to randomness for one step.
pub type RngSource = Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>;

/// How a vault behaves.
#[derive(Clone, Copy, Debug)]
pub struct VaultConfig {
    /// Copies left at which a commit reports a pool as low.
    pub low_water: u32,
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
    pub(crate) looked: Mutex<Looked>,
    /// The head of the last commit of this vault, of which the next one begins; if it is not the latest, the next one fails and reads.
    last_head: Mutex<Option<(Head, HeadVersions)>>,
    /// The latest time a stored credential was signed at, in seconds.
    signed: AtomicI64,
    /// How often it was locked.
    locks: AtomicU64,
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

    /// Whether these are the same: no rotation, no lock and no unlocking came between.
    pub(crate) fn are(&self, other: &Self) -> bool {
        let same = match (&self.user, &other.user) {
            (Some(user), Some(other)) => Arc::ptr_eq(user, other),
            (user, other) => user.is_none() && other.is_none(),
        };
        same && Arc::ptr_eq(&self.open, &other.open)
    }

    /// Opens a row by the class of its table.
    pub(crate) fn open_row(&self, row: &Row) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError> {
        Ok(rows::open(self.masters_of(row.key.table)?, row)?)
    }

    /// The masters of a table's class.
    pub(crate) fn masters_of(&self, table: Table) -> Result<&Masters, VaultError> {
        Ok(if rows::OPEN.contains(&table) { &self.open.masters } else { &self.user()?.masters })
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
            looked: Mutex::new(Looked::default()),
            last_head: Mutex::default(),
            signed: AtomicI64::new(i64::MIN),
            locks: AtomicU64::new(0),
        }
    }

    /// Drops the keys of personal data; operations under way keep theirs to their end.
    ///
    /// An unlocking that is under way does not undo it: it ends with [`VaultError::Locked`].
    pub fn lock(&self) {
        let mut keys = self.user_keys.write().unwrap_or_else(PoisonError::into_inner);
        self.locks.fetch_add(1, Ordering::AcqRel);
        *keys = None;
    }

    /// Counts how often it was locked: who unlocks takes the count along from the beginning.
    pub(crate) fn lock_mark(&self) -> u64 {
        self.locks.load(Ordering::Acquire)
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
        let held = self.hold().await;
        // Once more: who unlocked while this waited.
        self.lock();
        // What was acknowledged stands without it; it only makes an exchanged database sooner seen.
        let _ = self.renew(&held).await;
        Ok(self.storage.close().await?)
    }

    /// All credentials. Decrypts no copy.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn credentials(&self) -> Result<Listing, VaultError> {
        let mut listing = Listing::default();
        let found = self.each(Read::Rows(rows::CREDENTIALS, None), credential::decode).await?;
        listing.credentials.reserve(found.len());
        for (key, meta) in found {
            match meta {
                Ok(meta) => listing.credentials.push(meta),
                Err(_) => listing.damaged.push(damaged_name(&key)),
            }
        }
        // Rows are shown in any order; people see the newest first, and always in the same order.
        listing.damaged.sort_unstable();
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
        let meta = self.one(Read::Get(self.open_keys().credential(id)), credential::decode).await?;
        self.there_or_never(rows::CREDENTIALS, meta).await
    }

    /// The bytes of one copy left, for the holder's own eyes; nothing is used up. `None` when no copy is left.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn copy_for_display(&self, id: &CredentialId) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, VaultError> {
        self.keys().user()?;
        let mut damaged = None;
        for head in self.read(Read::Heads(rows::COPIES, Some(self.open_keys().pool(id)))).await? {
            match self.one(Read::Get(head.key), small::read_copy).await {
                Ok(None) => {}
                Ok(Some(mut copy)) if copy.credential == *id => {
                    return Ok(Some(zeroize::Zeroizing::new(std::mem::take(&mut copy.bytes))));
                }
                Ok(Some(_)) => damaged = Some(StorageError::Damaged.into()),
                Err(error) => damaged = Some(error),
            }
        }
        damaged.map_or(Ok(None), Err)
    }

    /// The bytes of one copy left, before the person is asked to present it; nothing is used up. `None` when no copy is left.
    ///
    /// # Errors
    /// [`VaultError`]; [`StorageError::Damaged`] also where a commit would refuse to use a copy.
    pub async fn copy_to_present(
        &self,
        meta: &CredentialMeta,
    ) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, VaultError> {
        let uses_suspect = meta.reuse != Reuse::Once && self.is_suspect(rows::CREDENTIALS).await?;
        if uses_suspect || self.is_suspect(rows::COPIES).await? {
            return Err(StorageError::Damaged.into());
        }
        self.copy_for_display(&meta.id).await
    }

    /// The device keys a credential came with; those of copies used up among them.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn keys_of(&self, id: &CredentialId) -> Result<Vec<KeyId>, VaultError> {
        let named = self.one(Read::Get(self.open_keys().device_keys(id)), small::read_device_keys).await?;
        Ok(named.map_or_else(Vec::new, |(_, keys)| keys))
    }

    /// The device keys of the copies left; opens every copy.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn keys_left(&self, id: &CredentialId) -> Result<Vec<KeyId>, VaultError> {
        // A damaged tree may show a copy again that was used; its row is sound, only the tally tells.
        if self.is_suspect(rows::COPIES).await? {
            return Err(StorageError::Damaged.into());
        }
        let pool = Read::Rows(rows::COPIES, Some(self.open_keys().pool(id)));
        let copies = self.each(pool, |plain| Ok(small::read_copy(plain)?.key.clone())).await?;
        copies.into_iter().map(|(_, key)| key).collect()
    }

    /// The device keys of all credentials; needs no unlocking.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn all_device_keys(&self) -> Result<Vec<KeyId>, VaultError> {
        let lists = self.each(Read::Rows(rows::DEVICE_KEYS, None), small::read_device_keys).await?;
        // A list that cannot be read names keys that are then left in the secure area, where they sign nothing.
        Ok(lists.into_iter().filter_map(|(_, named)| named.ok()).flat_map(|(_, keys)| keys).collect())
    }

    /// One small record.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn record(&self, key: &RecordKey) -> Result<Option<Vec<u8>>, VaultError> {
        let place = self.open_keys().record(key);
        let table = place.table;
        let record = self.one(Read::Get(place), small::read_record).await?;
        Ok(self.there_or_never(table, record).await?.map(|record| record.bytes))
    }

    /// All small records of one kind.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn records(&self, kind: &str) -> Result<Vec<(RecordKey, Vec<u8>)>, VaultError> {
        let of_kind = Read::Rows(rows::record_table(kind), Some(self.open_keys().record_kind(kind)));
        let kind = kind.to_owned();
        let read = move |plain: &[u8]| match small::read_record(plain)? {
            // By its index it lay among these; what it says of itself counts.
            record if record.key.kind != kind => Err(StorageError::Damaged),
            record => Ok((record.key, record.bytes)),
        };
        self.each(of_kind, read).await?.into_iter().map(|(_, record)| record).collect()
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

    /// # Errors
    /// [`VaultError::Locked`] when it was locked since `mark` was taken.
    pub(crate) fn set_user_keys(&self, keys: UserKeys, door: Door, mark: u64) -> Result<(), VaultError> {
        let mut place = self.user_keys.write().unwrap_or_else(PoisonError::into_inner);
        if self.lock_mark() != mark {
            return Err(VaultError::Locked);
        }
        *place = Some((Arc::new(keys), door));
        Ok(())
    }

    /// Changes the keys or the door of who is in; who was locked out meanwhile stays out.
    pub(crate) fn change_user_keys(&self, change: impl FnOnce(&mut Arc<UserKeys>, &mut Door)) {
        if let Some((keys, door)) = &mut *self.user_keys.write().unwrap_or_else(PoisonError::into_inner) {
            change(keys, door);
        }
    }

    pub(crate) fn last_head(&self) -> MutexGuard<'_, Option<(Head, HeadVersions)>> {
        self.last_head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note_signed(&self, signed: Option<Timestamp>) {
        if let Some(signed) = signed {
            self.signed.fetch_max(signed.unix(), Ordering::AcqRel);
        }
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
pub(crate) fn damaged_name(key: &RowKey) -> CredentialId {
    CredentialId(format!("damaged-{}", hex::encode(&key.id)))
}

#[async_trait]
impl Committer for Vault {
    async fn commit(&self, changes: Changes) -> Result<Committed, StorageError> {
        self.commit_changes(&changes).await.map_err(VaultError::as_storage)
    }
}
