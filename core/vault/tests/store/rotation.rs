//! New master keys for all rows: interrupted anywhere, overtaken by others, it ends with every row readable under one
//! epoch.
use std::sync::Arc;

use rid_flow::{
    Store,
    fake::{MemoryStorage, block_on},
};
use rid_vault::{ChainVerdict, Vault};

use crate::{pin::with_pin, world::*};

fn world(seed: u64, documents: u8) -> World {
    let world = World::new(seed);
    let vault = world.open();
    for n in 0..documents {
        commit(&vault, add(&format!("c{n}"), 2));
        commit(&vault, log(n));
        commit(&vault, put("enrolment", &n.to_string(), "value"));
        commit(&vault, put("settings", &n.to_string(), "value"));
    }
    world
}

fn all_is_there(vault: &Vault, documents: u8) {
    assert!(block_on(vault.health()).unwrap().is_whole());
    let listing = block_on(vault.credentials()).unwrap();
    assert_eq!((listing.credentials.len(), listing.damaged.len()), (documents.into(), 0));
    for n in 0..documents {
        assert!(block_on(vault.copy_for_display(&id(&format!("c{n}")))).unwrap().is_some());
        for kind in ["enrolment", "settings"] {
            assert!(block_on(vault.record(&key(kind, &n.to_string()))).unwrap().is_some());
        }
    }
    assert_eq!(block_on(vault.all_device_keys()).unwrap().len(), 2 * usize::from(documents));
    assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: documents.into() });
}

/// Length of the envelope: it grows by two master keys while a rotation is under way.
fn length(world: &World) -> usize {
    world.disk.envelope().unwrap().1.len()
}

#[test]
fn every_row_is_sealed_again_and_the_old_master_keys_are_deleted() {
    let world = world(901, 20);
    drop(world.open());
    let (before, rows, long) = (world.fork(), world.disk.rows(), length(&world));
    let vault = world.open();
    block_on(vault.rotate_keys()).unwrap();
    all_is_there(&vault, 20);
    for row in world.disk.rows() {
        let old = rows.iter().find(|old| old.key == row.key).unwrap();
        assert!(old.version < row.version && old.bytes != row.bytes, "table {}", row.key.table.0);
    }
    block_on(vault.close()).unwrap();
    assert!(length(&world).abs_diff(long) < 8, "one epoch again: {long}, then {}", length(&world));
    // What is under the old master keys opens no more: they are in no envelope.
    let old = before.disk.rows();
    world.disk.alter(|rows| old.iter().for_each(|row| rows.get_mut(&row.key).unwrap().bytes = row.bytes.clone()));
    let vault = world.open();
    assert!(block_on(vault.health()).unwrap().refused.is_some());
    assert_eq!(block_on(vault.credentials()).unwrap().damaged.len(), 20);
    // And the envelope previous is refused.
    let world = before;
    let vault = world.open();
    let early = world.fork();
    block_on(vault.rotate_keys()).unwrap();
    drop(vault);
    world.disk.take_envelope(&early.disk);
    assert!(
        world.try_open().is_err() || block_on(world.open().health()).unwrap().refused.is_some(),
        "its keys do not open what is there"
    );
}

#[test]
fn neg_k01_a_rotation_cut_off_anywhere_goes_on_at_the_next_unlocking() {
    // Twenty are more copies than go into one commit.
    for (documents, step) in [(2, 1), (18, 67)] {
        cut_off(&world(902, documents), documents, step);
    }
}

fn cut_off(base: &World, documents: u8, step: usize) {
    drop(base.open());
    let long = length(base);
    for carried_out in [false, true] {
        for calls in (0..).step_by(step) {
            let (world, line) = (base.fork(), Line::whole());
            let vault = world.open_on(&line).unwrap();
            line.cut_after(calls, carried_out);
            let _ = block_on(vault.rotate_keys());
            drop(vault);
            let vault = world.open();
            all_is_there(&vault, documents);
            assert!(length(&world).abs_diff(long) < 8, "call {calls}: two epochs are left");
            commit(&vault, put("settings", "0", "value"));
            drop(vault);
            all_is_there(&world.open(), documents);
            if !line.was_hit() {
                break;
            }
        }
    }
}

#[test]
fn a_rotation_that_failed_goes_on_in_the_same_sitting() {
    let base = world(903, 4);
    for calls in (0..).step_by(5) {
        let (world, line) = (base.fork(), Line::whole());
        let vault = world.open_on(&line).unwrap();
        line.fail_one(calls, rid_flow::ports::StorageError::Full);
        let rotated = block_on(vault.rotate_keys());
        if !line.was_hit() {
            rotated.unwrap();
            assert!(calls > 30, "all of its calls were hit");
            return;
        }
        assert!(rotated.is_err(), "{calls}");
        all_is_there(&vault, 4);
        commit(&vault, put("settings", "0", "value"));
        block_on(vault.unlock()).unwrap();
        all_is_there(&vault, 4);
        drop(vault);
        all_is_there(&world.open(), 4);
    }
}

#[test]
fn a_locked_store_goes_on_when_the_pin_opens_it() {
    let world = with_pin(904);
    let line = Line::whole();
    let vault = world.open_on(&line).unwrap();
    block_on(vault.unlock_with_pin(&pin("583016"))).unwrap();
    // Past the look at each table.
    line.cut_after(14, false);
    assert!(block_on(vault.rotate_keys()).is_err());
    drop(vault);
    let vault = world.open();
    commit(&vault, put("settings", "x", "while two epochs are there"));
    let long = length(&world);
    block_on(vault.unlock_with_pin(&pin("583016"))).unwrap();
    assert!(length(&world) < long);
    assert_eq!(left(&vault, "a"), 3);
    assert!(block_on(vault.record(&key("settings", "x"))).unwrap().is_some());
}

/// Commits, readers, unlockings and a second rotation while one goes on: nothing that was acknowledged is lost.
#[test]
fn what_is_committed_while_it_rotates_is_there_afterwards() {
    for seed in 0..2 {
        let world = World::new(910 + seed);
        world.disk.kill();
        let vault = open(Arc::new(MemoryStorage::new(&world.disk)), world.area(&Line::whole())).unwrap();
        commit(&vault, put("enrolment", "always", "there"));
        commit(&vault, add("always", 1));
        std::thread::scope(|scope| {
            let vault = &vault;
            for _ in 0..2 {
                scope.spawn(move || (0..4).for_each(|_| block_on(vault.rotate_keys()).unwrap()));
            }
            scope.spawn(move || (0..40).for_each(|_| block_on(vault.unlock()).unwrap()));
            for writer in 0..2 {
                scope.spawn(move || {
                    for n in 0..20_u8 {
                        commit(vault, put("enrolment", &format!("{writer} {n}"), "value"));
                        commit(vault, put("settings", &format!("{writer} {n}"), "value"));
                        block_on(vault.commit(log(n))).unwrap();
                    }
                });
            }
            scope.spawn(move || {
                for _ in 0..60 {
                    assert!(block_on(vault.record(&key("enrolment", "always"))).unwrap().is_some());
                    assert!(block_on(vault.credentials()).unwrap().damaged.is_empty());
                    assert!(matches!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { .. }));
                }
            });
        });
        drop(vault);
        let vault = world.open();
        assert!(block_on(vault.health()).unwrap().is_whole());
        for writer in 0..2 {
            for n in 0..20 {
                for kind in ["enrolment", "settings"] {
                    assert!(block_on(vault.record(&key(kind, &format!("{writer} {n}")))).unwrap().is_some());
                }
            }
        }
        assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: 40 });
    }
}

#[test]
fn who_locks_while_it_rotates_stays_locked_out() {
    for seed in 0..6 {
        let world = World::new(930 + seed);
        world.disk.kill();
        let vault = open(Arc::new(MemoryStorage::new(&world.disk)), world.area(&Line::whole())).unwrap();
        commit(&vault, add("a", 1));
        std::thread::scope(|scope| {
            let vault = &vault;
            scope.spawn(move || (0..200).all(|_| block_on(vault.rotate_keys()).is_ok()));
            for _ in 0..seed * 30 {
                std::thread::yield_now();
            }
            vault.lock();
        });
        assert!(vault.is_locked());
        drop(vault);
        assert_eq!(left(&world.open(), "a"), 1);
    }
}
