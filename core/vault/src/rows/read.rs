//! Reading: rows found, opened, and taken for what stands in them; the head.
use std::sync::{Arc, Mutex, PoisonError};

use rid_flow::ports::{Lent, Read, Row, RowKey, StorageError, Table, Transaction};

use crate::{
    Vault, VaultError, rows,
    rows::head::{Head, HeadRows, HeadVersions},
    rows::opening::{Decode, Found, Opening},
};

/// What a visitor takes in. Whoever waited for it and was dropped has let go of it, and of the keys in it, whatever storage still shows.
struct Shown<T>(Arc<Mutex<Option<T>>>);

impl<T> Shown<T> {
    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> Drop for Shown<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl Vault {
    /// Rows with their contents. Where a rotation overtook the reading it is repeated with the new keys.
    pub(crate) async fn each<T: Send + 'static>(
        &self,
        read: Read,
        decode: impl Decode<T>,
    ) -> Result<Vec<Found<T>>, VaultError> {
        let (Read::Get(RowKey { table, .. }) | Read::Heads(table, _) | Read::Rows(table, _)) = read;
        loop {
            let keys = self.keys();
            if !rows::OPEN.contains(&table) {
                keys.user()?;
            }
            let opening = Opening::new(keys.clone(), table, decode.clone());
            let found = self.shown(read.clone(), opening).await?.finish();
            if found.iter().all(|(.., value)| value.is_ok()) || keys.are(&self.keys()) {
                return Ok(found);
            }
        }
    }

    /// The rows of a read, taken in as storage shows them.
    async fn shown<T: Send + 'static, D: Decode<T>>(
        &self,
        read: Read,
        opening: Opening<T, D>,
    ) -> Result<Opening<T, D>, StorageError> {
        let shown = Shown(Arc::new(Mutex::new(Some(opening))));
        let of_visitor = shown.0.clone();
        let visitor = move |_: usize, row: Lent<'_>| {
            if let Some(opening) = &mut *of_visitor.lock().unwrap_or_else(PoisonError::into_inner) {
                opening.take(row);
            }
        };
        self.storage.visit(vec![read], Box::new(visitor)).await?;
        shown.take().ok_or(StorageError::Io)
    }

    /// What stands in one row, if it is there.
    pub(crate) async fn one<T: Send + 'static>(
        &self,
        read: Read,
        decode: impl Decode<T>,
    ) -> Result<Option<T>, VaultError> {
        self.each(read, decode).await?.into_iter().next().map(|(.., value)| value).transpose()
    }

    /// What is not there may have been taken away: then it is not "none", but damage.
    pub(crate) async fn there_or_never<T>(&self, table: Table, value: Option<T>) -> Result<Option<T>, VaultError> {
        if value.is_none() && self.is_suspect(table).await? {
            return Err(StorageError::Damaged.into());
        }
        Ok(value)
    }

    pub(crate) async fn read(&self, read: Read) -> Result<Vec<Row>, StorageError> {
        Ok(self.read_all(vec![read]).await?.into_iter().next().unwrap_or_default())
    }

    pub(crate) async fn read_all(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.storage.transact(Transaction { reads, ..Transaction::default() }).await
    }

    async fn read_heads(&self) -> Result<Vec<Row>, StorageError> {
        let reads = self.open_keys().heads().map(Read::Get).to_vec();
        Ok(self.read_all(reads).await?.into_iter().flatten().collect())
    }

    /// The head and the versions of its two rows; the default and none before the first commit.
    pub(crate) async fn read_head(&self) -> Result<(Head, HeadVersions), VaultError> {
        loop {
            let keys = self.open_keys();
            let rows = self.read_heads().await?;
            match HeadRows::of(&keys, &rows) {
                Ok(HeadRows { head, versions }) => return Ok((head, versions)),
                Err(error) if Arc::ptr_eq(&keys, &self.open_keys()) => return Err(error.into()),
                // A rotation overtook the reading.
                Err(_) => {}
            }
        }
    }
}
