//! One commit: reads what it needs, seals what it writes, and hands storage one transaction that holds only if nothing has
//! changed meanwhile. Otherwise it starts again.
use rid_flow::{
    Changes, Committed, Copy, CopyId, Credential, CredentialId, History, HistoryDraft, HistoryId, HistorySeq, Record,
    ports::{Expect, Read, Row, RowKey, StorageError, Transaction, Write},
};
use rid_wire::hex;

use crate::{
    CredentialMeta, Vault, VaultError,
    encode::{self, Head},
    rows,
    vault::Unlocked,
};

/// How often a commit is tried again when others commit between its reads and its writes.
const TRIES: u32 = 1_000;

/// A commit being put together.
struct Draft<'a> {
    vault: &'a Vault,
    keys: Unlocked,
    head: Head,
    /// Metas read or changed, with the version of their row (0: new).
    metas: Vec<(CredentialMeta, u64)>,
    writes: Vec<Write>,
    committed: Committed,
}

impl Vault {
    pub(crate) async fn commit_changes(&self, changes: &Changes) -> Result<Committed, VaultError> {
        for _ in 0..TRIES {
            let mut draft = Draft::begin(self).await?;
            draft.take_records(changes).await?;
            draft.put_records(changes).await?;
            draft.consume(changes).await?;
            draft.remove(changes).await?;
            draft.add(changes)?;
            draft.outcomes(changes).await?;
            draft.append(changes)?;
            let (transaction, committed) = draft.finish()?;
            match self.storage.transact(transaction).await {
                Ok(_) => return Ok(committed),
                Err(StorageError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StorageError::Conflict.into())
    }
}

impl<'a> Draft<'a> {
    async fn begin(vault: &'a Vault) -> Result<Self, VaultError> {
        let keys = vault.unlocked()?;
        let rows = vault.read(Read::Get(keys.head())).await?;
        let mut draft = Self {
            vault,
            keys,
            head: Head::default(),
            metas: Vec::new(),
            writes: Vec::new(),
            committed: Committed::default(),
        };
        // The head row comes first among the writes: its version orders all commits.
        let version = match rows.first() {
            Some(row) => {
                draft.head = encode::read_head(&rows::open(&draft.keys.user, row)?)?;
                row.version
            }
            None => 0,
        };
        draft.head.commits = draft.head.commits.saturating_add(1);
        draft.writes.push(Write::Delete(draft.keys.head(), expect(version)));
        Ok(draft)
    }

    async fn take_records(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for key in &changes.take {
            let row = self.get(self.keys.record(key)).await?.ok_or(StorageError::Conflict)?;
            self.writes.push(Write::Delete(row.key, Expect::Version(row.version)));
        }
        Ok(())
    }

    async fn put_records(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for record in &changes.put {
            let Record { key, .. } = record;
            let place = self.keys.record(key);
            let version = self.get(place.clone()).await?.map_or(0, |row| row.version);
            let index = self.keys.record_kind(&key.kind);
            self.put(place, version, index, &encode::record(record))?;
        }
        Ok(())
    }

    async fn consume(&mut self, changes: &Changes) -> Result<(), VaultError> {
        let mut taken: Vec<RowKey> = Vec::new();
        for id in &changes.consume {
            let heads = self.vault.read(Read::Heads(rows::COPIES, Some(self.keys.pool(id)))).await?;
            let free = heads.into_iter().map(|row| row.key).find(|key| !taken.contains(key));
            let row = match free {
                Some(key) => self.get(key).await?,
                None => None,
            };
            let row = row.ok_or(StorageError::Exhausted)?;
            let copy: Copy = encode::read_copy(&rows::open(&self.keys.user, &row)?)?;
            taken.push(row.key.clone());
            self.writes.push(Write::Delete(row.key, Expect::Version(row.version)));
            self.committed.copies.push(copy);
            let low_water = self.vault.config.low_water;
            let meta = self.meta(id).await?.ok_or(StorageError::Damaged)?;
            meta.copies_left = meta.copies_left.saturating_sub(1);
            if meta.copies_left <= low_water && !self.committed.low_water.contains(id) {
                self.committed.low_water.push(id.clone());
            }
        }
        Ok(())
    }

    async fn remove(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for id in &changes.remove {
            let meta = self.get(self.keys.credential(id)).await?.ok_or(StorageError::Conflict)?;
            self.metas.retain(|(known, _)| known.id != *id);
            self.writes.push(Write::Delete(meta.key, Expect::Version(meta.version)));
            for row in self.vault.read(Read::Heads(rows::COPIES, Some(self.keys.pool(id)))).await? {
                self.writes.push(Write::Delete(row.key, Expect::Version(row.version)));
            }
        }
        Ok(())
    }

    fn add(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for credential in &changes.add {
            let Credential { id, copies, .. } = credential;
            let pool = self.keys.pool(id);
            for new in copies {
                let mut name = [0; 16];
                (self.vault.rng)().fill_bytes(&mut name);
                let copy = CopyId(hex::encode(&name));
                let place = self.keys.row(rows::COPIES, b"copy", copy.0.as_bytes());
                self.put(place, 0, pool, &encode::copy(id, &copy, new))?;
            }
            self.metas.push((CredentialMeta::from(credential), 0));
        }
        Ok(())
    }

    async fn outcomes(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for (id, outcome) in &changes.outcomes {
            let rows = self.vault.read(Read::Rows(rows::HISTORY, Some(self.event(id)))).await?;
            if rows.is_empty() {
                return Err(StorageError::Conflict.into());
            }
            for row in rows {
                let mut history = encode::read_history(&rows::open(&self.keys.user, &row)?)?;
                history.entry.outcome = *outcome;
                self.put(row.key, row.version, row.index, &encode::history(&history))?;
            }
        }
        Ok(())
    }

    fn append(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for entry in &changes.history {
            let HistoryDraft { id, .. } = entry;
            self.head.last_seq = self.head.last_seq.saturating_add(1);
            let seq = HistorySeq(self.head.last_seq);
            let place = self.keys.row(rows::HISTORY, b"history", &seq.0.to_be_bytes());
            let event = self.event(id);
            self.put(place, 0, event, &encode::history(&History { seq, entry: entry.clone() }))?;
            self.committed.history.push(seq);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(Transaction, Committed), VaultError> {
        for (meta, version) in std::mem::take(&mut self.metas) {
            let place = self.keys.credential(&meta.id);
            self.put(place, version, [0; 32], &encode::credential(&meta))?;
        }
        let place = self.keys.head();
        let expected = match self.writes.first() {
            Some(Write::Delete(_, Expect::Version(version))) => *version,
            _ => 0,
        };
        let head = encode::head(&self.head);
        let next = expected.saturating_add(1);
        let row = rows::seal(&self.keys.user, place, next, [0; 32], &head, &mut *(self.vault.rng)())?;
        if let Some(first) = self.writes.first_mut() {
            *first = Write::Put(row, expect(expected));
        }
        Ok((Transaction { reads: Vec::new(), writes: self.writes }, self.committed))
    }

    /// The meta data of a credential, to be changed; read once.
    async fn meta(&mut self, id: &CredentialId) -> Result<Option<&mut CredentialMeta>, VaultError> {
        if !self.metas.iter().any(|(meta, _)| meta.id == *id) {
            let Some(row) = self.get(self.keys.credential(id)).await? else { return Ok(None) };
            let meta = encode::read_credential(&rows::open(&self.keys.user, &row)?)?;
            self.metas.push((meta, row.version));
        }
        Ok(self.metas.iter_mut().map(|(meta, _)| meta).find(|meta| meta.id == *id))
    }

    async fn get(&self, key: RowKey) -> Result<Option<Row>, StorageError> {
        Ok(self.vault.read(Read::Get(key)).await?.into_iter().next())
    }

    fn put(&mut self, place: RowKey, version: u64, index: [u8; 32], plain: &[u8]) -> Result<(), VaultError> {
        let next = version.saturating_add(1);
        let row = rows::seal(&self.keys.user, place, next, index, plain, &mut *(self.vault.rng)())?;
        self.writes.push(Write::Put(row, expect(version)));
        Ok(())
    }

    fn event(&self, id: &HistoryId) -> [u8; 32] {
        self.keys.open.hash(b"event", &id.0)
    }
}

const fn expect(version: u64) -> Expect {
    if version == 0 { Expect::Absent } else { Expect::Version(version) }
}
