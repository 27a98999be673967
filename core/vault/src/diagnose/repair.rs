//! A repair: everything that reads goes into a new database with new digests, and the loss is written into the history.
use std::collections::BTreeMap;

use rid_flow::{
    HistoryDraft, HistoryEventType, HistoryId, HistoryOutcome, HistorySeq,
    ports::{Read, Row, RowKey, Table},
};
use rid_wire::Timestamp;

use crate::{
    Vault, VaultError,
    commit::pool,
    history, rows,
    rows::encode::{credential, history::Link, small},
    rows::head::{Head, HeadRows, HeadVersions},
};

/// Reason of the entry that a repair writes into the history.
pub const REPAIRED: &str = "storage_repaired";

/// What a repair could not keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Copies that could not be read, or may have been used already.
    pub copies: u64,
    /// Credentials that could not be read.
    pub credentials: u64,
    /// Places of the history whose content is lost.
    pub history: u64,
    /// Small records that could not be read.
    pub records: u64,
}

impl Vault {
    /// Copies what can be read into a new database; the present files are moved aside. For the person to ask: what is
    /// missing from then on is accepted as lost. Where the database is of an earlier time no copy is kept, since each
    /// may have been used.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; those of storage: then nothing has changed.
    pub async fn repair(&self, at: Timestamp) -> Result<Repaired, VaultError> {
        let held = self.hold().await;
        let user = self.keys().user()?.clone();
        let keys = self.keys();
        let known = self.read_head().await.ok().map(|(head, _)| head);
        // A log of another time may be refused, while the database beside it is of now.
        let is_earlier = known.is_none() || self.judge().await?.is_some();
        let old = known.clone().unwrap_or_default();
        let mut lost = Repaired::default();
        let mut head = Head { signed: old.signed, ..Head::default() };
        head.counters.commits = old.counters.commits.max(self.envelope().counters.commits);
        let mut kept = Vec::new();

        let mut copies = BTreeMap::new();
        for row in self.read(Read::Rows(rows::COPIES, None)).await? {
            let copy = keys.open_row(&row).and_then(|plain| Ok(small::read_copy(&plain)?));
            if let Ok(copy) = copy {
                copies.insert(copy.id.clone(), (copy.credential.clone(), row));
            }
        }
        let mut metas = Vec::new();
        let mut credentials = u64::try_from(old.credentials.len()).unwrap_or(u64::MAX);
        for row in self.read(Read::Rows(rows::CREDENTIALS, None)).await? {
            let meta = keys.open_row(&row).and_then(|plain| Ok(credential::decode(&plain)?));
            let Ok(mut meta) = meta else { continue };
            if known.is_some() && !old.lists(&row.key, row.version) {
                continue;
            }
            credentials = credentials.saturating_sub(1);
            let had = meta.uses.len();
            meta.uses.retain(|used| {
                !is_earlier && copies.get(&used.copy).is_some_and(|(credential, _)| *credential == meta.summary.id)
            });
            lost.copies = lost.copies.saturating_add(u64::try_from(had - meta.uses.len()).unwrap_or(u64::MAX));
            pool::recount(&mut meta);
            kept.extend(meta.uses.iter().filter_map(|used| copies.remove(&used.copy)).map(|(_, row)| row));
            metas.push((meta, row));
        }
        lost.credentials = credentials;
        let counters = |tables: &[Table]| tables.iter().map(|table| old.digests.of(*table).count).sum::<u64>();
        let small_tables = [rows::RECORDS, rows::OPEN_RECORDS, rows::REISSUE, rows::DEVICE_KEYS];
        let mut found = 0_u64;
        for table in small_tables {
            for row in self.read(Read::Rows(table, None)).await? {
                if keys.open_row(&row).is_ok() {
                    found = found.saturating_add(1);
                    kept.push(row);
                }
            }
        }
        lost.records = counters(&small_tables).saturating_sub(found);
        let highest = kept.iter().chain(metas.iter().map(|(_, row)| row)).map(|row| row.version).max();
        head.counters.commits = head.counters.commits.max(highest.unwrap_or_default());

        let mut links: BTreeMap<u64, Row> = BTreeMap::new();
        for row in self.read(Read::Rows(rows::HISTORY, None)).await? {
            if let Ok(link) = keys.open_row(&row).and_then(|plain| Ok(Link::decode(&plain)?))
                && keys.open.history(link.seq) == row.key
            {
                head.counters.commits = head.counters.commits.max(row.version);
                links.insert(link.seq, row);
            }
        }
        head.counters.commits = head.counters.commits.saturating_add(1);
        let version = head.counters.commits;
        let mut seal = |head: &mut Head, key: RowKey, index: [u8; 32], plain: &[u8]| -> Result<(), VaultError> {
            let masters = keys.master_keys_of(key.table)?;
            let row = rows::seal(masters, key, version, index, plain, &mut *(self.rng)())?;
            head.note(&keys.open, None, &row);
            kept.push(row);
            Ok(())
        };
        for (meta, row) in metas {
            seal(&mut head, row.key, [0; 32], &credential::encode(&meta))?;
        }
        let last = old.counters.last_seq.max(links.keys().next_back().copied().unwrap_or_default());
        for seq in 1..=last {
            head.counters.last_seq = seq;
            let row = links.remove(&seq);
            let index = row.as_ref().map_or([0; 32], |row| row.index);
            let link = row.and_then(|row| Link::decode(&keys.open_row(&row).ok()?).ok());
            lost.history = lost.history.saturating_add(u64::from(link.is_none()));
            let link = history::relink(&user, head.counters, link);
            head.counters.chain = link.mac;
            seal(&mut head, keys.open.history(seq), index, &link.encode())?;
        }
        let mut id = [0; 16];
        (self.rng)().fill_bytes(&mut id);
        let Repaired { copies, credentials, history, records } = lost;
        let entry = HistoryDraft {
            id: HistoryId(id),
            event: HistoryEventType::Deletion,
            outcome: HistoryOutcome::Finished,
            at,
            peer: None,
            elements: Vec::new(),
            reason: format!(
                "{REPAIRED}: {copies} copies, {credentials} credentials, {history} entries, {records} records"
            ),
        };
        head.counters.last_seq = HistorySeq(last.saturating_add(1)).0;
        let link = history::link(&user, head.counters, &entry, false, &mut *(self.rng)());
        head.counters.chain = link.mac;
        seal(&mut head, keys.open.history(link.seq), keys.open.event(&id), &link.encode())?;
        for row in kept.iter().filter(|row| small_tables.contains(&row.key.table)) {
            head.note(&keys.open, None, row);
        }
        let heads = HeadRows::writes(&keys.open, HeadVersions::default(), &head, &mut *(self.rng)())?;
        kept.extend(heads.into_iter().filter_map(|write| match write {
            rid_flow::ports::Write::Put(row, _) => Some(row),
            rid_flow::ports::Write::Delete(..) => None,
        }));
        *self.last_head() = None;
        self.storage.rebuild(kept).await?;
        self.refuse(None);
        self.forget_looks();
        self.keys_missing.store(false, std::sync::atomic::Ordering::Release);
        // Until the copy of the counters is written an older database may go unnoticed; the repair stands.
        let _ = self.renew(&held).await;
        Ok(lost)
    }
}
