//! While the store is locked: settings and trust lists, nothing about the person.
use rid_flow::{Changes, CredentialId, HistoryId, HistoryOutcome, Store, fake::block_on, ports::StorageError};
use rid_vault::{ChainVerdict, VaultError};

use crate::{pin::with_pin, world::*};

#[test]
fn settings_and_trust_are_read_and_written_while_it_is_locked() {
    let world = with_pin(401);
    let vault = world.open();
    assert!(vault.is_locked());
    for kind in ["settings", "trust"] {
        commit(&vault, put(kind, "x", "value"));
        assert_eq!(block_on(vault.record(&key(kind, "x"))).unwrap().as_deref(), Some(b"value".as_slice()));
        assert_eq!(block_on(vault.records(kind)).unwrap().len(), 1);
        commit(&vault, Changes { take: vec![key(kind, "x")], ..Changes::default() });
    }
    drop(vault);
    assert!(block_on(world.open().health()).unwrap().is_whole());
}

#[test]
fn everything_about_the_person_is_refused_while_it_is_locked() {
    let world = with_pin(402);
    let vault = world.open();
    let a = CredentialId("a".into());
    let before = world.disk.rows();
    assert_eq!(block_on(vault.credentials()).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.credential(&a)).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.copy_for_display(&a)).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.keys_left(&a)).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.record(&key("enrolment", "x"))).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.records("enrolment")).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.history(0, 9)).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.verify_history()).err(), Some(VaultError::Locked));
    assert_eq!(block_on(vault.delete_history(rid_flow::HistorySeq(1), at(0))), Err(VaultError::Locked));
    assert_eq!(block_on(vault.rotate_keys()), Err(VaultError::Locked));
    assert_eq!(block_on(vault.enable_biometrics()), Err(VaultError::Locked));
    assert_eq!(block_on(vault.disable_biometrics()), Err(VaultError::Locked));
    assert_eq!(block_on(vault.make_recovery_code(None)).err(), Some(VaultError::Locked));
    let outcomes = vec![(HistoryId([1; 16]), HistoryOutcome::Finished)];
    let mixed = Changes { history: vec![event(1)], ..put("settings", "x", "y") };
    for refused in [
        add("b", 1),
        present("a", 1),
        log(1),
        put("enrolment", "x", "y"),
        mixed,
        Changes { take: vec![key("enrolment", "x")], ..Changes::default() },
        Changes { remove: vec![a], ..Changes::default() },
        Changes { outcomes, ..Changes::default() },
    ] {
        assert_eq!(block_on(vault.commit(refused)).err(), Some(StorageError::Locked));
    }
    assert!(world.disk.rows() == before, "nothing was written");
}

#[test]
fn locking_takes_the_keys_and_an_unlocking_brings_them() {
    let world = with_pin(403);
    let vault = world.open();
    block_on(vault.unlock_with_pin(&pin("583016"))).unwrap();
    commit(&vault, log(1));
    vault.lock();
    assert_eq!(vault.unlocked_by(), None);
    assert_eq!(block_on(vault.history(0, 9)).err(), Some(VaultError::Locked));
    block_on(vault.unlock_with_pin(&pin("583016"))).unwrap();
    assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: 1 });
}

/// neg-K19: the clock of the device may say anything; what was signed was signed.
#[test]
fn neg_k19_the_latest_signature_is_remembered_also_while_it_is_locked() {
    let world = World::new(404);
    let vault = world.open();
    assert_eq!(vault.latest_signed(), None);
    let mut early = credential("early", 1, rid_claims::ReusePolicy::Once);
    early.signed = at(-9_000);
    commit(&vault, Changes { add: vec![early], ..Changes::default() });
    assert_eq!(vault.latest_signed(), Some(at(-9_000)));
    commit(&vault, add("late", 1));
    commit(&vault, Changes { remove: vec![id("late")], ..Changes::default() });
    assert_eq!(vault.latest_signed(), Some(at(0)), "also when it is gone");
    block_on(vault.set_pin(&pin("583016"), &[])).unwrap();
    drop(vault);
    let vault = world.open();
    assert!(vault.is_locked());
    assert_eq!(vault.latest_signed(), Some(at(0)));
}
