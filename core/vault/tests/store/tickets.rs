//! Tries counted by the secure area: putting both files back gives no guess before its wait.
use std::sync::Arc;

use rid_flow::fake::{FakeClock, block_on};
use rid_vault::{Vault, VaultError};

use crate::world::*;

const RIGHT: &str = "583016";
const WRONG: &str = "904417";

fn with_pin(seed: u64) -> World {
    let world = World::in_hardware(seed);
    let vault = world.open();
    commit(&vault, add("a", 3));
    block_on(vault.set_pin(&pin(RIGHT), &[])).unwrap();
    block_on(vault.close()).unwrap();
    world
}

fn open_at(world: &World, clock: &FakeClock) -> Vault {
    block_on(world.open().with_clock(Arc::new(clock.clone())))
}

fn try_pin(vault: &Vault, digits: &str) -> Result<(), VaultError> {
    block_on(vault.unlock_with_pin(&pin(digits)))
}

/// Puts both files back as they were.
fn put_back(world: &World, files: &rid_flow::fake::MemoryDisk) {
    world.disk.take_rows(files);
    world.disk.alter_envelope(|envelope| *envelope = files.envelope());
}

#[test]
fn neg_l11_putting_both_files_back_gives_no_guess_before_its_wait() {
    let (world, clock) = (with_pin(701), FakeClock::new(at(0)));
    let files = world.disk.clone_files();
    let mut guesses = 0;
    for _ in 0..30 {
        put_back(&world, &files);
        let vault = open_at(&world, &clock);
        let asked = world.area.derives();
        let _ = try_pin(&vault, WRONG);
        guesses += world.area.derives() - asked;
        clock.pass_millis(50_000);
    }
    assert_eq!(guesses, 5, "each further one waits from when the files were seen to be put back");
    // The wait begins when the area's count is seen; it is the longest, since nobody knows how many guesses there were.
    put_back(&world, &files);
    let vault = open_at(&world, &clock);
    let Err(VaultError::PinWait { seconds }) = try_pin(&vault, RIGHT) else { panic!("a wait") };
    clock.pass_millis(seconds * 1000);
    assert_eq!(try_pin(&vault, RIGHT), Ok(()), "never the end of the wallet");
}

#[test]
fn neg_l11_the_files_of_the_generation_before_open_at_once() {
    let world = with_pin(702);
    let clock = FakeClock::new(at(0));
    for _ in 0..20 {
        let files = world.disk.clone_files();
        try_pin(&open_at(&world, &clock), RIGHT).unwrap();
        // One of the two files was lost: the other is a generation behind.
        world.disk.alter_envelope(|envelope| *envelope = files.envelope());
        let vault = open_at(&world, &clock);
        assert_eq!(try_pin(&vault, RIGHT), Ok(()));
        assert_eq!(vault.unlock_state().pin_tries_left, 5);
    }
}

#[test]
fn neg_l11_killed_at_each_call_of_a_try_the_right_pin_opens() {
    let base = with_pin(703);
    at_each_call(
        &base,
        |vault| assert!(try_pin(vault, RIGHT).is_ok() || vault.is_locked()),
        |world, _| {
            for _ in 0..7 {
                assert_eq!(try_pin(&world.open(), RIGHT), Ok(()));
            }
        },
    );
}

#[test]
fn neg_l11_a_changed_pin_leaves_no_ticket_of_the_old_one() {
    let world = with_pin(704);
    let keys = world.keys().len();
    let vault = world.open();
    block_on(vault.change_pin(&pin(RIGHT), &pin("704418"), &[])).unwrap();
    assert_eq!(world.keys().len(), keys);
    block_on(vault.wipe()).unwrap();
    assert_eq!(world.keys(), Vec::new());
}
