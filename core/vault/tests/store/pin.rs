//! The PIN: each try is counted before the chip is asked; after five wrong ones each further one has a wait before it.
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use async_trait::async_trait;
use rid_crypto::Secret;
use rid_flow::{
    fake::{AreaCall, FakeClock, MemoryStorage, ScriptedSecureArea, block_on},
    ports::{Clock, ClockError, KeyId, KeyInfo, KeySpec, Prompt, SecureArea, SecureAreaError, StorageError},
};
use rid_vault::{PinError, Vault, VaultError};
use rid_wire::Timestamp;

use crate::world::*;

const RIGHT: &str = "583016";
const WRONG: &str = "904417";

/// A wallet with a PIN, closed.
pub(crate) fn with_pin(seed: u64) -> World {
    let world = World::new(seed);
    let vault = world.open();
    commit(&vault, add("a", 3));
    block_on(vault.set_pin(&pin(RIGHT), &[])).unwrap();
    block_on(vault.close()).unwrap();
    world
}

fn try_pin(vault: &Vault, digits: &str) -> Result<(), VaultError> {
    block_on(vault.unlock_with_pin(&pin(digits)))
}

fn tries_left(world: &World) -> u32 {
    world.open().unlock_state().pin_tries_left
}

/// A wallet of this world, over a clock.
fn open_at(world: &World, clock: &FakeClock) -> Vault {
    block_on(world.open().with_clock(Arc::new(clock.clone())))
}

fn wait(seconds: u64) -> Result<(), VaultError> {
    Err(VaultError::PinWait { seconds })
}

#[test]
fn neg_l10_after_five_wrong_pins_each_further_one_has_a_longer_wait_and_the_right_one_opens() {
    let (world, clock) = (with_pin(101), FakeClock::new(at(0)));
    let vault = open_at(&world, &clock);
    assert!(vault.is_locked(), "the device alone opens no longer");
    assert_eq!(block_on(vault.unlock()), Err(VaultError::PinRequired));
    for left in [4, 3, 2, 1] {
        assert_eq!(try_pin(&vault, WRONG), Err(VaultError::PinWrong { left }));
    }
    for seconds in [60, 300, 900, 3600, 86_400, 86_400] {
        assert_eq!(try_pin(&vault, WRONG), wait(seconds));
        let asked = world.area.derives();
        clock.pass_millis(seconds * 1000 - 1);
        assert_eq!(try_pin(&vault, RIGHT), wait(1), "also the right one waits");
        assert_eq!(block_on(vault.change_pin(&pin(RIGHT), &pin("704418"), &[])), wait(1));
        assert_eq!(world.area.derives(), asked, "the chip was not asked");
        clock.pass_millis(1);
    }
    assert_eq!(try_pin(&vault, RIGHT), Ok(()), "never the end of the wallet");
    assert_eq!(vault.unlock_state().pin_tries_left, 5);
}

#[test]
fn neg_l10_a_restart_begins_the_wait_again_and_a_wall_clock_changes_nothing() {
    let (world, clock) = (with_pin(115), FakeClock::new(at(0)));
    let vault = open_at(&world, &clock);
    for _ in 0..5 {
        assert!(try_pin(&vault, WRONG).is_err());
    }
    for jump in [at(1_000_000), at(-1_000_000)] {
        clock.jump(jump);
        assert_eq!(try_pin(&vault, RIGHT), wait(60));
    }
    clock.pass_millis(50_000);
    assert_eq!(try_pin(&vault, RIGHT), wait(10));
    // A platform that does not say its boot counts from each start of the app.
    drop(vault);
    let clock = FakeClock::new(at(0));
    let vault = open_at(&world, &clock);
    assert_eq!(try_pin(&vault, RIGHT), wait(60));
    clock.pass_millis(60_000);
    assert_eq!(try_pin(&vault, RIGHT), Ok(()));
}

/// A clock that says its boot.
struct BootClock(FakeClock, AtomicU64);

impl Clock for BootClock {
    fn now(&self) -> Result<Timestamp, ClockError> {
        self.0.now()
    }

    fn uptime(&self) -> rid_flow::Uptime {
        rid_flow::Uptime::from_millis(self.1.load(SeqCst))
    }
}

#[test]
fn neg_l10_a_restart_of_the_app_in_one_boot_goes_on_with_the_wait_and_a_reboot_begins_it_again() {
    let world = with_pin(116);
    let clock = Arc::new(BootClock(FakeClock::new(at(0)), AtomicU64::new(500_000)));
    let open = || block_on(world.open().with_clock(clock.clone()));
    let vault = open();
    for _ in 0..5 {
        assert!(try_pin(&vault, WRONG).is_err());
    }
    drop(vault);
    clock.1.store(540_000, SeqCst);
    assert_eq!(try_pin(&open(), RIGHT), wait(20));
    clock.1.store(90_000, SeqCst);
    assert_eq!(open().unlock_state().pin_wait, 60, "another boot");
    clock.1.store(120_000, SeqCst);
    assert_eq!(try_pin(&open(), RIGHT), wait(30), "and its wait goes on");
    clock.1.store(150_000, SeqCst);
    assert_eq!(try_pin(&open(), RIGHT), Ok(()));
}

#[test]
fn a_right_pin_gives_the_tries_back() {
    let world = with_pin(102);
    let vault = world.open();
    assert!(try_pin(&vault, WRONG).is_err());
    assert_eq!(tries_left(&world), 4);
    let vault = world.open();
    try_pin(&vault, RIGHT).unwrap();
    assert_eq!(left(&vault, "a"), 3);
    assert_eq!(tries_left(&world), 5);
}

/// inv-I8: whatever call the process dies at, and however often, five guesses are all.
#[test]
fn inv_i8_no_death_gives_a_try_back_and_no_more_than_five_guesses_reach_the_chip() {
    let base = with_pin(104);
    for carried_out in [false, true] {
        for start in 0..5 {
            let world = base.fork();
            let (mut guesses, mut left) = (0, 5);
            for n in 0..12_u64 {
                let line = Line::whole();
                let vault = world.open_on(&line).unwrap();
                line.cut_after((start + n * 5) % 9, carried_out);
                let before = world.area.derives();
                let answer = try_pin(&vault, WRONG);
                guesses += world.area.derives() - before;
                drop(vault);
                let now = tries_left(&world);
                assert!(now <= left, "{answer:?} gave tries back: {left}, then {now}");
                left = now;
                assert!(u64::from(5 - now) >= guesses, "{guesses} guesses, {now} tries left");
            }
            assert!(guesses <= 5, "{guesses} guesses reached the chip");
        }
    }
}

#[test]
fn inv_i8_an_error_of_storage_gives_no_try_back() {
    let base = with_pin(105);
    for error in [StorageError::Io, StorageError::Full, StorageError::ReadOnly] {
        for calls in 0.. {
            let (world, line) = (base.fork(), Line::whole());
            let vault = world.open_on(&line).unwrap();
            let before = world.area.derives();
            line.fail_one(calls, error);
            let answer = try_pin(&vault, WRONG);
            let guesses = world.area.derives() - before;
            drop(vault);
            assert!(u64::from(5 - tries_left(&world)) >= guesses, "call {calls}: {answer:?}");
            if !line.was_hit() {
                break;
            }
        }
    }
}

#[test]
fn neg_l03_an_older_database_is_a_rollback_as_far_as_was_promised() {
    let world = World::new(107);
    let vault = world.open();
    commit(&vault, add("a", 3));
    let early = world.fork();
    for n in 0..64 {
        commit(&vault, log(n));
    }
    drop(vault);
    let older = world.fork();
    older.disk.take_rows(&early.disk);
    assert_eq!(older.refused(), Some(VaultError::Rollback), "64 commits renew the copy");
    let empty = early.fork();
    empty.disk.alter(|rows| rows.clear());
    assert_eq!(empty.refused(), Some(VaultError::Rollback), "from the first commit on no empty wallet");
    assert_eq!(world.refused(), None);
}

#[test]
fn neg_l03_closing_and_unlocking_renew_the_copy() {
    type Act = fn(&World);
    let acts: [Act; 2] =
        [|world| block_on(world.open().close()).unwrap(), |world| try_pin(&world.open(), RIGHT).unwrap()];
    let base = with_pin(108);
    let vault = base.open();
    let early = base.fork();
    commit(&vault, put("settings", "language", "az"));
    drop(vault);
    let unseen = base.fork();
    unseen.disk.take_rows(&early.disk);
    assert_eq!(unseen.refused(), None, "one commit may go unseen");
    for (n, act) in acts.into_iter().enumerate() {
        let world = base.fork();
        act(&world);
        world.disk.take_rows(&early.disk);
        assert_eq!(world.refused(), Some(VaultError::Rollback), "{n}");
    }
}

#[test]
fn neg_l05_hints_are_refused_where_a_pin_is_set_and_where_it_is_changed() {
    let world = World::new(109);
    let vault = world.open();
    let weak = Err(VaultError::Pin(PinError::Weak));
    let hints = ["19840617".to_owned()];
    let keys = world.keys();
    assert_eq!(block_on(vault.set_pin(&pin("170684"), &hints)), weak);
    assert_eq!(block_on(vault.set_pin(&pin("123456"), &[])), weak);
    assert_eq!(world.keys(), keys, "no key was made for it");
    block_on(vault.set_pin(&pin(RIGHT), &hints)).unwrap();
    let asked = world.area.derives();
    assert_eq!(block_on(vault.change_pin(&pin(RIGHT), &pin("840617"), &hints)), weak);
    assert_eq!(world.area.derives(), asked, "no try was spent on it");
}

/// An area of another phone, or an emulation: it answers, but not what this one would.
struct Liar(Arc<ScriptedSecureArea>, KeyId);

#[async_trait]
impl SecureArea for Liar {
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
        if key == self.1 {
            return Ok(Secret::filled(|bytes| *bytes = rid_crypto::sha256(&[b"a guess at the chip", &input])));
        }
        self.0.derive(key, input, prompt).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.0.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        self.0.delete(key).await
    }
}

#[test]
fn neg_l06_without_the_chip_nothing_tells_a_right_pin_from_a_wrong_one() {
    let world = with_pin(110);
    let key = world.keys().into_iter().find(|key| key.0 == "scripted-3").unwrap();
    for digits in [RIGHT, WRONG] {
        let files = world.fork();
        files.disk.kill();
        let vault =
            open(Arc::new(MemoryStorage::new(&files.disk)), Arc::new(Liar(world.area.clone(), key.clone()))).unwrap();
        assert_eq!(try_pin(&vault, digits), Err(VaultError::PinWrong { left: 4 }), "both answers are the same");
    }
    let elsewhere = world.on(111);
    assert_eq!(elsewhere.try_open().err().unwrap().code().as_str(), "key_not_found", "not even the outside opens");
}

#[test]
fn neg_l06_every_guess_is_one_call_of_the_chip() {
    let world = with_pin(112);
    let vault = world.open();
    for n in 1..=4 {
        let before = world.area.derives();
        assert!(try_pin(&vault, WRONG).is_err());
        assert_eq!(world.area.derives() - before, 1, "guess {n}");
    }
}

/// The other side of inv-I8: what compared nothing costs nothing, or a failing chip would lock the person out for good.
#[test]
fn inv_i8_a_chip_that_does_not_answer_costs_no_try() {
    let world = with_pin(113);
    let vault = world.open();
    assert!(try_pin(&vault, WRONG).is_err());
    for error in ScriptedSecureArea::ERRORS.into_iter().chain(ScriptedSecureArea::ERRORS) {
        world.area.fail_once(AreaCall::Derive, error);
        assert_eq!(try_pin(&vault, RIGHT), Err(error.into()));
        assert_eq!(vault.unlock_state().pin_tries_left, 4, "{error}");
    }
    drop(vault);
    assert_eq!(tries_left(&world), 4, "nor in the files");
    assert_eq!(try_pin(&world.open(), RIGHT), Ok(()));
}

/// Locks the wallet while its chip works, as an app that goes into the background does.
struct Interrupting(Arc<ScriptedSecureArea>, Mutex<Option<std::sync::Weak<Vault>>>);

#[async_trait]
impl SecureArea for Interrupting {
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
        let derived = self.0.derive(key, input, prompt).await;
        if let Some(vault) = self.1.lock().unwrap().as_ref().and_then(std::sync::Weak::upgrade) {
            vault.lock();
        }
        derived
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.0.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        self.0.delete(key).await
    }
}

#[test]
fn lock_during_unlock_wins() {
    let world = with_pin(114);
    world.disk.kill();
    let area = Arc::new(Interrupting(world.area.clone(), Mutex::new(None)));
    let vault = Arc::new(open(Arc::new(MemoryStorage::new(&world.disk)), area.clone()).unwrap());
    *area.1.lock().unwrap() = Some(Arc::downgrade(&vault));
    assert_eq!(try_pin(&vault, RIGHT), Err(VaultError::Locked));
    assert!(vault.is_locked());
    *area.1.lock().unwrap() = None;
    assert_eq!(try_pin(&vault, RIGHT), Ok(()), "and the next one opens");
}
