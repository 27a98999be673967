//! New master keys for all rows: named in the envelope first, then every row is sealed again, then the old master keys
//! are deleted. An interruption leaves both, and the next unlocking goes on.
use std::sync::Arc;

use rid_flow::ports::{Read, Row, RowKey};

use crate::{
    Vault, VaultError,
    commit::Draft,
    commit::change_lock::Held,
    keys::{OpenKeys, UserKeys},
    rows,
    vault::Keys,
};

/// Rows sealed again in one commit.
const BATCH: usize = 32;

impl Vault {
    /// Draws new master keys and seals every row under them. Unlock methods, PIN and code stay. A row that no key opens
    /// stops nothing: it is lost under whatever master keys.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`rid_flow::ports::StorageError::Damaged`] where part of the database cannot be read:
    /// nothing was begun; those of storage and secure area: it goes on at the next unlocking.
    pub async fn rotate_keys(&self) -> Result<(), VaultError> {
        let held = self.hold().await;
        self.keys().user()?;
        self.writable()?;
        // Rows of a part that cannot be read today may be read by a repair: their master keys must not be deleted.
        self.storage.check().await?;
        if self.is_rotating() {
            self.finish_rotation(&held).await?;
        }
        let keys = self.keys();
        let user = keys.user()?;
        let mut rng = (self.rng)();
        let open = keys.open.with_masters(keys.open.masters.rotated(&mut *rng));
        let user = user.with_masters(user.portable.rotated(&mut *rng), user.bound.rotated(&mut *rng));
        drop(rng);
        self.put_keys(&held, open, user).await?;
        self.finish_rotation(&held).await
    }

    /// Seals what is still under old master keys again, then deletes those.
    pub(crate) async fn finish_rotation(&self, held: &Held<'_>) -> Result<(), VaultError> {
        self.storage.check().await?;
        for table in rows::CONTENT {
            let heads = self.read(Read::Heads(table, None)).await?;
            let places: Vec<RowKey> = heads.into_iter().map(|row| row.key).collect();
            for batch in places.chunks(BATCH) {
                let mut draft = Draft::begin(self, held).await?;
                if draft.reseal(batch).await? {
                    draft.finish().await?;
                }
            }
        }
        // The head itself is sealed under the newest by every commit.
        self.commit_head(held).await?;
        let keys = self.keys();
        let user = keys.user()?;
        let open = keys.open.with_masters(keys.open.masters.newest_only());
        let user = user.with_masters(user.portable.newest_only(), user.bound.newest_only());
        self.put_keys(held, open, user).await
    }

    pub(crate) fn is_rotating(&self) -> bool {
        let keys = self.keys();
        keys.open.masters.epochs().len() > 1 || keys.user().is_ok_and(|user| user.is_rotating())
    }

    async fn put_keys(&self, held: &Held<'_>, open: OpenKeys, user: UserKeys) -> Result<(), VaultError> {
        let mut envelope = self.envelope();
        let device = self.slots().device(&envelope.device_key).await?;
        let mut rng = (self.rng)();
        envelope.wrap_keys(&open, &user, device, &mut *rng)?;
        drop(rng);
        // Under the MAC of the present index key, which a rotation keeps.
        self.write_envelope(held, envelope, true).await?;
        // Locked meanwhile: what is under way ends with an error, and the new keys come with the next unlocking.
        self.set_open_keys(open);
        self.change_user_keys(|keys, _| *keys = Arc::new(user));
        Ok(())
    }
}

impl Draft<'_> {
    /// Whether anything was under older master keys.
    async fn reseal(&mut self, places: &[RowKey]) -> Result<bool, VaultError> {
        let mut changed = false;
        for place in places {
            // Gone meanwhile: used or deleted.
            let Some(row) = self.get(place.clone()).await? else { continue };
            match old(&self.keys, &row)? {
                Sealed::Newest | Sealed::Unreadable => {}
                Sealed::Older(plain) => {
                    self.put(place.clone(), Some(&row), row.index, &plain)?;
                    changed = true;
                }
            }
        }
        Ok(changed)
    }
}

enum Sealed {
    Newest,
    Older(zeroize::Zeroizing<Vec<u8>>),
    Unreadable,
}

fn old(keys: &Keys, row: &Row) -> Result<Sealed, VaultError> {
    let masters = keys.master_keys_of(row.key.table)?;
    Ok(match rows::open_of(masters, row) {
        Ok((epoch, _)) if epoch == masters.newest() => Sealed::Newest,
        Ok((_, plain)) => Sealed::Older(plain),
        Err(_) => Sealed::Unreadable,
    })
}
