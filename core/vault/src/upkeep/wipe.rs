//! Destroying everything: keys first, so that what a process exit leaves of the files opens nothing; completed at the
//! next opening.
//!
//! The first pass leaves its marker where a key resists, so that the key is tried again. A pass that finds the marker
//! takes the files whatever the keys do: one that resists for ever must not keep them (neg-K15). The device's key is
//! the last to go: while it is there the marker's MAC can be checked, and whoever can only write files has no key
//! deleted by a marker of their own.
use std::sync::Arc;

use rid_flow::ports::{
    Generation, KeyId, Read, Row, SecureArea, SecureAreaError, Storage, StorageError, Table, Transaction,
};

use crate::{
    Vault, VaultError,
    keys::envelope::{self, Envelope, Sealed},
    keys::envelope_store::replace,
    keys::slots::{Slots, open_aad},
    keys::{OpenKeys, unwrap},
    rows,
    rows::encode::small,
};

/// Destroys a store whether or not it opens: its keys in the secure area, those of its credentials as far as they can
/// be read, then its files. The keys of stores that were set aside stay: no port reads what names them, and with the
/// files they open nothing.
///
/// # Errors
/// [`VaultError`]; begun, it is completed by the next opening or wipe. [`VaultError::SecureArea`] from a second wipe:
/// the files are gone, and a key that wraps nothing any more is left.
pub async fn wipe(storage: Arc<dyn Storage>, area: Arc<dyn SecureArea>) -> Result<(), VaultError> {
    // Somebody else has it: nothing is taken from under their hands. Any other error: what can be read is, and the
    // files go.
    if storage.open().await == Err(StorageError::Locked) {
        return Err(StorageError::Locked.into());
    }
    // Of a database that does not open some storages give the envelope all the same; of others the keys stay, and wrap
    // nothing.
    let found = storage.envelope_read().await.ok().flatten();
    let envelope = found.and_then(|(generation, bytes)| Some((generation, envelope::parse(&bytes).ok()?)));
    match envelope {
        Some((generation, sealed)) => {
            let keys = open_keys(&area, &sealed.envelope).await.ok();
            let also = match &keys {
                Some(keys) => device_keys(&storage, keys).await.unwrap_or_default(),
                None => Vec::new(),
            };
            begin_and_complete(&storage, &area, generation, &sealed.envelope, keys.as_ref(), also).await
        }
        None => Ok(storage.wipe().await?),
    }
}

/// The keys of an open store, of one that is not, as far as its device key can be had.
async fn open_keys(area: &Arc<dyn SecureArea>, envelope: &Envelope) -> Result<OpenKeys, VaultError> {
    let slots = Slots { area, store_id: envelope.store_id };
    let device = slots.device(&envelope.device_key).await?;
    let bundle = unwrap(device.wrapping, &open_aad(&envelope.store_id), &envelope.open).ok_or(VaultError::WrongKey)?;
    OpenKeys::decode(envelope.store_id, &bundle)
}

/// The device keys of the credentials of a store that is not open.
async fn device_keys(storage: &Arc<dyn Storage>, keys: &OpenKeys) -> Result<Vec<KeyId>, VaultError> {
    let lists = rows_of(storage, rows::DEVICE_KEYS).await?;
    let named = |row: &Row| small::read_device_keys(&rows::open(&keys.masters, row).ok()?).ok();
    Ok(lists.iter().filter_map(named).flat_map(|(_, keys)| keys).collect())
}

async fn rows_of(storage: &Arc<dyn Storage>, table: Table) -> Result<Vec<Row>, StorageError> {
    let reads = vec![Read::Rows(table, None)];
    Ok(storage.transact(Transaction { reads, ..Transaction::default() }).await?.into_iter().flatten().collect())
}

impl Vault {
    /// The same for an open store: the keys of its credentials go too, unlocked or not. It is closed then, whatever the
    /// answer.
    ///
    /// # Errors
    /// As [`wipe`].
    pub async fn wipe(&self) -> Result<(), VaultError> {
        let device_keys = self.all_device_keys().await.unwrap_or_default();
        let _held = self.change_lock.lock().await;
        self.lock();
        let stored = self.stored().clone();
        // What is known here must not be written over the marker (neg-K15): a wipe that was interrupted is completed by
        // the next opening. All that is to be deleted stays known, to be tried again by who calls this again.
        let also = [device_keys, stored.begun_keys()].concat();
        let all = [stored.envelope.area_keys(), also.clone()].concat();
        self.stored().envelope = stored.envelope.wiping(all);
        let keys = self.open_keys();
        let (storage, area, generation) = (&self.storage, &self.area, stored.generation);
        let wiped = begin_and_complete(storage, area, generation, &stored.envelope, Some(&keys), also).await;
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
    keys: Option<&OpenKeys>,
    also: Vec<KeyId>,
) -> Result<(), VaultError> {
    let names = Names::of(envelope, also);
    let marker = envelope.wiping(names.all());
    let bytes = keys.map_or_else(|| marker.seal_without_keys(), |keys| marker.seal(keys));
    let mut marked = false;
    for _ in 0..2 {
        match replace(storage, generation, bytes.clone()).await {
            Ok(written) => (generation, marked) = (written, true),
            // A full disk must not save what a person wants gone: it goes without the marker, if its keys go.
            Err(_) => break,
        }
    }
    let second = envelope.wiping;
    let resists =
        if marked || second { names.delete(area, |_| second).await } else { delete_in_order(area, names.all()).await };
    match resists {
        // For the next pass, which takes the files whatever the keys do.
        Some(error) if !second => Err(error.into()),
        _ => take_files(storage, resists).await,
    }
}

/// The pass of an opening that found the marker: deletes the keys, then the files.
///
/// # Errors
/// [`VaultError::SecureArea`]: of an area that is only busy or locked the marker is left, and the next opening tries
/// again; of any other error the files are gone.
pub(crate) async fn complete(
    storage: &Arc<dyn Storage>,
    area: &Arc<dyn SecureArea>,
    marker: Sealed,
) -> Result<(), VaultError> {
    let names = match open_keys(area, &marker.envelope).await {
        Ok(keys) => marker.checked(&keys).map(|envelope| Names::of(&envelope, Vec::new())),
        Err(VaultError::SecureArea(error)) if passes(error) => return Err(error.into()),
        Err(error) => Err(error),
    };
    let resists = match names {
        Ok(names) => names.delete(area, |error| !passes(error)).await,
        // The device's key went last, so the others are gone.
        Err(VaultError::SecureArea(SecureAreaError::NotFound | SecureAreaError::Invalidated)) => None,
        Err(VaultError::SecureArea(error)) => Some(error),
        // No marker of ours: no key is given up for it.
        Err(_) => None,
    };
    match resists {
        Some(error) if passes(error) => Err(error.into()),
        _ => take_files(storage, resists).await,
    }
}

/// Errors of an area that may answer otherwise soon.
const fn passes(error: SecureAreaError) -> bool {
    matches!(error, SecureAreaError::Busy | SecureAreaError::Cancelled | SecureAreaError::Locked)
}

/// What is to be deleted of the secure area.
struct Names {
    others: Vec<KeyId>,
    /// The last to go: without it nothing tells the names of the credentials' keys, and no marker can be checked.
    device_key: KeyId,
}

impl Names {
    fn of(envelope: &Envelope, also: Vec<KeyId>) -> Self {
        let device_key = envelope.device_key.clone();
        let mut others = also;
        others.extend(envelope.area_keys());
        others.retain(|key| *key != device_key);
        Self { others, device_key }
    }

    fn all(&self) -> Vec<KeyId> {
        [self.others.as_slice(), std::slice::from_ref(&self.device_key)].concat()
    }

    /// Deletes all of them; the device's key after one that resists only if `goes_on`.
    async fn delete(
        self,
        area: &Arc<dyn SecureArea>,
        goes_on: impl Fn(SecureAreaError) -> bool,
    ) -> Option<SecureAreaError> {
        let resists = delete(area, self.others).await;
        match resists {
            Some(error) if !goes_on(error) => resists,
            _ => resists.or(delete(area, vec![self.device_key]).await),
        }
    }
}

/// Deletes keys; gives the error of the first that resists. One keeps none of the others, and one that is gone or dead
/// does not resist.
async fn delete(area: &Arc<dyn SecureArea>, keys: Vec<KeyId>) -> Option<SecureAreaError> {
    let mut resists = None;
    for key in keys {
        match area.delete(key).await {
            Ok(()) | Err(SecureAreaError::NotFound | SecureAreaError::Invalidated) => {}
            Err(error) => resists = resists.or(Some(error)),
        }
    }
    resists
}

/// Deletes keys until one resists: where no marker names them, those that name the others must outlive them.
async fn delete_in_order(area: &Arc<dyn SecureArea>, keys: Vec<KeyId>) -> Option<SecureAreaError> {
    for key in keys {
        let resists = delete(area, vec![key]).await;
        if resists.is_some() {
            return resists;
        }
    }
    None
}

/// Destroys the files; what resisted is said once they are gone.
async fn take_files(storage: &Arc<dyn Storage>, resisted: Option<SecureAreaError>) -> Result<(), VaultError> {
    storage.wipe().await?;
    resisted.map_or(Ok(()), |error| Err(error.into()))
}
