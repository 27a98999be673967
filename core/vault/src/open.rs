//! Opening: the envelope, the keys of the open store, what a death left half done, and whether both files are of one moment.
use std::sync::Arc;

use rid_flow::ports::{Generation, KeyId, Layout, Read, SecureArea, Storage, StorageError, Transaction, UserAuth};

use crate::{
    Vault, VaultConfig, VaultError,
    beside::{Beside, replace},
    envelope::{self, Envelope, NEWEST, Sealed},
    head::{Counters, Head, HeadVersions},
    keys::{FIRST_EPOCH, Masters, OpenKeys, UserKeys, make_secret, unwrap, wrap},
    migrate, rows,
    slots::{Kind, Slots, open_aad, user_aad},
    vault::{Parts, RngSource},
    wipe,
};

/// An envelope with the keys it gave, as it lies on the disk.
pub(crate) struct Opened {
    pub(crate) beside: Beside,
    pub(crate) keys: OpenKeys,
}

impl Vault {
    /// Opens the store; makes it where there is none; completes a wipe that was cut off.
    /// Without a PIN it comes unlocked, else locked. Records without an envelope are never written over (inv-I9).
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
        let opened = match parts.storage.envelope_read().await {
            Ok(None) => first(&parts, layout, newest).await?,
            Ok(Some((generation, bytes))) => found(&parts, generation, &bytes, layout, newest).await?,
            Err(StorageError::Damaged) => return Err(VaultError::EnvelopeCorrupt),
            Err(error) => return Err(error.into()),
        };
        let Opened { beside, keys } = opened;
        let vault = Self::assemble(parts, beside, keys);
        match vault.read_head().await {
            Ok((head, versions)) => vault.compare(&head, versions)?,
            // Served without it, and nothing is written: [`Vault::health`] says so.
            Err(VaultError::Storage(StorageError::Damaged)) => {}
            Err(error) => return Err(error),
        }
        vault.settle().await;
        if vault.envelope().slots.device.is_some() {
            vault.unlock().await?;
        }
        Ok(vault)
    }

    /// Whether database and envelope are of one moment: the one counts what the other knows of (neg-L03).
    fn compare(&self, head: &Head, versions: HeadVersions) -> Result<(), VaultError> {
        let Envelope { counters, structure, .. } = self.envelope();
        let same_length = head.counters.commits == counters.commits && !versions.none();
        let gone_back = head.counters.commits < counters.commits
            || (same_length && head.counters != counters)
            || head.structure > structure;
        if gone_back {
            return Err(VaultError::Rollback);
        }
        self.note_signed(head.signed);
        Ok(())
    }

    /// What a change of doors that was cut off left undone. First the other of the two files: while it names a door whose key is
    /// gone, the loss of one file would be the loss of all (neg-K10).
    async fn settle(&self) {
        if self.envelope().retired.is_empty() {
            return;
        }
        let held = self.latch.hold().await;
        self.beside().other_is_old = true;
        let envelope = self.envelope();
        if self.write_envelope(&held, envelope, false).await.is_ok() && !self.beside().other_is_old {
            self.sweep().await;
        }
    }

    /// Deletes keys of the secure area that wrap nothing any more. One that resists is tried again at the next opening.
    pub(crate) async fn sweep(&self) {
        let retired = self.envelope().retired;
        for key in retired {
            if self.area.delete(key.clone()).await.is_ok() {
                let mut beside = self.beside();
                beside.envelope.retired.retain(|known| *known != key);
                // Both files name it yet.
                beside.other_is_old = true;
            }
        }
    }
}

/// What was found beside the database.
async fn found(
    parts: &Parts,
    generation: Generation,
    bytes: &[u8],
    layout: Layout,
    newest: Layout,
) -> Result<Opened, VaultError> {
    let sealed = envelope::parse(bytes)?;
    if sealed.envelope.wiping {
        wipe::complete(&parts.storage, &parts.area, sealed).await?;
        let layout = parts.storage.open().await?;
        return first(parts, layout, newest).await;
    }
    if sealed.envelope.version > u64::from(newest.0) {
        return Err(VaultError::SchemaNewer);
    }
    let (envelope, keys) = unseal(parts, sealed).await?;
    let opened = Opened { beside: Beside::new(envelope, generation), keys };
    migrate::raise(parts, opened, layout, newest).await
}

/// Unwraps the keys of the open store and checks the envelope with them.
pub(crate) async fn unseal(parts: &Parts, sealed: Sealed) -> Result<(Envelope, OpenKeys), VaultError> {
    let Envelope { store_id, device_key, key_check, open, .. } = &sealed.envelope;
    let slots = Slots { area: &parts.area, store_id: *store_id };
    let (wrapping, check) = slots.device(device_key).await?;
    // A damaged check value and another device cannot both be: the wrapped key tells.
    let Some(bundle) = unwrap(wrapping, &open_aad(store_id), open) else {
        return Err(if check == *key_check { VaultError::EnvelopeCorrupt } else { VaultError::WrongKey });
    };
    let keys = OpenKeys::decode(*store_id, &bundle)?;
    Ok((sealed.checked(&keys)?, keys))
}

/// The first start: the envelope is durable before any record is written, so a kill in between leaves an empty store that the
/// next start makes again (neg-K03).
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
    let open = OpenKeys::new(fresh(parts), Masters::new(store_id, vec![(FIRST_EPOCH, fresh(parts))]));
    let user = UserKeys::new(fresh(parts), fresh(parts), Masters::new(store_id, vec![(FIRST_EPOCH, fresh(parts))]));
    let envelope = make(parts, newest, &open, &user).await?;
    let generation = replace_first(parts, Generation(0), envelope.seal(&open), envelope.area_keys()).await?;
    let generation = replace(&parts.storage, generation, envelope.seal(&open)).await?;
    Ok(Opened { beside: Beside::new(envelope, generation), keys: open })
}

/// An envelope round these keys with no door but the device's own. Where it fails no key of the secure area is left.
pub(crate) async fn make(
    parts: &Parts,
    version: Layout,
    open: &OpenKeys,
    user: &UserKeys,
) -> Result<Envelope, VaultError> {
    let mut made = Vec::new();
    let envelope = make_round(parts, version, open, user, &mut made).await;
    if envelope.is_err() {
        give_up(parts, made).await;
    }
    envelope
}

async fn make_round(
    parts: &Parts,
    version: Layout,
    open: &OpenKeys,
    user: &UserKeys,
    made: &mut Vec<KeyId>,
) -> Result<Envelope, VaultError> {
    let store_id = *open.masters.store_id();
    let slots = Slots { area: &parts.area, store_id };
    let device_key = slots.make_key(UserAuth::None).await?;
    made.push(device_key.clone());
    let (wrapping, key_check) = slots.device(&device_key).await?;
    let door = slots.make_key(UserAuth::None).await?;
    made.push(door.clone());
    let mut rng = (parts.rng)();
    let mut envelope = Envelope::bare(u64::from(version.0), store_id, device_key);
    envelope.structure = 1;
    envelope.key_check = key_check;
    envelope.counters = Counters::default();
    envelope.open = wrap(wrapping, &open_aad(&store_id), &open.encode(), &mut *rng)?;
    envelope.user = wrap_user(user, &mut *rng)?;
    envelope.slots.device = Some(slots.seal_key(Kind::Device, door, &user.kek, &mut *rng).await?);
    Ok(envelope)
}

/// Writes the first envelope that names new keys of the secure area. Where it does not come to lie on the disk, they go.
pub(crate) async fn replace_first(
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
            Ok(_) => give_up(parts, made).await,
            Err(_) => {}
        }
    }
    written
}

/// Deletes keys that no file names. One that resists wraps nothing.
async fn give_up(parts: &Parts, made: Vec<KeyId>) {
    for key in made {
        let _ = parts.area.delete(key).await;
    }
}

pub(crate) fn wrap_user(user: &UserKeys, rng: &mut dyn rid_crypto::CryptoRng) -> Result<Vec<u8>, VaultError> {
    let kek = rid_crypto::Secret::filled(|bytes| bytes.copy_from_slice(user.kek.expose()));
    wrap(kek, &user_aad(user.masters.store_id()), &user.encode(), rng)
}

/// The person's keys, with the door's key.
pub(crate) fn unwrap_user(envelope: &Envelope, kek: rid_crypto::Secret<32>) -> Result<UserKeys, VaultError> {
    let key = rid_crypto::Secret::filled(|bytes| bytes.copy_from_slice(kek.expose()));
    let bundle = unwrap(key, &user_aad(&envelope.store_id), &envelope.user).ok_or(VaultError::EnvelopeCorrupt)?;
    UserKeys::decode(envelope.store_id, kek, &bundle)
}
