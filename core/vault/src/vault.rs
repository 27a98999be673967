//! The vault: its state in memory, and what it reads.
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use rid_claims::{CredentialSummary, CredentialType};
use rid_crypto::{CryptoRng, Secret};
use rid_flow::{
    Changes, Committed, CredentialId, HeldCredential, Holdings, Lookup, RecordKey, Store,
    ports::{Clock, KeyId, Read, Row, RowKey, SecureArea, Storage, StorageError, Table},
};
use rid_wire::{Timestamp, hex};

use crate::{
    CredentialMeta, RecoveryCode, UnlockMethod, VaultError,
    commit::change_lock::ChangeLock,
    keys::envelope_store::StoredEnvelope,
    keys::{MasterKeys, OpenKeys, UserKeys},
    open::Opened,
    rows,
    rows::encode::small,
    rows::head::{Head, HeadVersions, short},
    unlock::attempt::Waits,
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
    /// Held by whoever changes the store.
    pub(crate) change_lock: ChangeLock,
    /// The envelope as it is stored.
    pub(crate) stored: Mutex<StoredEnvelope>,
    /// This device's half of what wraps the bound keys.
    pub(crate) half: Secret<32>,
    pub(crate) waits: Waits,
    /// Device keys of copies are made by the secure area: a copy without its key was used before.
    pub(crate) checks_keys: bool,
    /// Such a copy was met.
    pub(crate) keys_missing: AtomicBool,
    /// A code that was made and not confirmed yet; a lock forgets it, and then only the whole code confirms.
    pub(crate) new_code: Mutex<Option<RecoveryCode>>,
    /// Why nothing is written before a repair.
    refused: Mutex<Option<VaultError>>,
    open_keys: RwLock<Arc<OpenKeys>>,
    /// Keys of personal data, there while it is unlocked, and the method by which they came.
    user_keys: RwLock<Option<(Arc<UserKeys>, UnlockMethod)>>,
    /// Tables that were compared with their digests since opening, and whether they differ.
    pub(crate) looked: Mutex<BTreeMap<u8, bool>>,
    /// The head of the last commit, with which the next one begins.
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
        Ok(rows::open(self.master_keys_of(row.key.table)?, row)?)
    }

    /// The master keys of a table's class.
    pub(crate) fn master_keys_of(&self, table: Table) -> Result<&MasterKeys, VaultError> {
        Ok(match table {
            table if rows::OPEN.contains(&table) => &self.open.masters,
            table if rows::PORTABLE.contains(&table) => &self.user()?.portable,
            _ => &self.user()?.bound,
        })
    }
}

type Order<'a> = (Reverse<Timestamp>, &'a CredentialType, &'a CredentialId);

fn newest_first(summary: &CredentialSummary) -> Order<'_> {
    (Reverse(summary.signed), &summary.credential_type, &summary.id)
}

impl Vault {
    pub(crate) fn assemble(parts: Parts, opened: Opened) -> Self {
        let Parts { storage, area, rng, config } = parts;
        let Opened { stored, keys, half } = opened;
        Self {
            storage,
            rng,
            config,
            area,
            change_lock: ChangeLock::default(),
            stored: Mutex::new(stored),
            half,
            waits: Waits::default(),
            checks_keys: false,
            keys_missing: AtomicBool::new(false),
            new_code: Mutex::default(),
            refused: Mutex::default(),
            open_keys: RwLock::new(Arc::new(keys)),
            user_keys: RwLock::new(None),
            looked: Mutex::default(),
            last_head: Mutex::default(),
            signed: AtomicI64::new(i64::MIN),
            locks: AtomicU64::new(0),
        }
    }

    /// With a clock: without one the wait after wrong PINs never ends. After a reboot it begins again here.
    pub async fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.waits.clock = Some(clock);
        let held = self.change_lock.lock().await;
        self.note_wait(&held).await;
        drop(held);
        self
    }

    /// For copies whose device keys are in the vault's own secure area: a copy without its key is proof of rollback and
    /// is never presented (neg-L12), and keys of used copies that were left behind are deleted at unlocking.
    #[must_use]
    pub const fn checking_keys(mut self) -> Self {
        self.checks_keys = true;
        self
    }

    /// Why nothing is written before a repair.
    pub(crate) fn refused(&self) -> Option<VaultError> {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn refuse(&self, why: Option<VaultError>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Drops the keys of personal data; operations under way keep theirs to their end.
    ///
    /// An unlocking that is under way does not undo it: it ends with [`VaultError::Locked`].
    pub fn lock(&self) {
        let mut keys = self.user_keys.write().unwrap_or_else(PoisonError::into_inner);
        self.locks.fetch_add(1, Ordering::AcqRel);
        *keys = None;
        *self.new_code.lock().unwrap_or_else(PoisonError::into_inner) = None;
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

    /// The method by which it was unlocked.
    #[must_use]
    pub fn unlocked_by(&self) -> Option<UnlockMethod> {
        self.user_keys.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, method)| *method)
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

    /// All credentials. Decrypts no copy. A row of an earlier time is damaged; one that was deleted is not shown.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn credentials(&self) -> Result<Listing, VaultError> {
        let mut listing = Listing::default();
        let (head, found) = self.credential_rows(Read::Rows(rows::CREDENTIALS, None)).await?;
        for (key, version, meta) in found {
            let known = head.as_ref().map(|head| head.credentials.get(&short(&key)));
            match (meta, known) {
                (_, Some(None)) => {}
                (Ok(meta), None | Some(Some(_))) if known.flatten().is_none_or(|known| *known == version) => {
                    listing.credentials.push(meta);
                }
                _ => listing.damaged.push(damaged_name(&key)),
            }
        }
        // People see the newest first, and always in the same order.
        listing.damaged.sort_unstable();
        listing.credentials.sort_by(|a, b| newest_first(&a.summary).cmp(&newest_first(&b.summary)));
        Ok(listing)
    }

    /// One credential.
    ///
    /// # Errors
    /// [`VaultError`]; [`StorageError::Damaged`] where one is listed and its row is missing or of an earlier time.
    pub async fn credential(&self, id: &CredentialId) -> Result<Option<CredentialMeta>, VaultError> {
        let place = self.open_keys().credential(id);
        let (head, found) = self.credential_rows(Read::Get(place.clone())).await?;
        let known = head.map(|head| head.credentials.get(&short(&place)).copied());
        match (found.into_iter().next(), known) {
            (None, None | Some(None)) | (Some(_), Some(None)) => Ok(None),
            (Some((_, version, meta)), known) if known.flatten().is_none_or(|known| known == version) => meta.map(Some),
            _ => Err(StorageError::Damaged.into()),
        }
    }

    /// The bytes of one copy left, for the holder's own eyes; nothing is used up. `None` when no copy is left.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn copy_for_display(&self, id: &CredentialId) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, VaultError> {
        let Some(meta) = self.credential(id).await? else { return Ok(None) };
        let mut damaged = None;
        for used in &meta.uses {
            match self.one(Read::Get(self.open_keys().copy(&used.copy.0)), small::read_copy).await {
                Ok(Some(mut copy)) if copy.credential == *id => {
                    return Ok(Some(zeroize::Zeroizing::new(std::mem::take(&mut copy.bytes))));
                }
                Ok(_) => damaged = Some(StorageError::Damaged.into()),
                Err(error) => damaged = Some(error),
            }
        }
        damaged.map_or(Ok(None), Err)
    }

    /// The bytes of one copy left, before the person is asked to present it; nothing is used up. `None` when no copy is
    /// left.
    ///
    /// # Errors
    /// [`VaultError`]; also where a commit would refuse to use a copy.
    pub async fn copy_to_present(
        &self,
        meta: &CredentialMeta,
    ) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, VaultError> {
        self.writable()?;
        self.copy_for_display(&meta.summary.id).await
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
        let Some(meta) = self.credential(id).await? else { return Ok(Vec::new()) };
        let mut keys = Vec::with_capacity(meta.uses.len());
        for used in &meta.uses {
            let copy = self.one(Read::Get(self.open_keys().copy(&used.copy.0)), small::read_copy).await?;
            keys.push(copy.filter(|copy| copy.credential == *id).ok_or(StorageError::Damaged)?.key.clone());
        }
        Ok(keys)
    }

    /// The device keys of all credentials; needs no unlocking.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn all_device_keys(&self) -> Result<Vec<KeyId>, VaultError> {
        let lists = self.each(Read::Rows(rows::DEVICE_KEYS, None), small::read_device_keys).await?;
        // A list that cannot be read names keys that are then left in the secure area, where they sign nothing.
        Ok(lists.into_iter().filter_map(|(.., named)| named.ok()).flat_map(|(_, keys)| keys).collect())
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
        self.each(of_kind, read).await?.into_iter().map(|(.., record)| record).collect()
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
    pub(crate) fn set_user_keys(&self, keys: UserKeys, method: UnlockMethod, mark: u64) -> Result<(), VaultError> {
        let mut place = self.user_keys.write().unwrap_or_else(PoisonError::into_inner);
        if self.lock_mark() != mark {
            return Err(VaultError::Locked);
        }
        *place = Some((Arc::new(keys), method));
        Ok(())
    }

    /// Changes the keys or the method of an unlocked store; one that was locked meanwhile stays locked.
    pub(crate) fn change_user_keys(&self, change: impl FnOnce(&mut Arc<UserKeys>, &mut UnlockMethod)) {
        if let Some((keys, method)) = &mut *self.user_keys.write().unwrap_or_else(PoisonError::into_inner) {
            change(keys, method);
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
impl Store for Vault {
    async fn commit(&self, changes: Changes) -> Result<Committed, StorageError> {
        self.commit_changes(&changes).await.map_err(VaultError::as_storage)
    }

    /// A copy is opened for each credential: the ages that it attests decide which element leaves.
    async fn lookup(&self, lookup: Lookup) -> Result<Holdings, StorageError> {
        let metas = self.credentials().await.map_err(VaultError::as_storage)?.credentials;
        let mut credentials = Vec::new();
        for meta in metas.into_iter().filter(|meta| lookup.types.contains(&meta.summary.credential_type)) {
            let copy = if meta.can_present(lookup.verifier, lookup.at) {
                self.copy_to_present(&meta).await.map_err(VaultError::as_storage)
            } else {
                Ok(None)
            };
            let copy = match copy {
                Ok(copy) => copy.ok_or(StorageError::Exhausted),
                Err(StorageError::Damaged) => Err(StorageError::Damaged),
                Err(error) => return Err(error),
            };
            credentials.push(HeldCredential { summary: meta.summary, copy });
        }
        Ok(Holdings { credentials, latest_signed: self.latest_signed() })
    }
}
