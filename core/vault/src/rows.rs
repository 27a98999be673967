//! Rows: sealed, padded, bound to their place.
pub(crate) mod encode;
pub(crate) mod head;
pub(crate) mod read;
pub(crate) mod table_digest;

use rid_crypto::{CryptoRng, NONCE_LEN};
use rid_flow::ports::{Row, RowKey, StorageError, Table};
use zeroize::Zeroizing;

use crate::keys::{Epoch, MasterKeys};

/// The one row that every commit renews: counters and digests. Its version orders all commits.
pub(crate) const HEAD: Table = Table(0);
/// One row a credential: what lists show.
pub(crate) const CREDENTIALS: Table = Table(1);
/// One row a copy.
pub(crate) const COPIES: Table = Table(2);
/// One row an event.
pub(crate) const HISTORY: Table = Table(3);
/// Small records about the person.
pub(crate) const RECORDS: Table = Table(4);
/// Small records that are readable while locked.
pub(crate) const OPEN_RECORDS: Table = Table(5);
/// Names of the device keys of each credential: a wipe deletes them while locked too.
pub(crate) const DEVICE_KEYS: Table = Table(6);
/// What to ask issuers for again, as a recovery file said.
pub(crate) const REISSUE: Table = Table(7);
/// All tables; the head stands in two.
pub(crate) const TABLES: [Table; 9] =
    [HEAD, CREDENTIALS, COPIES, HISTORY, RECORDS, OPEN_RECORDS, DEVICE_KEYS, REISSUE, Table::MIRROR];
/// Those with a digest in the head. Credentials are listed there one by one, and each lists its copies.
pub(crate) const DIGESTED: [Table; 5] = [HISTORY, RECORDS, OPEN_RECORDS, DEVICE_KEYS, REISSUE];
/// All but the head's.
pub(crate) const CONTENT: [Table; 7] = [CREDENTIALS, COPIES, HISTORY, RECORDS, OPEN_RECORDS, DEVICE_KEYS, REISSUE];
/// Those sealed under the keys of the open store.
pub(crate) const OPEN: [Table; 4] = [HEAD, OPEN_RECORDS, DEVICE_KEYS, Table::MIRROR];
/// Those that the recovery code opens on any device.
pub(crate) const PORTABLE: [Table; 3] = [CREDENTIALS, HISTORY, REISSUE];
/// Kind of the records of [`REISSUE`].
pub(crate) const REISSUE_KIND: &str = "reissue";

/// Kinds of records that are read and written while the store is locked: nothing about the person.
pub(crate) const LOCKED_READABLE: [&str; 2] = ["settings", "trust"];

pub(crate) fn record_table(kind: &str) -> Table {
    match kind {
        REISSUE_KIND => REISSUE,
        kind if LOCKED_READABLE.contains(&kind) => OPEN_RECORDS,
        _ => RECORDS,
    }
}

/// Seals `plain` as the row's version, in the newest epoch.
pub(crate) fn seal(
    masters: &MasterKeys,
    key: RowKey,
    version: u64,
    index: [u8; 32],
    plain: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Row, StorageError> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let epoch = masters.newest();
    let padded = Zeroizing::new(pad(plain));
    let sealing = masters.row_key(epoch, &key).ok_or(StorageError::Damaged)?;
    let sealed =
        sealing.seal(&nonce, &aad(masters, &key, version, epoch), &padded).map_err(|_| StorageError::Damaged)?;
    Ok(Row { key, version, index, bytes: [nonce.as_slice(), &sealed].concat() })
}

/// Opens a row; one that was moved, swapped or altered is `Damaged`.
pub(crate) fn open(masters: &MasterKeys, row: &Row) -> Result<Zeroizing<Vec<u8>>, StorageError> {
    open_of(masters, row).map(|(_, plain)| plain)
}

/// Opens a row and says which epoch sealed it.
pub(crate) fn open_of(masters: &MasterKeys, row: &Row) -> Result<(Epoch, Zeroizing<Vec<u8>>), StorageError> {
    let (nonce, sealed) = row.bytes.split_first_chunk().ok_or(StorageError::Damaged)?;
    let opened = masters.epochs().find_map(|epoch| {
        let aad = aad(masters, &row.key, row.version, epoch);
        let padded = masters.row_key(epoch, &row.key)?.open(nonce, &aad, sealed).ok()?;
        Some((epoch, Zeroizing::new(padded)))
    });
    let (epoch, padded) = opened.ok_or(StorageError::Damaged)?;
    Ok((epoch, unpad(padded)?))
}

/// In place: a second buffer would be a second copy to wipe.
fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, StorageError> {
    let len = padded.first_chunk().map(|len| u32::from_be_bytes(*len)).and_then(|len| usize::try_from(len).ok());
    let end = len.and_then(|len| len.checked_add(4)).filter(|end| *end <= padded.len());
    let end = end.ok_or(StorageError::Damaged)?;
    padded.copy_within(4..end, 0);
    padded.truncate(end.saturating_sub(4));
    Ok(padded)
}

fn aad(masters: &MasterKeys, key: &RowKey, version: u64, epoch: Epoch) -> Vec<u8> {
    [b"v1".as_slice(), masters.store_id(), &[key.table.0], &key.id, &version.to_be_bytes(), &epoch.to_be_bytes()]
        .concat()
}

/// Length, content, zeros up to a bucket: 256 B, 1, 4, 16 KiB, then multiples of 16 KiB.
fn pad(plain: &[u8]) -> Vec<u8> {
    let len = plain.len().saturating_add(4);
    let bucket = [256, 1 << 10, 4 << 10, 16 << 10]
        .into_iter()
        .find(|bucket| len <= *bucket)
        .unwrap_or_else(|| len.next_multiple_of(16 << 10));
    let mut padded = Vec::with_capacity(bucket);
    padded.extend_from_slice(&u32::try_from(plain.len()).unwrap_or(u32::MAX).to_be_bytes());
    padded.extend_from_slice(plain);
    padded.resize(bucket, 0);
    padded
}

#[cfg(test)]
mod tests {
    #[test]
    fn padding_hides_the_length_within_a_bucket() {
        for (plain, padded) in [(0, 256), (252, 256), (253, 1024), (5_000, 16_384), (16_380, 16_384), (16_381, 32_768)]
        {
            assert_eq!(super::pad(&vec![7; plain]).len(), padded, "{plain}");
        }
    }
}
