//! The PIN: five tries, counted in both files before the chip is asked, given back by nothing.
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rid_crypto::Secret;
use rid_flow::{
    fake::{AreaCall, MemoryDisk, MemoryStorage, ScriptedSecureArea, block_on},
    ports::{KeyId, KeyInfo, KeySpec, Prompt, SecureArea, SecureAreaError, StorageError},
};
use rid_vault::{PinError, Vault, VaultError};

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
    block_on(world.open().doors()).unwrap().pin_tries_left
}

#[test]
fn neg_l01_five_wrong_pins_lock_it_and_nothing_but_another_door_opens_it() {
    let world = with_pin(101);
    let vault = world.open();
    assert!(vault.is_locked(), "the device alone opens no longer");
    assert_eq!(block_on(vault.unlock()), Err(VaultError::PinRequired));
    for left in [4, 3, 2, 1] {
        assert_eq!(try_pin(&vault, WRONG), Err(VaultError::PinWrong { left }));
    }
    assert_eq!(try_pin(&vault, WRONG), Err(VaultError::PinLocked));
    let asked = world.area.derives();
    assert_eq!(try_pin(&vault, RIGHT), Err(VaultError::PinLocked), "the right one comes too late");
    assert_eq!(block_on(vault.change_pin(&pin(RIGHT), &pin(WRONG), &[])), Err(VaultError::PinLocked));
    assert_eq!(block_on(vault.set_pin(&pin(WRONG), &[])), Err(VaultError::Locked));
    assert_eq!(world.area.derives(), asked, "the chip was not asked");
    // A restart is no way, and neither is taking one of the files away with which a reinstalled app would begin.
    drop(vault);
    assert_eq!(try_pin(&world.open(), RIGHT), Err(VaultError::PinLocked));
    assert!(world.open().is_locked());
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

/// An area that looks at the wallet's files at the moment a key is asked.
struct Watch {
    world: World,
    key: Mutex<Option<KeyId>>,
    /// Tries left by envelope and head, each alone, when that key was asked.
    seen: Mutex<Vec<(u32, u32)>>,
    before: MemoryDisk,
}

#[async_trait]
impl SecureArea for Watch {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.world.area.create_keys(count, spec).await
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.world.area.sign(key, message, prompt).await
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.world.area.agree(key, peer, prompt).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        if self.key.lock().unwrap().as_ref() == Some(&key) {
            // Each file as it lies there, beside the other as it was before all tries.
            let (envelope, head) = (self.world.fork(), self.world.fork());
            envelope.disk.take_rows(&self.before);
            head.disk.take_envelope(&self.before);
            let counts = std::thread::spawn(move || (by_one_file(&envelope), by_one_file(&head))).join().unwrap();
            self.seen.lock().unwrap().push(counts);
        }
        self.world.area.derive(key, input, prompt).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.world.area.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        self.world.area.delete(key).await
    }
}

/// Tries left; a store that is refused altogether gives none.
fn by_one_file(world: &World) -> u32 {
    world.try_open().map_or(0, |vault| block_on(vault.doors()).unwrap().pin_tries_left)
}

#[test]
fn neg_l01_the_try_is_in_both_files_before_the_chip_is_asked() {
    let world = with_pin(103);
    let key =
        world.area.keys().into_iter().max_by_key(|key| key.0.trim_start_matches("scripted-").parse::<u32>().unwrap());
    let before = world.disk.clone_files();
    let watch = Arc::new(Watch { world: world.clone(), key: Mutex::new(key), seen: Mutex::default(), before });
    world.disk.kill();
    let vault = open(Arc::new(MemoryStorage::new(&world.disk)), watch.clone()).unwrap();
    for _ in 0..5 {
        assert!(try_pin(&vault, WRONG).is_err());
    }
    assert!(try_pin(&vault, WRONG).is_err());
    let seen = watch.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 5, "and the sixth did not reach it");
    for (n, (envelope, head)) in (1_u32..).zip(seen) {
        assert!(envelope <= 5 - n && head <= 5 - n, "try {n}: {envelope} and {head} left");
    }
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
fn neg_l03_one_file_of_before_gives_no_try_back() {
    let world = with_pin(106);
    let before = world.fork();
    let vault = world.open();
    for _ in 0..3 {
        assert!(try_pin(&vault, WRONG).is_err());
    }
    drop(vault);
    let database = world.fork();
    database.disk.take_rows(&before.disk);
    assert!(by_one_file(&database) <= 2, "the envelope counts");
    let envelope = world.fork();
    envelope.disk.take_envelope(&before.disk);
    assert!(by_one_file(&envelope) <= 2, "the head counts");
    // And the count goes on from there.
    let vault = envelope.open();
    assert_eq!(try_pin(&vault, WRONG), Err(VaultError::PinWrong { left: 1 }));
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
    assert_eq!(older.try_open().err(), Some(VaultError::Rollback), "64 commits renew the copy");
    let empty = early.fork();
    empty.disk.alter(|rows| rows.clear());
    assert_eq!(empty.try_open().err(), Some(VaultError::Rollback), "from the first commit on no empty wallet");
    assert!(world.try_open().is_ok());
}

#[test]
fn neg_l03_closing_and_unlocking_and_a_try_renew_the_copy() {
    type Act = fn(&World);
    let acts: [Act; 3] = [
        |world| block_on(world.open().close()).unwrap(),
        |world| try_pin(&world.open(), RIGHT).unwrap(),
        |world| assert!(try_pin(&world.open(), WRONG).is_err()),
    ];
    let base = with_pin(108);
    let vault = base.open();
    let early = base.fork();
    commit(&vault, put("settings", "language", "az"));
    drop(vault);
    let unseen = base.fork();
    unseen.disk.take_rows(&early.disk);
    assert!(unseen.try_open().is_ok(), "one commit may go unseen");
    for (n, act) in acts.into_iter().enumerate() {
        let world = base.fork();
        act(&world);
        world.disk.take_rows(&early.disk);
        assert_eq!(world.try_open().err(), Some(VaultError::Rollback), "{n}");
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
        assert_eq!(block_on(vault.doors()).unwrap().pin_tries_left, 4, "{error}");
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
fn who_locks_while_it_is_being_unlocked_has_the_last_word() {
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
