//! The shell's ports pass the suites of flow, and their files keep what was acknowledged.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::{fs, sync::Arc};

use rid_flow::{
    fake::{block_on, conformance},
    ports::{
        Clock, Generation, KeySpec, KeyUse, Prompt, SecureArea, SecureAreaError, Storage, StorageError, Timer, UserAuth,
    },
};
use rid_kit::Folder;
use rid_shell::{SoftwareSecureArea, SqliteStorage, SystemClock, SystemTimer};

#[test]
fn sqlite_passes_the_suite_of_the_storage_port() {
    let folder = Folder::new("storage");
    block_on(conformance::storage(|newest| Arc::new(SqliteStorage::dangerous_with_layout(&folder.0, newest))));
}

#[test]
fn the_software_area_passes_the_suite_and_says_that_it_is_no_hardware() {
    let folder = Folder::new("area");
    let area = Arc::new(SoftwareSecureArea::open(&folder.0).unwrap());
    block_on(conformance::secure_area(area.clone()));
    let spec = KeySpec { usage: KeyUse::Sign, user_auth: UserAuth::None, challenge: vec![] };
    let key = block_on(area.create_keys(1, spec)).unwrap().remove(0);
    assert!(!key.hardware);
    let again = SoftwareSecureArea::open(&folder.0).unwrap();
    assert_eq!(block_on(again.info(key.id.clone())).unwrap(), key, "keys survive the process");
    fs::remove_file(folder.0.join("software-keys.not-hardware")).unwrap();
    assert_eq!(SoftwareSecureArea::open(&folder.0).err(), Some(SecureAreaError::NotFound));
    assert_eq!(block_on(again.sign(key.id, vec![], Prompt::Present)).map(|_| ()), Ok(()));
}

#[test]
fn clocks_and_timers_move_forward() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    conformance::clock(&clock);
    let timer: Arc<dyn Timer> = Arc::new(SystemTimer::new());
    block_on(conformance::timer(&timer, &clock));
}

#[test]
fn neg_k10_of_two_envelope_generations_a_damaged_one_falls_back_and_two_have_a_name() {
    let folder = Folder::new("envelope");
    let store = SqliteStorage::new(&folder.0);
    block_on(store.open()).unwrap();
    for generation in 1..=4_u64 {
        block_on(store.envelope_replace(Generation(generation), vec![9; 64])).unwrap();
    }
    let newest = |store: &SqliteStorage| block_on(store.envelope_read()).map(|found| found.map(|(g, _)| g.0));
    assert_eq!(newest(&store), Ok(Some(4)));
    // The fourth generation lies in one of the two files: cut each in turn.
    let whole = ["envelope.a", "envelope.b"].map(|name| fs::read(folder.0.join(name)).unwrap());
    let mut found = Vec::new();
    for (name, bytes) in ["envelope.a", "envelope.b"].iter().zip(&whole) {
        for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            fs::write(folder.0.join(name), &bytes[..cut]).unwrap();
            found.push(newest(&store).unwrap().unwrap());
        }
        fs::write(folder.0.join(name), bytes).unwrap();
    }
    found.sort_unstable();
    assert_eq!(found, [3, 3, 3, 3, 4, 4, 4, 4]);
    for name in ["envelope.a", "envelope.b"] {
        fs::write(folder.0.join(name), b"").unwrap();
    }
    assert_eq!(newest(&store), Err(StorageError::Damaged));
    block_on(store.close()).unwrap();
}

#[test]
fn neg_k08_a_file_that_is_no_database_is_named_and_not_written_over() {
    let folder = Folder::new("garbage");
    fs::create_dir_all(&folder.0).unwrap();
    fs::write(folder.0.join("store.db"), vec![0x5a; 8192]).unwrap();
    let store = SqliteStorage::new(&folder.0);
    assert_eq!(block_on(store.open()), Err(StorageError::Damaged));
    assert_eq!(fs::read(folder.0.join("store.db")).unwrap(), vec![0x5a; 8192], "nothing was written over it");
}
