//! A wipe interrupted anywhere is completed by the next opening; nothing of it is left, in the files or in the secure
//! area.
use std::sync::Arc;

use async_trait::async_trait;
use rid_crypto::Secret;
use rid_flow::{
    fake::{AreaCall, block_on},
    ports::{
        Generation, KeyId, KeyInfo, KeySpec, KeyUse, Layout, Prompt, Row, SecureArea, SecureAreaError, Storage,
        StorageError, Transaction, UserAuth,
    },
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
        let mut credential = credential(name, 2, rid_claims::ReusePolicy::Once);
        for (copy, key) in credential.copies.iter_mut().zip(keys) {
            copy.key = key.id;
        }
        commit(&vault, rid_flow::Changes { add: vec![credential], ..Default::default() });
    }
    block_on(vault.set_pin(&pin("583016"), &[])).unwrap();
    block_on(vault.enable_biometrics()).unwrap();
    block_on(vault.make_recovery_code(Some(&pin("583016")))).unwrap();
    assert_eq!(world.keys().len(), 4 + 3, "copies, device, pin, biometrics");
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
            // It was interrupted before anything was done: nothing is gone.
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
    assert_eq!(world.keys().len(), 7);
}

#[test]
fn neg_k15_a_key_that_resists_keeps_none_of_the_others_and_the_next_opening_deletes_it() {
    let (world, line) = (world(1405), Line::whole());
    let vault = world.open_on(&line).unwrap();
    // The device's keys are read, both generations marked, then one deletion fails.
    line.fail_one(4, StorageError::Io);
    assert_eq!(block_on(vault.wipe()).err(), Some(SecureAreaError::Unavailable.into()));
    assert_eq!(world.keys().len(), 2, "it, and the device's, by which the marker is known");
    drop(vault);
    world.area.heal();
    assert_eq!(world.area.done(AreaCall::Sign), 0);
    let old = world.keys();
    drop(world.open());
    assert!(old.iter().all(|key| world.is_gone(key)));
}

/// An area where the deletion of one key fails for ever.
struct Stubborn(Arc<dyn SecureArea>, KeyId, SecureAreaError);

#[async_trait]
impl SecureArea for Stubborn {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.0.create_keys(count, spec).await
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.0.sign(key, message, prompt).await
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.0.agree(key, peer, prompt).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.0.derive(key, input, prompt).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.0.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        if key == self.1 { Err(self.2) } else { self.0.delete(key).await }
    }
}

/// A disk where some things fail for ever.
struct Ill {
    storage: Arc<dyn Storage>,
    /// The database does not open; the envelope beside it is read.
    database: bool,
    /// No room for another envelope.
    full: bool,
}

#[async_trait]
impl Storage for Ill {
    async fn open(&self) -> Result<Layout, StorageError> {
        let opened = self.storage.open().await;
        if self.database { Err(StorageError::Damaged) } else { opened }
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        if self.database { Err(StorageError::Locked) } else { self.storage.transact(transaction).await }
    }

    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.storage.envelope_read().await
    }

    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError> {
        if self.full { Err(StorageError::Full) } else { self.storage.envelope_replace(generation, bytes).await }
    }

    async fn set_aside(&self) -> Result<(), StorageError> {
        self.storage.set_aside().await
    }

    async fn wipe(&self) -> Result<(), StorageError> {
        self.storage.wipe().await
    }

    async fn close(&self) -> Result<(), StorageError> {
        self.storage.close().await
    }
}

impl World {
    fn stubborn(&self, key: &KeyId, error: SecureAreaError) -> Arc<dyn SecureArea> {
        Arc::new(Stubborn(self.area(&Line::whole()), key.clone(), error))
    }

    fn wipe(&self, key: &KeyId, error: SecureAreaError) -> Result<(), VaultError> {
        self.disk.kill();
        block_on(wipe(self.storage(&Line::whole()), self.stubborn(key, error)))
    }

    fn open_stubborn(&self, key: &KeyId, error: SecureAreaError) -> Result<Vault, VaultError> {
        self.disk.kill();
        open(self.storage(&Line::whole()), self.stubborn(key, error))
    }

    fn has_files(&self) -> bool {
        !self.disk.rows().is_empty() || self.disk.envelope().is_some()
    }
}

#[test]
fn neg_k15_a_key_that_resists_for_ever_keeps_no_file() {
    let base = world(1406);
    let old = base.keys();
    let left = |world: &World| old.iter().filter(|key| !world.is_gone(key)).cloned().collect::<Vec<_>>();
    // Each of them: those of the copies and those of the unlock methods.
    for key in old.clone() {
        let world = base.fork();
        let error = SecureAreaError::Unavailable;
        assert_eq!(world.wipe(&key, error), Err(error.into()));
        let rest = left(&world);
        assert!(world.has_files() && rest.contains(&key), "the first pass leaves its marker");
        assert!(rest.len() <= 2, "and of the others only the device's key, by which the marker is known: {rest:?}");
        let again = world.fork();
        assert_eq!(again.wipe(&key, error), Err(error.into()), "said once the files are gone");
        assert!(!again.has_files());
        again.wipe(&key, error).unwrap();
        // The next opening is a second pass too.
        assert_eq!(world.open_stubborn(&key, error).err(), Some(error.into()));
        assert!(!world.has_files());
        let vault = world.open_stubborn(&key, error).unwrap();
        assert!(!vault.is_locked() && block_on(vault.credentials()).unwrap().credentials.is_empty());
    }
}

#[test]
fn neg_k15_an_area_that_is_busy_is_waited_for_but_not_by_who_wipes_again() {
    let base = world(1407);
    let key = base.keys().remove(2);
    for error in [SecureAreaError::Busy, SecureAreaError::Cancelled, SecureAreaError::Locked] {
        let world = base.fork();
        assert_eq!(world.wipe(&key, error), Err(error.into()));
        for _ in 0..3 {
            assert_eq!(world.open_stubborn(&key, error).err(), Some(error.into()));
            assert!(world.has_files());
        }
        let again = world.fork();
        drop(world.open());
        assert!(world.is_gone(&key));
        assert_eq!(again.wipe(&key, error), Err(error.into()));
        assert!(!again.has_files());
    }
}

#[test]
fn neg_k15_a_key_that_is_gone_or_dead_does_not_resist() {
    let base = world(1408);
    for error in [SecureAreaError::NotFound, SecureAreaError::Invalidated] {
        let world = base.fork();
        world.wipe(&base.keys().remove(2), error).unwrap();
        assert!(!world.has_files() && world.keys().len() == 1);
    }
}

#[test]
fn neg_k15_the_same_vault_wiped_again_tries_the_same_keys() {
    let (world, line) = (world(1409), Line::whole());
    let vault = world.open_on(&line).unwrap();
    let keys = world.keys().len();
    // After the device's keys were read and both generations marked, the fourth deletion fails.
    line.fail_one(6, StorageError::Io);
    assert_eq!(block_on(vault.wipe()), Err(SecureAreaError::Unavailable.into()));
    assert!(keys > 4 && world.keys().len() == 2 && world.has_files());
    block_on(vault.wipe()).unwrap();
    assert!(world.keys().is_empty() && !world.has_files());
}

#[test]
fn neg_k15_without_room_for_the_marker_the_files_go_in_the_first_pass_if_the_keys_do() {
    let world = world(1410);
    world.disk.kill();
    let full = || Arc::new(Ill { storage: world.storage(&Line::whole()), database: false, full: true });
    // A key that resists is not left alive without anything that names it: the files stay, and so does the error.
    let (key, error) = (world.keys().remove(2), SecureAreaError::Unavailable);
    assert_eq!(block_on(wipe(full(), world.stubborn(&key, error))), Err(error.into()));
    assert!(world.has_files() && world.keys().contains(&key));
    world.disk.kill();
    block_on(wipe(full(), world.area(&Line::whole()))).unwrap();
    assert!(!world.has_files() && world.keys().is_empty());
}

/// Where storage gives the envelope of a database that does not open, what it names goes; what only rows name is left.
#[test]
fn neg_k15_of_a_database_that_does_not_open_the_envelopes_keys_go() {
    let world = world(1411);
    world.disk.kill();
    let storage = Arc::new(Ill { storage: world.storage(&Line::whole()), database: true, full: false });
    block_on(wipe(storage, world.area(&Line::whole()))).unwrap();
    assert!(!world.has_files() && world.keys().len() == 4, "{:?}", world.keys());
}
