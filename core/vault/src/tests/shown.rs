//! What is read while storage shows it: a hurt place hides no row from a rotation, and who stops waiting lets go of the keys.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    task::{Context, Waker},
};

use rid_flow::{
    Changes, Committer, CredentialId, NewCopy, Record, RecordKey,
    fake::{ScriptedSecureArea, SeededRng, block_on},
    ports::{KeyId, Read, Storage, StorageError, Table},
};
use rid_shell::SqliteStorage;

use crate::{Vault, VaultConfig, VaultError};

struct Home {
    folder: PathBuf,
    area: Arc<ScriptedSecureArea>,
}

impl Home {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("rid-vault-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self { folder, area: Arc::new(ScriptedSecureArea::new(9)) }
    }

    fn open(&self, storage: &Arc<SqliteStorage>) -> Vault {
        static SEED: AtomicU64 = AtomicU64::new(1);
        let rng = Arc::new(|| Box::new(SeededRng::new(SEED.fetch_add(1, Ordering::Relaxed))) as _);
        block_on(Vault::open(storage.clone(), self.area.clone(), rng, VaultConfig { low_water: 0 })).unwrap()
    }

    fn storage(&self) -> Arc<SqliteStorage> {
        Arc::new(SqliteStorage::new(&self.folder))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn card(n: usize) -> Changes {
    let copy = NewCopy { key: KeyId(format!("key-{n}")), bytes: vec![1; 50] };
    Changes { add: vec![super::credential(&format!("card-{n}"), vec![copy])], ..Changes::default() }
}

fn found(vault: &Vault, cards: usize) -> Vec<String> {
    let names = (0..cards).map(|n| format!("card-{n}"));
    names.filter(|name| matches!(block_on(vault.credential(&CredentialId(name.clone()))), Ok(Some(_)))).collect()
}

/// What of a row a flash cell may have otherwise: its place, before the head of its record, or its index value, after its key.
#[derive(Clone, Copy, Debug)]
enum Part {
    Place,
    Index,
}

fn hurt(store: &Path, key: [u8; 32], part: Part) {
    let mut bytes = fs::read(store).unwrap();
    // The head of a record of the table: its length, five types, of which the key's is a blob of 32 bytes; a table's number above 1 takes a
    // byte before the key.
    let is_head = |at: usize| bytes[at] == 7 && bytes[at + 2] == 76;
    let is_row = |at: &usize| bytes[*at..*at + 32] == key && (is_head(at - 7) || is_head(at - 8));
    let at = (16..bytes.len() - 64).find(is_row).unwrap();
    match part {
        Part::Place => bytes[at - 8] ^= 0x40,
        Part::Index => bytes[at + 50] ^= 1,
    }
    fs::write(store, bytes).unwrap();
}

fn record(name: &str) -> Changes {
    let key = RecordKey { kind: "enrolment".into(), name: name.into() };
    Changes { put: vec![Record { key, bytes: vec![1] }], ..Changes::default() }
}

#[test]
fn neg_k05_a_hurt_head_row_costs_nothing() {
    for which in [0, 1] {
        let home = Home::new(&format!("head-{which}"));
        let vault = home.open(&home.storage());
        block_on(vault.commit(card(1))).unwrap();
        let key = vault.open_keys().heads()[which].id;
        block_on(vault.close()).unwrap();
        drop(vault);
        hurt(&home.folder.join("store.db"), key, Part::Index);
        for n in 2..5 {
            let vault = home.open(&home.storage());
            assert_eq!(found(&vault, 5).len(), n - 1, "{which}");
            block_on(vault.commit(card(n))).unwrap();
            block_on(vault.commit(record(&n.to_string()))).unwrap();
            assert_eq!(found(&vault, 5).len(), n, "{which}");
            block_on(vault.close()).unwrap();
        }
    }
}

#[test]
fn neg_k05_a_rotation_over_a_hurt_row_renews_the_others_and_draws_no_more_keys() {
    let home = Home::new("record");
    let vault = home.open(&home.storage());
    for n in 0..50 {
        block_on(vault.commit(record(&n.to_string()))).unwrap();
    }
    let key = |n: u8| vault.open_keys().record(&RecordKey { kind: "enrolment".into(), name: n.to_string() });
    let (hurt_key, other) = (key(40).id, key(7));
    block_on(vault.close()).unwrap();
    drop(vault);
    hurt(&home.folder.join("store.db"), hurt_key, Part::Index);
    let vault = home.open(&home.storage());
    for _ in 0..3 {
        assert_eq!(block_on(vault.rotate_keys()), Err(VaultError::Storage(StorageError::Damaged)));
        assert_eq!(vault.keys().user().unwrap().masters.epochs().len(), 2);
    }
    let row = block_on(vault.read(Read::Get(other))).unwrap().remove(0);
    let (epoch, _) = crate::rows::open_of(&vault.keys().user().unwrap().masters, &row).unwrap();
    assert_eq!(epoch, 2, "all others are under the new keys");
}

#[test]
fn neg_k05_a_rotation_beside_a_hurt_place_loses_no_row_that_was_found() {
    const CARDS: usize = 40;
    let home = Home::new("hurt");
    let vault = home.open(&home.storage());
    (0..CARDS).for_each(|n| drop(block_on(vault.commit(card(n))).unwrap()));
    let key = vault.open_keys().credential(&CredentialId("card-2".into())).id;
    block_on(vault.close()).unwrap();
    drop(vault);
    hurt(&home.folder.join("store.db"), key, Part::Place);
    let vault = home.open(&home.storage());
    let before = found(&vault, CARDS);
    assert!(before.len() >= CARDS - 5, "{}", before.len());
    let mut listed: Vec<String> =
        block_on(vault.credentials()).unwrap().credentials.into_iter().map(|meta| meta.id.0).collect();
    listed.retain(|name| !before.contains(name));
    assert!(listed.len() <= 1, "what is listed is found: {listed:?}");
    assert_eq!(block_on(vault.rotate_keys()), Err(VaultError::Storage(StorageError::Damaged)), "a row is missing");
    assert_eq!(found(&vault, CARDS), before);
    assert_eq!(vault.open_keys().masters.epochs().len(), 1, "nothing was begun");
    drop(vault);
    let vault = home.open(&home.storage());
    assert_eq!(found(&vault, CARDS), before, "nor at the next opening");
    assert!(block_on(vault.give_up_copies()).unwrap());
    assert_eq!(block_on(vault.credentials()).unwrap().credentials.len(), before.len());
}

#[test]
fn neg_n03_a_list_nobody_waits_for_keeps_no_key_after_the_lock() {
    let home = Home::new("dropped");
    let storage = home.storage();
    let vault = home.open(&storage);
    block_on(vault.commit(card(1))).unwrap();
    let (go, wait) = mpsc::channel::<()>();
    let busy = move |_: usize, _: rid_flow::ports::Lent<'_>| {
        let _ = wait.recv();
    };
    let mut busy = Box::pin(storage.visit(vec![Read::Rows(Table(1), None)], Box::new(busy)));
    let mut context = Context::from_waker(Waker::noop());
    assert!(busy.as_mut().poll(&mut context).is_pending());
    let keys = Arc::downgrade(vault.keys().user().unwrap());
    let mut listing = Box::pin(vault.credentials());
    assert!(listing.as_mut().poll(&mut context).is_pending());
    vault.lock();
    assert!(keys.strong_count() > 0, "what is waited for keeps its keys");
    drop(listing);
    assert_eq!(keys.strong_count(), 0);
    drop(go);
    block_on(busy).unwrap();
}
