use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use rid_crypto::CryptoRng;
use rid_flow::{
    Changes, Committed, Committer, CredentialId, History, RecordKey,
    ports::{Generation, KeyId, Read, Row, RowKey, SecureArea, Storage, StorageError, Table, Transaction},
};

use crate::{
    CredentialMeta, VaultError, encode,
    keys::{Class, ClassKeys, Envelope},
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

/// The encrypted store of one wallet.
pub struct Vault {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) rng: RngSource,
    pub(crate) config: VaultConfig,
    area: Arc<dyn SecureArea>,
    envelope: Envelope,
    /// Look-up keys, there while the vault is open.
    open_keys: Arc<ClassKeys>,
    /// Keys of personal data, there while it is unlocked.
    user_keys: RwLock<Option<Arc<ClassKeys>>>,
}

/// The keys of one operation: cheap handles, so that no lock is held over an await.
#[derive(Clone)]
pub(crate) struct Unlocked {
    pub(crate) open: Arc<ClassKeys>,
    pub(crate) user: Arc<ClassKeys>,
}

impl Vault {
    /// Opens the store, unlocked; makes it where there is none. Records without an envelope are never written over (inv-I9).
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open(
        storage: Arc<dyn Storage>,
        area: Arc<dyn SecureArea>,
        rng: RngSource,
        config: VaultConfig,
    ) -> Result<Self, VaultError> {
        storage.open().await?;
        let envelope = match storage.envelope_read().await {
            Ok(Some((_, bytes))) => Envelope::parse(&bytes)?,
            Ok(None) => first_envelope(&storage, &area, &rng).await?,
            Err(StorageError::Damaged) => return Err(VaultError::EnvelopeCorrupt),
            Err(error) => return Err(error.into()),
        };
        let open_keys = Arc::new(envelope.unwrap(&area, Class::Open).await?);
        let user_keys = Arc::new(envelope.unwrap(&area, Class::User).await?);
        Ok(Self { storage, rng, config, area, envelope, open_keys, user_keys: RwLock::new(Some(user_keys)) })
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

    /// Brings them back through the secure area.
    ///
    /// # Errors
    /// [`VaultError`]; then it stays as it was.
    pub async fn unlock(&self) -> Result<(), VaultError> {
        let keys = Arc::new(self.envelope.unwrap(&self.area, Class::User).await?);
        *self.user_keys.write().unwrap_or_else(PoisonError::into_inner) = Some(keys);
        Ok(())
    }

    /// Locks, closes the store and lets others open it.
    ///
    /// # Errors
    /// [`VaultError::Storage`].
    pub async fn close(&self) -> Result<(), VaultError> {
        self.lock();
        Ok(self.storage.close().await?)
    }

    /// All credentials. Decrypts no copy.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn credentials(&self) -> Result<Vec<CredentialMeta>, VaultError> {
        let keys = self.unlocked()?;
        let rows = self.read(Read::Rows(rows::CREDENTIALS, None)).await?;
        let read = |row: &Row| encode::read_credential(&rows::open(&keys.user, row)?);
        let mut metas = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        // Rows lie in the order of keyed hashes; people see the newest first, and always in the same order.
        metas.sort_by(|a, b| b.signed.cmp(&a.signed).then_with(|| a.kind.cmp(&b.kind)).then_with(|| a.id.cmp(&b.id)));
        Ok(metas)
    }

    /// One credential.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn credential(&self, id: &CredentialId) -> Result<Option<CredentialMeta>, VaultError> {
        let keys = self.unlocked()?;
        let rows = self.read(Read::Get(keys.credential(id))).await?;
        let meta = rows.first().map(|row| encode::read_credential(&rows::open(&keys.user, row)?)).transpose()?;
        Ok(meta)
    }

    /// The bytes of one copy left, for the holder's own eyes; nothing is used up. `None` when no copy is left.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn copy_for_display(&self, id: &CredentialId) -> Result<Option<Vec<u8>>, VaultError> {
        let keys = self.unlocked()?;
        let heads = self.read(Read::Heads(rows::COPIES, Some(keys.pool(id)))).await?;
        let Some(head) = heads.first() else { return Ok(None) };
        let rows = self.read(Read::Get(head.key.clone())).await?;
        let copy = rows.first().map(|row| encode::read_copy(&rows::open(&keys.user, row)?)).transpose()?;
        Ok(copy.map(|copy| copy.bytes))
    }

    /// The device keys of the copies left.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn keys_of(&self, id: &CredentialId) -> Result<Vec<KeyId>, VaultError> {
        let keys = self.unlocked()?;
        let rows = self.read(Read::Rows(rows::COPIES, Some(keys.pool(id)))).await?;
        let read = |row: &Row| Ok(encode::read_copy(&rows::open(&keys.user, row)?)?.key);
        rows.iter().map(read).collect()
    }

    /// History rows from a place on, at most `max`, oldest first.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn history(&self, from: u64, max: u32) -> Result<Vec<History>, VaultError> {
        let keys = self.unlocked()?;
        let rows = self.read(Read::Rows(rows::HISTORY, None)).await?;
        let read = |row: &Row| encode::read_history(&rows::open(&keys.user, row)?);
        let mut history = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        history.retain(|row| row.seq.0 >= from);
        history.sort_by_key(|row| row.seq);
        history.truncate(usize::try_from(max).unwrap_or(usize::MAX));
        Ok(history)
    }

    /// One small record.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn record(&self, key: &RecordKey) -> Result<Option<Vec<u8>>, VaultError> {
        let keys = self.unlocked()?;
        let rows = self.read(Read::Get(keys.record(key))).await?;
        let record = rows.first().map(|row| encode::read_record(&rows::open(&keys.user, row)?)).transpose()?;
        Ok(record.map(|record| record.bytes))
    }

    /// All small records of one kind.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn records(&self, kind: &str) -> Result<Vec<(RecordKey, Vec<u8>)>, VaultError> {
        let keys = self.unlocked()?;
        let rows = self.read(Read::Rows(rows::RECORDS, Some(keys.record_kind(kind)))).await?;
        let read = |row: &Row| {
            let record = encode::read_record(&rows::open(&keys.user, row)?)?;
            Ok((record.key, record.bytes))
        };
        rows.iter().map(read).collect()
    }

    pub(crate) fn unlocked(&self) -> Result<Unlocked, VaultError> {
        let user = self.user_keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Unlocked { open: self.open_keys.clone(), user: user.ok_or(VaultError::Locked)? })
    }

    pub(crate) async fn read(&self, read: Read) -> Result<Vec<Row>, StorageError> {
        let transaction = Transaction { reads: vec![read], writes: Vec::new() };
        let results = self.storage.transact(transaction).await?;
        Ok(results.into_iter().next().unwrap_or_default())
    }
}

/// The first start: the envelope is durable before any record is written, so a kill in between leaves an empty store that the
/// next start makes again (neg-K03).
async fn first_envelope(
    storage: &Arc<dyn Storage>,
    area: &Arc<dyn SecureArea>,
    rng: &RngSource,
) -> Result<Envelope, VaultError> {
    let heads = Transaction { reads: vec![Read::Heads(rows::HEAD, None)], writes: Vec::new() };
    if storage.transact(heads).await?.iter().any(|rows| !rows.is_empty()) {
        return Err(VaultError::EnvelopeCorrupt);
    }
    let envelope = Envelope::make(area, &**rng).await?;
    storage.envelope_replace(Generation(1), envelope.encode()).await?;
    Ok(envelope)
}

impl Unlocked {
    pub(crate) fn head(&self) -> RowKey {
        self.row(rows::HEAD, b"head", b"")
    }

    pub(crate) fn credential(&self, id: &CredentialId) -> RowKey {
        self.row(rows::CREDENTIALS, b"credential", id.0.as_bytes())
    }

    /// The index value of a credential's copies.
    pub(crate) fn pool(&self, id: &CredentialId) -> [u8; 32] {
        self.open.hash(b"pool", id.0.as_bytes())
    }

    pub(crate) fn record(&self, key: &RecordKey) -> RowKey {
        let name = [key.kind.as_bytes(), &[0], key.name.as_bytes()].concat();
        self.row(rows::RECORDS, b"record", &name)
    }

    pub(crate) fn record_kind(&self, kind: &str) -> [u8; 32] {
        self.open.hash(b"record kind", kind.as_bytes())
    }

    pub(crate) fn row(&self, table: Table, purpose: &[u8], name: &[u8]) -> RowKey {
        RowKey { table, id: self.open.hash(purpose, name) }
    }
}

#[async_trait]
impl Committer for Vault {
    async fn commit(&self, changes: Changes) -> Result<Committed, StorageError> {
        self.commit_changes(&changes).await.map_err(VaultError::as_storage)
    }
}
