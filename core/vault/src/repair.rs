//! After copies went missing or were put back nothing tells which of them were shown: all of them go, and issuers are asked again.
use rid_flow::ports::{Read, StorageError};

use crate::{
    Vault, VaultError,
    commit::{Draft, TRIES},
    encode::credential,
    rows,
    tally::Tally,
};

impl Vault {
    /// Gives up every copy of every credential and counts their tables anew, so that copies that are issued from now on are served.
    /// The credentials stay listed, with no copy left. Does nothing, and says so by `false`, where both tables are as they were left.
    /// For the person to ask.
    ///
    /// # Errors
    /// [`VaultError::Locked`], [`VaultError::Storage`]; then nothing was given up.
    pub async fn give_up_copies(&self) -> Result<bool, VaultError> {
        self.keys().user()?;
        if !self.is_suspect(rows::COPIES).await? && !self.is_suspect(rows::CREDENTIALS).await? {
            return Ok(false);
        }
        for _ in 0..TRIES {
            let mut draft = Draft::begin(self).await?;
            let tried = draft.give_up(self).await;
            if draft.settle(tried).await?.is_some() {
                self.forget_looks();
                return Ok(true);
            }
        }
        Err(StorageError::Conflict.into())
    }
}

impl Draft<'_> {
    async fn give_up(&mut self, vault: &Vault) -> Result<(), VaultError> {
        let open = self.keys.open.clone();
        for table in [rows::CREDENTIALS, rows::COPIES] {
            let found = vault.read(Read::Heads(table, None)).await?;
            *self.head.tallies.table(table) = Tally::of(&open, &found);
            for head in found {
                if table == rows::COPIES {
                    self.delete(&head);
                    continue;
                }
                let Some(row) = self.get(head.key).await? else { continue };
                // One that cannot be read serves nobody as it is.
                let Ok(mut meta) = self.keys.open_row(&row).and_then(|plain| Ok(credential::decode(&plain)?)) else {
                    continue;
                };
                (meta.copies_left, meta.uses) = (0, Vec::new());
                self.metas.push((meta, row.version));
            }
        }
        Ok(())
    }
}
