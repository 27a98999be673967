//! The history's chain: each row's MAC runs over the one before, so that one taken out, put in or altered is named by
//! its place.
use rid_crypto::{CryptoRng, constant_time_eq, hmac_sha256, sha256};
use rid_flow::{
    History, HistoryContent, HistoryDraft, HistoryId, HistorySeq,
    ports::{Read, Row},
};
use rid_wire::Timestamp;

use crate::{
    Vault, VaultError,
    commit::Draft,
    keys::UserKeys,
    rows,
    rows::encode::{
        draft,
        history::{Body, Link},
    },
    rows::head::Counters,
};

/// Most rows of history a store takes.
pub const MAX_HISTORY: u64 = 1_000_000;
/// Rows read at once.
const BATCH: u64 = 256;

/// What the chain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainVerdict {
    /// The first place that does not check.
    Broken {
        /// Which; the last one where every row checks by itself and only their sum shows that one is of an earlier
        /// time, or too many: the sum does not tell which.
        seq: HistorySeq,
    },
    /// Every row to this last one stands where it was written, as it was last left.
    Whole {
        /// How many.
        rows: u64,
    },
}

/// The next link: `counters` name its place and the chain so far.
pub(crate) fn link(
    keys: &UserKeys,
    counters: Counters,
    entry: &HistoryDraft,
    imported: bool,
    rng: &mut dyn CryptoRng,
) -> Link {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let content = draft::encode(entry);
    let leaf = leaf(&salt, &content);
    let mac = chain(keys, &counters.chain, counters.last_seq, &leaf);
    Link { seq: counters.last_seq, leaf, mac, imported, body: Body::Kept { salt, content, outcome: entry.outcome } }
}

/// The same entry after another chain; a place whose entry is lost says only that there was one.
pub(crate) fn relink(keys: &UserKeys, counters: Counters, link: Option<Link>) -> Link {
    let (leaf, imported, body) = match link {
        Some(link) => (link.leaf, link.imported, link.body),
        None => ([0; 32], false, Body::Damaged),
    };
    let mac = chain(keys, &counters.chain, counters.last_seq, &leaf);
    Link { seq: counters.last_seq, leaf, mac, imported, body }
}

fn leaf(salt: &[u8; 16], content: &[u8]) -> [u8; 32] {
    sha256(&[b"rid-history-leaf-1", salt, content])
}

fn chain(keys: &UserKeys, before: &[u8; 32], seq: u64, leaf: &[u8; 32]) -> [u8; 32] {
    hmac_sha256(keys.chain_key(), &[b"rid-history-link-1", before, &seq.to_be_bytes(), leaf])
}

fn tombstone(keys: &UserKeys, seq: u64, leaf: &[u8; 32], event: &[u8; 16], at: Timestamp) -> [u8; 32] {
    let (seq, at) = (seq.to_be_bytes(), at.unix().to_be_bytes());
    hmac_sha256(keys.chain_key(), &[b"rid-history-tombstone-1", &seq, leaf, event, &at])
}

/// Whether a link stands at its place after the chain `before`.
fn holds(keys: &UserKeys, before: &[u8; 32], seq: u64, link: &Link) -> bool {
    let body = match &link.body {
        Body::Kept { salt, content, .. } => leaf(salt, content) == link.leaf,
        Body::Deleted { at, event, mac } => constant_time_eq(&tombstone(keys, seq, &link.leaf, event, *at), mac),
        Body::Damaged => link.leaf == [0; 32],
    };
    body && link.seq == seq && constant_time_eq(&chain(keys, before, seq, &link.leaf), &link.mac)
}

impl Vault {
    /// History rows from a place on, at most `max`, oldest first. A row that cannot be read is there as damaged.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn history(&self, from: u64, max: u32) -> Result<Vec<History>, VaultError> {
        self.keys().user()?;
        let (head, _) = self.read_head().await?;
        let first = from.max(1);
        let last = head.counters.last_seq.min(first.saturating_add(max.into()).saturating_sub(1));
        let mut all = Vec::new();
        let mut at = first;
        while at <= last {
            let end = last.min(at.saturating_add(BATCH - 1));
            for (seq, link) in (at..=end).zip(self.links(at, end).await?) {
                let damaged = || History { seq: HistorySeq(seq), imported: false, content: HistoryContent::Damaged };
                let read = link.filter(|link| link.seq == seq).and_then(|link| link.read().ok());
                all.push(read.unwrap_or_else(damaged));
            }
            at = end.saturating_add(1);
        }
        Ok(all)
    }

    /// Walks the whole chain, then compares the table with its digest: outcome and tombstone are outside the chain, so
    /// that a row of an earlier time (a deleted entry put back, an outcome taken back) stands in it as well as the
    /// newest.
    ///
    /// # Errors
    /// [`VaultError`]; a broken chain is a verdict, not an error.
    pub async fn verify_history(&self) -> Result<ChainVerdict, VaultError> {
        let keys = self.keys().user()?.clone();
        let (head, _) = self.read_head().await?;
        let counters = head.counters;
        let (mut before, mut at) = ([0; 32], 1);
        while at <= counters.last_seq {
            let end = counters.last_seq.min(at.saturating_add(BATCH - 1));
            for (seq, link) in (at..=end).zip(self.links(at, end).await?) {
                match link.filter(|link| holds(&keys, &before, seq, link)) {
                    Some(link) => before = link.mac,
                    None => return Ok(ChainVerdict::Broken { seq: HistorySeq(seq) }),
                }
            }
            at = end.saturating_add(1);
        }
        if before == counters.chain && !self.is_suspect_now(rows::HISTORY).await? {
            Ok(ChainVerdict::Whole { rows: counters.last_seq })
        } else {
            // Places begin at 1, those of an empty history too.
            Ok(ChainVerdict::Broken { seq: HistorySeq(counters.last_seq.max(1)) })
        }
    }

    /// Deletes the content of one row; a tombstone stays at its place, so that the chain still shows that nothing else
    /// is missing.
    ///
    /// # Errors
    /// [`VaultError::HistoryUnknown`].
    pub async fn delete_history(&self, seq: HistorySeq, at: Timestamp) -> Result<(), VaultError> {
        let held = self.hold().await;
        let mut draft = Draft::begin(self, &held).await?;
        draft.empty(seq, at).await?;
        draft.finish().await.map(drop)
    }

    /// All links, by place.
    pub(crate) async fn all_links(&self) -> Result<Vec<Option<Link>>, VaultError> {
        let last = self.read_head().await?.0.counters.last_seq;
        let mut links = Vec::new();
        let mut at = 1;
        while at <= last {
            let end = last.min(at.saturating_add(BATCH - 1));
            links.extend(self.links(at, end).await?);
            at = end.saturating_add(1);
        }
        Ok(links)
    }

    /// The links from one place to another; `None` where a row is missing or cannot be read.
    async fn links(&self, from: u64, to: u64) -> Result<Vec<Option<Link>>, VaultError> {
        loop {
            let keys = self.keys();
            keys.user()?;
            let reads = (from..=to).map(|seq| Read::Get(keys.open.history(seq))).collect();
            let found = self.read_all(reads).await?;
            let read = |rows: &Vec<Row>| Link::decode(&keys.open_row(rows.first()?).ok()?).ok();
            let links: Vec<Option<Link>> = found.iter().map(read).collect();
            // As in [`Self::each`]: rows that a rotation sealed meanwhile open with its keys.
            if links.iter().all(Option::is_some) || keys.are(&self.keys()) {
                return Ok(links);
            }
        }
    }
}

impl Draft<'_> {
    /// Leaves a tombstone where a row was.
    async fn empty(&mut self, seq: HistorySeq, at: Timestamp) -> Result<(), VaultError> {
        let keys = self.keys.user()?.clone();
        let row = self.get(self.keys.open.history(seq.0)).await?.ok_or(VaultError::HistoryUnknown)?;
        let old = Link::decode(&self.keys.open_row(&row)?)?;
        // Its event stays, which is random: an import of an older recovery file must not bring the entry back
        // (neg-K35).
        let Some(HistoryId(event)) = old.read()?.kept().map(|entry| entry.id) else {
            return Err(VaultError::HistoryUnknown);
        };
        let body = Body::Deleted { at, event, mac: tombstone(&keys, seq.0, &old.leaf, &event, at) };
        let link = Link { body, ..old };
        // Without its index: it is of no event any more.
        self.put(row.key.clone(), Some(&row), [0; 32], &link.encode())
    }
}
