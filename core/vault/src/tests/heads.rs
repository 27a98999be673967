//! A corrupt head row costs nothing.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rid_flow::{
    Changes, CredentialId, NewCopy, Record, RecordKey, Store,
    fake::{ScriptedSecureArea, SeededRng, block_on},
    ports::KeyId,
};
use rid_shell::SqliteStorage;

use crate::{Vault, VaultConfig};

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

/// Changes the index value of a row in the file, as a flash cell may.
fn corrupt(store: &Path, key: [u8; 32]) {
    let mut bytes = fs::read(store).unwrap();
    let at = bytes.windows(32).position(|window| window == key).unwrap();
    // The key, a version of at least one byte, then the index value.
    bytes[at + 50] ^= 1;
    fs::write(store, bytes).unwrap();
}

fn record(name: &str) -> Changes {
    let key = RecordKey { kind: "enrolment".into(), name: name.into() };
    Changes { put: vec![Record { key, bytes: vec![1] }], ..Changes::default() }
}

#[test]
fn neg_k05_a_corrupt_head_row_costs_nothing() {
    for which in [0, 1] {
        let home = Home::new(&format!("head-{which}"));
        let vault = home.open(&home.storage());
        block_on(vault.commit(card(1))).unwrap();
        let key = vault.open_keys().heads()[which].id;
        block_on(vault.close()).unwrap();
        drop(vault);
        corrupt(&home.folder.join("store.db"), key);
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
