//! The recovery file between two vaults: what goes along, what never does, and that it is taken in whole or not at all.
use std::sync::OnceLock;

use rid_flow::{Changes, HistorySeq, fake::block_on};
use rid_vault::{ChainVerdict, RecoveryCode, RecoveryError, Vault, VaultError};
use zeroize::Zeroizing;

use crate::world::*;

/// One for all tests: the code's cost is meant to be felt.
fn container() -> (RecoveryCode, &'static [u8], &'static World) {
    static MADE: OnceLock<(Zeroizing<String>, Vec<u8>, World)> = OnceLock::new();
    let (code, bytes, world) = MADE.get_or_init(|| {
        let (world, vault, code) = source(1301);
        let bytes = block_on(vault.export_recovery(&code, at(0))).unwrap();
        (code.to_text(), bytes, world)
    });
    (RecoveryCode::parse(code).unwrap(), bytes, world)
}

/// Two documents of one kind (a child's beside one's own), one of another, history, settings, a token; the code.
fn source(seed: u64) -> (World, Vault, RecoveryCode) {
    let world = World::new(seed);
    let vault = world.open();
    for (name, kind) in [("own", "mDL"), ("child", "mDL"), ("pid", "PID")] {
        let mut credential = credential(name, 2, rid_claims::ReusePolicy::Once);
        credential.credential_type.id = kind.into();
        commit(&vault, Changes { add: vec![credential], ..Changes::default() });
    }
    for n in 1..=4 {
        commit(&vault, log(n));
    }
    block_on(vault.delete_history(HistorySeq(2), at(9))).unwrap();
    commit(&vault, put("settings", "language", "az"));
    commit(&vault, put("settings", "contrast", "high"));
    commit(&vault, put("trust", "list", "trust-canary"));
    commit(&vault, put("enrolment", "pending", "token-canary"));
    let code = block_on(vault.make_recovery_code(None)).unwrap();
    (world, vault, code)
}

fn code_error(error: RecoveryError) -> Option<VaultError> {
    Some(VaultError::Recovery(error))
}

#[test]
fn a_container_brings_recipes_history_and_settings_and_twice_adds_nothing() {
    let (code, container, _) = container();
    let world = World::new(1302);
    let to = world.open();
    commit(&to, log(77));
    let brought = block_on(to.import_recovery(&code, container)).unwrap();
    assert_eq!((brought.reissue.len(), brought.history, brought.settings), (3, 3, 2));
    assert!(brought.reissue.iter().all(|entry| entry.copies == 2));
    assert_eq!(block_on(to.records("reissue")).unwrap().len(), 3, "two of one kind are asked for twice");
    let (rows, records) = (block_on(to.history(0, 99)).unwrap(), block_on(to.records("settings")).unwrap());
    assert_eq!((rows.len(), records.len()), (4, 2));
    assert!(!rows[0].imported && rows[1..].iter().all(|row| row.imported));
    assert!(*rows[1].kept().unwrap() == event(1) && *rows[2].kept().unwrap() == event(3), "without the deleted one");
    assert_eq!(block_on(to.record(&key("settings", "language"))).unwrap().unwrap(), b"az");
    assert_eq!(block_on(to.verify_history()).unwrap(), ChainVerdict::Whole { rows: 4 });
    assert!(block_on(to.credentials()).unwrap().credentials.is_empty());
    let again = block_on(to.import_recovery(&code, container)).unwrap();
    assert_eq!(again.history, 0);
    assert!(block_on(to.history(0, 99)).unwrap() == rows);
    assert_eq!(block_on(to.records("reissue")).unwrap().len(), 3);
    // On to a third device: what was brought stays told from what happened there.
    let own = block_on(to.make_recovery_code(None)).unwrap();
    let onwards = block_on(to.export_recovery(&own, at(0))).unwrap();
    drop(to);
    assert!(block_on(world.open().health()).unwrap().is_whole());
    let third = World::new(1303).open();
    assert_eq!(block_on(third.import_recovery(&own, &onwards)).unwrap().history, 4);
}

#[test]
fn neg_k26_only_the_stores_code_makes_a_container_and_only_its_code_opens_it() {
    let (code, container, from) = container();
    let from = from.fork().open();
    let other = RecoveryCode::make(&mut *rng()());
    let refused = block_on(from.export_recovery(&other, at(0)));
    assert_eq!(refused.err(), code_error(RecoveryError::WrongCode));
    let world = World::new(1305);
    let to = world.open();
    assert_eq!(block_on(to.export_recovery(&code, at(0))).err(), Some(VaultError::RecoveryNotSet));
    let before = world.disk.rows();
    assert_eq!(block_on(to.import_recovery(&other, container)).err(), code_error(RecoveryError::WrongCode));
    let cut = &container[..container.len() - 1];
    assert_eq!(block_on(to.import_recovery(&code, cut)).err(), code_error(RecoveryError::Truncated));
    assert!(world.disk.rows() == before);
    to.lock();
    assert_eq!(block_on(to.import_recovery(&code, container)).err(), Some(VaultError::Locked));
    from.lock();
    assert_eq!(block_on(from.export_recovery(&code, at(0))).err(), Some(VaultError::Locked));
    assert!(world.disk.rows() == before);
}

/// neg-K26: device-bound keys, tokens and values are never inside. The wallet that takes it in has all that was in it.
#[test]
fn neg_k26_no_value_key_or_token_goes_along() {
    let (code, container, from) = container();
    let world = World::new(1307);
    let to = world.open();
    block_on(to.import_recovery(&code, container)).unwrap();
    let mut all = Vec::new();
    for kind in ["settings", "reissue", "trust", "enrolment", "snapshot"] {
        for (key, bytes) in block_on(to.records(kind)).unwrap() {
            all.extend_from_slice(key.name.as_bytes());
            all.extend_from_slice(&bytes);
        }
    }
    let keys: Vec<String> = from.keys().into_iter().map(|key| key.0).collect();
    assert!(keys.len() >= 2 && !all.is_empty());
    let never = ["own-key", "child-key", "pid-key", "token-canary", "trust-canary", "own 0", "child 1"];
    for canary in never.into_iter().chain(keys.iter().map(String::as_str)) {
        let found = |bytes: &[u8]| bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!found(&all) && !found(container), "{canary}");
    }
    assert!(block_on(to.all_device_keys()).unwrap().is_empty());
}

#[test]
fn a_container_is_taken_in_whole_or_not_at_all() {
    let (code, container, _) = container();
    let base = World::new(1309);
    commit(&base.open(), log(77));
    for calls in 0.. {
        let (world, line) = (base.fork(), Line::whole());
        let vault = world.open_on(&line).unwrap();
        // Reading what is there is no write: a few of those calls stand for all.
        line.cut_after(calls * 3, calls % 2 == 1);
        let taken = block_on(vault.import_recovery(&code, container));
        drop(vault);
        let vault = world.open();
        let (rows, settings) =
            (block_on(vault.history(0, 99)).unwrap().len(), block_on(vault.records("settings")).unwrap());
        assert!((rows, settings.len()) == (1, 0) || (rows, settings.len()) == (4, 2), "{rows} rows");
        assert!(taken.is_err() || rows == 4);
        assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: rows as u64 });
        if !line.was_hit() {
            break;
        }
    }
}
