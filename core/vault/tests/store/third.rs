//! The step to a made-up third version: what holds for the step to the second holds for every later one.
use std::{fs, sync::Arc};

use rid_flow::{
    fake::{MemoryStorage, ScriptedSecureArea, block_on},
    ports::{Layout, SecureArea, Storage, StorageError},
};
use rid_shell::SqliteStorage;
use rid_vault::{ChainVerdict, Vault, VaultConfig, VaultError};

use crate::{migration, world::*};

const THIRD: Layout = Layout(3);

fn open_third(storage: Arc<dyn Storage>, area: Arc<dyn SecureArea>) -> Result<Vault, VaultError> {
    block_on(Vault::dangerous_open_third(storage, area, rng(), VaultConfig { low_water: 2 }))
}

fn third(world: &World, line: &Line) -> Result<Vault, VaultError> {
    world.disk.kill();
    open_third(line.over(Arc::new(MemoryStorage::with_layout(&world.disk, THIRD))), world.area(line))
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
    assert_eq!(block_on(vault.doors()).unwrap().pin_tries_left, 4, "no try was given back");
    assert!(block_on(vault.record(&key("settings", "x"))).unwrap().is_some());
    assert_eq!(block_on(vault.all_device_keys()).unwrap().len(), 3);
}

fn cut_off(act: impl Fn(&Line, u64)) {
    let base = base(1601);
    for calls in 0.. {
        let (world, line) = (base.fork(), Line::whole());
        act(&line, calls);
        let opened = third(&world, &line);
        assert!(opened.is_ok() || line.was_hit());
        drop(opened);
        if world.disk.layout() == Some(Layout(2)) {
            assert!(world.disk.rows() == base.disk.rows());
            // The software of before goes on serving it, and what it writes goes along.
            let vault = world.open();
            outside_is_there(&vault);
            commit(&vault, put("settings", "y", "1"));
        } else {
            assert!(world.try_open().is_err(), "for the software of before it is too new");
        }
        let vault = third(&world, &Line::whole()).unwrap();
        assert_eq!(world.disk.layout(), Some(THIRD));
        outside_is_there(&vault);
        drop(vault);
        outside_is_there(&third(&world, &Line::whole()).unwrap());
        if !line.was_hit() {
            let vault = third(&world, &Line::whole()).unwrap();
            block_on(vault.unlock_with_pin(&pin("583016"))).unwrap();
            assert_eq!(left(&vault, "a"), 2);
            assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: 1 });
            break;
        }
    }
}

#[test]
fn neg_k16_killed_at_any_call_of_the_step_to_the_third() {
    cut_off(|line, calls| line.cut_after(calls, false));
    cut_off(|line, calls| line.cut_after(calls, true));
}

#[test]
fn neg_k18_a_full_disk_at_any_call_of_the_step_to_the_third() {
    cut_off(|line, calls| line.fail_one(calls, StorageError::Full));
}

#[test]
fn neg_k17_the_third_is_newer_for_the_second_and_stays_as_it_is() {
    let (folder, area) = (Folder::new("third"), Arc::new(ScriptedSecureArea::new(1602)));
    let second = || Arc::new(SqliteStorage::new(&folder.0));
    let vault = open(second(), area.clone()).unwrap();
    commit(&vault, add("a", 1));
    block_on(vault.close()).unwrap();
    let storage = Arc::new(SqliteStorage::dangerous_with_layout(&folder.0, THIRD));
    let vault = open_third(storage, area.clone()).unwrap();
    block_on(vault.close()).unwrap();
    let files = || {
        let read = |name: &str| fs::read(folder.0.join(name)).unwrap();
        ["store.db", "envelope.a", "envelope.b"].map(read)
    };
    let before = files();
    let error = open(second(), area.clone()).err().unwrap();
    assert_eq!(error.code().as_str(), "schema_newer");
    assert!(files() == before);
    // Its envelope alone, beside a database of the second.
    let world = base(1603);
    let other = world.fork();
    drop(third(&other, &Line::whole()).unwrap());
    let rows = world.disk.rows();
    world.disk.take_envelope(&other.disk);
    assert_eq!(world.try_open().err(), Some(VaultError::SchemaNewer));
    assert_eq!(third(&world, &Line::whole()).err(), Some(VaultError::Rollback), "the database is of before the step");
    assert!(world.disk.rows() == rows);
}

#[test]
fn from_the_first_to_the_third_in_one_opening() {
    let (disk, area, _folder) = migration::in_memory("golden-third");
    let storage = || Arc::new(MemoryStorage::with_layout(&disk, THIRD));
    for _ in 0..2 {
        let vault = open_third(storage(), area.clone()).unwrap();
        migration::all_is_there(&vault);
        block_on(vault.close()).unwrap();
    }
    assert_eq!(disk.layout(), Some(THIRD));
}
