//! Rows sealed with the right keys that say what nobody agreed to: what holds even then (neg-K20, and the tombstones of
//! the history).
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use proptest::prelude::*;
use rid_claims::{CredentialType, ReusePolicy};
use rid_flow::{
    Changes, Credential, CredentialId, HistoryDraft, HistoryEventType, HistoryId, HistoryOutcome, HistorySeq, NewCopy,
    Record, RecordKey, Store,
    fake::{MemoryDisk, MemoryStorage, ScriptedSecureArea, SeededRng, block_on},
    ports::{KeyId, Row, StorageError, Table},
};
use rid_wire::Timestamp;

use crate::{
    ChainVerdict, MAX_HISTORY, Vault, VaultConfig, rows,
    rows::encode::history::{Body, Link},
    rows::head::Head,
};

struct Forger {
    disk: MemoryDisk,
    vault: Vault,
}

impl Forger {
    fn new() -> Self {
        static SEED: AtomicU64 = AtomicU64::new(1);
        let disk = MemoryDisk::new();
        let rng = Arc::new(|| Box::new(SeededRng::new(SEED.fetch_add(1, Ordering::Relaxed))) as _);
        let storage = Arc::new(MemoryStorage::new(&disk));
        let area = Arc::new(ScriptedSecureArea::new(1));
        let vault = block_on(Vault::open(storage, area, rng, VaultConfig { low_water: 0 })).unwrap();
        let at = Timestamp::from_unix(0);
        let credential = |name: &str, reuse| Credential {
            id: CredentialId(name.into()),
            credential_type: CredentialType::mdoc(""),
            subject: None,
            issuer: String::new(),
            signed: at,
            valid_from: at,
            valid_until: at,
            reuse,
            claims: Vec::new(),
            source: None,
            status: None,
            copies: (0..2).map(|n| NewCopy { key: KeyId(n.to_string()), bytes: vec![n] }).collect(),
        };
        let record = |kind: &str| Record { key: RecordKey { kind: kind.into(), name: "n".into() }, bytes: vec![1] };
        let changes = Changes {
            add: vec![credential("a", ReusePolicy::Once), credential("b", ReusePolicy::PerVerifier)],
            history: (1..=4).map(event).collect(),
            put: vec![record("enrolment"), record("settings")],
            ..Changes::default()
        };
        block_on(vault.commit(changes)).unwrap();
        Self { disk, vault }
    }

    /// Puts another content in a row, sealed as the vault itself would.
    fn reseal(&self, row: &Row, plain: &[u8]) {
        let keys = self.vault.keys();
        let masters = keys.master_keys_of(row.key.table).unwrap();
        let mut rng = SeededRng::new(7);
        let sealed = rows::seal(masters, row.key.clone(), row.version, row.index, plain, &mut rng).unwrap();
        self.disk.alter(|rows| drop(rows.insert(row.key.clone(), sealed)));
        // As if it lay there when the store was opened.
        *self.vault.last_head() = None;
    }

    fn plain(&self, row: &Row) -> Vec<u8> {
        self.vault.keys().open_row(row).unwrap().to_vec()
    }

    fn history(&self, seq: u64) -> Row {
        let place = self.vault.keys().open.history(seq);
        self.disk.rows().into_iter().find(|row| row.key == place).unwrap()
    }

    fn head(&self) -> Row {
        let place = self.vault.keys().open.head();
        self.disk.rows().into_iter().find(|row| row.key == place).unwrap()
    }

    /// Everything a wallet asks of it; each answer is a value or an error with a name.
    fn ask_everything(&self) {
        let Self { vault, .. } = self;
        let id = CredentialId("a".into());
        let _ = block_on(vault.credentials());
        let _ = block_on(vault.credential(&id));
        let _ = block_on(vault.copy_for_display(&id));
        let _ = block_on(vault.keys_of(&id));
        let _ = block_on(vault.keys_left(&id));
        let _ = block_on(vault.all_device_keys());
        let _ = block_on(vault.records("enrolment"));
        let _ = block_on(vault.records("settings"));
        let _ = block_on(vault.history(0, 99));
        let _ = block_on(vault.verify_history());
        let _ = block_on(vault.examine());
        let _ = vault.unlock_state();
        let _ = block_on(vault.commit(Changes { consume: vec![id], history: vec![event(9)], ..Changes::default() }));
        let outcomes = vec![(HistoryId([1; 16]), HistoryOutcome::Failed)];
        let _ = block_on(vault.commit(Changes { outcomes, ..Changes::default() }));
    }
}

pub(super) fn event(n: u8) -> HistoryDraft {
    HistoryDraft {
        id: HistoryId([n; 16]),
        event: HistoryEventType::SignIn,
        outcome: HistoryOutcome::Started,
        at: Timestamp::from_unix(0),
        peer: None,
        elements: Vec::new(),
        reason: String::new(),
    }
}

fn broken(seq: u64) -> ChainVerdict {
    ChainVerdict::Broken { seq: HistorySeq(seq) }
}

/// A tombstone needs the chain's key: who has only the rows' key empties no place unseen.
#[test]
fn a_forged_tombstone_is_tampering() {
    let at = Timestamp::from_unix(5);
    for seq in 1..=4 {
        let forger = Forger::new();
        let row = forger.history(seq);
        let link = Link::decode(&forger.plain(&row)).unwrap();
        let tombstone = |body| Link { body, ..link.clone() }.encode();
        forger.reseal(&row, &tombstone(Body::Deleted { at, event: [1; 16], mac: [0; 32] }));
        assert_eq!(block_on(forger.vault.verify_history()).unwrap(), broken(seq));
        forger.reseal(&row, &tombstone(Body::Damaged));
        assert_eq!(block_on(forger.vault.verify_history()).unwrap(), broken(seq));
        // A true tombstone with another date.
        forger.reseal(&row, &link.encode());
        block_on(forger.vault.delete_history(HistorySeq(seq), at)).unwrap();
        assert_eq!(block_on(forger.vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: 4 });
        let row = forger.history(seq);
        let true_tombstone = Link::decode(&forger.plain(&row)).unwrap();
        let Body::Deleted { mac, event, .. } = true_tombstone.body else { panic!("a tombstone") };
        let other = Link { body: Body::Deleted { at: Timestamp::from_unix(6), event, mac }, ..true_tombstone };
        forger.reseal(&row, &other.encode());
        assert_eq!(block_on(forger.vault.verify_history()).unwrap(), broken(seq));
    }
}

#[test]
fn another_content_or_link_at_a_place_is_tampering() {
    for seq in 1..=4 {
        let forger = Forger::new();
        let row = forger.history(seq);
        let link = Link::decode(&forger.plain(&row)).unwrap();
        let Body::Kept { salt, content, outcome } = link.body.clone() else { panic!("kept") };
        let mut other = content.clone();
        *other.last_mut().unwrap() ^= 1;
        let with = |body| Link { body, ..link.clone() };
        let mut moved = link.clone();
        moved.seq = seq % 4 + 1;
        let mut mac = link.clone();
        mac.mac[0] ^= 1;
        for forged in [
            with(Body::Kept { salt, content: other, outcome }),
            with(Body::Kept { salt: [9; 16], content, outcome }),
            moved,
            mac,
        ] {
            forger.reseal(&row, &forged.encode());
            assert_eq!(block_on(forger.vault.verify_history()).unwrap(), broken(seq));
        }
        // The head's end of the chain holds the last row too.
        forger.reseal(&row, &link.encode());
        let head = forger.head();
        let mut counted = Head::decode(&forger.plain(&head)).unwrap();
        counted.counters.chain[0] ^= 1;
        forger.reseal(&head, &counted.encode());
        assert_eq!(block_on(forger.vault.verify_history()).unwrap(), broken(4));
    }
}

#[test]
fn a_history_has_an_end() {
    let forger = Forger::new();
    let head = forger.head();
    let mut counted = Head::decode(&forger.plain(&head)).unwrap();
    counted.counters.last_seq = MAX_HISTORY - 1;
    forger.reseal(&head, &counted.encode());
    let log = || Changes { history: vec![event(9)], ..Changes::default() };
    let committed = block_on(forger.vault.commit(log())).unwrap();
    assert_eq!(committed.history, [HistorySeq(MAX_HISTORY)]);
    let rows = forger.disk.rows();
    assert_eq!(block_on(forger.vault.commit(log())).err(), Some(StorageError::Full));
    let two = Changes { history: vec![event(9)], consume: vec![CredentialId("a".into())], ..Changes::default() };
    assert_eq!(block_on(forger.vault.commit(two)).err(), Some(StorageError::Full));
    assert!(forger.disk.rows() == rows, "no copy is taken for what cannot be written down");
    assert_eq!(block_on(forger.vault.history(MAX_HISTORY, 5)).unwrap().len(), 1);
}

/// A copy's row that names another credential is not given out as one of this.
#[test]
fn a_copy_that_names_another_credential_is_not_given_out() {
    let forger = Forger::new();
    let keys = forger.vault.keys();
    let pool = keys.open.pool(&CredentialId("a".into()));
    let (of_a, of_b): (Vec<Row>, Vec<Row>) =
        forger.disk.rows().into_iter().filter(|row| row.key.table == rows::COPIES).partition(|row| row.index == pool);
    for (a, b) in of_a.iter().zip(&of_b) {
        let foreign = forger.plain(b);
        forger.reseal(a, &foreign);
    }
    let a = CredentialId("a".into());
    assert!(block_on(forger.vault.copy_for_display(&a)).is_err());
    let taken = block_on(forger.vault.commit(Changes { consume: vec![a], ..Changes::default() }));
    assert_eq!(taken.err(), Some(StorageError::Damaged));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn neg_k20_any_content_of_any_row_is_read_or_named(
        which in any::<prop::sample::Index>(),
        garbage in prop::collection::vec(any::<u8>(), 0..400),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
        whole in any::<bool>(),
    ) {
        let forger = Forger::new();
        let rows = forger.disk.rows();
        let row = &rows[which.index(rows.len())];
        let plain = if whole {
            garbage
        } else {
            let mut plain = forger.plain(row);
            let at = at.index(plain.len());
            plain[at] = to;
            plain
        };
        forger.reseal(row, &plain);
        forger.ask_everything();
        // Of the other tables all is served; the head is what says which credentials there are.
        if ![rows::HEAD, rows::CREDENTIALS, Table::MIRROR].contains(&row.key.table) {
            prop_assert_eq!(block_on(forger.vault.credentials()).unwrap().credentials.len(), 2);
        }
    }
}
