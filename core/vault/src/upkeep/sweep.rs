//! Deletes device keys that used copies left in the secure area, and gives up copies that may have been used.
use std::collections::BTreeSet;

use rid_flow::ports::{Read, StorageError};

use crate::{Vault, VaultError, commit::Draft, commit::change_lock::Held, rows, rows::encode::small};

impl Vault {
    /// Deletes the device keys of copies that are not listed any more: a process may have ended between the use of a
    /// copy and the deletion of its key (neg-L12). Nothing is deleted where anything cannot be read.
    pub(crate) async fn sweep_used_keys(&self, held: &Held<'_>) -> Result<(), VaultError> {
        let listing = self.credentials().await?;
        if !listing.damaged.is_empty() || self.is_suspect(rows::DEVICE_KEYS).await? {
            return Err(StorageError::Damaged.into());
        }
        let mut draft = None;
        for meta in listing.credentials {
            let left: BTreeSet<_> = self.keys_left(&meta.summary.id).await?.into_iter().collect();
            let Some(row) =
                self.read(Read::Get(self.open_keys().device_keys(&meta.summary.id))).await?.into_iter().next()
            else {
                continue;
            };
            let (_, mut keys) = small::read_device_keys(&self.keys().open_row(&row)?)?;
            let used: Vec<_> = keys.iter().filter(|key| !left.contains(key)).cloned().collect();
            if used.is_empty() {
                continue;
            }
            for key in used {
                self.area.delete(key).await?;
            }
            keys.retain(|key| left.contains(key));
            let mut step = match draft.take() {
                Some(step) => step,
                None => Draft::begin(self, held).await?,
            };
            step.put(row.key.clone(), Some(&row), row.index, &small::device_keys(&meta.summary.id, &keys))?;
            draft = Some(step);
        }
        match draft {
            Some(draft) => draft.finish().await.map(drop),
            None => Ok(()),
        }
    }
}
