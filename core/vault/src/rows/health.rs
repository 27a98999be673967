//! Whether the tables hold what the head says: each is compared with its tally once after opening, when it is first wanted.
use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering},
};

use rid_flow::ports::{Read, Row, StorageError, Table};

use crate::{Vault, VaultError, rows, rows::head::HeadRows, rows::tally::Tally};

/// What does not check in an open store. Reading goes on: a damaged row is named, the others are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Part of the database cannot be read, or it is of an earlier time or another store: nothing is written before a repair.
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

/// Which tables were compared with their tallies since opening, and whether they held.
#[derive(Default)]
pub(crate) struct Looked {
    tables: BTreeMap<u8, bool>,
}

impl Vault {
    /// What does not check. Each table is compared once after opening, when it is first wanted; this compares those that were not.
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
        self.look(&rows::DIGESTED).await?;
        let looked = self.looked();
        health.tables = looked.tables.iter().filter(|(_, holds)| !**holds).map(|(table, _)| *table).collect();
        Ok(health)
    }

    /// Whether a table was compared since the store was opened.
    pub(crate) fn has_looked_at(&self, table: Table) -> bool {
        self.looked().tables.contains_key(&table.0)
    }

    /// Compares tables with their tallies, those that were not compared since the store was opened: a scan of places and versions
    /// in the same moment as the head; no row is opened.
    pub(crate) async fn look(&self, tables: &[Table]) -> Result<(), VaultError> {
        let tables: Vec<Table> = tables.iter().filter(|table| !self.has_looked_at(**table)).copied().collect();
        if tables.is_empty() {
            return Ok(());
        }
        for table in tables {
            self.is_suspect_now(table).await?;
        }
        Ok(())
    }

    /// What a table holds against what the head of the same moment says of it.
    pub(crate) fn compare_table(&self, table: Table, head: &[Row], tally: Tally) -> Option<bool> {
        let keys = self.open_keys();
        // Of another epoch, or damaged: the next look says which.
        let HeadRows { head, .. } = HeadRows::of(&keys, head).ok()?;
        let holds = tally == head.tallies.of(table);
        self.looked().tables.insert(table.0, holds);
        Some(holds)
    }

    fn looked(&self) -> MutexGuard<'_, Looked> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn forget_looks(&self) {
        self.looked().tables.clear();
    }

    /// Whether a table does not check; nothing is taken from pools that may hold a copy used before.
    pub(crate) async fn is_suspect(&self, table: Table) -> Result<bool, VaultError> {
        let known = self.looked().tables.get(&table.0).copied();
        if let Some(holds) = known {
            return Ok(!holds);
        }
        self.is_suspect_now(table).await
    }

    /// The same by a look of now: what was put back since the last one is seen too.
    pub(crate) async fn is_suspect_now(&self, table: Table) -> Result<bool, VaultError> {
        loop {
            let keys = self.open_keys();
            let [one, other] = keys.heads().map(Read::Get);
            let found = self.read_all(vec![one, other, Read::Heads(table, None)]).await?;
            let [one, other, rows] = found.as_slice() else { return Ok(true) };
            let heads = [one.as_slice(), other].concat();
            match self.compare_table(table, &heads, Tally::of(&keys, rows)) {
                Some(holds) => return Ok(!holds),
                // A head that nothing opens vouches for nothing.
                None if Arc::ptr_eq(&keys, &self.open_keys()) => return Ok(true),
                None => {}
            }
        }
    }
}
