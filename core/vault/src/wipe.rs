//! Destroying everything: keys first, so that what a death leaves of the files opens nothing; completed at the next opening.
use std::sync::Arc;

use rid_flow::ports::{Generation, KeyId, SecureArea, Storage, StorageError};

use crate::{
    Vault, VaultError,
    envelope::{self, Envelope, Found},
    vault::replace,
};

/// Destroys a store whether or not it opens: its keys in the secure area as far as its envelope names them, then its files.
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
            begin_and_complete(&storage, &area, generation, &sealed.envelope, Vec::new()).await
        }
        Some((_, Found::V1(old))) => complete(&storage, &area, vec![old.key]).await,
        None => Ok(storage.wipe().await?),
    }
}

impl Vault {
    /// The same for an open store: the keys of its credentials go too, unlocked or not. It is closed then.
    ///
    /// # Errors
    /// As [`wipe`].
    pub async fn wipe(&self) -> Result<(), VaultError> {
        let device_keys = self.all_device_keys().await.unwrap_or_default();
        let _held = self.latch.hold().await;
        self.lock();
        let beside = self.beside().clone();
        begin_and_complete(&self.storage, &self.area, beside.generation, &beside.envelope, device_keys).await
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
    for key in keys {
        area.delete(key).await?;
    }
    Ok(storage.wipe().await?)
}
