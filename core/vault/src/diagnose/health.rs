//! Whether the tables hold what the head says: each is compared with its digest once after opening, when it is first
//! wanted.
use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering},
};

use rid_flow::ports::{Read, StorageError, Table};

use crate::{Vault, VaultError, rows, rows::head::HeadRows, rows::table_digest::TableDigest};

/// What does not check in an open store. Reading goes on: a damaged row is named, the others are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Part of the database cannot be read, or it is of an earlier time or another store: nothing is written before a
    /// repair.
    pub refused: Option<VaultError>,
    /// Part of the database cannot be read; the rest is served.
    pub damaged: bool,
    /// A copy was met whose device key is gone: the files are of an earlier time than the secure area.
    pub keys_missing: bool,
    /// Credentials whose row is missing or of an earlier time.
    pub credentials: u64,
    /// Tables (by number) in which rows are missing, too many, or of an earlier time.
    pub tables: Vec<u8>,
}

impl Health {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Self::default()
    }
}

impl Vault {
    /// What does not check. Each table is compared once after opening, when it is first wanted; this compares those
    /// that were not.
    ///
    /// # Errors
    /// [`VaultError::Storage`].
    pub async fn health(&self) -> Result<Health, VaultError> {
        let damaged = match self.storage.check().await {
            Ok(()) => false,
            Err(StorageError::Damaged) => true,
            Err(error) => return Err(error.into()),
        };
        let keys_missing = self.keys_missing.load(Ordering::Acquire);
        let mut health = Health { refused: self.refused(), damaged, keys_missing, ..Health::default() };
        let Ok((head, _)) = self.read_head().await else { return Ok(health) };
        let rows = self.read(Read::Heads(rows::CREDENTIALS, None)).await?;
        let there = rows.iter().filter(|row| head.lists(&row.key, row.version)).count();
        health.credentials = u64::try_from(head.credentials.len().saturating_sub(there)).unwrap_or(u64::MAX);
        for table in rows::DIGESTED {
            if self.is_suspect(table).await? {
                health.tables.push(table.0);
            }
        }
        Ok(health)
    }

    fn looked(&self) -> MutexGuard<'_, BTreeMap<u8, bool>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn forget_looks(&self) {
        self.looked().clear();
    }

    /// Whether a table differs from its digest. It is compared once after opening.
    pub(crate) async fn is_suspect(&self, table: Table) -> Result<bool, VaultError> {
        let known = self.looked().get(&table.0).copied();
        match known {
            Some(is_suspect) => Ok(is_suspect),
            None => self.is_suspect_now(table).await,
        }
    }

    /// The same by a comparison of now: what was put back since the last one is seen too. Scans places and versions in
    /// the same moment as the head; no row is opened.
    pub(crate) async fn is_suspect_now(&self, table: Table) -> Result<bool, VaultError> {
        loop {
            let keys = self.open_keys();
            let [one, other] = keys.heads().map(Read::Get);
            let mut found = self.read_all(vec![one, other, Read::Heads(table, None)]).await?;
            let rows = found.pop().unwrap_or_default();
            if let Ok(HeadRows { head, .. }) = HeadRows::of(&keys, &found.concat()) {
                let is_suspect = TableDigest::of(&keys, &rows) != head.digests.of(table);
                self.looked().insert(table.0, is_suspect);
                return Ok(is_suspect);
            }
            if Arc::ptr_eq(&keys, &self.open_keys()) {
                // A head that nothing opens vouches for nothing.
                return Ok(true);
            }
        }
    }
}
