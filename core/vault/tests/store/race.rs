//! Many at once, over memory and over files.
use std::{collections::BTreeSet, sync::Arc};

use rid_claims::ReusePolicy;
use rid_flow::{
    Changes, Store, VerifierId,
    fake::{MemoryDisk, MemoryStorage, ScriptedSecureArea, block_on},
    ports::{Storage, StorageError},
};
use rid_shell::SqliteStorage;
use rid_vault::{ChainVerdict, Vault};

use crate::world::*;

fn vaults(seed: u64, name: &str) -> (Folder, [Vault; 2]) {
    let folder = Folder::new(name);
    let storages: [Arc<dyn Storage>; 2] =
        [Arc::new(MemoryStorage::new(&MemoryDisk::new())), Arc::new(SqliteStorage::new(&folder.0))];
    (folder, storages.map(|storage| open(storage, Arc::new(ScriptedSecureArea::new(seed))).unwrap()))
}

#[test]
fn inv_i4_sixty_four_at_once_over_ten_copies_for_one_verifier_each() {
    let (_folder, vaults) = vaults(1101, "race-verifiers");
    for vault in vaults {
        commit(&vault, Changes { add: vec![credential("a", 10, ReusePolicy::PerVerifier)], ..Changes::default() });
        let mut shown = Vec::new();
        std::thread::scope(|scope| {
            let present = |n: u8| {
                let vault = &vault;
                let verifier = Some(VerifierId([n % 16; 32]));
                scope.spawn(move || (n % 16, block_on(vault.commit(Changes { verifier, ..present("a", n) }))))
            };
            for thread in (0..64).map(present).collect::<Vec<_>>() {
                match thread.join().unwrap() {
                    (verifier, Ok(committed)) => shown.push((verifier, committed.copies[0].id.0.clone())),
                    (_, Err(error)) => assert_eq!(error, StorageError::Exhausted),
                }
            }
        });
        let pairs: BTreeSet<_> = shown.iter().cloned().collect();
        let copies: BTreeSet<_> = shown.iter().map(|(_, copy)| copy.clone()).collect();
        assert_eq!((pairs.len(), copies.len()), (10, 10), "ten verifiers with a copy of their own");
        let rows = shown.len() as u64;
        assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows });
    }
}

/// The renewal at the 64th commit, PIN tries, changes of unlock methods and commits: nobody waits for ever, nothing is
/// lost.
#[test]
fn inv_i1_everything_at_once_comes_to_an_end() {
    let (_folder, vaults) = vaults(1102, "race-all");
    for vault in vaults {
        let (done, waiting) = std::sync::mpsc::channel();
        let watchdog = std::thread::spawn(move || waiting.recv_timeout(std::time::Duration::from_secs(30)).is_ok());
        std::thread::scope(|scope| {
            let vault = &vault;
            for n in 0..4_u8 {
                scope.spawn(move || {
                    (0..70_u8).for_each(|m| drop(commit(vault, put("settings", &format!("{n} {m}"), "v"))))
                });
            }
            scope.spawn(move || {
                block_on(vault.set_pin(&pin("583016"), &[])).unwrap();
                for _ in 0..3 {
                    assert!(block_on(vault.unlock_with_pin(&pin("904417"))).is_err());
                    block_on(vault.unlock_with_pin(&pin("583016"))).unwrap();
                }
            });
            scope.spawn(move || (0..5).for_each(|_| block_on(vault.enable_biometrics()).unwrap()));
            scope.spawn(move || (0..30).for_each(|_| drop(block_on(vault.examine()).unwrap())));
        });
        done.send(()).unwrap();
        assert!(watchdog.join().unwrap());
        assert_eq!(block_on(vault.records("settings")).unwrap().len(), 280);
        block_on(vault.unlock_with_pin(&pin("583016"))).unwrap();
        assert!(block_on(vault.examine()).unwrap().findings.is_empty());
    }
}
