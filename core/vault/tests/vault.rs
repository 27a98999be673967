//! The vault's unlock method over the memory store and over SQLite: atomic commits, pools, history, locks, and what
//! damage is called.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rid_claims::{ClaimPath, CredentialType, ReusePolicy};
use rid_flow::{
    Changes, Credential, CredentialId, HistoryDraft, HistoryElement, HistoryEventType, HistoryId, HistoryOutcome,
    NewCopy, Record, RecordKey, Store,
    fake::{AreaCall, MemoryDisk, MemoryStorage, ScriptedSecureArea, SeededRng, block_on},
    ports::{KeyId, Storage, StorageError},
};
use rid_shell::SqliteStorage;
use rid_trust::{Party, PartyBasis};
use rid_vault::{Listing, RngSource, Vault, VaultConfig, VaultError};
use rid_wire::Timestamp;

const CANARY: &str = "Canary-Surname-Of-Nobody";

fn rng() -> RngSource {
    static SEED: AtomicU64 = AtomicU64::new(1);
    Arc::new(|| Box::new(SeededRng::new(SEED.fetch_add(1, Ordering::Relaxed))))
}

fn open(storage: Arc<dyn Storage>, area: &Arc<ScriptedSecureArea>) -> Result<Vault, VaultError> {
    block_on(Vault::open(storage, area.clone(), rng(), VaultConfig { low_water: 2 }))
}

fn credential(id: &str, copies: usize) -> Credential {
    let at = Timestamp::from_unix(1_800_000_000);
    let copy =
        |n: usize| NewCopy { key: KeyId(format!("{id}-key-{n}")), bytes: format!("{CANARY} {id} {n}").into_bytes() };
    Credential {
        id: CredentialId(id.into()),
        credential_type: CredentialType::mdoc("org.iso.18013.5.1.mDL"),
        subject: Some(String::from(CANARY).into()),
        issuer: CANARY.into(),
        signed: at,
        valid_from: at,
        valid_until: at.plus_days(14),
        reuse: ReusePolicy::Once,
        claims: vec![ClaimPath::element("ns", "family_name"), ClaimPath::element("ns", "portrait")],
        source: None,
        status: None,
        copies: (0..copies).map(copy).collect(),
    }
}

fn row(n: u8, outcome: HistoryOutcome) -> HistoryDraft {
    HistoryDraft {
        id: HistoryId([n; 16]),
        event: HistoryEventType::Presentation,
        outcome,
        at: Timestamp::from_unix(1_800_000_000),
        peer: Some(Party {
            name: CANARY.into(),
            organization: None,
            country: None,
            basis: PartyBasis::Certificate { key: [7; 32] },
        }),
        elements: vec![HistoryElement {
            credential_type: CredentialType::mdoc("kind"),
            path: ClaimPath::element("ns", "family_name"),
            retained: true,
        }],
        reason: "agreed".into(),
    }
}

fn add(id: &str, copies: usize) -> Changes {
    Changes { add: vec![credential(id, copies)], ..Changes::default() }
}

fn present(id: &str, n: u8) -> Changes {
    let started = row(n, HistoryOutcome::Started);
    Changes { consume: vec![CredentialId(id.into())], history: vec![started], ..Changes::default() }
}

fn left(vault: &Vault, id: &str) -> u32 {
    block_on(vault.credential(&CredentialId(id.into()))).unwrap().map_or(0, |meta| meta.summary.copies_left)
}

/// What must hold however a vault was treated: copies used and rows written agree (inv-I3).
fn consistent(vault: &Vault, id: &str, total: u32) {
    let rows = block_on(vault.history(0, u32::MAX)).unwrap().len();
    assert_eq!((total - left(vault, id)) as usize, rows);
}

#[test]
fn a_commit_is_read_back_and_survives_a_restart() {
    let area = Arc::new(ScriptedSecureArea::new(1));
    let disk = MemoryDisk::new();
    let vault = open(Arc::new(MemoryStorage::new(&disk)), &area).unwrap();
    block_on(vault.commit(add("licence", 3))).unwrap();
    let committed = block_on(vault.commit(present("licence", 1))).unwrap();
    assert_eq!(committed.copies.len(), 1);
    assert!(committed.copies[0].bytes.starts_with(CANARY.as_bytes()));
    assert_eq!(committed.low_water, [CredentialId("licence".into())]);
    let outcomes = vec![(HistoryId([1; 16]), HistoryOutcome::Finished)];
    block_on(vault.commit(Changes { outcomes, ..Changes::default() })).unwrap();
    block_on(vault.close()).unwrap();

    let vault = open(Arc::new(MemoryStorage::new(&disk)), &area).unwrap();
    let metas = block_on(vault.credentials()).unwrap().credentials;
    assert_eq!((metas.len(), metas[0].summary.copies_left, metas[0].summary.copies_total), (1, 2, 3));
    let history = block_on(vault.history(0, 10)).unwrap();
    let entry = history[0].kept().unwrap();
    assert_eq!((history.len(), history[0].seq.0, entry.outcome), (1, 1, HistoryOutcome::Finished));
    assert!(*entry == HistoryDraft { outcome: HistoryOutcome::Finished, ..row(1, HistoryOutcome::Started) });
    assert_eq!(block_on(vault.keys_of(&CredentialId("licence".into()))).unwrap().len(), 3);
    let shown = block_on(vault.copy_for_display(&CredentialId("licence".into()))).unwrap().unwrap();
    assert!(shown.starts_with(CANARY.as_bytes()));
    assert_eq!(left(&vault, "licence"), 2, "showing uses nothing up");
    block_on(vault.commit(Changes { remove: vec![CredentialId("licence".into())], ..Changes::default() })).unwrap();
    assert!(block_on(vault.credentials()).unwrap() == Listing::default());
    assert!(block_on(vault.copy_for_display(&CredentialId("licence".into()))).unwrap().is_none());
}

#[test]
fn records_are_put_replaced_listed_and_taken_once() {
    let area = Arc::new(ScriptedSecureArea::new(2));
    let vault = open(Arc::new(MemoryStorage::new(&MemoryDisk::new())), &area).unwrap();
    let key = |name: &str| RecordKey { kind: "enrolment".into(), name: name.into() };
    let put =
        |name: &str, byte| Changes { put: vec![Record { key: key(name), bytes: vec![byte; 5] }], ..Changes::default() };
    for (name, byte) in [("a", 1), ("b", 2), ("a", 3)] {
        block_on(vault.commit(put(name, byte))).unwrap();
    }
    assert_eq!(block_on(vault.record(&key("a"))).unwrap(), Some(vec![3; 5]));
    assert_eq!(block_on(vault.records("enrolment")).unwrap().len(), 2);
    let take = Changes { take: vec![key("a")], add: vec![credential("x", 1)], ..Changes::default() };
    block_on(vault.commit(take.clone())).unwrap();
    assert_eq!(block_on(vault.commit(take)).err(), Some(StorageError::Conflict));
    assert_eq!(block_on(vault.credentials()).unwrap().credentials.len(), 1, "the second take added nothing");
}

#[test]
fn an_empty_pool_fails_the_whole_commit() {
    let area = Arc::new(ScriptedSecureArea::new(3));
    let vault = open(Arc::new(MemoryStorage::new(&MemoryDisk::new())), &area).unwrap();
    block_on(vault.commit(add("a", 1))).unwrap();
    block_on(vault.commit(add("b", 1))).unwrap();
    let twice = Changes { consume: vec![CredentialId("a".into()), CredentialId("a".into())], ..present("b", 1) };
    assert_eq!(block_on(vault.commit(twice)).err(), Some(StorageError::Exhausted));
    assert_eq!((left(&vault, "a"), left(&vault, "b")), (1, 1));
    assert!(block_on(vault.history(0, 9)).unwrap().is_empty());
}

/// neg-K04 and inv-I2, I3: every storage operation of a commit fails in turn, with every error, once and for good.
#[test]
fn neg_k04_a_commit_is_whole_or_not_there_whatever_operation_fails() {
    let errors = [StorageError::Full, StorageError::Io, StorageError::ReadOnly, StorageError::Damaged];
    for error in errors {
        for sticky in [false, true] {
            for at in 0.. {
                let area = Arc::new(ScriptedSecureArea::new(4));
                let disk = MemoryDisk::new();
                let storage = Arc::new(MemoryStorage::new(&disk));
                let vault = open(storage.clone(), &area).unwrap();
                block_on(vault.commit(add("licence", 3))).unwrap();
                let before = storage.calls();
                if sticky {
                    storage.fail_from(at, error)
                } else {
                    storage.fail_after(at, error)
                }
                let result = block_on(vault.commit(present("licence", 1)));
                let reached = storage.calls() - before > at;
                storage.heal();
                assert_eq!(result.err(), reached.then_some(error));
                consistent(&vault, "licence", 3);
                // The same instance serves the next request.
                block_on(vault.commit(present("licence", 2))).unwrap();
                disk.kill();
                let vault = open(Arc::new(MemoryStorage::new(&disk)), &area).unwrap();
                consistent(&vault, "licence", 3);
                if !reached {
                    break;
                }
            }
        }
    }
}

#[test]
fn neg_g25_sixty_four_presentations_at_once_over_a_pool_of_ten() {
    let folder = rid_kit::Folder::new("race");
    for storage in
        [Arc::new(MemoryStorage::new(&MemoryDisk::new())) as Arc<dyn Storage>, Arc::new(SqliteStorage::new(&folder.0))]
    {
        let area = Arc::new(ScriptedSecureArea::new(5));
        let vault = open(storage, &area).unwrap();
        block_on(vault.commit(add("licence", 10))).unwrap();
        let mut copies = Vec::new();
        std::thread::scope(|scope| {
            let vault = &vault;
            let present = |n: u8| move || block_on(vault.commit(present("licence", n)));
            let threads: Vec<_> = (0..64).map(|n| scope.spawn(present(n))).collect();
            for thread in threads {
                match thread.join().unwrap() {
                    Ok(committed) => copies.push(committed.copies[0].id.0.clone()),
                    Err(error) => assert_eq!(error, StorageError::Exhausted),
                }
            }
        });
        copies.sort();
        copies.dedup();
        assert_eq!(copies.len(), 10, "ten different copies, no more");
        consistent(&vault, "licence", 10);
        block_on(vault.close()).unwrap();
    }
}

#[test]
fn neg_k05_altered_swapped_and_rolled_back_rows_are_damaged_and_others_stay_readable() {
    let area = Arc::new(ScriptedSecureArea::new(6));
    let disk = MemoryDisk::new();
    let vault = open(Arc::new(MemoryStorage::new(&disk)), &area).unwrap();
    block_on(vault.commit(add("a", 1))).unwrap();
    block_on(vault.commit(add("b", 1))).unwrap();
    let mut before = None;
    disk.alter(|rows| before = Some(rows.clone()));
    let before = before.unwrap();
    block_on(vault.commit(present("a", 1))).unwrap();
    let damaged = |result: Result<Listing, VaultError>, count| {
        let listing = result.unwrap();
        assert_eq!((listing.credentials.len(), listing.damaged.len()), (2 - count, count), "named, not left out");
    };
    let credentials: Vec<_> = before.keys().filter(|key| key.table.0 == 1).cloned().collect();
    // Two rows exchange their bytes.
    disk.alter(|rows| {
        let [one, two] = [&credentials[0], &credentials[1]].map(|key| rows[key].bytes.clone());
        rows.get_mut(&credentials[0]).unwrap().bytes = two;
        rows.get_mut(&credentials[1]).unwrap().bytes = one;
    });
    damaged(block_on(vault.credentials()), 2);
    // One row goes back to an older version of itself, under the new version number.
    disk.alter(|rows| {
        for (key, row) in &before {
            if let Some(now) = rows.get_mut(key) {
                now.bytes.clone_from(&row.bytes);
            }
        }
    });
    damaged(block_on(vault.credentials()), 1);
    // One bit of one credential: the other is still shown.
    disk.alter(|rows| {
        *rows = before.clone();
        rows.get_mut(&credentials[0]).unwrap().bytes[40] ^= 1;
    });
    let results = ["a", "b"].map(|id| block_on(vault.credential(&CredentialId(id.into()))).is_ok());
    assert_eq!(results.iter().filter(|ok| **ok).count(), 1);
}

#[test]
fn inv_i9_no_new_store_is_made_over_existing_records() {
    let area = Arc::new(ScriptedSecureArea::new(7));
    let disk = MemoryDisk::new();
    let first = Arc::new(MemoryStorage::new(&disk));
    let vault = open(first.clone(), &area).unwrap();
    block_on(vault.commit(add("a", 1))).unwrap();
    disk.kill();
    let reopen = |area: &Arc<ScriptedSecureArea>| {
        let storage = Arc::new(MemoryStorage::new(&disk));
        let opened = open(storage.clone(), area).map(|_| ());
        disk.kill();
        opened
    };
    let other_phone = Arc::new(ScriptedSecureArea::new(8));
    assert_eq!(reopen(&other_phone).err().unwrap().code().as_str(), "key_not_found");
    area.fail_once(AreaCall::Derive, rid_flow::ports::SecureAreaError::Invalidated);
    assert_eq!(reopen(&area).err().unwrap().code().as_str(), "key_invalidated");
    let envelope = disk.envelope();
    assert!(reopen(&area).is_ok());
    disk.alter_envelope(|envelope| *envelope = None);
    assert_eq!(reopen(&area), Err(VaultError::EnvelopeCorrupt));
    let (generation, bytes) = envelope.unwrap();
    disk.alter_envelope(|envelope| *envelope = Some((generation, bytes[..bytes.len() - 1].to_vec())));
    assert_eq!(reopen(&area), Err(VaultError::EnvelopeCorrupt));
    disk.alter_envelope(|envelope| *envelope = Some((generation, bytes)));
    assert!(reopen(&area).is_ok(), "and with its envelope back everything is there");
}

#[test]
fn neg_k03_a_kill_during_the_first_start_is_no_lockout() {
    for at in 0.. {
        let area = Arc::new(ScriptedSecureArea::new(9));
        let disk = MemoryDisk::new();
        let storage = Arc::new(MemoryStorage::new(&disk));
        block_on(storage.open()).unwrap();
        storage.fail_from(at, StorageError::Io);
        let opened = open(storage.clone(), &area).is_ok();
        storage.heal();
        disk.kill();
        let vault = open(Arc::new(MemoryStorage::new(&disk)), &area).unwrap();
        block_on(vault.commit(add("a", 1))).unwrap();
        if opened {
            break;
        }
    }
}

#[test]
fn a_locked_vault_reads_and_writes_nothing_of_the_person() {
    let area = Arc::new(ScriptedSecureArea::new(10));
    let vault = open(Arc::new(MemoryStorage::new(&MemoryDisk::new())), &area).unwrap();
    block_on(vault.commit(add("a", 1))).unwrap();
    vault.lock();
    assert!(vault.is_locked());
    assert_eq!(block_on(vault.credentials()).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.history(0, 1)).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.commit(present("a", 1))).err(), Some(StorageError::Locked));
    area.fail_once(AreaCall::Derive, rid_flow::ports::SecureAreaError::Cancelled);
    assert_eq!(block_on(vault.unlock()).err().unwrap().code().as_str(), "key_cancelled");
    assert!(vault.is_locked());
    block_on(vault.unlock()).unwrap();
    assert_eq!(left(&vault, "a"), 1);
}

#[test]
fn neg_k23_no_canary_is_in_any_file_also_after_deletion() {
    let folder = rid_kit::Folder::new("canary");
    let area = Arc::new(ScriptedSecureArea::new(11));
    let vault = open(Arc::new(SqliteStorage::new(&folder.0)), &area).unwrap();
    block_on(vault.commit(add("licence", 3))).unwrap();
    block_on(vault.commit(present("licence", 1))).unwrap();
    scan(&folder.0);
    block_on(vault.commit(Changes { remove: vec![CredentialId("licence".into())], ..Changes::default() })).unwrap();
    block_on(vault.close()).unwrap();
    scan(&folder.0);
}

fn scan(folder: &Path) {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        files += 1;
        for canary in [CANARY, "family_name", "org.iso.18013", "licence-key"] {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} in {}", path.display());
        }
    }
    assert!(files >= 3, "{files}");
}
