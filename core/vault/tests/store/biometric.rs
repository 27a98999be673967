//! The biometric unlock method and the recovery code: what they open, what kills them, and that they bring a locked PIN
//! back.
use rid_flow::{
    fake::{AreaCall, block_on},
    ports::{KeyId, SecureAreaError},
};
use rid_vault::{RecoveryCode, RecoveryError, UnlockMethod, VaultError};

use crate::world::*;

const PIN: &str = "583016";
const NEW: &str = "904417";

/// PIN and biometrics; the key of the second.
fn world(seed: u64) -> (World, KeyId) {
    let world = World::new(seed);
    let vault = world.open();
    commit(&vault, add("a", 3));
    block_on(vault.set_pin(&pin(PIN), &[])).unwrap();
    let before = world.keys();
    block_on(vault.enable_biometrics()).unwrap();
    let key = world.keys().into_iter().find(|key| !before.contains(key)).unwrap();
    (world, key)
}

fn lock_the_pin(world: &World) {
    let vault = world.open();
    for _ in 0..5 {
        assert!(block_on(vault.unlock_with_pin(&pin(NEW))).is_err());
    }
    assert!(matches!(block_on(vault.unlock_with_pin(&pin(PIN))), Err(VaultError::PinWait { .. })));
}

#[test]
fn neg_l08_a_yes_without_the_key_opens_nothing() {
    let (world, _) = world(301);
    let vault = world.open();
    world.area.unauthenticated(true);
    assert_eq!(block_on(vault.unlock_with_biometrics()), Err(VaultError::UserAuthRequired));
    assert_eq!(block_on(vault.unlock()), Err(VaultError::UserAuthRequired));
    assert!(vault.is_locked());
    assert_eq!(block_on(vault.credentials()).err(), Some(VaultError::Locked));
    assert!(vault.unlock_state().biometric, "the method stands for the next time");
    world.area.unauthenticated(false);
    block_on(vault.unlock()).unwrap();
    assert_eq!((vault.unlocked_by(), left(&vault, "a")), (Some(UnlockMethod::Biometric), 3));
}

#[test]
fn neg_k12_new_biometrics_kill_the_door_and_the_pin_makes_another() {
    let (world, key) = world(302);
    let vault = world.open();
    world.area.invalidate_biometrics();
    assert_eq!(block_on(vault.unlock_with_biometrics()), Err(SecureAreaError::Invalidated.into()));
    assert!(vault.is_locked());
    let state = vault.unlock_state();
    assert!(state.biometric_lost && !state.biometric && state.pin);
    assert!(world.is_gone(&key));
    drop(vault);
    let vault = world.open();
    assert!(vault.unlock_state().biometric_lost, "it is remembered");
    assert_eq!(block_on(vault.unlock_with_biometrics()), Err(VaultError::BiometricNotSet));
    block_on(vault.unlock_with_pin(&pin(PIN))).unwrap();
    assert_eq!(left(&vault, "a"), 3);
    block_on(vault.enable_biometrics()).unwrap();
    let state = vault.unlock_state();
    assert!(state.biometric && !state.biometric_lost);
    vault.lock();
    block_on(vault.unlock_with_biometrics()).unwrap();
}

#[test]
fn other_errors_of_the_chip_leave_the_door() {
    let (world, key) = world(303);
    let vault = world.open();
    for error in [SecureAreaError::Busy, SecureAreaError::Cancelled, SecureAreaError::Unavailable] {
        world.area.fail_once(AreaCall::Derive, error);
        assert_eq!(block_on(vault.unlock_with_biometrics()), Err(error.into()));
        assert!(vault.unlock_state().biometric);
    }
    assert!(!world.is_gone(&key));
}

#[test]
fn a_door_taken_away_is_dead() {
    let (world, key) = world(304);
    let before = world.fork();
    let vault = world.open();
    block_on(vault.unlock()).unwrap();
    block_on(vault.disable_biometrics()).unwrap();
    assert!(world.is_gone(&key));
    drop(vault);
    let older = world.clone();
    older.disk.take_envelope(&before.disk);
    assert_eq!(block_on(older.open().unlock_with_biometrics()), Err(SecureAreaError::NotFound.into()));
}

#[test]
fn a_person_who_turns_away_leaves_no_key_behind() {
    let (world, _) = world(305);
    let vault = world.open();
    block_on(vault.unlock()).unwrap();
    let keys = world.keys();
    world.area.fail_once(AreaCall::Derive, SecureAreaError::Cancelled);
    assert_eq!(block_on(vault.enable_biometrics()), Err(SecureAreaError::Cancelled.into()));
    assert_eq!(world.keys(), keys);
    block_on(vault.unlock_with_biometrics()).unwrap();
}

#[test]
fn neg_l01_biometrics_set_a_new_pin_where_the_old_one_is_locked() {
    let (world, _) = world(306);
    lock_the_pin(&world);
    let vault = world.open();
    block_on(vault.unlock_with_biometrics()).unwrap();
    assert_eq!(vault.unlock_state().pin_tries_left, 0, "unlocking gave nothing back");
    block_on(vault.set_pin(&pin(NEW), &[])).unwrap();
    drop(vault);
    let vault = world.open();
    assert_eq!(vault.unlock_state().pin_tries_left, 5);
    assert_eq!(block_on(vault.unlock_with_pin(&pin(PIN))), Err(VaultError::PinWrong { left: 4 }));
    block_on(vault.unlock_with_pin(&pin(NEW))).unwrap();
}

#[test]
fn neg_l01_the_recovery_code_sets_a_new_pin_too_on_this_device_only() {
    let (world, _) = world(307);
    let vault = world.open();
    block_on(vault.unlock_with_pin(&pin(PIN))).unwrap();
    assert_eq!(
        block_on(vault.unlock_with_recovery_code(&RecoveryCode::make(&mut *rng()()))),
        Err(VaultError::RecoveryNotSet)
    );
    let void = block_on(vault.make_recovery_code(Some(&pin(PIN)))).unwrap();
    let code = block_on(vault.make_recovery_code(Some(&pin(PIN)))).unwrap();
    drop(vault);
    lock_the_pin(&world);
    let vault = world.open();
    for wrong in [void, RecoveryCode::make(&mut *rng()())] {
        let answer = block_on(vault.unlock_with_recovery_code(&wrong));
        assert_eq!(answer, Err(RecoveryError::WrongCode.into()));
        assert!(vault.is_locked());
    }
    let other_phone = world.on(308);
    assert_eq!(other_phone.try_open().err().unwrap().code().as_str(), "key_not_found");
    block_on(vault.unlock_with_recovery_code(&code)).unwrap();
    assert_eq!((vault.unlocked_by(), left(&vault, "a")), (Some(UnlockMethod::Recovery), 3));
    block_on(vault.set_pin(&pin(NEW), &[])).unwrap();
    drop(vault);
    let vault = world.open();
    block_on(vault.unlock_with_pin(&pin(NEW))).unwrap();
}

/// neg-K14: keys of the same names that are another device's.
#[test]
fn neg_k14_another_devices_keys_are_told_from_damage() {
    let (world, _) = world(309);
    let twin = world.on(310);
    // The other device made as many keys, so all names are there.
    let mut other = twin.clone();
    other.disk = rid_flow::fake::MemoryDisk::new();
    let vault = other.open();
    block_on(vault.set_pin(&pin(PIN), &[])).unwrap();
    block_on(vault.enable_biometrics()).unwrap();
    let (rows, envelope) = (twin.disk.rows(), twin.disk.envelope());
    let error = twin.try_open().err().unwrap();
    assert_eq!(error, VaultError::WrongKey);
    assert_eq!(error.remedy_at_opening(), rid_vault::Remedy::Reset);
    assert!(twin.disk.rows() == rows && twin.disk.envelope() == envelope, "nothing was touched");
}

/// All unlock methods lost: the store says what is left to be done, and moves aside only when told to.
#[test]
fn neg_l01_with_all_doors_lost_the_files_wait_for_the_person() {
    let (world, _) = world(311);
    lock_the_pin(&world);
    world.area.invalidate_biometrics();
    let vault = world.open();
    assert!(block_on(vault.unlock_with_biometrics()).is_err());
    let found = block_on(vault.examine()).unwrap();
    let codes: Vec<_> = found.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert!(found.locked && codes.contains(&"pin_wait") && codes.contains(&"biometric_lost"), "{codes:?}");
    assert!(!world.disk.rows().is_empty(), "nothing was deleted");
    drop(vault);
    world.disk.kill();
    let storage = world.storage(&Line::whole());
    block_on(storage.set_aside()).unwrap();
    block_on(storage.close()).unwrap();
    assert_eq!(world.disk.set_aside(), 1);
    let vault = world.open();
    assert!(!vault.is_locked() && block_on(vault.credentials()).unwrap().credentials.is_empty());
}
