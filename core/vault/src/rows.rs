//! Rows: sealed, padded, bound to their place.
use rid_crypto::{AeadKey, CryptoRng, NONCE_LEN, hkdf_sha256};
use rid_flow::ports::{Row, RowKey, StorageError, Table};

use crate::keys::ClassKeys;

/// The one row that every commit renews: counters. Its version orders all commits.
pub(crate) const HEAD: Table = Table(0);
/// One row a credential: what lists show.
pub(crate) const CREDENTIALS: Table = Table(1);
/// One row a one-time copy.
pub(crate) const COPIES: Table = Table(2);
/// One row an event.
pub(crate) const HISTORY: Table = Table(3);
/// Small records.
pub(crate) const RECORDS: Table = Table(4);

/// Key epoch; rotation is not of this version.
const EPOCH: u32 = 1;

/// Seals `plain` as the row's next version.
pub(crate) fn seal(
    keys: &ClassKeys,
    key: RowKey,
    version: u64,
    index: [u8; 32],
    plain: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Row, StorageError> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let padded = zeroize::Zeroizing::new(pad(plain));
    let sealed =
        record_key(keys, &key).seal(&nonce, &aad(keys, &key, version), &padded).map_err(|_| StorageError::Damaged)?;
    Ok(Row { key, version, index, bytes: [nonce.as_slice(), &sealed].concat() })
}

/// Opens a row; one that was moved, swapped, altered or rolled back by itself is `Damaged`.
pub(crate) fn open(keys: &ClassKeys, row: &Row) -> Result<Vec<u8>, StorageError> {
    let (nonce, sealed) = row.bytes.split_at_checked(NONCE_LEN).ok_or(StorageError::Damaged)?;
    let nonce = nonce.try_into().map_err(|_| StorageError::Damaged)?;
    let padded = record_key(keys, &row.key)
        .open(nonce, &aad(keys, &row.key, row.version), sealed)
        .map_err(|_| StorageError::Damaged)?;
    let padded = zeroize::Zeroizing::new(padded);
    let (head, rest) = padded.split_at_checked(4).ok_or(StorageError::Damaged)?;
    let len = head.iter().fold(0_usize, |len, byte| len << 8 | usize::from(*byte));
    rest.get(..len).map(<[u8]>::to_vec).ok_or(StorageError::Damaged)
}

fn record_key(keys: &ClassKeys, key: &RowKey) -> AeadKey {
    let dek = keys.derive(&[b"dek".as_slice(), &[key.table.0]].concat());
    AeadKey::new(hkdf_sha256(dek.expose(), &key.id, &EPOCH.to_be_bytes()))
}

fn aad(keys: &ClassKeys, key: &RowKey, version: u64) -> Vec<u8> {
    [b"v1".as_slice(), keys.store_id(), &[key.table.0], &key.id, &version.to_be_bytes(), &EPOCH.to_be_bytes()].concat()
}

/// Length, content, zeros up to a bucket: 256 B, 1, 4, 16 KiB, then multiples of 16 KiB.
fn pad(plain: &[u8]) -> Vec<u8> {
    let len = plain.len() + 4;
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
