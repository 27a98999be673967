//! The golden store of the first version is carried over.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rid_flow::fake::block_on;
use rid_shell::{OsRng, SoftwareSecureArea, SqliteStorage};
use rid_vault::{ChainVerdict, Vault, VaultConfig};

fn golden(name: &str) -> PathBuf {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&to);
    fs::create_dir_all(&to).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store-v1");
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    to
}

#[test]
fn the_golden_store_of_the_first_version_is_carried_over() {
    let folder = golden("golden");
    for _ in 0..2 {
        let area = Arc::new(SoftwareSecureArea::open(&folder).unwrap());
        let storage = Arc::new(SqliteStorage::new(&folder));
        let vault =
            block_on(Vault::open(storage, area, Arc::new(|| Box::new(OsRng)), VaultConfig { low_water: 2 })).unwrap();
        assert!(vault.health().is_whole());
        let listing = block_on(vault.credentials()).unwrap();
        assert_eq!((listing.credentials.len(), listing.damaged.len()), (2, 0));
        assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: 6 });
        for meta in &listing.credentials {
            assert!(block_on(vault.copy_for_display(&meta.id)).unwrap().is_some());
            assert_eq!(block_on(vault.keys_of(&meta.id)).unwrap().len() as u32, meta.copies_left);
        }
        block_on(vault.close()).unwrap();
    }
    let _ = fs::remove_dir_all(folder);
}
