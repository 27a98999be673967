//! The head row, renewed by every commit: counters, the history's end, digests of tables, and which credentials there
//! are.
use std::collections::BTreeMap;

use rid_crypto::CryptoRng;
use rid_flow::ports::{Expect, Row, RowKey, StorageError, Write};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, Encoder},
};

use crate::{
    keys::OpenKeys,
    rows,
    rows::encode::{exact, read_map},
    rows::table_digest::{TableDigest, TableDigests},
};

const VERSION: u64 = 1;

/// The envelope keeps a copy: a database that counts less is an earlier one.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Counters {
    /// Number of commits.
    pub(crate) commits: u64,
    /// Place of the last history row.
    pub(crate) last_seq: u64,
    /// The chain's MAC at that place.
    pub(crate) chain: [u8; 32],
}

impl Counters {
    pub(crate) fn write(&self, writer: &mut Encoder) {
        writer.array(3).uint(self.commits).uint(self.last_seq).bytes(&self.chain);
    }

    pub(crate) fn read(reader: &mut Decoder<'_>) -> Result<Self, CborError> {
        let mut counters = Self::default();
        reader.array(|reader, at| {
            match at {
                0 => counters.commits = reader.uint()?,
                1 => counters.last_seq = reader.uint()?,
                _ => counters.chain = exact(reader)?,
            }
            Ok::<_, CborError>(())
        })?;
        Ok(counters)
    }
}

/// Content of the head row.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub(crate) counters: Counters,
    pub(crate) digests: TableDigests,
    /// Version of each credential's row, by the first bytes of its key: an older row, or one that was deleted, is none
    /// of these.
    pub(crate) credentials: BTreeMap<[u8; 8], u64>,
    /// The latest time any stored credential was signed at: it cannot be earlier now (neg-K19).
    pub(crate) signed: Option<Timestamp>,
}

impl Head {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Encoder::new();
        writer.map(4 + usize::from(self.signed.is_some())).uint(0).uint(VERSION);
        self.counters.write(writer.uint(1));
        let digests = self.digests.iter();
        writer.uint(2).array(digests.len());
        for (table, digest) in digests {
            writer.array(3).uint(table.into()).uint(digest.count).bytes(&digest.sum);
        }
        writer.uint(3).array(self.credentials.len());
        for (key, version) in &self.credentials {
            writer.array(2).bytes(key).uint(*version);
        }
        if let Some(signed) = self.signed {
            writer.uint(5).int(signed.unix());
        }
        writer.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StorageError> {
        let mut head = Self::default();
        read_map(bytes, VERSION, |reader, key| {
            match key {
                1 => head.counters = Counters::read(reader)?,
                2 => {
                    reader.array(|reader, _| {
                        let (mut table, mut digest) = (0, TableDigest::default());
                        reader.array(|reader, at| {
                            match at {
                                0 => table = u8::try_from(reader.uint()?).map_err(|_| CborError::UnexpectedType)?,
                                1 => digest.count = reader.uint()?,
                                _ => digest.sum = exact(reader)?,
                            }
                            Ok::<_, CborError>(())
                        })?;
                        head.digests.set(table, digest);
                        Ok::<_, CborError>(())
                    })?;
                }
                3 => {
                    reader.array(|reader, _| {
                        let (mut key, mut version) = ([0; 8], 0);
                        reader.array(|reader, at| {
                            match at {
                                0 => key = exact(reader)?,
                                _ => version = reader.uint()?,
                            }
                            Ok::<_, CborError>(())
                        })?;
                        head.credentials.insert(key, version);
                        Ok::<_, CborError>(())
                    })?;
                }
                5 => head.signed = Some(Timestamp::from_unix(reader.int()?)),
                _ => {}
            }
            Ok(())
        })?;
        Ok(head)
    }
}

/// How the head names a credential's row.
pub(crate) fn short(key: &RowKey) -> [u8; 8] {
    key.id.first_chunk().copied().unwrap_or_default()
}

impl Head {
    /// Whether a credential's row is the one that was last written.
    pub(crate) fn lists(&self, key: &RowKey, version: u64) -> bool {
        self.credentials.get(&short(key)) == Some(&version)
    }
}

/// Versions of the head's two rows, as storage has them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct HeadVersions {
    /// What each is to be written over; a damaged row's says nothing else.
    rows: [Option<u64>; 2],
    /// Of the one that counts.
    sound: u64,
}

impl HeadVersions {
    /// Those that the next head is written with.
    pub(crate) fn next(&self) -> Self {
        let sound = self.sound.saturating_add(1);
        Self { rows: [Some(sound); 2], sound }
    }

    /// Before the first commit.
    pub(crate) fn none(&self) -> bool {
        self.rows == [None, None]
    }
}

/// The head as its two rows have it: written together, so that damage to one of them costs nothing.
pub(crate) struct HeadRows {
    pub(crate) head: Head,
    pub(crate) versions: HeadVersions,
}

impl HeadRows {
    /// From the rows of the head's table.
    pub(crate) fn of(keys: &OpenKeys, rows: &[Row]) -> Result<Self, StorageError> {
        let [one, twin] = keys.heads().map(|place| rows.iter().find(|row| row.key == place));
        let [first, second] = [one, twin].map(|row| row.map(|row| row.version));
        let mut versions = HeadVersions { rows: [first, second], sound: 0 };
        if versions.none() {
            return Ok(Self { head: Head::default(), versions });
        }
        let read = |row: Option<&Row>| {
            let row = row?;
            let plain = rows::open(&keys.masters, row).ok()?;
            Some((Head::decode(&plain).ok()?, row.version))
        };
        // The twin is only looked at where the first does not open, or is not of the same moment; the later one counts.
        let found = match read(one) {
            Some(found) if first == second => Some(found),
            found => read(twin).into_iter().chain(found).max_by_key(|(head, _)| head.counters.commits),
        };
        let (head, sound) = found.ok_or(StorageError::Damaged)?;
        versions.sound = sound;
        Ok(Self { head, versions })
    }

    /// Both rows of a new head.
    pub(crate) fn writes(
        keys: &OpenKeys,
        versions: HeadVersions,
        head: &Head,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<Write>, StorageError> {
        let next = versions.next().sound;
        let plain = head.encode();
        let mut writes = Vec::with_capacity(2);
        for (place, version) in keys.heads().into_iter().zip(versions.rows) {
            let row = rows::seal(&keys.masters, place, next, [0; 32], &plain, rng)?;
            writes.push(Write::Put(row, Expect::over(version)));
        }
        Ok(writes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rid_flow::ports::Table;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let mut head = Head { signed: Some(Timestamp::from_unix(-5)), ..Head::default() };
        head.credentials.insert([7; 8], 9);
        head.counters = Counters { commits: 7, last_seq: 4, chain: [8; 32] };
        *head.digests.table(Table(3)) = TableDigest { count: 4, sum: [1; 32] };
        assert_eq!(Head::decode(&head.encode()), Ok(head));
        assert_eq!(Head::decode(&[0xa1]), Err(StorageError::Damaged));
    }
}
