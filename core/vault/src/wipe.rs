//! Destroying everything: keys first, so that what a death leaves of the files opens nothing; completed at the next opening.
use std::sync::Arc;

use rid_flow::ports::{Generation, KeyId, Read, Row, SecureArea, Storage, StorageError, Table, Transaction};

use crate::{
    Vault, VaultError,
    encode::small,
    envelope::{self, Envelope, Found, NEWEST},
    keys::{OpenKeys, unwrap, v1::EnvelopeV1},
    rows,
    slots::{Slots, open_aad},
    vault::replace,
};

/// Destroys a store whether or not it opens: its keys in the secure area, those of its credentials as far as they can be read, then
/// its files.
///
/// # Errors
/// [`VaultError`]; begun, it is completed by the next opening or wipe.
pub async fn wipe(storage: Arc<dyn Storage>, area: Arc<dyn SecureArea>) -> Result<(), VaultError> {
    match storage.open().await {
        Ok(_) => {}
        // Somebody else has it: nothing is taken from under their hands.
        Err(StorageError::Locked) => return Err(StorageError::Locked.into()),
        // It does not open: the files go all the same.
        Err(_) => return Ok(storage.wipe().await?),
    }
    let found = storage.envelope_read().await.ok().flatten();
    let envelope = found.and_then(|(generation, bytes)| Some((generation, envelope::parse(&bytes).ok()?)));
    match envelope {
        Some((generation, Found::V2(sealed))) => {
            let also = device_keys(&storage, &area, &sealed.envelope).await.unwrap_or_default();
            begin_and_complete(&storage, &area, generation, &sealed.envelope, also).await
        }
        Some((generation, Found::V1(old))) => {
            let mut also = device_keys_v1(&storage, &area, &old).await.unwrap_or_default();
            // Of a migration that was cut off.
            if let Some(Ok(Found::V2(next))) = old.next.as_deref().map(envelope::parse) {
                also.extend(next.envelope.area_keys());
            }
            let outside = Envelope::wiping(NEWEST.0.into(), old.store_id, old.key, Vec::new());
            begin_and_complete(&storage, &area, generation, &outside, also).await
        }
        None => Ok(storage.wipe().await?),
    }
}

/// The device keys of the credentials of a store that is not open, as far as its device key can be had.
async fn device_keys(
    storage: &Arc<dyn Storage>,
    area: &Arc<dyn SecureArea>,
    envelope: &Envelope,
) -> Result<Vec<KeyId>, VaultError> {
    let slots = Slots { area, store_id: envelope.store_id };
    let (wrapping, _) = slots.device(&envelope.device_key).await?;
    let bundle = unwrap(wrapping, &open_aad(&envelope.store_id), &envelope.open).ok_or(VaultError::WrongKey)?;
    let keys = OpenKeys::decode(envelope.store_id, &bundle)?;
    let lists = rows_of(storage, rows::DEVICE_KEYS).await?;
    let named = |row: &Row| small::read_device_keys(&rows::open(&keys.masters, row).ok()?).ok();
    Ok(lists.iter().filter_map(named).flat_map(|(_, keys)| keys).collect())
}

/// The same of the first version, where only the copies named them.
async fn device_keys_v1(
    storage: &Arc<dyn Storage>,
    area: &Arc<dyn SecureArea>,
    old: &EnvelopeV1,
) -> Result<Vec<KeyId>, VaultError> {
    let (_, masters) = old.unwrap(area).await?;
    let copies = rows_of(storage, rows::COPIES).await?;
    let named = |row: &Row| small::read_copy(&rows::open(&masters, row).ok()?).ok();
    Ok(copies.iter().filter_map(named).map(|copy| copy.key.clone()).collect())
}

async fn rows_of(storage: &Arc<dyn Storage>, table: Table) -> Result<Vec<Row>, StorageError> {
    let reads = vec![Read::Rows(table, None)];
    Ok(storage.transact(Transaction { reads, ..Transaction::default() }).await?.into_iter().flatten().collect())
}

impl Vault {
    /// The same for an open store: the keys of its credentials go too, unlocked or not. It is closed then, whatever the answer.
    ///
    /// # Errors
    /// As [`wipe`].
    pub async fn wipe(&self) -> Result<(), VaultError> {
        let device_keys = self.all_device_keys().await.unwrap_or_default();
        let _held = self.latch.hold().await;
        self.lock();
        let beside = self.beside().clone();
        // What is known here must not be written over the marker (neg-K15): a wipe that was cut off is completed by the next opening.
        let Envelope { version, store_id, device_key, .. } = beside.envelope.clone();
        self.beside().envelope = Envelope::wiping(version, store_id, device_key, Vec::new());
        let wiped =
            begin_and_complete(&self.storage, &self.area, beside.generation, &beside.envelope, device_keys).await;
        if wiped.is_err() {
            let _ = self.storage.close().await;
        }
        wiped
    }
}

/// Both generations become a marker that opens nothing and names what is still to be deleted.
async fn begin_and_complete(
    storage: &Arc<dyn Storage>,
    area: &Arc<dyn SecureArea>,
    mut generation: Generation,
    envelope: &Envelope,
    also: Vec<KeyId>,
) -> Result<(), VaultError> {
    let mut keys = envelope.area_keys();
    keys.extend(also);
    let marker = Envelope::wiping(envelope.version, envelope.store_id, envelope.device_key.clone(), keys.clone());
    let bytes = marker.seal_without_keys();
    for _ in 0..2 {
        match replace(storage, generation, bytes.clone()).await {
            Ok(written) => generation = written,
            // A full disk must not save what a person wants gone: it goes without the marker.
            Err(_) => break,
        }
    }
    complete(storage, area, keys).await
}

/// Deletes the keys, then the files.
pub(crate) async fn complete(
    storage: &Arc<dyn Storage>,
    area: &Arc<dyn SecureArea>,
    keys: Vec<KeyId>,
) -> Result<(), VaultError> {
    let mut failed = None;
    for key in keys {
        // One that resists keeps none of the others.
        failed = failed.or(area.delete(key).await.err());
    }
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(storage.wipe().await?),
    }
}
