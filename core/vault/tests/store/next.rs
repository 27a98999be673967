//! The migration to a made-up next version: it is complete or did not happen.
use std::{fs, sync::Arc};

use rid_flow::{
    fake::{MemoryStorage, ScriptedSecureArea, block_on},
    ports::{Layout, SecureArea, Storage, StorageError},
};
use rid_shell::SqliteStorage;
use rid_vault::{ChainVerdict, Vault, VaultConfig, VaultError};

use crate::world::*;

const NEXT: Layout = Layout(Layout::NEWEST.0 + 1);

fn open_next(storage: Arc<dyn Storage>, area: Arc<dyn SecureArea>) -> Result<Vault, VaultError> {
    block_on(Vault::dangerous_open_next(storage, area, rng(), VaultConfig { low_water: 2 }))
}

fn next(world: &World, line: &Line) -> Result<Vault, VaultError> {
    world.disk.kill();
    open_next(line.over(Arc::new(MemoryStorage::with_layout(&world.disk, NEXT))), world.area(line))
}

fn base(seed: u64) -> World {
    let world = World::new(seed);
    let vault = world.open();
    commit(&vault, add("a", 3));
    commit(&vault, present("a", 1));
    commit(&vault, put("settings", "x", "1"));
    block_on(vault.set_pin(&pin("583016"), &[])).unwrap();
    assert!(block_on(vault.unlock_with_pin(&pin("904417"))).is_err());
    world
}

/// All but what is behind the PIN, which costs time.
fn outside_is_there(vault: &Vault) {
    assert!(block_on(vault.health()).unwrap().is_whole() && vault.is_locked());
    assert_eq!(vault.unlock_state().pin_tries_left, 4, "no try was given back");
    assert!(block_on(vault.record(&key("settings", "x"))).unwrap().is_some());
    assert_eq!(block_on(vault.all_device_keys()).unwrap().len(), 3);
}

fn cut_off(act: impl Fn(&Line, u64)) {
    let base = base(1601);
    for calls in 0.. {
        let (world, line) = (base.fork(), Line::whole());
        act(&line, calls);
        let opened = next(&world, &line);
        assert!(opened.is_ok() || line.was_hit());
        drop(opened);
        if world.disk.layout() == Some(Layout::NEWEST) {
            assert!(world.disk.rows() == base.disk.rows());
            // The older software goes on serving it, and what it writes is migrated too.
            let vault = world.open();
            outside_is_there(&vault);
            commit(&vault, put("settings", "y", "1"));
        } else {
            assert!(world.try_open().is_err(), "the older software refuses it");
        }
        let vault = next(&world, &Line::whole()).unwrap();
        assert_eq!(world.disk.layout(), Some(NEXT));
        outside_is_there(&vault);
        drop(vault);
        outside_is_there(&next(&world, &Line::whole()).unwrap());
        if !line.was_hit() {
            let vault = next(&world, &Line::whole()).unwrap();
            block_on(vault.unlock_with_pin(&pin("583016"))).unwrap();
            assert_eq!(left(&vault, "a"), 2);
            assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: 1 });
            break;
        }
    }
}

#[test]
fn neg_k16_killed_at_any_call_of_the_step_to_the_next() {
    cut_off(|line, calls| line.cut_after(calls, false));
    cut_off(|line, calls| line.cut_after(calls, true));
}

#[test]
fn neg_k18_a_full_disk_at_any_call_of_the_step_to_the_next() {
    cut_off(|line, calls| line.fail_one(calls, StorageError::Full));
}

#[test]
fn neg_k17_a_newer_store_is_refused_and_untouched() {
    let (folder, area) = (Folder::new("next"), Arc::new(ScriptedSecureArea::new(1602)));
    let older = || Arc::new(SqliteStorage::new(&folder.0));
    let vault = open(older(), area.clone()).unwrap();
    commit(&vault, add("a", 1));
    block_on(vault.close()).unwrap();
    let storage = Arc::new(SqliteStorage::dangerous_with_layout(&folder.0, NEXT));
    let vault = open_next(storage, area.clone()).unwrap();
    block_on(vault.close()).unwrap();
    let files = || {
        let read = |name: &str| fs::read(folder.0.join(name)).unwrap();
        ["store.db", "envelope.a", "envelope.b"].map(read)
    };
    let before = files();
    let error = open(older(), area.clone()).err().unwrap();
    assert_eq!(error.code().as_str(), "schema_newer");
    assert!(files() == before);
    // The newer envelope alone beside an older database.
    let world = base(1603);
    let other = world.fork();
    drop(next(&other, &Line::whole()).unwrap());
    let rows = world.disk.rows();
    world.disk.take_envelope(&other.disk);
    assert_eq!(world.try_open().err(), Some(VaultError::SchemaNewer));
    assert_eq!(next(&world, &Line::whole()).err(), Some(VaultError::Rollback), "the database predates the migration");
    assert!(world.disk.rows() == rows);
}
