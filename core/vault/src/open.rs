//! Opening: the envelope, the keys of the open store, what an interrupted process left, and whether both files are of
//! one moment.
use std::sync::Arc;

use rid_crypto::{CryptoRng, Secret};
use rid_flow::ports::{
    Generation, KeyId, Layout, Read, SecureArea, SecureAreaError, Storage, StorageError, Transaction, UserAuth,
};

use crate::{
    Vault, VaultConfig, VaultError,
    keys::envelope::{self, Envelope, NEWEST, Sealed},
    keys::envelope_store::{StoredEnvelope, replace},
    keys::slots::{DeviceKeys, Kind, Slots, bound_aad, open_aad, user_aad},
    keys::{
        FIRST_EPOCH, MasterKeys, OpenKeys, UserKeys, bound_key, copy, make_secret, portable_open_key, unwrap, wrap,
    },
    rows,
    upkeep::migrate,
    upkeep::wipe,
    vault::{Parts, RngSource},
};

/// An envelope with the keys it gave.
pub(crate) struct Opened {
    pub(crate) stored: StoredEnvelope,
    pub(crate) keys: OpenKeys,
    /// This device's half of what wraps the bound keys.
    pub(crate) half: Secret<32>,
}

impl Vault {
    /// Opens the store; makes it where there is none; completes an interrupted wipe. Without a PIN it is unlocked, else
    /// locked. Records without an envelope are never written over (inv-I9). A database that is damaged, of another
    /// store or of an earlier time opens for reading; [`Self::health`] says so, and nothing is written before
    /// [`Self::repair`].
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open(
        storage: Arc<dyn Storage>,
        area: Arc<dyn SecureArea>,
        rng: RngSource,
        config: VaultConfig,
    ) -> Result<Self, VaultError> {
        Self::open_at(Parts { storage, area, rng, config }, NEWEST).await
    }

    /// The same with a made-up next version, so that a migration can be tested.
    ///
    /// # Errors
    /// [`VaultError`].
    #[cfg(feature = "dangerous-synthetic-layout")]
    pub async fn dangerous_open_next(
        storage: Arc<dyn Storage>,
        area: Arc<dyn SecureArea>,
        rng: RngSource,
        config: VaultConfig,
    ) -> Result<Self, VaultError> {
        Self::open_at(Parts { storage, area, rng, config }, Layout(NEWEST.0 + 1)).await
    }

    async fn open_at(parts: Parts, newest: Layout) -> Result<Self, VaultError> {
        let layout = parts.storage.open().await?;
        let opened = match candidates(&*parts.storage).await? {
            found if found.is_empty() => first(&parts, layout, newest).await?,
            found => choose(&parts, found, layout, newest).await?,
        };
        let vault = Self::assemble(parts, opened);
        let mut refused = vault.judge().await?;
        if refused.is_some() {
            // The log beside the database may be another store's, or the database an earlier one: each part of the
            // files is looked at.
            for log in [false, true] {
                vault.storage.salvage(log).await?;
                let found = vault.judge().await?;
                refused = found.or(refused);
                if found.is_none() {
                    break;
                }
            }
        }
        vault.refuse(refused);
        if refused.is_none() {
            vault.storage.accept().await?;
            vault.settle().await;
        }
        if vault.envelope().slots.device.is_some() {
            vault.unlock().await?;
        }
        Ok(vault)
    }

    /// Why the rows are not those of this envelope, if they are not: the one counts what the other knows of (neg-L03).
    pub(crate) async fn judge(&self) -> Result<Option<VaultError>, VaultError> {
        let (head, versions) = match self.read_head().await {
            Ok(found) => found,
            Err(error @ VaultError::Storage(StorageError::Damaged)) => return Ok(Some(error)),
            Err(error) => return Err(error),
        };
        let counters = self.envelope().counters;
        self.note_signed(head.signed);
        let same_length = head.counters.commits == counters.commits && !versions.none();
        let is_earlier = head.counters.commits < counters.commits || (same_length && head.counters != counters);
        Ok(is_earlier.then_some(VaultError::Rollback))
    }

    /// What an interrupted change left undone. First the other file: while it names a key that is gone, the loss of one
    /// file would be the loss of all (neg-K10).
    async fn settle(&self) {
        if self.envelope().retired.is_empty() && !self.stored().other_is_old {
            return;
        }
        let held = self.change_lock.lock().await;
        self.stored().other_is_old = true;
        let envelope = self.envelope();
        if self.write_envelope(&held, envelope, false).await.is_ok() && !self.stored().other_is_old {
            self.sweep().await;
        }
    }

    /// Deletes keys of the secure area that wrap nothing any more. One that resists is tried again at the next opening.
    pub(crate) async fn sweep(&self) {
        let retired = self.envelope().retired;
        for key in retired {
            if self.area.delete(key.clone()).await.is_ok() {
                let mut stored = self.stored();
                stored.envelope.retired.retain(|known| *known != key);
                // Both files name it yet.
                stored.other_is_old = true;
            }
        }
    }
}

/// The envelopes that are whole, newest first.
pub(crate) async fn candidates(storage: &dyn Storage) -> Result<Vec<(Generation, Vec<u8>)>, VaultError> {
    match storage.envelope_read().await {
        Ok(newest) => Ok(newest.into_iter().chain(storage.envelope_other().await?).collect()),
        Err(StorageError::Damaged) => Err(VaultError::EnvelopeCorrupt),
        Err(error) => Err(error.into()),
    }
}

/// The newest envelope that is this device's: a foreign file in the place of one of the two costs nothing.
async fn choose(
    parts: &Parts,
    found: Vec<(Generation, Vec<u8>)>,
    layout: Layout,
    newest: Layout,
) -> Result<Opened, VaultError> {
    let (mut why, mut marker, mut is_first) = (None, None, true);
    let latest = found.first().map_or(Generation(0), |(generation, _)| *generation);
    for (_, bytes) in found {
        match try_one(parts, &bytes, newest).await {
            Ok((envelope, keys, half)) if !envelope.wiping => {
                let mut stored = StoredEnvelope::new(envelope, latest);
                stored.other_is_old = !is_first;
                return migrate::raise(parts, Opened { stored, keys, half }, layout, newest).await;
            }
            Ok(_) => marker = Some(bytes),
            // The area may answer otherwise soon: an older file is no way round it.
            Err(VaultError::SecureArea(error)) if !is_final(error) => return Err(error.into()),
            Err(error) => {
                if envelope::parse(&bytes).is_ok_and(|sealed| sealed.envelope.wiping) {
                    marker = marker.or(Some(bytes));
                }
                why = why.or(Some(error));
            }
        }
        if is_first && marker.is_some() && why.is_none() {
            // Authentic: the wipe is completed whatever the other file says.
            break;
        }
        is_first = false;
    }
    match marker {
        Some(marker) => {
            wipe::complete(&parts.storage, &parts.area, envelope::parse(&marker)?).await?;
            let layout = parts.storage.open().await?;
            first(parts, layout, newest).await
        }
        None => Err(why.unwrap_or(VaultError::EnvelopeCorrupt)),
    }
}

/// Errors of the secure area that say that a key is not there and will not be.
const fn is_final(error: SecureAreaError) -> bool {
    matches!(error, SecureAreaError::NotFound | SecureAreaError::Invalidated)
}

async fn try_one(parts: &Parts, bytes: &[u8], newest: Layout) -> Result<(Envelope, OpenKeys, Secret<32>), VaultError> {
    let sealed = envelope::parse(bytes)?;
    if sealed.envelope.version > u64::from(newest.0) {
        return Err(VaultError::SchemaNewer);
    }
    unseal(parts, sealed).await
}

/// Unwraps the keys of the open store and checks the envelope with them.
pub(crate) async fn unseal(parts: &Parts, sealed: Sealed) -> Result<(Envelope, OpenKeys, Secret<32>), VaultError> {
    let Envelope { store_id, device_key, key_check, open, .. } = &sealed.envelope;
    let DeviceKeys { wrapping, half, check } =
        Slots { area: &parts.area, store_id: *store_id }.device(device_key).await?;
    // A damaged check value and another device cannot both be: the wrapped key tells.
    let Some(bundle) = unwrap(wrapping, &open_aad(store_id), open) else {
        return Err(if check == *key_check { VaultError::EnvelopeCorrupt } else { VaultError::WrongKey });
    };
    let keys = OpenKeys::decode(*store_id, &bundle)?;
    Ok((sealed.checked(&keys)?, keys, half))
}

/// The first start: the envelope is durable before any record is written, so a kill in between leaves an empty store
/// that the next start makes again (neg-K03).
async fn first(parts: &Parts, layout: Layout, newest: Layout) -> Result<Opened, VaultError> {
    let reads = rows::TABLES.map(|table| Read::Heads(table, None)).to_vec();
    let found = parts.storage.transact(Transaction { reads, ..Transaction::default() }).await?;
    if found.iter().any(|rows| !rows.is_empty()) {
        return Err(VaultError::EnvelopeCorrupt);
    }
    if layout < newest {
        parts.storage.transact(Transaction { layout: Some(newest), ..Transaction::default() }).await?;
    }
    let mut store_id = [0; 16];
    (parts.rng)().fill_bytes(&mut store_id);
    let fresh = |parts: &Parts| make_secret(&mut *(parts.rng)());
    let masters = |parts: &Parts| MasterKeys::new(store_id, vec![(FIRST_EPOCH, fresh(parts))]);
    let open = OpenKeys::new(fresh(parts), masters(parts));
    let user = UserKeys::new(fresh(parts), fresh(parts), masters(parts), masters(parts));
    let (envelope, half) = make(parts, newest, &open, &user).await?;
    let generation = replace_first(parts, Generation(0), envelope.seal(&open), envelope.area_keys()).await?;
    let generation = replace(&parts.storage, generation, envelope.seal(&open)).await?;
    Ok(Opened { stored: StoredEnvelope::new(envelope, generation), keys: open, half })
}

/// An envelope round these keys that the device alone opens. Where it fails no key of the secure area is left.
async fn make(
    parts: &Parts,
    version: Layout,
    open: &OpenKeys,
    user: &UserKeys,
) -> Result<(Envelope, Secret<32>), VaultError> {
    let mut made = Vec::new();
    let envelope = make_round(parts, version, open, user, &mut made).await;
    if envelope.is_err() {
        discard(parts, made).await;
    }
    envelope
}

async fn make_round(
    parts: &Parts,
    version: Layout,
    open: &OpenKeys,
    user: &UserKeys,
    made: &mut Vec<KeyId>,
) -> Result<(Envelope, Secret<32>), VaultError> {
    let store_id = *open.masters.store_id();
    let slots = Slots { area: &parts.area, store_id };
    let device_key = slots.make_key(UserAuth::None).await?;
    made.push(device_key.clone());
    let device = slots.device(&device_key).await?;
    let method = slots.make_key(UserAuth::None).await?;
    made.push(method.clone());
    let mut rng = (parts.rng)();
    let mut envelope = Envelope::bare(u64::from(version.0), store_id, device_key);
    envelope.key_check = device.check;
    let half = copy(&device.half);
    envelope.wrap_keys(open, user, device, &mut *rng)?;
    envelope.slots.device = Some(slots.seal_key(Kind::Device, method, &user.kek, &mut *rng).await?);
    Ok((envelope, half))
}

impl Envelope {
    /// Wraps all keys.
    pub(crate) fn wrap_keys(
        &mut self,
        open: &OpenKeys,
        user: &UserKeys,
        device: DeviceKeys,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), VaultError> {
        let id = self.store_id;
        self.open = wrap(device.wrapping, &open_aad(&id), &open.encode(), rng)?;
        self.portable_open = wrap(portable_open_key(&user.kek, &id), &open_aad(&id), &open.encode(), rng)?;
        self.user = wrap(copy(&user.kek), &user_aad(&id), &user.encode(), rng)?;
        self.bound = wrap(bound_key(&user.kek, &device.half, &id), &bound_aad(&id), &user.encode_bound(), rng)?;
        Ok(())
    }

    /// The person's keys, with the key that every unlock method wraps. Without this device's half the bound ones are
    /// missing.
    pub(crate) fn unwrap_user(&self, kek: Secret<32>, half: Option<&Secret<32>>) -> Result<UserKeys, VaultError> {
        let id = self.store_id;
        let portable = unwrap(copy(&kek), &user_aad(&id), &self.user).ok_or(VaultError::EnvelopeCorrupt)?;
        let bound = match half {
            Some(half) => {
                let key = bound_key(&kek, half, &id);
                Some(unwrap(key, &bound_aad(&id), &self.bound).ok_or(VaultError::EnvelopeCorrupt)?)
            }
            None => None,
        };
        UserKeys::decode(id, kek, &portable, bound.as_ref().map(|bound| bound.as_slice()))
    }

    /// The keys of the open store, for whoever has the person's key and not this device.
    pub(crate) fn unwrap_open(&self, kek: &Secret<32>) -> Result<OpenKeys, VaultError> {
        let id = self.store_id;
        let bundle = unwrap(portable_open_key(kek, &id), &open_aad(&id), &self.portable_open);
        OpenKeys::decode(id, &bundle.ok_or(VaultError::EnvelopeCorrupt)?)
    }
}

/// Writes the first envelope that names new keys of the secure area. If it is not written they are deleted.
async fn replace_first(
    parts: &Parts,
    after: Generation,
    bytes: Vec<u8>,
    made: Vec<KeyId>,
) -> Result<Generation, StorageError> {
    let written = replace(&parts.storage, after, bytes.clone()).await;
    if written.is_err() {
        // The error may have come after the writing.
        match parts.storage.envelope_read().await {
            Ok(Some((_, found))) if found == bytes => {}
            Ok(_) => discard(parts, made).await,
            Err(_) => {}
        }
    }
    written
}

/// Deletes keys that no file names. One that resists wraps nothing.
async fn discard(parts: &Parts, made: Vec<KeyId>) {
    for key in made {
        let _ = parts.area.delete(key).await;
    }
}
