//! A wipe cut off anywhere is completed by the next opening; nothing of it is left, in the files or in the secure area.
use rid_flow::{
    fake::{AreaCall, block_on},
    ports::{KeySpec, KeyUse, SecureAreaError, UserAuth},
};
use rid_vault::{Vault, VaultError, wipe};

use crate::world::*;

/// PIN, biometrics, recovery code, and credentials whose keys lie in the secure area.
fn world(seed: u64) -> World {
    let world = World::new(seed);
    let vault = world.open();
    for name in ["a", "b"] {
        let spec = KeySpec { usage: KeyUse::Sign, user_auth: UserAuth::None, challenge: Vec::new() };
        let keys = block_on(world.area(&Line::whole()).create_keys(2, spec)).unwrap();
        let mut credential = credential(name, 2, rid_flow::Reuse::Once);
        for (copy, key) in credential.copies.iter_mut().zip(keys) {
            copy.key = key.id;
        }
        commit(&vault, rid_flow::Changes { add: vec![credential], ..Default::default() });
    }
    block_on(vault.set_pin(&pin("583016"), &[])).unwrap();
    block_on(vault.enable_biometrics()).unwrap();
    block_on(vault.make_recovery_code()).unwrap();
    assert_eq!(world.keys().len(), 4 + 4, "copies, device, pin, biometrics, recovery code");
    world
}

#[test]
fn neg_k15_a_wipe_while_it_is_locked_leaves_no_file_and_no_key() {
    let world = world(1401);
    let vault = world.open();
    assert!(vault.is_locked());
    block_on(vault.wipe()).unwrap();
    assert_eq!(world.keys(), []);
    assert!(world.disk.rows().is_empty() && world.disk.envelope().is_none());
    assert!(vault.is_locked());
    assert!(block_on(vault.credentials()).is_err());
    drop(vault);
    let vault = world.open();
    assert!(!vault.is_locked() && block_on(vault.credentials()).unwrap().credentials.is_empty());
}

#[test]
fn neg_k15_cut_off_at_any_call_the_next_opening_completes_it() {
    let base = world(1402);
    let old = base.keys();
    let begun = |vault: &Vault| {
        let _ = block_on(vault.wipe());
    };
    at_each_call(&base, begun, |world, done| {
        let marked = world.disk.envelope().is_none_or(|(_, bytes)| bytes.len() < 400);
        let vault = world.open();
        if !marked {
            // It was cut off before anything was done: nothing is gone.
            assert!(!done && vault.is_locked() && old.iter().all(|key| !world.is_gone(key)));
            return;
        }
        assert!(block_on(vault.credentials()).unwrap().credentials.is_empty());
        assert!(old.iter().all(|key| world.is_gone(key)), "keys are left");
        commit(&vault, add("new", 1));
    });
}

#[test]
fn neg_k15_a_store_that_is_not_open_is_wiped_with_the_keys_of_its_credentials() {
    let base = world(1403);
    let run = |world: &World| {
        world.disk.kill();
        block_on(wipe(world.storage(&Line::whole()), world.area(&Line::whole())))
    };
    let world = base.fork();
    run(&world).unwrap();
    assert_eq!(world.keys(), []);
    assert!(world.disk.rows().is_empty() && world.disk.envelope().is_none());
    run(&world).unwrap();
    // One that does not open: older by its envelope, or without a readable one.
    let older = base.fork();
    older.disk.alter(|rows| rows.clear());
    assert_eq!(older.try_open().err(), Some(VaultError::Rollback));
    run(&older).unwrap();
    assert!(older.disk.envelope().is_none() && older.keys().len() == 4, "only the rows named the copies' keys");
    let torn = base.fork();
    torn.disk.alter_envelope(|envelope| envelope.as_mut().unwrap().1.truncate(20));
    assert_eq!(torn.try_open().err(), Some(VaultError::EnvelopeCorrupt));
    run(&torn).unwrap();
    assert!(torn.disk.rows().is_empty() && torn.disk.envelope().is_none());
}

#[test]
fn neg_k15_nothing_is_taken_from_under_somebodys_hands() {
    let world = world(1404);
    let _vault = world.open();
    let error = block_on(wipe(world.storage(&Line::whole()), world.area(&Line::whole()))).err();
    assert_eq!(error.unwrap().code().as_str(), "storage_locked");
    assert_eq!(world.keys().len(), 8);
}

#[test]
fn neg_k15_a_key_that_resists_keeps_none_of_the_others_and_the_next_opening_deletes_it() {
    let (world, line) = (world(1405), Line::whole());
    let vault = world.open_on(&line).unwrap();
    // The device's keys are read, both generations marked, then one deletion fails.
    line.fail_one(4, rid_flow::ports::StorageError::Io);
    assert_eq!(block_on(vault.wipe()).err(), Some(SecureAreaError::Unavailable.into()));
    assert_eq!(world.keys().len(), 1);
    drop(vault);
    world.area.heal();
    assert_eq!(world.area.done(AreaCall::Sign), 0);
    let old = world.keys();
    drop(world.open());
    assert!(old.iter().all(|key| world.is_gone(key)));
}
