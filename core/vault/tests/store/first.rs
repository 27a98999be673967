//! A first start that fails leaves no key in the secure area that no file names.
use std::sync::Arc;

use rid_flow::{
    fake::{AreaCall, MemoryStorage},
    ports::{SecureAreaError, StorageError},
};

use crate::world::*;

#[test]
fn neg_k03_a_first_start_that_the_secure_area_fails_leaves_no_key() {
    for call in [AreaCall::CreateKeys, AreaCall::Derive] {
        for succeed in 0..2 {
            let world = World::new(2101);
            world.area.fail_after(call, succeed, SecureAreaError::Unavailable);
            assert_eq!(world.try_open().map(drop), Err(SecureAreaError::Unavailable.into()), "{call:?} {succeed}");
            assert_eq!(world.keys(), [], "{call:?} {succeed}");
            world.area.heal();
            assert!(!world.open().is_locked());
            assert_eq!(world.keys().len(), 2, "the device's key and its method's");
        }
    }
}

#[test]
fn neg_k03_a_first_start_that_the_storage_fails_leaves_no_key_without_an_envelope() {
    let (mut given_up, mut kept) = (0, 0);
    for succeed in 0..20 {
        let world = World::new(2102);
        let storage = MemoryStorage::new(&world.disk);
        storage.fail_after(succeed, StorageError::Full);
        match open(Arc::new(storage), world.area(&Line::whole())) {
            Err(error) if world.disk.envelope().is_none() => {
                assert_eq!(error, StorageError::Full.into());
                assert_eq!(world.keys(), [], "after {succeed} calls");
                given_up += u32::from(world.area.done(AreaCall::CreateKeys) == 2);
            }
            _ => {
                assert_eq!(world.keys().len(), 2, "after {succeed} calls");
                kept += 1;
            }
        }
        assert!(!world.open().is_locked());
        assert_eq!(world.keys().len(), 2);
    }
    assert!(given_up > 0 && kept > 0, "{given_up} {kept}");
}
