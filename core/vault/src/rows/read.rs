//! Reading: rows found, opened, and taken for what stands in them; the head.
use std::sync::Arc;

use rid_flow::ports::{Read, Row, RowKey, StorageError, Table, Transaction};

use crate::{
    CredentialMeta, Vault, VaultError,
    keys::MasterKeys,
    rows,
    rows::encode::credential,
    rows::head::{Head, HeadRows, HeadVersions},
};

/// A row's key and version, and its content.
pub(crate) type Found<T> = (RowKey, u64, Result<T, VaultError>);

fn opened<T>(masters: &MasterKeys, rows: Vec<Row>, decode: impl Fn(&[u8]) -> Result<T, StorageError>) -> Vec<Found<T>> {
    let open = |row: &Row| Ok(decode(&rows::open(masters, row)?)?);
    rows.into_iter().map(|row| (row.key.clone(), row.version, open(&row))).collect()
}

impl Vault {
    /// Rows with their contents. If a rotation replaced the keys meanwhile, the rows are read again.
    pub(crate) async fn each<T>(
        &self,
        read: Read,
        decode: impl Fn(&[u8]) -> Result<T, StorageError>,
    ) -> Result<Vec<Found<T>>, VaultError> {
        let (Read::Get(RowKey { table, .. }) | Read::Heads(table, _) | Read::Rows(table, _)) = read;
        loop {
            let keys = self.keys();
            keys.master_keys_of(table)?;
            let rows = self.read(read.clone()).await?;
            let found = opened(keys.master_keys_of(table)?, rows, &decode);
            if found.iter().all(|(.., value)| value.is_ok()) || keys.are(&self.keys()) {
                return Ok(found);
            }
        }
    }

    /// Rows of credentials, and the head of the same moment if it can be read.
    pub(crate) async fn credential_rows(
        &self,
        read: Read,
    ) -> Result<(Option<Head>, Vec<Found<CredentialMeta>>), VaultError> {
        loop {
            let keys = self.keys();
            let masters = keys.master_keys_of(rows::CREDENTIALS)?;
            let [one, other] = keys.open.heads().map(Read::Get);
            let mut found = self.read_all(vec![one, other, read.clone()]).await?;
            let rows = found.pop().unwrap_or_default();
            let head = HeadRows::of(&keys.open, &found.concat()).ok().map(|rows| rows.head);
            let found = opened(masters, rows, credential::decode);
            if (head.is_some() && found.iter().all(|(.., value)| value.is_ok())) || keys.are(&self.keys()) {
                return Ok((head, found));
            }
        }
    }

    /// What stands in one row, if it is there.
    pub(crate) async fn one<T>(
        &self,
        read: Read,
        decode: impl Fn(&[u8]) -> Result<T, StorageError>,
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
