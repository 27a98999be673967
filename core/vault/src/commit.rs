//! One commit: reads what it needs, seals what it writes, and hands storage one transaction that holds only if nothing has
//! changed meanwhile. Otherwise it starts again.
use rid_flow::{
    Changes, Committed, Copy, CopyId, Credential, CredentialId, HistoryId, HistoryOutcome, Record, Reuse,
    ports::{Expect, Read, Row, RowKey, StorageError, Transaction, Write},
};
use rid_wire::hex;

use crate::{
    CredentialMeta, Vault, VaultError,
    encode::{
        credential,
        history::{Body, Link},
        small,
    },
    head::{Head, HeadRows, HeadVersions},
    history, pool, rows,
    vault::{Keys, damaged_name},
};

/// How often a commit is tried again when others commit between its reads and its writes.
pub(crate) const TRIES: u32 = 1_000;
/// Commits after which the envelope's copy of the counters is renewed; so many may go unnoticed if a database is exchanged alone.
const RENEW_EVERY: u64 = 64;

/// A commit being put together.
pub(crate) struct Draft<'a> {
    vault: &'a Vault,
    pub(crate) keys: Keys,
    pub(crate) head: Head,
    head_versions: HeadVersions,
    /// Metas read or changed, with the version of their row (0: new).
    pub(crate) metas: Vec<(CredentialMeta, u64)>,
    writes: Vec<Write>,
    committed: Committed,
}

impl Vault {
    pub(crate) async fn commit_changes(&self, changes: &Changes) -> Result<Committed, VaultError> {
        let open_only = changes.touches_only_records()
            && changes.put.iter().map(|record| &record.key).chain(&changes.take).all(is_open_record);
        for _ in 0..TRIES {
            let mut draft = Draft::begin(self).await?;
            if !open_only {
                draft.keys.user()?;
            }
            let unseen = draft.head.counters.commits.saturating_sub(self.beside().envelope.counters.commits);
            if !changes.consume.is_empty() && unseen > RENEW_EVERY {
                // Renewing failed so far. Without it a database put back would not be noticed however old: no copy goes before.
                let held = self.latch.hold().await;
                self.renew(&held).await?;
            }
            let commits = draft.head.counters.commits;
            let tried = draft.take_in(changes).await;
            if let Some(committed) = draft.settle(tried).await? {
                // The first at once: an emptied database must never look like an empty wallet.
                if commits % RENEW_EVERY == 0 || self.beside().envelope.counters.commits == 0 {
                    let held = self.latch.hold().await;
                    // The commit stands; an older copy of the counters only sees less.
                    let _ = self.renew(&held).await;
                }
                return Ok(committed);
            }
        }
        Err(StorageError::Conflict.into())
    }

    /// A commit that changes nothing but the head.
    pub(crate) async fn commit_head(&self, change: impl Fn(&mut Head)) -> Result<Head, VaultError> {
        for _ in 0..TRIES {
            let mut draft = Draft::begin(self).await?;
            change(&mut draft.head);
            let head = draft.head.clone();
            if draft.finish().await?.is_some() {
                return Ok(head);
            }
        }
        Err(StorageError::Conflict.into())
    }
}

fn is_open_record(key: &rid_flow::RecordKey) -> bool {
    rows::OPEN.contains(&rows::record_table(&key.kind))
}

impl<'a> Draft<'a> {
    pub(crate) async fn begin(vault: &'a Vault) -> Result<Self, VaultError> {
        // The keys after the head: a rotation sets its keys, then commits, so whoever still seals with the old ones is overtaken.
        let known = vault.last_head().clone();
        let (mut head, head_versions) = match known {
            Some(known) => known,
            None => vault.read_head().await?,
        };
        let keys = vault.keys();
        head.counters.commits = head.counters.commits.saturating_add(1);
        head.structure = head.structure.max(vault.beside().envelope.structure);
        Ok(Self {
            vault,
            keys,
            head,
            head_versions,
            metas: Vec::new(),
            writes: Vec::new(),
            committed: Committed::default(),
        })
    }

    /// Hands what was tried to storage; `None`: others were first, begin again. What was read may be of two moments: an error is
    /// one only if nobody else wrote meanwhile.
    pub(crate) async fn settle(self, tried: Result<(), VaultError>) -> Result<Option<Committed>, VaultError> {
        match tried {
            Ok(()) => self.finish().await,
            Err(_) if !self.is_latest().await? => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether nobody wrote since the head that this began with.
    async fn is_latest(&self) -> Result<bool, VaultError> {
        let latest = self.vault.read_head().await?.1 == self.head_versions;
        if !latest {
            // A commit that ended late may have left an earlier head than the last: whoever begins again reads it.
            *self.vault.last_head() = None;
        }
        Ok(latest)
    }

    async fn take_in(&mut self, changes: &Changes) -> Result<(), VaultError> {
        self.take_records(changes).await?;
        self.put_records(changes).await?;
        self.consume(changes).await?;
        self.remove(changes).await?;
        self.add(changes)?;
        self.outcomes(changes).await?;
        for entry in &changes.history {
            self.append(entry, false)?;
        }
        Ok(())
    }

    async fn take_records(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for key in &changes.take {
            let row = self.get(self.keys.open.record(key)).await?.ok_or(StorageError::Conflict)?;
            self.delete(&row);
        }
        Ok(())
    }

    pub(crate) async fn put_records(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for record in &changes.put {
            let Record { key, .. } = record;
            let place = self.keys.open.record(key);
            let old = self.get(place.clone()).await?;
            let index = self.keys.open.record_kind(&key.kind);
            self.put(place, old.as_ref(), index, &small::record(record))?;
        }
        Ok(())
    }

    async fn consume(&mut self, changes: &Changes) -> Result<(), VaultError> {
        if changes.consume.is_empty() {
            return Ok(());
        }
        if self.vault.is_suspect(rows::COPIES).await? {
            return Err(StorageError::Damaged.into());
        }
        let rolled_back = self.vault.is_suspect(rows::CREDENTIALS).await?;
        // Time comes with the row of history that every use writes.
        let at = changes.history.first().map(|row| row.at);
        let low_water = self.vault.config.low_water;
        let mut taken: Vec<RowKey> = Vec::new();
        for id in &changes.consume {
            let meta = self.meta(id).await?.ok_or(StorageError::Exhausted)?;
            // What was shown to whom stands there: of an earlier moment it would have a copy shown to a second verifier.
            if rolled_back && meta.reuse != Reuse::Once {
                return Err(StorageError::Damaged.into());
            }
            let (row, copy) = loop {
                let meta = self.meta(id).await?.ok_or(StorageError::Exhausted)?;
                let choice = pool::choose(meta, changes.verifier, at);
                for over in &choice.over {
                    let row = self.get(self.keys.open.copy(&over.0)).await?;
                    row.iter().for_each(|row| self.delete(row));
                }
                let places = match &choice.copy {
                    // Of copies shown once any will do; the row says which it is.
                    pool::Chosen::Any => self.places(id, &taken).await?,
                    pool::Chosen::This(copy) => vec![self.keys.open.copy(&copy.0)],
                    pool::Chosen::None => Vec::new(),
                };
                match (self.first_whole(id, places).await?, choice.copy) {
                    (Some((row, mut copy)), _) => {
                        copy.spent = choice.spent;
                        break (row, copy);
                    }
                    // It serves nobody any more; the others do.
                    (None, pool::Chosen::This(copy)) => {
                        self.meta(id).await?.into_iter().for_each(|meta| pool::forget(meta, &copy));
                    }
                    (None, _) => return Err(StorageError::Damaged.into()),
                }
            };
            if copy.spent {
                taken.push(row.key.clone());
                self.delete(&row);
            }
            self.committed.copies.push(copy);
            let meta = self.meta(id).await?.ok_or(StorageError::Exhausted)?;
            let low = meta.copies_left <= low_water && meta.reuse != Reuse::Rotate;
            if low && !self.committed.low_water.contains(id) {
                self.committed.low_water.push(id.clone());
            }
        }
        Ok(())
    }

    /// Where the copies of a pool lie.
    async fn places(&self, id: &CredentialId, taken: &[RowKey]) -> Result<Vec<RowKey>, VaultError> {
        let heads = self.vault.read(Read::Heads(rows::COPIES, Some(self.keys.open.pool(id)))).await?;
        Ok(heads.into_iter().map(|row| row.key).filter(|place| !taken.contains(place)).collect())
    }

    /// The first of these copies that can be read; `None` when all are damaged.
    ///
    /// # Errors
    /// [`StorageError::Exhausted`] when there is none, damaged or not.
    async fn first_whole(&self, id: &CredentialId, places: Vec<RowKey>) -> Result<Option<(Row, Copy)>, VaultError> {
        let mut any = false;
        for place in places {
            let Some(row) = self.get(place).await? else { continue };
            any = true;
            let copy = self.keys.open_row(&row).and_then(|plain| Ok(small::read_copy(&plain)?));
            if let Ok(copy) = copy
                && copy.credential == *id
            {
                return Ok(Some((row, copy)));
            }
        }
        if any { Ok(None) } else { Err(StorageError::Exhausted.into()) }
    }

    async fn remove(&mut self, changes: &Changes) -> Result<(), VaultError> {
        for id in &changes.remove {
            let (id, row) = match self.get(self.keys.open.credential(id)).await? {
                Some(row) => (id.clone(), row),
                None => self.damaged(id).await?.ok_or(StorageError::Conflict)?,
            };
            self.metas.retain(|(known, _)| known.id != id);
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

    /// The row that a damaged credential's name stands for, and the credential's true name, which its device keys are kept under.
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
            // With an index value it lies where it is written, with the copies, and not among what lists show.
            let index = self.keys.open.device_keys_index(id);
            self.put(self.keys.open.device_keys(id), None, index, &small::device_keys(id, &names))?;
            self.head.signed = self.head.signed.max(Some(meta.signed));
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
                // By its index it lay among the rows of this event; what it says of itself counts.
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

    /// Hands it to storage; `None`: others were first, begin again.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for what can never be: a credential that is there already, one record written twice.
    pub(crate) async fn finish(mut self) -> Result<Option<Committed>, VaultError> {
        for (meta, version) in std::mem::take(&mut self.metas) {
            let place = self.keys.open.credential(&meta.id);
            let old = Row { key: place.clone(), version, index: [0; 32], bytes: Vec::new() };
            let old = (version != 0).then_some(&old);
            self.put(place, old, [0; 32], &credential::encode(&meta))?;
        }
        // The head comes first: who was overtaken by another commit fails there, before anything else.
        let mut writes = HeadRows::writes(&self.keys.open, self.head_versions, &self.head, &mut *(self.vault.rng)())?;
        writes.append(&mut self.writes);
        // A head row that is not shown and is there all the same is hurt: the other one alone counts.
        let without = self.head_versions.missing().map(|at| {
            let mut writes = writes.clone();
            writes.remove(at);
            Transaction { writes, ..Transaction::default() }
        });
        let transaction = Transaction { writes, ..Transaction::default() };
        // Whatever comes of it, that head is no more, or nobody saw whether it is.
        *self.vault.last_head() = None;
        let storage = self.vault.storage.clone();
        match (storage.transact(transaction).await, without) {
            (Ok(_), _) => {}
            (Err(StorageError::Conflict), _) if !self.is_latest().await? => return Ok(None),
            (Err(StorageError::Conflict), Some(without)) => drop(storage.transact(without).await?),
            (Err(error), _) => return Err(error.into()),
        }
        self.vault.note_signed(self.head.signed);
        let commits = self.head.counters.commits;
        let mut last = self.vault.last_head();
        // Who ends late leaves the head of who was later.
        if last.as_ref().is_none_or(|(head, _)| head.counters.commits < commits) {
            *last = Some((self.head, self.head_versions.next()));
        }
        drop(last);
        Ok(Some(self.committed))
    }

    /// The meta data of a credential, to be changed; read once.
    async fn meta(&mut self, id: &CredentialId) -> Result<Option<&mut CredentialMeta>, VaultError> {
        if !self.metas.iter().any(|(meta, _)| meta.id == *id) {
            let Some(row) = self.get(self.keys.open.credential(id)).await? else { return Ok(None) };
            let meta = credential::decode(&self.keys.open_row(&row)?)?;
            self.metas.push((meta, row.version));
        }
        Ok(self.metas.iter_mut().map(|(meta, _)| meta).find(|meta| meta.id == *id))
    }

    pub(crate) async fn get(&self, key: RowKey) -> Result<Option<Row>, StorageError> {
        Ok(self.vault.read(Read::Get(key)).await?.into_iter().next())
    }

    /// Takes a row away.
    pub(crate) fn delete(&mut self, row: &Row) {
        let open = self.keys.open.clone();
        self.head.tallies.table(row.key.table).remove(&open, &row.key, row.version, &row.index);
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
        let (open, masters) = (&keys.open, keys.masters_of(place.table)?);
        let version = old.map(|row| row.version);
        // Never one that a row at this place had before: it may have been deleted, and its old bytes put back.
        let next = version.unwrap_or(0).saturating_add(1).max(self.head.counters.commits);
        let row = rows::seal(masters, place, next, index, plain, &mut *(self.vault.rng)())?;
        let tally = self.head.tallies.table(row.key.table);
        if let Some(old) = old {
            tally.remove(open, &old.key, old.version, &old.index);
        }
        tally.add(open, &row.key, row.version, &row.index);
        self.writes.push(Write::Put(row, Expect::over(version)));
        Ok(())
    }
}

fn set_outcome(link: &mut Link, ended: HistoryOutcome) {
    if let Body::Kept { outcome, .. } = &mut link.body {
        *outcome = ended;
    }
}
