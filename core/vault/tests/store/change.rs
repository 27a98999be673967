//! A PIN set or changed: the old way in or the new one, never neither, never both.
use rid_flow::{
    fake::{MemoryStorage, block_on},
    ports::StorageError,
};
use rid_vault::{UnlockMethod, Vault, VaultError};

use crate::{pin::with_pin, world::*};

const OLD: &str = "583016";
const NEW: &str = "904417";
const OTHER: &str = "260591";

fn opens(world: &World, digits: &str) -> bool {
    let vault = world.open();
    match block_on(vault.unlock_with_pin(&pin(digits))) {
        Ok(()) => {
            assert_eq!(left(&vault, "a"), 3, "nothing was lost");
            true
        }
        Err(VaultError::PinWrong { .. } | VaultError::PinWait { .. } | VaultError::PinNotSet) => false,
        Err(error) => panic!("{error}"),
    }
}

fn change(vault: &Vault) -> Result<(), VaultError> {
    block_on(vault.change_pin(&pin(OLD), &pin(NEW), &[]))
}

#[test]
fn neg_l07_a_change_cut_off_anywhere_leaves_the_old_pin_or_the_new_one() {
    let base = with_pin(201);
    at_each_call(
        &base,
        |vault| {
            let _ = change(vault);
        },
        |world, whole| {
            let new = opens(world, NEW);
            assert!(new || opens(world, OLD), "neither opens");
            assert!(new || !whole, "a change that was not cut off counts");
        },
    );
    let world = base.fork();
    change_and_forget(&world);
    assert!(opens(&world, NEW) && !opens(&world, OLD));
}

fn change_and_forget(world: &World) {
    let vault = world.open();
    change(&vault).unwrap();
}

#[test]
fn neg_l07_a_first_pin_cut_off_anywhere_is_set_or_not() {
    let base = World::new(202);
    commit(&base.open(), add("a", 3));
    let set = |vault: &Vault| {
        if block_on(vault.set_pin(&pin(NEW), &[])).is_ok() {
            // What was acknowledged holds at once.
            assert_eq!(vault.unlocked_by(), Some(UnlockMethod::Pin));
        }
    };
    at_each_call(&base, set, |world, whole| {
        let vault = world.open();
        let state = vault.unlock_state();
        assert!(state.device != state.pin, "one or the other");
        assert!(state.pin || !whole);
        assert_eq!(vault.is_locked(), state.pin);
        if state.pin {
            assert!(opens(world, NEW));
        } else {
            assert_eq!(left(&vault, "a"), 3);
        }
    });
}

#[test]
fn neg_l07_a_new_pin_after_a_locked_one_opens_whatever_failed_behind_it() {
    let base = with_pin(203);
    let vault = base.open();
    block_on(vault.unlock_with_pin(&pin(OLD))).unwrap();
    let code = block_on(vault.make_recovery_code(Some(&pin(OLD)))).unwrap();
    vault.lock();
    for _ in 0..5 {
        assert!(block_on(vault.unlock_with_pin(&pin(NEW))).is_err());
    }
    drop(vault);
    for calls in 0.. {
        let (world, line) = (base.fork(), Line::whole());
        let vault = world.open_on(&line).unwrap();
        block_on(vault.unlock_with_recovery_code(&code)).unwrap();
        line.fail_one(calls, StorageError::Io);
        let set = block_on(vault.set_pin(&pin(OTHER), &[]));
        drop(vault);
        if set.is_ok() {
            assert!(opens(&world, OTHER), "it was said to be set (call {calls})");
        }
        if !line.was_hit() {
            break;
        }
    }
}

#[test]
fn with_the_first_pin_the_device_alone_is_no_door_any_more() {
    let world = World::new(204);
    let vault = world.open();
    commit(&vault, add("a", 3));
    let before = world.fork();
    let keys = world.keys();
    block_on(vault.set_pin(&pin(OLD), &[])).unwrap();
    drop(vault);
    let dead: Vec<_> = keys.into_iter().filter(|key| world.is_gone(key)).collect();
    assert_eq!(dead.len(), 1, "the method's key died");
    // The envelope previous, alone and with its database.
    let envelope = world.clone();
    let now = world.fork();
    envelope.disk.take_envelope(&before.disk);
    assert_eq!(envelope.try_open().err().unwrap().code().as_str(), "key_not_found");
    envelope.disk.take_rows(&before.disk);
    assert_eq!(envelope.try_open().err().unwrap().code().as_str(), "key_not_found");
    envelope.disk.take_envelope(&now.disk);
    envelope.disk.take_rows(&now.disk);
    assert!(opens(&world, OLD));
}

#[test]
fn a_replaced_pin_opens_no_earlier_files() {
    let world = with_pin(205);
    let before = world.fork();
    change_and_forget(&world);
    let now = world.fork();
    world.disk.take_rows(&before.disk);
    world.disk.take_envelope(&before.disk);
    let vault = world.open();
    let answer = block_on(vault.unlock_with_pin(&pin(OLD)));
    assert_eq!(answer.unwrap_err().code().as_str(), "key_not_found");
    world.disk.take_rows(&now.disk);
    world.disk.take_envelope(&now.disk);
    assert!(opens(&world, NEW));
}

/// The second file is not written, nor the head: an older envelope could not be told, so it is not said to be done.
#[test]
fn a_pin_that_an_older_envelope_could_undo_is_not_acknowledged() {
    let base = World::new(206);
    commit(&base.open(), add("a", 3));
    for calls in 0.. {
        let (world, line) = (base.fork(), Line::whole());
        let vault = world.open_on(&line).unwrap();
        let before = world.fork();
        line.cut_after(calls, false);
        let set = block_on(vault.set_pin(&pin(OLD), &[]));
        drop(vault);
        if set.is_ok() {
            let undone = world.fork();
            undone.disk.take_envelope(&before.disk);
            assert!(undone.try_open().is_err(), "call {calls}: the device alone opens it");
        }
        if !line.was_hit() {
            break;
        }
    }
}

#[test]
fn who_came_in_by_the_pin_must_know_it_to_change_it() {
    let world = World::new(207);
    let vault = world.open();
    commit(&vault, add("a", 3));
    assert_eq!(vault.unlocked_by(), Some(UnlockMethod::Device));
    block_on(vault.set_pin(&pin(OLD), &[])).unwrap();
    assert_eq!(block_on(vault.set_pin(&pin(OTHER), &[])), Err(VaultError::PinRequired), "in the same sitting too");
    vault.lock();
    block_on(vault.unlock_with_pin(&pin(OLD))).unwrap();
    assert_eq!(block_on(vault.set_pin(&pin(OTHER), &[])), Err(VaultError::PinRequired));
    assert_eq!(block_on(vault.change_pin(&pin(OTHER), &pin(NEW), &[])), Err(VaultError::PinWrong { left: 4 }));
    change(&vault).unwrap();
    drop(vault);
    assert!(opens(&world, NEW));
}

#[test]
fn two_at_once_set_one_pin() {
    let world = World::new(208);
    world.disk.kill();
    let vault = open(std::sync::Arc::new(MemoryStorage::new(&world.disk)), world.area(&Line::whole())).unwrap();
    let results: Vec<_> = std::thread::scope(|scope| {
        let set = |digits: &'static str| {
            let vault = &vault;
            scope.spawn(move || block_on(vault.set_pin(&pin(digits), &[])))
        };
        [set(OLD), set(NEW)].map(|thread| thread.join().unwrap()).into_iter().collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
}
