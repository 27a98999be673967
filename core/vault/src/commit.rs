//! One commit: reads what it needs, seals what it writes, and hands storage one transaction. Commits wait for each
//! other.
pub(crate) mod change_lock;
pub(crate) mod pool;

use std::sync::atomic::Ordering;

use rid_flow::{
    Changes, Committed, Copy, CopyId, Credential, CredentialId, HistoryId, HistoryOutcome, Record,
    ports::{Expect, Read, Row, RowKey, SecureAreaError, StorageError, Transaction, Write},
};
use rid_wire::hex;

use crate::{
    CredentialMeta, Vault, VaultError,
    commit::change_lock::Held,
    history, rows,
    rows::encode::{
        credential,
        history::{Body, Link},
        small,
    },
    rows::head::{Head, HeadRows, HeadVersions, short},
    vault::{Keys, damaged_name},
};

/// Commits after which the envelope's copy of the counters is renewed; so many may go unnoticed if a database is
/// exchanged alone.
const RENEW_EVERY: u64 = 64;

/// A commit being put together.
pub(crate) struct Draft<'a> {
    vault: &'a Vault,
    pub(crate) keys: Keys,
    pub(crate) head: Head,
    head_versions: HeadVersions,
    /// Metas read or changed, with the version of their row (0: new).
    metas: Vec<(CredentialMeta, u64)>,
    writes: Vec<Write>,
    committed: Committed,
}

impl Vault {
    pub(crate) async fn commit_changes(&self, changes: &Changes) -> Result<Committed, VaultError> {
        let open_only = changes.touches_only_records()
            && changes.put.iter().map(|record| &record.key).chain(&changes.take).all(is_open_record);
        let held = self.hold().await;
        let mut draft = Draft::begin(self, &held).await?;
        if !open_only {
            draft.keys.user()?;
        }
        let seen = self.stored().envelope.counters.commits;
        let commits = draft.head.counters.commits;
        if !changes.consume.is_empty() && commits.saturating_sub(seen) > RENEW_EVERY {
            // Without the copy an older database would go unnoticed however old it is: no copy is used before it is
            // written.
            self.renew(&held).await?;
        }
        draft.apply(changes).await?;
        let committed = draft.finish().await?;
        // The first at once: an emptied database must never look like an empty wallet.
        if commits % RENEW_EVERY == 0 || seen == 0 {
            // The commit stands; an older copy of the counters only notices less.
            let _ = self.renew(&held).await;
        }
        Ok(committed)
    }

    /// A commit that changes nothing but the head.
    pub(crate) async fn commit_head(&self, held: &Held<'_>) -> Result<(), VaultError> {
        Draft::begin(self, held).await?.finish().await.map(drop)
    }

    /// # Errors
    /// Why this store was refused: nothing is written before a repair.
    pub(crate) fn writable(&self) -> Result<(), VaultError> {
        self.refused().map_or(Ok(()), Err)
    }
}

fn is_open_record(key: &rid_flow::RecordKey) -> bool {
    rows::OPEN.contains(&rows::record_table(&key.kind))
}

impl<'a> Draft<'a> {
    pub(crate) async fn begin(vault: &'a Vault, _held: &Held<'_>) -> Result<Self, VaultError> {
        vault.writable()?;
        let known = vault.last_head().clone();
        let (mut head, head_versions) = match known {
            Some(known) => known,
            None => vault.read_head().await?,
        };
        head.counters.commits = head.counters.commits.saturating_add(1);
        let (metas, writes) = (Vec::new(), Vec::new());
        Ok(Self { vault, keys: vault.keys(), head, head_versions, metas, writes, committed: Committed::default() })
    }

    async fn apply(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for key in &changes.take {
            let row = self.get(self.keys.open.record(key)).await?.ok_or(StorageError::Conflict)?;
            self.delete(&row);
        }
        self.put_records(&changes.put).await?;
        self.consume(changes).await?;
        self.remove(changes).await?;
        self.add(changes)?;
        self.outcomes(changes).await?;
        changes.history.iter().try_for_each(|entry| self.append(entry, false))
    }

    pub(crate) async fn put_records(&mut self, records: &[Record]) -> Result<(), VaultError> {
        for record in records {
            let place = self.keys.open.record(&record.key);
            let old = self.get(place.clone()).await?;
            let index = self.keys.open.record_kind(&record.key.kind);
            self.put(place, old.as_ref(), index, &small::record(record))?;
        }
        Ok(())
    }

    async fn consume(&mut self, changes: &Changes) -> Result<(), VaultError> {
        // Time comes with the row of history that every use writes.
        let at = changes.history.first().map(|row| row.at);
        let low_water = self.vault.config.low_water;
        for id in &changes.consume {
            let mut skipped = false;
            let (copy, row) = loop {
                let meta = self.meta(id).await?.ok_or(StorageError::Exhausted)?;
                let choice = pool::choose(meta, changes.verifier, at);
                for over in &choice.over {
                    let row = self.get(self.keys.open.copy(&over.0)).await?;
                    row.iter().for_each(|row| self.delete(row));
                }
                let Some(name) = choice.copy else {
                    let error = if skipped { StorageError::Damaged } else { StorageError::Exhausted };
                    return Err(error.into());
                };
                if let Some((row, mut copy)) = self.usable(id, &name).await? {
                    copy.consumed = choice.consumed;
                    break (copy, row);
                }
                // It serves nobody any more; the others do.
                skipped = true;
                self.meta(id).await?.into_iter().for_each(|meta| pool::forget(meta, &name));
            };
            if copy.consumed {
                self.delete(&row);
            }
            self.committed.copies.push(copy);
            let meta = self.meta(id).await?.ok_or(StorageError::Exhausted)?;
            let low = meta.summary.copies_left <= low_water && meta.summary.reuse != rid_claims::ReusePolicy::Rotate;
            if low && !self.committed.low_water.contains(id) {
                self.committed.low_water.push(id.clone());
            }
        }
        Ok(())
    }

    /// A copy that can be read and whose device key is there. One without its key was used before: the files are of an
    /// earlier time (neg-L12).
    async fn usable(&self, id: &CredentialId, name: &CopyId) -> Result<Option<(Row, Copy)>, VaultError> {
        let Some(row) = self.get(self.keys.open.copy(&name.0)).await? else { return Ok(None) };
        let copy = self.keys.open_row(&row).and_then(|plain| Ok(small::read_copy(&plain)?));
        let Some(copy) = copy.ok().filter(|copy| copy.credential == *id && copy.id == *name) else { return Ok(None) };
        if !self.vault.checks_keys {
            return Ok(Some((row, copy)));
        }
        match self.vault.area.info(copy.key.clone()).await {
            Ok(_) => Ok(Some((row, copy))),
            Err(SecureAreaError::NotFound) => {
                self.vault.keys_missing.store(true, Ordering::Release);
                Ok(None)
            }
            // It signs nothing any more.
            Err(SecureAreaError::Invalidated) => Ok(None),
            // Nothing was written and nothing disclosed: the copy stays for another time.
            Err(error) => Err(error.into()),
        }
    }

    async fn remove(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for id in &changes.remove {
            let (id, row) = match self.get(self.keys.open.credential(id)).await? {
                Some(row) => (id.clone(), row),
                None => self.damaged(id).await?.ok_or(StorageError::Conflict)?,
            };
            self.metas.retain(|(known, _)| known.summary.id != id);
            self.delete(&row);
            for row in self.vault.read(Read::Heads(rows::COPIES, Some(self.keys.open.pool(&id)))).await? {
                self.delete(&row);
            }
            if let Some(row) = self.get(self.keys.open.device_keys(&id)).await? {
                self.delete(&row);
            }
        }
        Ok(())
    }

    /// The row that a damaged credential's name stands for, and the credential's true name, which its device keys are
    /// kept under.
    async fn damaged(&self, name: &CredentialId) -> Result<Option<(CredentialId, Row)>, VaultError> {
        let heads = self.vault.read(Read::Heads(rows::CREDENTIALS, None)).await?;
        let Some(row) = heads.into_iter().find(|row| damaged_name(&row.key) == *name) else { return Ok(None) };
        for keys in self.vault.read(Read::Rows(rows::DEVICE_KEYS, None)).await? {
            let named = self.keys.open_row(&keys).and_then(|plain| Ok(small::read_device_keys(&plain)?));
            if let Ok((id, _)) = named
                && self.keys.open.credential(&id) == row.key
            {
                return Ok(Some((id, row)));
            }
        }
        Ok(Some((name.clone(), row)))
    }

    fn add(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for credential in &changes.add {
            let Credential { id, copies, .. } = credential;
            let pool = self.keys.open.pool(id);
            let mut meta = CredentialMeta::from(credential);
            for new in copies {
                let mut name = [0; 16];
                (self.vault.rng)().fill_bytes(&mut name);
                let copy = CopyId(hex::encode(&name));
                let place = self.keys.open.copy(&copy.0);
                self.put(place, None, pool, &zeroize::Zeroizing::new(small::copy(id, &copy, new)))?;
                pool::note(&mut meta, copy);
            }
            let names: Vec<_> = copies.iter().map(|copy| copy.key.clone()).collect();
            self.put(self.keys.open.device_keys(id), None, [0; 32], &small::device_keys(id, &names))?;
            self.head.signed = self.head.signed.max(Some(meta.summary.signed));
            self.metas.push((meta, 0));
        }
        Ok(())
    }

    async fn outcomes(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for (id, outcome) in &changes.outcomes {
            let rows = self.vault.read(Read::Rows(rows::HISTORY, Some(self.keys.open.event(&id.0)))).await?;
            if rows.is_empty() {
                return Err(StorageError::Conflict.into());
            }
            for row in rows {
                let mut link = Link::decode(&self.keys.open_row(&row)?)?;
                // By its index the row is of this event; its content counts.
                if link.read()?.kept().is_none_or(|entry| entry.id != *id) {
                    return Err(StorageError::Damaged.into());
                }
                set_outcome(&mut link, *outcome);
                self.put(row.key.clone(), Some(&row), row.index, &link.encode())?;
            }
        }
        Ok(())
    }

    /// Appends a row to the history and its chain.
    pub(crate) fn append(&mut self, entry: &rid_flow::HistoryDraft, imported: bool) -> Result<(), VaultError> {
        let counters = &mut self.head.counters;
        if counters.last_seq >= history::MAX_HISTORY {
            return Err(StorageError::Full.into());
        }
        counters.last_seq = counters.last_seq.saturating_add(1);
        let user = self.keys.user()?.clone();
        let link = history::link(&user, self.head.counters, entry, imported, &mut *(self.vault.rng)());
        self.head.counters.chain = link.mac;
        let HistoryId(event) = &entry.id;
        let place = self.keys.open.history(link.seq);
        self.put(place, None, self.keys.open.event(event), &zeroize::Zeroizing::new(link.encode()))?;
        self.committed.history.push(rid_flow::HistorySeq(link.seq));
        Ok(())
    }

    /// Hands it to storage.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for a credential that is there already and for one record written twice.
    pub(crate) async fn finish(mut self) -> Result<Committed, VaultError> {
        for (meta, version) in std::mem::take(&mut self.metas) {
            let place = self.keys.open.credential(&meta.summary.id);
            let old = Row { key: place.clone(), version, index: [0; 32], bytes: Vec::new() };
            self.put(place, (version != 0).then_some(&old), [0; 32], &credential::encode(&meta))?;
        }
        let mut writes = HeadRows::writes(&self.keys.open, self.head_versions, &self.head, &mut *(self.vault.rng)())?;
        writes.append(&mut self.writes);
        // Unless the transaction succeeds it is not known which head is stored.
        *self.vault.last_head() = None;
        self.vault.storage.transact(Transaction { writes, ..Transaction::default() }).await?;
        self.vault.note_signed(self.head.signed);
        *self.vault.last_head() = Some((self.head, self.head_versions.next()));
        Ok(self.committed)
    }

    /// The meta data of a credential, to be changed; read once. One of an earlier time may list copies that were used
    /// since.
    async fn meta(&mut self, id: &CredentialId) -> Result<Option<&mut CredentialMeta>, VaultError> {
        if !self.metas.iter().any(|(meta, _)| meta.summary.id == *id) {
            let Some(row) = self.get(self.keys.open.credential(id)).await? else { return Ok(None) };
            if !self.head.lists(&row.key, row.version) {
                return Err(StorageError::Damaged.into());
            }
            let meta = credential::decode(&self.keys.open_row(&row)?)?;
            self.metas.push((meta, row.version));
        }
        Ok(self.metas.iter_mut().map(|(meta, _)| meta).find(|meta| meta.summary.id == *id))
    }

    pub(crate) async fn get(&self, key: RowKey) -> Result<Option<Row>, StorageError> {
        Ok(self.vault.read(Read::Get(key)).await?.into_iter().next())
    }

    /// Deletes a row.
    pub(crate) fn delete(&mut self, row: &Row) {
        match row.key.table {
            rows::CREDENTIALS => drop(self.head.credentials.remove(&short(&row.key))),
            rows::COPIES => {}
            table => {
                let open = self.keys.open.clone();
                self.head.digests.table(table).remove(&open, &row.key, row.version, &row.index);
            }
        }
        self.writes.push(Write::Delete(row.key.clone(), Expect::Version(row.version)));
    }

    /// Writes a row over `old` (its head is enough), or a new one.
    pub(crate) fn put(
        &mut self,
        place: RowKey,
        old: Option<&Row>,
        index: [u8; 32],
        plain: &[u8],
    ) -> Result<(), VaultError> {
        let keys = self.keys.clone();
        let version = old.map(|row| row.version);
        // Never one that a row at this place had before: it may have been deleted, and its old bytes put back.
        let next = version.unwrap_or(0).saturating_add(1).max(self.head.counters.commits);
        let row = rows::seal(keys.master_keys_of(place.table)?, place, next, index, plain, &mut *(self.vault.rng)())?;
        self.head.note(&keys.open, old, &row);
        self.writes.push(Write::Put(row, Expect::over(version)));
        Ok(())
    }
}

impl Head {
    /// Counts a row that is written over `old`.
    pub(crate) fn note(&mut self, open: &crate::keys::OpenKeys, old: Option<&Row>, row: &Row) {
        match row.key.table {
            rows::CREDENTIALS => drop(self.credentials.insert(short(&row.key), row.version)),
            rows::COPIES => {}
            table => {
                let digest = self.digests.table(table);
                if let Some(old) = old {
                    digest.remove(open, &old.key, old.version, &old.index);
                }
                digest.add(open, &row.key, row.version, &row.index);
            }
        }
    }
}

fn set_outcome(link: &mut Link, ended: HistoryOutcome) {
    if let Body::Kept { outcome, .. } = &mut link.body {
        *outcome = ended;
    }
}
