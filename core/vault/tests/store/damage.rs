//! Rows that are missing, put back, exchanged for earlier ones or garbled: each is one damaged row, and a repair makes
//! the store whole.
use std::collections::BTreeMap;

use rid_claims::ReusePolicy;
use rid_flow::{
    Changes, RecordKey, Store, VerifierId,
    fake::{AreaCall, block_on},
    ports::{KeyId, KeySpec, KeyUse, Row, RowKey, SecureAreaError, StorageError, UserAuth},
};
use rid_vault::{ChainVerdict, REPAIRED, Repaired, Vault, VaultError};

use crate::world::*;

const HEADS: [u8; 2] = [0, 255];
const CREDENTIALS: u8 = 1;
const COPIES: u8 = 2;
const HISTORY: u8 = 3;
const DIGESTED: [u8; 4] = [HISTORY, 4, 5, 6];
const DAMAGED: VaultError = VaultError::Storage(StorageError::Damaged);

type Rows = BTreeMap<RowKey, Row>;

/// Something in every table, each row written at least twice where it can be; and the rows before the last commits.
fn world(seed: u64) -> (World, Rows) {
    let world = World::new(seed);
    let vault = world.open();
    for name in ["a", "b"] {
        commit(&vault, add(name, 3));
        commit(&vault, put("enrolment", name, "1"));
        commit(&vault, put("settings", name, "1"));
    }
    commit(&vault, present("a", 1));
    let mut before = Rows::new();
    world.disk.alter(|rows| before = rows.clone());
    commit(&vault, present("a", 2));
    for name in ["a", "b"] {
        commit(&vault, put("enrolment", name, "2"));
        commit(&vault, put("settings", name, "2"));
    }
    let outcomes = vec![(event(1).id, rid_flow::HistoryOutcome::Finished)];
    commit(&vault, Changes { outcomes, ..Changes::default() });
    assert!(block_on(world.open().health()).unwrap().is_whole());
    (world, before)
}

fn altered(world: &World, alter: impl FnOnce(&mut Rows)) -> (World, Vault) {
    let world = world.fork();
    world.disk.alter(alter);
    let vault = world.open();
    (world, vault)
}

fn of(rows: &Rows, table: u8) -> Vec<RowKey> {
    rows.keys().filter(|key| key.table.0 == table).cloned().collect()
}

fn heads(rows: &Rows) -> Vec<RowKey> {
    HEADS.iter().flat_map(|table| of(rows, *table)).collect()
}

/// A repair leaves a whole store that works.
fn repaired(world: &World, vault: Vault) -> Repaired {
    let lost = block_on(vault.repair(at(50))).unwrap();
    drop(vault);
    let vault = world.open();
    let health = block_on(vault.health()).unwrap();
    assert!(health.is_whole(), "{health:?}");
    let rows = block_on(vault.history(0, 99)).unwrap();
    assert!(rows.last().unwrap().kept().unwrap().reason.starts_with(REPAIRED), "the loss is written into the history");
    assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows: rows.len() as u64 });
    commit(&vault, add("new", 2));
    commit(&vault, present("new", 9));
    assert_eq!(left(&vault, "new"), 1);
    lost
}

#[test]
fn neg_k30_a_missing_row_is_named_and_a_repair_accepts_its_loss() {
    let (world, _) = world(501);
    for table in DIGESTED {
        let (world, vault) = altered(&world, |rows| drop(rows.remove(&of(rows, table)[0])));
        assert_eq!(block_on(vault.health()).unwrap().tables, [table]);
        let found = block_on(vault.examine()).unwrap();
        assert!(found.findings.iter().any(|finding| finding.code.as_str().ends_with("_missing")), "table {table}");
        commit(&vault, present("a", 7));
        let lost = repaired(&world, vault);
        assert_eq!((lost.history, lost.records), (u64::from(table == HISTORY), u64::from(table != HISTORY)));
        assert_eq!((lost.copies, lost.credentials), (0, 0));
    }
}

#[test]
fn neg_k30_a_missing_copy_costs_no_other_copy() {
    let (world, _) = world(515);
    let (world, vault) = altered(&world, |rows| drop(rows.remove(&of(rows, COPIES)[0])));
    assert!(block_on(vault.health()).unwrap().is_whole(), "nothing else depends on it");
    let left_of_both = left(&vault, "a") + left(&vault, "b");
    assert_eq!(left_of_both, 4);
    for (n, name) in ["a", "b", "b"].into_iter().enumerate() {
        // Whichever pool it was of, the next copy serves.
        let _ = block_on(vault.commit(present(name, 20 + u8::try_from(n).unwrap())));
    }
    let again = block_on(vault.commit(present("b", 30)));
    assert!(again.is_ok() || again == Err(StorageError::Damaged) || again == Err(StorageError::Exhausted));
    drop(again);
    let lost = repaired(&world, vault);
    assert!(lost.copies <= 1);
}

#[test]
fn neg_k30_a_missing_credential_is_damaged_and_the_others_go_on() {
    let (world, _) = world(516);
    let (world, vault) = altered(&world, |rows| drop(rows.remove(&of(rows, CREDENTIALS)[0])));
    assert_eq!(block_on(vault.health()).unwrap().credentials, 1);
    let answers = ["a", "b"].map(|name| block_on(vault.credential(&id(name))));
    assert_eq!(answers.iter().filter(|answer| answer.as_ref().err() == Some(&DAMAGED)).count(), 1);
    let presented = ["a", "b"].map(|name| block_on(vault.commit(present(name, 8))).is_ok());
    assert_eq!(presented.iter().filter(|presented| **presented).count(), 1);
    assert_eq!(repaired(&world, vault).credentials, 1);
}

/// The head is the row written most often; a flipped bit in it must not keep a person out.
#[test]
fn neg_k05_damage_to_one_head_costs_nothing_and_the_next_commit_repairs_it() {
    let (world, _) = world(513);
    block_on(world.open().set_pin(&pin("583016"), &[])).unwrap();
    type Harm<'a> = &'a dyn Fn(&mut Rows, usize);
    let flip = |rows: &mut Rows, at: usize| rows.get_mut(&heads(rows)[at]).unwrap().bytes[40] ^= 1;
    let version = |rows: &mut Rows, at: usize, is: u64| rows.get_mut(&heads(rows)[at]).unwrap().version = is;
    let missing = |rows: &mut Rows, at: usize| drop(rows.remove(&heads(rows)[at]));
    let harms: [Harm<'_>; 3] = [&flip, &|rows, at| version(rows, at, 0), &missing];
    for ((one, other), harm) in [(0, 1), (1, 0)].into_iter().flat_map(|pair| harms.map(|harm| (pair, harm))) {
        let (world, vault) = altered(&world, |rows| harm(rows, one));
        assert_eq!(block_on(vault.unlock_with_pin(&pin("583016"))), Ok(()));
        assert!(block_on(vault.health()).unwrap().is_whole());
        commit(&vault, put("enrolment", "repaired", "1"));
        drop(vault);
        let (_, vault) = altered(&world, |rows| flip(rows, other));
        assert_eq!(block_on(vault.unlock_with_pin(&pin("583016"))), Ok(()));
        let key = RecordKey { kind: "enrolment".into(), name: "repaired".into() };
        assert!(block_on(vault.record(&key)).unwrap().is_some(), "the other one has the last commit");
    }
}

#[test]
fn neg_k30_without_both_heads_the_pin_opens_everything_is_read_and_a_repair_keeps_all_but_the_copies() {
    let (world, _) = world(514);
    block_on(world.open().set_pin(&pin("583016"), &[])).unwrap();
    let gone = |rows: &mut Rows| heads(rows).iter().for_each(|key| rows.get_mut(key).unwrap().bytes[40] ^= 1);
    let (world, vault) = altered(&world, gone);
    assert_eq!(block_on(vault.unlock_with_pin(&pin("583016"))), Ok(()));
    assert_eq!(block_on(vault.health()).unwrap().refused, Some(DAMAGED));
    assert_eq!(block_on(vault.credentials()).unwrap().credentials.len(), 2);
    assert_eq!(block_on(vault.commit(put("settings", "z", "1"))).err(), Some(StorageError::Damaged));
    let lost = block_on(vault.repair(at(50))).unwrap();
    assert_eq!((lost.copies, lost.history), (4, 0), "each copy may have been used");
    assert!(block_on(vault.health()).unwrap().is_whole());
    drop(vault);
    let vault = world.open();
    block_on(vault.unlock_with_pin(&pin("583016"))).unwrap();
    assert_eq!((left(&vault, "a"), left(&vault, "b")), (0, 0));
    assert_eq!(block_on(vault.history(0, 99)).unwrap().len(), 3);
}

#[test]
fn neg_l03_an_older_database_is_read_only_and_a_repair_keeps_no_copy_of_it() {
    let (world, before) = world(504);
    block_on(world.open().close()).unwrap();
    let (world, vault) = altered(&world, |rows| *rows = before.clone());
    assert_eq!(block_on(vault.health()).unwrap().refused, Some(VaultError::Rollback));
    assert_eq!(block_on(vault.credentials()).unwrap().credentials.len(), 2, "all is listed");
    assert_eq!(block_on(vault.commit(present("b", 9))).err(), Some(StorageError::Damaged));
    assert_eq!(repaired(&world, vault).copies, 5);
}

#[test]
fn inv_i4_a_used_copy_that_is_put_back_is_never_presented_again() {
    let (world, before) = world(502);
    let (_, vault) = altered(&world, |rows| {
        for key in of(&before, COPIES) {
            rows.entry(key.clone()).or_insert_with(|| before[&key].clone());
        }
    });
    let handed: Vec<_> = std::iter::repeat_with(|| block_on(vault.commit(present("a", 9))))
        .map_while(Result::ok)
        .flat_map(|committed| committed.copies.iter().map(|copy| copy.key.clone()).collect::<Vec<_>>())
        .collect();
    assert_eq!(handed.len(), 1, "one was left: {handed:?}");
    commit(&vault, present("b", 10));
}

#[test]
fn inv_i4_an_older_credential_presents_no_copy_again() {
    for reuse in
        [ReusePolicy::PerVerifier, ReusePolicy::Limited { seconds: 60 }, ReusePolicy::Rotate, ReusePolicy::Once]
    {
        let world = World::new(507);
        let vault = world.open();
        let shown = |n: u8| Changes { verifier: Some(VerifierId([n; 32])), ..present("a", n) };
        commit(
            &vault,
            Changes { add: vec![credential("a", 3, reuse), credential("b", 3, reuse)], ..Changes::default() },
        );
        let before = world.fork();
        commit(&vault, shown(1));
        let key = vault_row(&world, &before);
        drop(vault);
        let (_, vault) = altered(&world, |rows| drop(rows.insert(key.key.clone(), key.clone())));
        assert_eq!(block_on(vault.commit(shown(2))).err(), Some(StorageError::Damaged));
        commit(&vault, Changes { verifier: Some(VerifierId([3; 32])), ..present("b", 3) });
        assert_eq!(block_on(vault.credentials()).unwrap().damaged.len(), 1);
    }
}

/// The credential's row that was written since, as it was before.
fn vault_row(world: &World, before: &World) -> Row {
    let now = world.disk.rows();
    let old = before.disk.rows().into_iter().filter(|row| row.key.table.0 == CREDENTIALS);
    let mut changed = old.filter(|row| now.iter().any(|now| now.key == row.key && now.version != row.version));
    changed.next().unwrap()
}

#[test]
fn what_was_taken_away_is_not_said_never_to_have_been() {
    let (world, _) = world(511);
    let record = |kind: &str, name: &str| RecordKey { kind: kind.into(), name: name.into() };
    let whole = world.open();
    assert_eq!(block_on(whole.credential(&id("none"))), Ok(None));
    assert_eq!(block_on(whole.record(&record("enrolment", "none"))), Ok(None));
    for (table, kind) in [(4, "enrolment"), (5, "settings")] {
        let (_, vault) = altered(&world, |rows| rows.retain(|key, _| key.table.0 != table));
        assert_eq!(block_on(vault.record(&record(kind, "a"))), Err(DAMAGED), "{kind}");
    }
    let (_, vault) = altered(&world, |rows| rows.retain(|key, _| key.table.0 != CREDENTIALS));
    assert_eq!(block_on(vault.credential(&id("a"))).err(), Some(DAMAGED));
}

#[test]
fn a_record_or_event_exchanged_for_an_older_one_is_named() {
    let (world, before) = world(503);
    let mut tried = 0;
    for key in before.keys().filter(|key| DIGESTED.contains(&key.table.0)) {
        if world.disk.rows().iter().any(|row| row.key == *key && row.version > before[key].version) {
            let (_, vault) = altered(&world, |rows| drop(rows.insert(key.clone(), before[key].clone())));
            tried += 1;
            assert_eq!(block_on(vault.health()).unwrap().tables, [key.table.0]);
        }
    }
    assert!(tried >= 5, "{tried}: records of both kinds, an event");
}

/// neg-K05, K20: each row of each table garbled in turn; it is named, the others are served, nothing is silently gone.
#[test]
fn neg_k20_a_garbled_row_is_one_damaged_row() {
    let (world, _) = world(508);
    let garbles: [fn(&mut Vec<u8>); 3] =
        [|bytes| bytes.clear(), |bytes| *bytes.last_mut().unwrap() ^= 1, |bytes| bytes.extend_from_slice(&[0; 64])];
    for row in world.disk.rows().into_iter().filter(|row| !HEADS.contains(&row.key.table.0)) {
        for garble in garbles {
            let (world, vault) = altered(&world, |rows| garble(&mut rows.get_mut(&row.key).unwrap().bytes));
            let table = row.key.table.0;
            let listing = block_on(vault.credentials()).unwrap();
            assert_eq!(listing.credentials.len() + listing.damaged.len(), 2);
            assert_eq!(listing.damaged.len(), usize::from(table == CREDENTIALS));
            let found = block_on(vault.examine()).unwrap();
            let damage = |code: &str| code.contains("damaged") || code.contains("broken");
            assert!(found.findings.iter().any(|finding| damage(finding.code.as_str())), "table {table}");
            assert!(found.findings.iter().all(|finding| finding.remedy != rid_vault::Remedy::Reset));
            commit(&vault, put("settings", "z", "1"));
            let presented = ["a", "b"].map(|name| block_on(vault.commit(present(name, 8))).is_ok());
            assert!(
                presented.contains(&true) && (table == CREDENTIALS || table == COPIES || !presented.contains(&false))
            );
            block_on(vault.rotate_keys()).unwrap();
            commit(&vault, put("settings", "z", "2"));
            repaired(&world, vault);
        }
    }
}

/// A damaged credential is listed by a name of its own, and can be removed under it.
#[test]
fn neg_k05_a_damaged_credential_is_removed_by_the_name_it_is_listed_under() {
    let (world, _) = world(509);
    let key = of(&world.disk.rows().into_iter().map(|row| (row.key.clone(), row)).collect(), CREDENTIALS).remove(0);
    let (world, vault) = altered(&world, |rows| rows.get_mut(&key).unwrap().bytes[20] ^= 1);
    let listing = block_on(vault.credentials()).unwrap();
    let damaged = listing.damaged[0].clone();
    commit(&vault, Changes { remove: vec![damaged], ..Changes::default() });
    drop(vault);
    let vault = world.open();
    let listing = block_on(vault.credentials()).unwrap();
    assert_eq!((listing.credentials.len(), listing.damaged.len()), (1, 0));
    assert!(block_on(vault.health()).unwrap().is_whole(), "copies and names of keys went with it");
    assert_eq!(block_on(vault.all_device_keys()).unwrap().len(), 3);
}

/// A wallet whose copies have keys in its secure area.
fn with_keys(seed: u64) -> (World, Vec<KeyId>) {
    let world = World::new(seed);
    let spec = KeySpec { usage: KeyUse::Sign, user_auth: UserAuth::None, challenge: Vec::new() };
    let keys = block_on(world.area(&Line::whole()).create_keys(3, spec)).unwrap();
    let keys: Vec<KeyId> = keys.into_iter().map(|key| key.id).collect();
    let mut card = credential("a", 3, ReusePolicy::Once);
    for (copy, key) in card.copies.iter_mut().zip(&keys) {
        copy.key = key.clone();
    }
    commit(&world.open(), Changes { add: vec![card], ..Changes::default() });
    (world, keys)
}

#[test]
fn neg_l12_a_copy_without_its_key_is_skipped_and_named_as_rollback() {
    let (world, _) = with_keys(520);
    let files = world.disk.clone_files();
    let vault = world.open().checking_keys();
    let used = commit(&vault, present("a", 1)).copies[0].key.clone();
    block_on(world.area(&Line::whole()).delete(used.clone())).unwrap();
    drop(vault);
    // Both files put back, the secure area kept.
    world.disk.take_rows(&files);
    world.disk.alter_envelope(|envelope| *envelope = files.envelope());
    let vault = world.open().checking_keys();
    let handed: Vec<KeyId> = (2..4).map(|n| commit(&vault, present("a", n)).copies[0].key.clone()).collect();
    assert!(!handed.contains(&used), "no copy twice, and no presentation failed");
    let found = block_on(vault.examine()).unwrap();
    assert_eq!(found.findings.iter().filter(|finding| finding.code.as_str() == "storage_rollback").count(), 1);
    assert!(block_on(vault.commit(present("a", 9))).is_err());
}

#[test]
fn neg_l12_keys_of_used_copies_that_a_kill_left_are_deleted_at_the_next_unlocking() {
    let (world, keys) = with_keys(521);
    let vault = world.open().checking_keys();
    let used = commit(&vault, present("a", 1)).copies[0].key.clone();
    drop(vault);
    assert!(!world.is_gone(&used), "the process ended before it was deleted");
    let vault = world.open().checking_keys();
    vault.lock();
    block_on(vault.unlock()).unwrap();
    assert!(world.is_gone(&used));
    assert!(keys.iter().filter(|key| **key != used).all(|key| !world.is_gone(key)));
    assert_eq!(block_on(vault.keys_of(&id("a"))).unwrap().len(), 2);
}

#[test]
fn neg_l12_a_secure_area_that_does_not_answer_costs_no_copy() {
    let (world, _) = with_keys(522);
    let vault = world.open().checking_keys();
    for error in [SecureAreaError::Busy, SecureAreaError::Locked, SecureAreaError::Unavailable] {
        world.area.fail_always(AreaCall::Info, error);
        assert_eq!(block_on(vault.commit(present("a", 1))).map(drop), Err(StorageError::Io), "{error:?}");
        world.area.heal();
        let left = block_on(vault.credential(&id("a"))).unwrap().unwrap().summary.copies_left;
        assert_eq!((left, block_on(vault.history(1, 9)).unwrap().len()), (3, 0), "nothing was written");
        assert!(!block_on(vault.health()).unwrap().keys_missing, "an area that does not answer proves nothing");
    }
    assert_eq!(commit(&vault, present("a", 2)).copies.len(), 1);
}
