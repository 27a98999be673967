//! The two generations of the envelope: one damaged, the other serves; never wrong keys, never a touched database.
use std::{fs, path::PathBuf, sync::Arc};

use proptest::prelude::*;
use rid_flow::fake::{ScriptedSecureArea, block_on};
use rid_shell::SqliteStorage;
use rid_vault::{ChainVerdict, Vault, VaultError};

use crate::world::*;

const PIN: &str = "583016";

struct Store {
    folder: Folder,
    area: Arc<ScriptedSecureArea>,
}

impl Store {
    fn new(name: &str, seed: u64) -> Self {
        Self { folder: Folder::new(name), area: Arc::new(ScriptedSecureArea::new(seed)) }
    }

    fn try_open(&self) -> Result<Vault, VaultError> {
        open(Arc::new(SqliteStorage::new(&self.folder.0)), self.area.clone())
    }

    fn open(&self) -> Vault {
        self.try_open().unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    fn envelopes(&self) -> [Vec<u8>; 2] {
        ["envelope.a", "envelope.b"].map(|name| fs::read(self.file(name)).unwrap_or_default())
    }

    fn put_envelopes(&self, bytes: &[Vec<u8>; 2]) {
        for (name, bytes) in ["envelope.a", "envelope.b"].iter().zip(bytes) {
            fs::write(self.file(name), bytes).unwrap();
        }
    }

    fn database(&self) -> Vec<u8> {
        fs::read(self.file("store.db")).unwrap()
    }
}

type Damage = fn(&[u8]) -> Vec<u8>;

fn damages() -> [Damage; 6] {
    [
        |_| Vec::new(),
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |bytes| bytes[..bytes.len() - 1].to_vec(),
        |bytes| vec![0; bytes.len()],
        |bytes| {
            let mut flipped = bytes.to_vec();
            flipped[60] ^= 4;
            flipped
        },
        |bytes| [bytes, b"and more"].concat(),
    ]
}

#[test]
fn neg_k10_one_damaged_generation_is_no_loss_and_two_are_named() {
    let store = Store::new("generations", 1001);
    let vault = store.open();
    commit(&vault, add("a", 2));
    commit(&vault, log(1));
    block_on(vault.close()).unwrap();
    let (whole, database) = (store.envelopes(), store.database());
    for damage in damages() {
        for n in 0..2 {
            let mut damaged = whole.clone();
            damaged[n] = damage(&damaged[n]);
            store.put_envelopes(&damaged);
            let vault = store.open();
            assert_eq!(left(&vault, "a"), 2);
            assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: 1 });
            drop(vault);
        }
        store.put_envelopes(&[damage(&whole[0]), damage(&whole[1])]);
        assert_eq!(store.try_open().err(), Some(VaultError::EnvelopeCorrupt));
        assert_eq!(store.database(), database, "the database was not touched");
        store.put_envelopes(&whole);
    }
    assert_eq!(left(&store.open(), "a"), 2);
    fs::remove_file(store.file("envelope.a")).unwrap();
    fs::remove_file(store.file("envelope.b")).unwrap();
    assert_eq!(store.try_open().err(), Some(VaultError::EnvelopeCorrupt), "inv-I9: no new store is made");
}

/// After each change of keys or unlock methods either file alone opens the store as it is now.
#[test]
fn neg_k10_after_a_change_of_doors_or_keys_either_generation_has_it() {
    let store = Store::new("structure", 1002);
    type Act = fn(&Vault);
    let acts: [(&str, Act); 5] = [
        ("rotation", |vault| block_on(vault.rotate_keys()).unwrap()),
        ("first pin", |vault| block_on(vault.set_pin(&pin(PIN), &[])).unwrap()),
        ("biometrics", |vault| block_on(vault.enable_biometrics()).unwrap()),
        ("pin", |vault| block_on(vault.change_pin(&pin(PIN), &pin("904417"), &[])).unwrap()),
        ("rotation behind state", |vault| block_on(vault.rotate_keys()).unwrap()),
    ];
    let vault = store.open();
    commit(&vault, add("a", 2));
    drop(vault);
    for (name, act) in acts {
        let vault = store.open();
        let state = vault.unlock_state();
        if state.biometric {
            block_on(vault.unlock()).unwrap();
        } else if state.pin {
            block_on(vault.unlock_with_pin(&pin(PIN))).unwrap();
        }
        act(&vault);
        let now = vault.unlock_state();
        // The process dies: nothing is written on the way out.
        drop(vault);
        let whole = store.envelopes();
        for n in 0..2 {
            let mut damaged = whole.clone();
            damaged[n].clear();
            store.put_envelopes(&damaged);
            let vault = store.open();
            assert_eq!(vault.unlock_state(), now, "{name}, without {n}");
            if now.biometric {
                block_on(vault.unlock()).unwrap();
            } else if now.pin {
                block_on(vault.unlock_with_pin(&pin(PIN))).unwrap();
            }
            assert_eq!(left(&vault, "a"), 2, "{name}, without {n}");
            drop(vault);
        }
    }
}

/// A change of unlock methods interrupted between its two files, then the newer of them lost: the unlock method
/// previous is still there or was made good.
#[test]
fn neg_k10_a_change_cut_off_and_one_file_lost_is_no_loss_of_all() {
    for calls in 0.. {
        let (store, world, line) = (Store::new("cut-off", 1003), World::new(1003), Line::whole());
        let files = || Arc::new(SqliteStorage::new(&store.folder.0));
        let vault = open(line.over(files()), world.area(&line)).unwrap();
        commit(&vault, add("a", 2));
        line.cut_after(calls, false);
        let _ = block_on(vault.set_pin(&pin(PIN), &[]));
        drop(vault);
        // The next start deletes the keys that were given up.
        drop(open(files(), world.area(&Line::whole())).unwrap());
        let whole = store.envelopes();
        for n in 0..2 {
            let mut damaged = whole.clone();
            damaged[n].clear();
            store.put_envelopes(&damaged);
            let vault = open(files(), world.area(&Line::whole())).unwrap();
            if vault.is_locked() {
                block_on(vault.unlock_with_pin(&pin(PIN))).unwrap();
            }
            assert_eq!(left(&vault, "a"), 2, "call {calls}, without {n}");
        }
        if !line.was_hit() {
            break;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// neg-K20: whatever lies there instead of an envelope has a name, and the rows stay as they are.
    #[test]
    fn neg_k20_any_bytes_for_an_envelope_are_named(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let world = opened();
        let rows = world.disk.rows();
        world.disk.alter_envelope(|envelope| envelope.as_mut().unwrap().1 = bytes);
        let error = world.try_open().err();
        prop_assert!(matches!(error, Some(VaultError::EnvelopeCorrupt | VaultError::SchemaNewer)), "{:?}", error);
        prop_assert!(world.disk.rows() == rows);
    }

    #[test]
    fn neg_k20_any_change_to_an_envelope_is_named(at in any::<prop::sample::Index>(), to in any::<u8>(), cut in 0..4_u8) {
        let world = opened();
        let rows = world.disk.rows();
        let mut same = false;
        world.disk.alter_envelope(|envelope| {
            let bytes = &mut envelope.as_mut().unwrap().1;
            let at = at.index(bytes.len());
            same = bytes[at] == to && cut != 0;
            bytes[at] = to;
            if cut == 0 {
                bytes.truncate(at);
            }
        });
        match world.try_open() {
            Ok(vault) => {
                prop_assert!(same);
                prop_assert_eq!(left(&vault, "a"), 2);
            }
            Err(error) => {
                let named = ["key_envelope_corrupt", "schema_newer", "key_not_found", "key_mismatch", "key_unavailable"];
                prop_assert!(named.contains(&error.code().as_str()), "{}", error);
                prop_assert!(world.disk.rows() == rows);
            }
        }
    }
}

fn opened() -> World {
    let world = World::new(1004);
    commit(&world.open(), add("a", 2));
    world
}
