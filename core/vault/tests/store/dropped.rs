//! A future dropped at any of its waits is a process exit at that place: the instance stays usable, the store is whole
//! (neg-M06).
use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use rid_crypto::Secret;
use rid_flow::{
    Store,
    fake::{MemoryStorage, block_on},
    ports::{
        Generation, KeyId, KeyInfo, KeySpec, Layout, Prompt, Row, SecureArea, SecureAreaError, Storage, StorageError,
        Transaction,
    },
};
use rid_vault::{ChainVerdict, Vault};

use crate::world::{Line, World, add, at, commit, left, log, present, put};
use crate::{pin::with_pin, world};

/// Waits once before it answers, so that every call is a place to be dropped at.
struct Slow<T: ?Sized>(Arc<T>);

async fn wait() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl Storage for Slow<dyn Storage> {
    async fn open(&self) -> Result<Layout, StorageError> {
        self.0.open().await
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        // As a thread of its own would: the work is done, whoever waits for it.
        let done = self.0.transact(transaction).await;
        wait().await;
        done
    }

    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.0.envelope_read().await
    }

    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError> {
        let done = self.0.envelope_replace(generation, bytes).await;
        wait().await;
        done
    }

    async fn set_aside(&self) -> Result<(), StorageError> {
        self.0.set_aside().await
    }

    async fn wipe(&self) -> Result<(), StorageError> {
        let done = self.0.wipe().await;
        wait().await;
        done
    }

    async fn close(&self) -> Result<(), StorageError> {
        self.0.close().await
    }
}

#[async_trait]
impl SecureArea for Slow<dyn SecureArea> {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        let made = self.0.create_keys(count, spec).await;
        wait().await;
        made
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.0.sign(key, message, prompt).await
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.0.agree(key, peer, prompt).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        let derived = self.0.derive(key, input, prompt).await;
        wait().await;
        derived
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.0.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        let deleted = self.0.delete(key).await;
        wait().await;
        deleted
    }
}

fn open(world: &World) -> Vault {
    world.disk.kill();
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new(&world.disk));
    world::open(Arc::new(Slow(storage)), Arc::new(Slow(world.area(&Line::whole())))).unwrap()
}

/// Polls so often and drops; whether it had come to its end.
fn poll_and_drop<T>(future: impl Future<Output = T>, polls: usize) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready())
}

type Act = for<'a> fn(&'a Vault) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Each act dropped at each wait; the same instance then serves, and so does the next process.
fn each_dropped(base: &World, acts: &[(&str, Act)], check: impl Fn(&Vault, &str)) {
    for (name, act) in acts {
        for polls in 0.. {
            let world = base.fork();
            let vault = open(&world);
            if vault.unlock_state().pin {
                block_on(vault.unlock_with_pin(&world::pin("583016"))).unwrap();
            }
            let done = poll_and_drop(act(&vault), polls);
            commit(&vault, put("settings", "after", "it goes on"));
            check(&vault, name);
            block_on(vault.close()).unwrap();
            drop(vault);
            check(&world.open(), name);
            if done {
                break;
            }
        }
    }
}

fn base() -> World {
    let world = World::new(1201);
    let vault = world.open();
    commit(&vault, add("a", 3));
    commit(&vault, present("a", 1));
    world
}

#[test]
fn neg_m06_a_dropped_operation_is_done_or_not_and_the_vault_goes_on() {
    let acts: [(&str, Act); 5] = [
        ("present", |vault| Box::pin(async { drop(vault.commit(present("a", 2)).await) })),
        ("add and log", |vault| {
            let changes = rid_flow::Changes { history: log(3).history, ..add("b", 2) };
            Box::pin(async { drop(vault.commit(changes).await) })
        }),
        ("delete", |vault| {
            Box::pin(async {
                let _ = vault.delete_history(rid_flow::HistorySeq(1), at(9)).await;
            })
        }),
        ("rotate", |vault| {
            Box::pin(async {
                let _ = vault.rotate_keys().await;
            })
        }),
        ("unlock", |vault| {
            Box::pin(async {
                let _ = vault.unlock().await;
            })
        }),
    ];
    each_dropped(&base(), &acts, |vault, name| {
        assert!(block_on(vault.health()).unwrap().is_whole(), "{name}");
        let ChainVerdict::Whole { rows } = block_on(vault.verify_history()).unwrap() else { panic!("{name}") };
        let taken = 3 - u64::from(left(vault, "a"));
        let added = u64::from(left(vault, "b") == 2);
        assert_eq!(rows, taken + added, "inv-I3: {name}");
        assert!(block_on(vault.copy_for_display(&world::id("a"))).unwrap().is_some());
        assert!(block_on(vault.record(&world::key("settings", "after"))).unwrap().is_some());
    });
}

#[test]
fn neg_m06_a_dropped_change_of_doors_leaves_a_way_in() {
    let world = with_pin(1202);
    let acts: [(&str, Act); 3] = [
        ("biometrics", |vault| {
            Box::pin(async {
                let _ = vault.enable_biometrics().await;
            })
        }),
        ("no biometrics", |vault| {
            Box::pin(async {
                let _ = vault.disable_biometrics().await;
            })
        }),
        ("a wrong pin", |vault| {
            Box::pin(async {
                let _ = vault.unlock_with_pin(&world::pin("904417")).await;
            })
        }),
    ];
    each_dropped(&world, &acts, |vault, name| {
        if vault.is_locked() {
            block_on(vault.unlock_with_pin(&world::pin("583016"))).unwrap();
        }
        assert_eq!(left(vault, "a"), 3, "{name}");
    });
}

/// Whoever is told nothing of the end of a change goes by what the instance says after it: the unlock methods of the
/// store are those, in both files, no other opens, and no key is left that nothing names.
#[test]
fn neg_m06_a_dropped_change_of_pin_is_what_the_store_says_afterwards() {
    let base = with_pin(1203);
    let acts: [(&str, Act); 1] = [("change pin", |vault| {
        Box::pin(async {
            let _ = vault.change_pin(&world::pin("583016"), &world::pin("904417"), &[]).await;
        })
    })];
    for (name, act) in acts {
        let mut unnamed = 0;
        for polls in 0.. {
            let world = base.fork();
            let before = world.keys();
            let vault = open(&world);
            block_on(vault.unlock_with_pin(&world::pin("583016"))).unwrap();
            let done = poll_and_drop(act(&vault), polls);
            let (_, cut_off) = world.disk.envelope().unwrap();
            block_on(vault.close()).unwrap();
            drop(vault);
            let opens = |world: &World, digits| block_on(world.open().unlock_with_pin(&world::pin(digits))).is_ok();
            let [old, new] = ["583016", "904417"].map(|digits| opens(&world.fork(), digits));
            assert_ne!(old, new, "{name} {polls}");
            let code = world.open().unlock_state().recovery;
            assert!(!done || new == (name == "change pin") && code == (name == "code"), "{name} {polls}");
            // One key for the new unlock method, if it stands. The area's own answer dropped is a key that nobody knows
            // of.
            let made = world.keys().into_iter().filter(|key| !before.contains(key)).count();
            unnamed += made - usize::from(new || code);
            // What stood on the disk then opens as what stands there now, or not at all.
            world.disk.alter_envelope(|now| now.as_mut().unwrap().1 = cut_off);
            let back = world.try_open().map(|vault| {
                let digits = if old { "904417" } else { "583016" };
                let other = block_on(vault.unlock_with_pin(&world::pin(digits))).is_ok();
                (other, vault.unlock_state().recovery)
            });
            assert!(back.is_err() || back == Ok((false, code)), "{name} {polls}: {back:?}");
            if done {
                break;
            }
        }
        assert!(unnamed <= 1, "{name}: {unnamed}");
    }
}

/// Who waits for the latch and is dropped does not take the others' turn.
#[test]
fn neg_m06_a_dropped_waiter_does_not_hold_the_others() {
    let world = base();
    let vault = open(&world);
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(vault.enable_biometrics());
    assert!(first.as_mut().poll(&mut context).is_pending(), "it holds the latch");
    let mut second = Box::pin(vault.disable_biometrics());
    let mut third = Box::pin(vault.disable_biometrics());
    for waiting in [&mut second, &mut third] {
        assert!(waiting.as_mut().poll(&mut context).is_pending());
    }
    drop(second);
    drop(first);
    block_on(third).unwrap();
    block_on(vault.close()).unwrap();
}
