//! Reading: rows found, opened, and taken for what stands in them; the head.
use std::sync::{Arc, Mutex, PoisonError};

use rid_flow::ports::{Lent, Read, Row, RowKey, StorageError, Table, Transaction};

use crate::{
    Vault, VaultError,
    head::{Head, HeadRows, HeadVersions},
    opening::{Decode, Found, Opening},
    rows,
    tally::Tally,
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
    /// Rows with what stands in them. A whole table is compared with its tally in the same breath, if it was not yet. Where a rotation
    /// overtook the reading it is done again with the keys that came.
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
            let compared = matches!(read, Read::Rows(_, None)) && !self.has_looked_at(table);
            let head = compared.then_some(Read::Rows(rows::HEAD, None));
            let opening = Opening::new(keys.clone(), table, decode.clone(), compared.then(Tally::default));
            let (head, opening) = self.shown(head, read.clone(), opening).await?;
            let (found, tally) = opening.finish();
            if let Some(tally) = tally {
                self.compare_table(table, &head, tally);
            }
            if found.iter().all(|(_, value)| value.is_ok()) || keys.are(&self.keys()) {
                return Ok(found);
            }
        }
    }

    /// Rows of the head, where they are asked for, and those of a read, taken in as they are shown.
    async fn shown<T: Send + 'static, D: Decode<T>>(
        &self,
        head: Option<Read>,
        read: Read,
        opening: Opening<T, D>,
    ) -> Result<(Vec<Row>, Opening<T, D>), StorageError> {
        let heads = usize::from(head.is_some());
        let shown = Shown(Arc::new(Mutex::new(Some((Vec::new(), opening)))));
        let of_visitor = shown.0.clone();
        let visitor = move |number: usize, row: Lent<'_>| {
            if let Some((head, opening)) = &mut *of_visitor.lock().unwrap_or_else(PoisonError::into_inner) {
                if number < heads { head.push(row.to_row()) } else { opening.take(row) }
            }
        };
        self.storage.visit(head.into_iter().chain([read]).collect(), Box::new(visitor)).await?;
        shown.take().ok_or(StorageError::Io)
    }

    /// What stands in one row, if it is there.
    pub(crate) async fn one<T: Send + 'static>(
        &self,
        read: Read,
        decode: impl Decode<T>,
    ) -> Result<Option<T>, VaultError> {
        self.each(read, decode).await?.into_iter().next().map(|(_, value)| value).transpose()
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

    /// The head and the versions of its two rows; the default and none before the first commit.
    pub(crate) async fn read_head(&self) -> Result<(Head, HeadVersions), VaultError> {
        loop {
            let keys = self.open_keys();
            let rows = self.read(Read::Rows(rows::HEAD, None)).await?;
            match HeadRows::of(&keys, &rows) {
                Ok(HeadRows { head, versions }) => return Ok((head, versions)),
                Err(error) if Arc::ptr_eq(&keys, &self.open_keys()) => return Err(error.into()),
                // A rotation overtook the reading.
                Err(_) => {}
            }
        }
    }
}
