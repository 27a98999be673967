//! While the envelope's copy of the counters cannot be renewed, a database put back would be noticed less and less:
//! nothing is presented then.
use std::fs;

use rid_flow::{Store, fake::block_on, ports::StorageError};
use rid_shell::SqliteStorage;

use crate::world::*;

#[test]
fn neg_l03_without_a_renewed_envelope_no_more_than_so_many_copies_go() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("unseen-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let area = std::sync::Arc::new(rid_flow::fake::ScriptedSecureArea::new(7));
    let vault = open(std::sync::Arc::new(SqliteStorage::new(&folder)), area).unwrap();
    commit(&vault, add("a", 200));
    // Every write of an envelope fails from now on: a folder is in the place of the older file.
    let older = ["envelope.a", "envelope.b"].map(|name| folder.join(name));
    let older = older.into_iter().min_by_key(|path| fs::read(path).unwrap()[8..16].to_vec()).unwrap();
    fs::remove_file(&older).unwrap();
    fs::create_dir(&older).unwrap();
    let mut shown = 0;
    let refused = loop {
        match block_on(vault.commit(present("a", shown))) {
            Ok(_) => shown += 1,
            Err(error) => break error,
        }
        assert!(shown < 200, "without end");
    };
    assert_eq!((refused, shown <= 65), (StorageError::Io, true), "{shown}");
    let left = block_on(vault.credential(&rid_flow::CredentialId("a".into()))).unwrap().unwrap().summary.copies_left;
    assert_eq!(left, 200 - u32::from(shown), "and what was refused cost nothing");
    fs::remove_dir(&older).unwrap();
    commit(&vault, present("a", 201));
    let _ = fs::remove_dir_all(&folder);
}
