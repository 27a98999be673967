//! From the first version: every value is there, whatever call it was cut off at; a newer version is not touched.
use std::{fs, path::Path, sync::Arc};

use async_trait::async_trait;
use rid_flow::{
    HistoryKind, HistoryOutcome,
    fake::{MemoryDisk, MemoryStorage, block_on},
    ports::{Generation, Layout, Read, Row, SecureArea, Storage, StorageError, Transaction},
};
use rid_shell::{SoftwareSecureArea, SqliteStorage};
use rid_vault::{ChainVerdict, Vault, VaultError};

use crate::world::*;

const COPIES: [(&str, &str, u32, u32); 2] = [
    ("59b6267314cfdbaaf91e85d3b93a9e19", "az.gov.rid.pid.1", 3, 3),
    ("71052d4f3dabeac04053719e3086bdbf", "org.iso.18013.5.1.mDL", 2, 3),
];

fn golden(name: &str) -> (Folder, Arc<dyn SecureArea>) {
    let folder = Folder::new(name);
    fs::create_dir_all(&folder.0).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store-v1");
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.0.join(entry.file_name())).unwrap();
    }
    let area = Arc::new(SoftwareSecureArea::open(&folder.0).unwrap());
    (folder, area)
}

/// The golden rows and envelope on a disk in memory, where each call can be cut off.
pub(crate) fn in_memory(name: &str) -> (MemoryDisk, Arc<dyn SecureArea>, Folder) {
    let (folder, area) = golden(name);
    let storage = SqliteStorage::dangerous_with_layout(&folder.0, Layout(1));
    assert_eq!(block_on(storage.open()), Ok(Layout(1)));
    let reads = (0..=6).map(|table| Read::Rows(rid_flow::ports::Table(table), None)).collect();
    let found = block_on(storage.transact(Transaction { reads, ..Transaction::default() })).unwrap();
    let disk = MemoryDisk::new();
    disk.alter_layout(Layout(1));
    disk.alter(|rows| rows.extend(found.into_iter().flatten().map(|row| (row.key.clone(), row))));
    let envelope = block_on(storage.envelope_read()).unwrap();
    disk.alter_envelope(|place| *place = envelope);
    block_on(storage.close()).unwrap();
    (disk, area, folder)
}

/// Every value of `expected.json`.
pub(crate) fn all_is_there(vault: &Vault) {
    assert!(block_on(vault.health()).unwrap().is_whole());
    let listing = block_on(vault.credentials()).unwrap();
    let mut found: Vec<_> = listing
        .credentials
        .iter()
        .map(|meta| (meta.id.0.as_str(), meta.kind.as_str(), meta.copies_left, meta.copies_total))
        .collect();
    found.sort_unstable();
    assert_eq!((found.as_slice(), listing.damaged.len()), (COPIES.as_slice(), 0));
    for (name, _, left, _) in COPIES {
        assert_eq!(block_on(vault.keys_left(&id(name))).unwrap().len() as u32, left);
        assert_eq!(block_on(vault.keys_of(&id(name))).unwrap().len() as u32, left);
    }
    let rows = block_on(vault.history(0, 99)).unwrap();
    let found: Vec<_> = rows.iter().map(|row| row.kept().map(brief)).collect();
    let expected: Vec<_> = expected().into_iter().map(Some).collect();
    assert_eq!(found, expected);
    assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: 6 });
    assert!(vault.latest_signed().is_some());
}

type Brief = (&'static str, &'static str, String, String);

fn brief(entry: &rid_flow::HistoryDraft) -> Brief {
    let kind = match entry.kind {
        HistoryKind::Deletion => "deletion",
        HistoryKind::Issuance => "issuance",
        HistoryKind::Presentation => "presentation",
        HistoryKind::SignIn => "sign_in",
    };
    let outcome = match entry.outcome {
        HistoryOutcome::Finished => "finished",
        HistoryOutcome::Refused => "refused",
        _ => "other",
    };
    (kind, outcome, entry.at.to_tdate(), entry.reason.clone())
}

fn expected() -> Vec<Brief> {
    let row = |kind, outcome, at: &str, reason: &str| (kind, outcome, format!("2026-11-23T04:59:{at}Z"), reason.into());
    vec![
        row("issuance", "finished", "19", ""),
        row("issuance", "finished", "19", ""),
        row("presentation", "finished", "43", ""),
        row("presentation", "refused", "46", "not_held"),
        row("issuance", "finished", "47", ""),
        row("deletion", "finished", "47", "deleted_by_person"),
    ]
}

#[test]
fn neg_k16_the_golden_store_is_carried_over_with_every_value() {
    let (folder, area) = golden("golden-values");
    for _ in 0..2 {
        let vault = open(Arc::new(SqliteStorage::new(&folder.0)), area.clone()).unwrap();
        all_is_there(&vault);
        block_on(vault.close()).unwrap();
    }
    let vault = open(Arc::new(SqliteStorage::new(&folder.0)), area.clone()).unwrap();
    commit(&vault, present(COPIES[0].0, 1));
    block_on(vault.set_pin(&pin("583016"), &[])).unwrap();
    assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: 7 });
}

fn fork(disk: &MemoryDisk) -> MemoryDisk {
    disk.clone_files()
}

#[test]
fn neg_k16_killed_at_any_call_it_is_the_old_version_or_the_new_one() {
    let (base, area, _folder) = in_memory("golden-kill");
    for carried_out in [false, true] {
        for calls in 0.. {
            let (disk, line) = (fork(&base), Line::whole());
            line.cut_after(calls, carried_out);
            let opened = open(line.over(Arc::new(MemoryStorage::new(&disk))), Arc::new(Kept(area.clone())));
            assert!(opened.is_ok() || line.was_hit());
            drop(opened);
            disk.kill();
            let rows_are_old = disk.rows() == base.rows();
            assert_eq!(disk.layout(), Some(Layout(if rows_are_old { 1 } else { 2 })), "call {calls}: half of it");
            let vault = open(Arc::new(MemoryStorage::new(&disk)), Arc::new(Kept(area.clone()))).unwrap();
            all_is_there(&vault);
            drop(vault);
            let vault = open(Arc::new(MemoryStorage::new(&disk)), Arc::new(Kept(area.clone()))).unwrap();
            all_is_there(&vault);
            let (_, envelope) = disk.envelope().unwrap();
            assert!(envelope.starts_with(&[0xa3, 1, 2]), "the envelope of the second stands alone");
            if !line.was_hit() {
                break;
            }
        }
    }
}

#[test]
fn neg_k18_a_full_disk_at_any_call_leaves_the_old_version_or_the_new_one() {
    let (base, area, _folder) = in_memory("golden-full");
    for calls in 0.. {
        let (disk, line) = (fork(&base), Line::whole());
        line.fail_one(calls, StorageError::Full);
        let opened = open(line.over(Arc::new(MemoryStorage::new(&disk))), Arc::new(Kept(area.clone())));
        if let Err(error) = opened {
            assert_eq!(error, StorageError::Full.into());
        }
        disk.kill();
        if disk.layout() == Some(Layout(1)) {
            assert!(disk.rows() == base.rows(), "call {calls}");
        }
        let vault = open(Arc::new(MemoryStorage::new(&disk)), Arc::new(Kept(area.clone()))).unwrap();
        all_is_there(&vault);
        if !line.was_hit() {
            break;
        }
    }
}

/// The golden area serves many runs: what one run gives up is kept for the next.
struct Kept(Arc<dyn SecureArea>);

#[async_trait]
impl SecureArea for Kept {
    async fn create_keys(
        &self,
        count: u32,
        spec: rid_flow::ports::KeySpec,
    ) -> Result<Vec<rid_flow::ports::KeyInfo>, rid_flow::ports::SecureAreaError> {
        self.0.create_keys(count, spec).await
    }

    async fn sign(
        &self,
        key: rid_flow::ports::KeyId,
        message: Vec<u8>,
        prompt: rid_flow::ports::Prompt,
    ) -> Result<[u8; 64], rid_flow::ports::SecureAreaError> {
        self.0.sign(key, message, prompt).await
    }

    async fn agree(
        &self,
        key: rid_flow::ports::KeyId,
        peer: Vec<u8>,
        prompt: rid_flow::ports::Prompt,
    ) -> Result<rid_crypto::Secret<32>, rid_flow::ports::SecureAreaError> {
        self.0.agree(key, peer, prompt).await
    }

    async fn derive(
        &self,
        key: rid_flow::ports::KeyId,
        input: [u8; 32],
        prompt: rid_flow::ports::Prompt,
    ) -> Result<rid_crypto::Secret<32>, rid_flow::ports::SecureAreaError> {
        self.0.derive(key, input, prompt).await
    }

    async fn info(
        &self,
        key: rid_flow::ports::KeyId,
    ) -> Result<rid_flow::ports::KeyInfo, rid_flow::ports::SecureAreaError> {
        self.0.info(key).await
    }

    async fn delete(&self, _key: rid_flow::ports::KeyId) -> Result<(), rid_flow::ports::SecureAreaError> {
        Ok(())
    }
}

#[test]
fn a_damaged_row_of_the_first_version_becomes_a_named_place() {
    let (base, area, _folder) = in_memory("golden-damaged");
    let damage = |row: &Row| {
        let disk = fork(&base);
        disk.alter(|rows| rows.get_mut(&row.key).unwrap().bytes[20] ^= 1);
        let vault = open(Arc::new(MemoryStorage::new(&disk)), Arc::new(Kept(area.clone()))).unwrap();
        assert!(block_on(vault.health()).unwrap().is_whole());
        drop(vault);
        open(Arc::new(MemoryStorage::new(&disk)), Arc::new(Kept(area.clone()))).unwrap()
    };
    let mut seen = [0; 4];
    for row in base.rows() {
        let vault = damage(&row);
        let listing = block_on(vault.credentials()).unwrap();
        let shown = block_on(vault.history(0, 99)).unwrap();
        let (kept, rows) = (shown.iter().filter(|row| row.kept().is_some()).count(), shown.len());
        assert_eq!(listing.credentials.len() + listing.damaged.len(), 2);
        match row.key.table.0 {
            // Where the history ended is no longer known: one place more says so.
            0 => assert_eq!((kept, rows), (6, 7)),
            1 => assert_eq!(listing.damaged.len(), 1),
            3 => assert_eq!((kept, rows), (5, 6)),
            _ => assert_eq!((kept, rows), (6, 6)),
        }
        seen[usize::from(row.key.table.0)] += 1;
        assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: rows as u64 });
        commit(&vault, log(9));
    }
    assert_eq!(seen, [1, 2, 5, 6]);
}

#[test]
fn neg_k17_a_newer_version_is_named_and_not_a_byte_is_changed() {
    let (folder, area) = golden("newer");
    block_on(open(Arc::new(SqliteStorage::new(&folder.0)), area.clone()).unwrap().close()).unwrap();
    // A newer layout: the database says it.
    let newer = Arc::new(SqliteStorage::dangerous_with_layout(&folder.0, Layout(3)));
    block_on(newer.open()).unwrap();
    block_on(newer.transact(Transaction { layout: Some(Layout(3)), ..Transaction::default() })).unwrap();
    block_on(newer.close()).unwrap();
    let before = files(&folder);
    let error = open(Arc::new(SqliteStorage::new(&folder.0)), area.clone()).err().unwrap();
    assert_eq!((error.code().as_str(), error.remedy()), ("schema_newer", rid_vault::Remedy::Update));
    assert!(files(&folder) == before);
    // A newer envelope beside a database of now.
    let world = World::new(1501);
    commit(&world.open(), add("a", 1));
    for bytes in [vec![0xa1, 0x01, 0x03], vec![0xa2, 0x01, 0x18, 0x63, 0x07, 0x80]] {
        let (rows, generation) = (world.disk.rows(), world.disk.envelope().unwrap().0);
        world.disk.alter_envelope(|envelope| *envelope = Some((generation, bytes.clone())));
        assert_eq!(world.try_open().err(), Some(VaultError::SchemaNewer));
        assert!(world.disk.rows() == rows && world.disk.envelope() == Some((Generation(generation.0), bytes)));
    }
}

fn files(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
        .collect();
    all.sort();
    all
}
