//! Whether the tables hold what the head says: each is compared with its tally once after opening, when it is first wanted.
use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError},
};

use rid_flow::ports::{Read, Row, StorageError, Table};

use crate::{Vault, VaultError, head::HeadRows, rows, tally::Tally};

/// What does not check in an open store. Reading goes on: a damaged row is named, the others are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The row of counters cannot be read: after the next opening nothing can be written.
    pub head: bool,
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
        self.look(&rows::TALLIED).await?;
        let head = self.read_head().await.err() == Some(VaultError::Storage(StorageError::Damaged));
        let looked = self.looked();
        let wrong = looked.tables.iter().filter(|(_, holds)| !**holds);
        Ok(Health { head, tables: wrong.map(|(table, _)| *table).collect() })
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
        let heads = tables.iter().map(|table| Read::Heads(*table, None));
        let reads = std::iter::once(Read::Rows(rows::HEAD, None)).chain(heads).collect();
        let found = self.read_all(reads).await?;
        let Some((head, found)) = found.split_first() else { return Ok(()) };
        for (table, rows) in tables.into_iter().zip(found) {
            self.compare_table(table, head, Tally::of(&self.open_keys(), rows));
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
            let found = self.read_all(vec![Read::Rows(rows::HEAD, None), Read::Heads(table, None)]).await?;
            let [head, rows] = found.as_slice() else { return Ok(true) };
            match self.compare_table(table, head, Tally::of(&keys, rows)) {
                Some(holds) => return Ok(!holds),
                // A head that nothing opens vouches for nothing.
                None if Arc::ptr_eq(&keys, &self.open_keys()) => return Ok(true),
                None => {}
            }
        }
    }
}
