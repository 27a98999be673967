//! What a person is told to do: nothing that destroys while another unlock method opens.
use rid_flow::{
    fake::{AreaCall, ScriptedSecureArea, block_on},
    ports::{SecureAreaError, StorageError},
};
use rid_vault::{Remedy, Vault, VaultError};

use crate::world::*;

const PIN: &str = "583016";

/// A store with PIN and biometrics, locked.
fn locked(seed: u64) -> (World, Vault) {
    let world = World::new(seed);
    let vault = world.open();
    commit(&vault, add("a", 2));
    block_on(vault.set_pin(&pin(PIN), &[])).unwrap();
    block_on(vault.enable_biometrics()).unwrap();
    drop(vault);
    let vault = world.open();
    (world, vault)
}

fn biometric_error(vault: &Vault) -> VaultError {
    block_on(vault.unlock_with_biometrics()).unwrap_err()
}

#[test]
fn neg_k12_whatever_becomes_of_a_doors_key_another_door_opens() {
    for error in ScriptedSecureArea::ERRORS {
        let (world, vault) = locked(1501);
        world.area.fail_once(AreaCall::Derive, error);
        let told = biometric_error(&vault);
        assert_ne!(told.remedy(), Remedy::Reset, "{told}");
        block_on(vault.unlock_with_pin(&pin(PIN))).unwrap();
    }
    let (world, vault) = locked(1502);
    world.area.invalidate_biometrics();
    let told = biometric_error(&vault);
    assert_eq!((told, told.remedy()), (SecureAreaError::Invalidated.into(), Remedy::UnlockOtherwise));
    let (world, vault) = locked(1503);
    world.keys().iter().for_each(|key| world.area.lose(key));
    let told = biometric_error(&vault);
    assert_eq!((told, told.remedy()), (SecureAreaError::NotFound.into(), Remedy::UnlockOtherwise));
    assert_eq!(VaultError::WrongKey.remedy(), Remedy::UnlockOtherwise);
}

#[test]
fn neg_k14_a_store_that_no_key_opens_starts_over() {
    let (world, vault) = locked(1504);
    drop(vault);
    world.keys().iter().for_each(|key| world.area.lose(key));
    let told = world.try_open().err().unwrap();
    assert_eq!((told, told.remedy_at_opening()), (SecureAreaError::NotFound.into(), Remedy::Reset));
    for error in [VaultError::EnvelopeCorrupt, VaultError::WrongKey, StorageError::Damaged.into()] {
        assert_eq!(error.remedy_at_opening(), Remedy::Reset);
    }
    // An area that is busy or away is no reason to.
    for error in
        [SecureAreaError::Busy, SecureAreaError::Cancelled, SecureAreaError::Locked, SecureAreaError::Unavailable]
    {
        assert_eq!(VaultError::from(error).remedy_at_opening(), Remedy::TryAgain);
    }
}

#[test]
fn what_a_rule_refuses_leaves_a_whole_store() {
    let (_world, vault) = locked(1505);
    block_on(vault.unlock_with_pin(&pin(PIN))).unwrap();
    let twice = rid_flow::Store::commit(&vault, add("a", 1));
    let told = VaultError::from(block_on(twice).err().unwrap());
    assert_eq!((told, told.remedy()), (StorageError::Conflict.into(), Remedy::Know));
    for error in [VaultError::Rollback, StorageError::Damaged.into()] {
        assert_eq!(error.remedy(), Remedy::Repair);
    }
}
