//! New masters for all rows: named in the envelope first, then every row is sealed anew, then the old masters go. A death at any step
//! leaves both, and the next unlocking goes on.
use std::sync::Arc;

use rid_flow::ports::{Read, Row, RowKey, StorageError};

use crate::{
    Vault, VaultError,
    commit::{Draft, TRIES},
    keys::{Epoch, OpenKeys, UserKeys, wrap},
    open::wrap_user,
    rows,
    slots::open_aad,
    vault::Keys,
};

/// Rows sealed anew in one commit.
const BATCH: usize = 32;

impl Vault {
    /// Draws new masters and seals every row under them. Doors, PIN and code stay.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`StorageError::Damaged`] where a row is missing: nothing was begun; those of storage and secure area: it
    /// goes on at the next unlocking.
    pub async fn rotate_keys(&self) -> Result<(), VaultError> {
        self.keys().user()?;
        self.all_rows_are_shown().await?;
        if self.is_rotating() {
            // Masters are drawn when those of before are done with, or they would grow in number.
            self.finish_rotation().await?;
        }
        {
            let held = self.hold().await;
            let keys = self.keys();
            let user = keys.user()?;
            let open = keys.open.with_masters(keys.open.masters.rotated(&mut *(self.rng)()));
            let user = user.with_masters(user.masters.rotated(&mut *(self.rng)()));
            self.put_keys(&held, open, user).await?;
        }
        self.finish_rotation().await
    }

    /// Seals what is still under old masters anew, then gives those up.
    pub(crate) async fn finish_rotation(&self) -> Result<(), VaultError> {
        // Whoever began with the keys of before is overtaken by this commit; from here on all are sealed with those of now.
        let epochs = self.epochs()?;
        self.commit_head(|_| {}).await?;
        let mut hurt = None;
        for table in rows::TALLIED {
            let heads = self.read(Read::Heads(table, None)).await?;
            let places: Vec<RowKey> = heads.into_iter().map(|row| row.key).collect();
            for batch in places.chunks(BATCH) {
                match self.reseal(batch).await {
                    Err(VaultError::Storage(StorageError::Damaged)) => {
                        for place in batch {
                            hurt = hurt.or(self.reseal(std::slice::from_ref(place)).await.err());
                        }
                    }
                    done => done?,
                }
            }
        }
        // All others are sealed anew; for what is hurt the old masters stay.
        hurt.map_or(Ok(()), Err)?;
        self.all_rows_are_shown().await?;
        // The head itself is sealed under the newest by every commit.
        self.commit_head(|_| {}).await?;
        let held = self.latch.hold().await;
        let keys = self.keys();
        let user = keys.user()?;
        if self.epochs()? != epochs {
            // Another rotation has begun: not all is sealed under its masters yet, and it finishes itself.
            return Ok(());
        }
        let open = keys.open.with_masters(keys.open.masters.newest_only());
        let user = user.with_masters(user.masters.newest_only());
        self.put_keys(&held, open, user).await
    }

    /// A row that is not shown today may be found tomorrow: while one is missing the old masters stay, and no others are drawn.
    async fn all_rows_are_shown(&self) -> Result<(), VaultError> {
        for table in rows::TALLIED {
            if self.is_suspect_now(table).await? {
                return Err(StorageError::Damaged.into());
            }
        }
        Ok(())
    }

    pub(crate) fn is_rotating(&self) -> bool {
        let keys = self.keys();
        keys.open.masters.epochs().len() > 1 || keys.user().is_ok_and(|user| user.masters.epochs().len() > 1)
    }

    /// The newest epochs of both classes.
    fn epochs(&self) -> Result<(Epoch, Epoch), VaultError> {
        let keys = self.keys();
        Ok((keys.open.masters.newest(), keys.user()?.masters.newest()))
    }

    /// Rows that no key opens are damaged under whatever masters: nothing more is lost with the old ones.
    async fn reseal(&self, places: &[RowKey]) -> Result<(), VaultError> {
        for _ in 0..TRIES {
            let mut draft = Draft::begin(self).await?;
            let tried = draft.reseal(places).await;
            if tried == Ok(false) || draft.settle(tried.map(drop)).await?.is_some() {
                return Ok(());
            }
        }
        Err(StorageError::Conflict.into())
    }

    async fn put_keys(&self, held: &crate::latch::Held<'_>, open: OpenKeys, user: UserKeys) -> Result<(), VaultError> {
        let mut envelope = self.envelope();
        let (wrapping, _) = self.slots().device(&envelope.device_key).await?;
        let mut rng = (self.rng)();
        envelope.open = wrap(wrapping, &open_aad(&envelope.store_id), &open.encode(), &mut *rng)?;
        envelope.user = wrap_user(&user, &mut *rng)?;
        drop(rng);
        envelope.tries = envelope.counted(&self.read_head().await?.0);
        self.write_envelope(held, envelope, true).await?;
        // Locked meanwhile: what is under way ends with an error, and the new keys come with the next unlocking.
        self.set_open_keys(open);
        self.change_user_keys(|keys, _| *keys = Arc::new(user));
        // The head's word makes the older envelope a rollback.
        self.commit_head(|_| {}).await.map(drop)
    }
}

impl Draft<'_> {
    /// Whether anything was under older masters.
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
    let masters = keys.masters_of(row.key.table)?;
    Ok(match rows::open_of(masters, row) {
        Ok((epoch, _)) if epoch == masters.newest() => Sealed::Newest,
        Ok((_, plain)) => Sealed::Older(plain),
        Err(_) => Sealed::Unreadable,
    })
}
