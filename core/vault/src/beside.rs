//! The envelope beside the database: what is known of the two files, and how it is written.
use std::sync::{Arc, MutexGuard, PoisonError};

use rid_flow::ports::{Generation, KeyId, Storage, StorageError, UserAuth};

use crate::{Vault, VaultError, envelope::Envelope, latch::Held};

/// The envelope and which generation it is.
#[derive(Clone)]
pub(crate) struct Beside {
    pub(crate) envelope: Envelope,
    pub(crate) generation: Generation,
    /// One of the two files is of before a change of keys or doors: both are to be written over at the next occasion.
    pub(crate) other_is_old: bool,
    /// The highest structure given to the storage. Above the envelope's own: nobody saw whether that one was written.
    claimed: u64,
    /// Keys made for doors that no envelope names yet.
    begun: Vec<KeyId>,
}

impl Beside {
    pub(crate) fn new(envelope: Envelope, generation: Generation) -> Self {
        let claimed = envelope.structure;
        Self { envelope, generation, other_is_old: false, claimed, begun: Vec::new() }
    }

    /// Keys made for doors that no envelope names.
    pub(crate) fn begun_keys(&self) -> Vec<KeyId> {
        self.begun.clone()
    }
}

impl Vault {
    pub(crate) fn beside(&self) -> MutexGuard<'_, Beside> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn envelope(&self) -> Envelope {
        self.beside().envelope.clone()
    }

    /// The right to change the envelope. A change of doors that was cut off is first undone on the disk: whoever was told nothing of its
    /// end must not find it there later.
    pub(crate) async fn hold(&self) -> Held<'_> {
        let held = self.latch.hold().await;
        let cut_off = {
            let beside = self.beside();
            beside.claimed > beside.envelope.structure || !beside.begun.is_empty()
        };
        if cut_off {
            // What cannot be written now is written by the next who comes.
            let _ = self.restructure(&held, self.envelope()).await;
        }
        held
    }

    /// A key for a door. Until an envelope names it, it is remembered: no change that is cut off leaves it behind.
    pub(crate) async fn door_key(&self, auth: UserAuth) -> Result<KeyId, VaultError> {
        let key = self.slots().make_key(auth).await?;
        self.beside().begun.push(key.clone());
        Ok(key)
    }

    /// Gives a door, or deletes the key that was made for it.
    pub(crate) async fn or_given_up<T>(&self, key: KeyId, door: Result<T, VaultError>) -> Result<T, VaultError> {
        if door.is_err() && self.area.delete(key.clone()).await.is_ok() {
            self.beside().begun.retain(|begun| *begun != key);
        }
        door
    }

    /// Replaces the envelope; `structure`: keys or doors change, so both generations are written over.
    pub(crate) async fn write_envelope(
        &self,
        _held: &Held<'_>,
        mut envelope: Envelope,
        structure: bool,
    ) -> Result<(), VaultError> {
        if structure {
            let mut beside = self.beside();
            // A number is never used for two structures, the one of a write that nobody saw end among them.
            envelope.structure = beside.claimed.saturating_add(1);
            beside.claimed = envelope.structure;
            let named = envelope.area_keys();
            envelope.retired.extend(beside.begun.iter().filter(|key| !named.contains(key)).cloned());
        }
        let bytes = envelope.seal(&self.open_keys());
        let Beside { generation, other_is_old, .. } = self.beside().clone();
        let written = replace(&self.storage, generation, bytes.clone()).await?;
        let twice = structure || other_is_old;
        {
            let mut beside = self.beside();
            (beside.envelope, beside.generation, beside.other_is_old) = (envelope, written, twice);
            if structure {
                beside.begun.clear();
            }
        }
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

    /// Writes changed doors, with the PIN's count as it is in both files.
    pub(crate) async fn restructure(&self, held: &Held<'_>, mut envelope: Envelope) -> Result<(), VaultError> {
        envelope.tries = envelope.counted(&self.read_head().await?.0);
        self.write_structure(held, envelope).await
    }

    /// Writes changed doors into both generations, says so in the head, and deletes the keys given up.
    pub(crate) async fn write_structure(&self, held: &Held<'_>, envelope: Envelope) -> Result<(), VaultError> {
        let (tries, gives_up_keys) = (envelope.tries, !envelope.retired.is_empty());
        self.write_envelope(held, envelope, true).await?;
        // The head's word makes an older envelope a rollback from now on; every later commit says it again.
        let said = self.commit_head(|head| head.tries = tries).await;
        if !self.beside().other_is_old {
            self.sweep().await;
        }
        // An envelope of before opens nothing whose keys are dead. Where they are not, it is for the head to tell it.
        let dead = gives_up_keys && self.beside().envelope.retired.is_empty();
        if dead { Ok(()) } else { said.map(drop) }
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
