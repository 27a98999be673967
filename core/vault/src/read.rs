//! Reading: rows found, opened, and taken for what stands in them; the head.
use std::sync::Arc;

use rid_flow::ports::{Read, Row, RowKey, StorageError, Table, Transaction};

use crate::{
    Vault, VaultError,
    head::{Head, HeadRows, HeadVersions},
    rows,
};

/// Rows in the clear at one time.
const BATCH: usize = 64;

/// A row without its bytes, and what stood in it.
type Found<T> = (Row, Result<T, VaultError>);

impl Vault {
    /// Rows with what stands in them. Where a rotation overtook the reading it is done again with the keys that came.
    pub(crate) async fn each<T>(
        &self,
        read: Read,
        decode: impl Fn(&[u8]) -> Result<T, StorageError>,
    ) -> Result<Vec<Found<T>>, VaultError> {
        let (Read::Get(RowKey { table, .. }) | Read::Heads(table, _) | Read::Rows(table, _)) = read;
        loop {
            let keys = self.keys();
            if !rows::OPEN.contains(&table) {
                keys.user()?;
            }
            let rows = self.rows_of(table, &read).await?;
            let mut found = Vec::with_capacity(rows.len());
            for batch in rows.chunks(BATCH) {
                for (row, plain) in batch.iter().zip(rows::open_all(keys.masters_of(table)?, batch)) {
                    let value = plain.and_then(|plain| decode(&plain)).map_err(VaultError::from);
                    found.push((Row { key: row.key.clone(), bytes: Vec::new(), ..*row }, value));
                }
            }
            if found.iter().all(|(_, value)| value.is_ok()) || keys.are(&self.keys()) {
                return Ok(found);
            }
        }
    }

    /// What stands in one row, if it is there.
    pub(crate) async fn one<T>(
        &self,
        read: Read,
        decode: impl Fn(&[u8]) -> Result<T, StorageError>,
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
