//! The envelope's two files: what they hold, and how they are written.
use std::sync::{Arc, MutexGuard, PoisonError};

use rid_flow::ports::{Generation, KeyId, Storage, StorageError, UserAuth};

use crate::{Vault, VaultError, commit::change_lock::Held, keys::envelope, keys::envelope::Envelope};

/// The envelope and its generation.
#[derive(Clone)]
pub(crate) struct StoredEnvelope {
    pub(crate) envelope: Envelope,
    pub(crate) generation: Generation,
    /// The other file predates the last change of keys or unlock methods, or is of another store: write both on the
    /// next write.
    pub(crate) other_is_old: bool,
    /// A write whose end was not seen: read the files before anything else is changed.
    is_unknown: bool,
    /// Keys made for unlock methods that no envelope names yet.
    begun: Vec<KeyId>,
}

impl StoredEnvelope {
    pub(crate) const fn new(envelope: Envelope, generation: Generation) -> Self {
        Self { envelope, generation, other_is_old: false, is_unknown: false, begun: Vec::new() }
    }

    pub(crate) fn begun_keys(&self) -> Vec<KeyId> {
        self.begun.clone()
    }
}

impl Vault {
    pub(crate) fn stored(&self) -> MutexGuard<'_, StoredEnvelope> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn envelope(&self) -> Envelope {
        self.stored().envelope.clone()
    }

    /// The right to change anything. A change that was interrupted is looked up first: the files say whether it was
    /// made.
    pub(crate) async fn hold(&self) -> Held<'_> {
        let held = self.change_lock.lock().await;
        if self.stored().is_unknown && self.look_up().await.is_err() {
            // The next caller looks again; until then the last known envelope counts.
            return held;
        }
        let unused = self.stored().begun.clone();
        if !unused.is_empty() {
            let named = self.envelope().area_keys();
            for key in unused.into_iter().filter(|key| !named.contains(key)) {
                // A key that resists wraps nothing.
                let _ = self.area.delete(key).await;
            }
            self.stored().begun.clear();
        }
        held
    }

    async fn look_up(&self) -> Result<(), VaultError> {
        let Some((generation, bytes)) = self.storage.envelope_read().await? else { return Ok(()) };
        let found = envelope::parse(&bytes)?.checked(&self.open_keys())?;
        let mut stored = self.stored();
        (stored.envelope, stored.generation) = (found, generation);
        (stored.other_is_old, stored.is_unknown) = (true, false);
        Ok(())
    }

    /// A key for an unlock method. It is remembered until an envelope names it.
    pub(crate) async fn method_key(&self, auth: UserAuth) -> Result<KeyId, VaultError> {
        let key = self.slots().make_key(auth).await?;
        self.stored().begun.push(key.clone());
        Ok(key)
    }

    /// Passes a slot on, or deletes the key that was made for it.
    pub(crate) async fn or_discarded<T>(&self, key: KeyId, slot: Result<T, VaultError>) -> Result<T, VaultError> {
        if slot.is_err() && self.area.delete(key.clone()).await.is_ok() {
            self.stored().begun.retain(|begun| *begun != key);
        }
        slot
    }

    /// Replaces the envelope; `both`: keys or unlock methods change, so no file may keep the old ones.
    pub(crate) async fn write_envelope(
        &self,
        _held: &Held<'_>,
        envelope: Envelope,
        both: bool,
    ) -> Result<(), VaultError> {
        let bytes = envelope.seal(&self.open_keys());
        let StoredEnvelope { generation, other_is_old, .. } = self.stored().clone();
        self.stored().is_unknown = true;
        let written = replace(&self.storage, generation, bytes.clone()).await?;
        let (is_change, both) = (both, both || other_is_old);
        {
            let mut stored = self.stored();
            (stored.envelope, stored.generation) = (envelope, written);
            (stored.other_is_old, stored.is_unknown) = (both, false);
        }
        if !both {
            return Ok(());
        }
        // The first file has it; a failure here is repaired by the next write.
        let again = replace(&self.storage, written, bytes).await;
        let mut stored = self.stored();
        if let Ok(again) = again {
            (stored.generation, stored.other_is_old) = (again, false);
        }
        // Until both have it the loss of one could undo a change of keys: that is not acknowledged.
        if is_change { again.map(drop).map_err(VaultError::from) } else { Ok(()) }
    }

    /// Writes the present counters into the envelope.
    pub(crate) async fn renew(&self, held: &Held<'_>) -> Result<(), VaultError> {
        self.writable()?;
        let (head, _) = self.read_head().await?;
        let mut envelope = self.envelope();
        if envelope.counters == head.counters && !self.stored().other_is_old {
            return Ok(());
        }
        envelope.counters = head.counters;
        self.write_envelope(held, envelope, false).await
    }

    /// Writes changed unlock methods into both files and deletes the keys that they no longer need.
    pub(crate) async fn restructure(&self, held: &Held<'_>, envelope: Envelope) -> Result<(), VaultError> {
        self.write_envelope(held, envelope, true).await?;
        self.stored().begun.clear();
        self.sweep().await;
        Ok(())
    }
}

/// Writes the next generation.
pub(crate) async fn replace(
    storage: &Arc<dyn Storage>,
    after: Generation,
    bytes: Vec<u8>,
) -> Result<Generation, StorageError> {
    let next = Generation(after.0.saturating_add(1));
    match storage.envelope_replace(next, bytes.clone()).await {
        Ok(()) => Ok(next),
        // A write whose answer was lost, or a foreign file of a later generation.
        Err(StorageError::Conflict) => {
            let found = storage.envelope_read().await?.map_or(after, |(generation, _)| generation);
            let next = Generation(found.0.saturating_add(1));
            storage.envelope_replace(next, bytes).await?;
            Ok(next)
        }
        Err(error) => Err(error),
    }
}
