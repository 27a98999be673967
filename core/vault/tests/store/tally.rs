//! Rows that are missing, put back, exchanged for one of before, or listed elsewhere: seen at the next opening, table by table.
use std::collections::BTreeMap;

use rid_flow::{
    Changes, Committer, CredentialId, RecordKey, Reuse, VerifierId,
    fake::block_on,
    ports::{Row, RowKey, StorageError},
};
use rid_vault::{Vault, VaultError};

use crate::world::*;

const CREDENTIALS: u8 = 1;
const COPIES: u8 = 2;
const TALLIED: [u8; 6] = [CREDENTIALS, COPIES, 3, 4, 5, 6];

type Rows = BTreeMap<RowKey, Row>;

/// Something in every table, each row written at least twice where it can be; and the rows of before the last commits.
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

#[test]
fn a_row_taken_away_is_missed() {
    let (world, _) = world(501);
    for table in TALLIED {
        let (_, vault) = altered(&world, |rows| drop(rows.remove(&of(rows, table)[0])));
        assert_eq!(block_on(vault.health()).unwrap().tables, [table]);
        assert!(!block_on(vault.health()).unwrap().head);
        let found = block_on(vault.examine()).unwrap();
        assert!(found.findings.iter().any(|finding| finding.code.as_str().ends_with("_missing")), "table {table}");
    }
}

/// The head is the row written most often; a flipped bit in it must not keep who knows the PIN out.
#[test]
fn neg_k05_damage_to_one_head_costs_nothing_and_is_mended() {
    let (world, _) = world(513);
    block_on(world.open().set_pin(&pin("583016"), &[])).unwrap();
    type Harm<'a> = &'a dyn Fn(&mut Rows, usize);
    let flip = |rows: &mut Rows, at: usize| rows.get_mut(&of(rows, 0)[at]).unwrap().bytes[40] ^= 1;
    // Versions too; 0 is what a storage says of one that it cannot read.
    let version = |rows: &mut Rows, at: usize, is: u64| rows.get_mut(&of(rows, 0)[at]).unwrap().version = is;
    let highest = u64::try_from(i64::MAX).unwrap();
    let harms: [Harm<'_>; 3] = [&flip, &|rows, at| version(rows, at, 0), &|rows, at| version(rows, at, highest)];
    for ((one, other), harm) in [(0, 1), (1, 0)].into_iter().flat_map(|pair| harms.map(|harm| (pair, harm))) {
        let (world, vault) = altered(&world, |rows| harm(rows, one));
        assert_eq!(block_on(vault.unlock_with_pin(&pin("583016"))), Ok(()));
        assert!(block_on(vault.health()).unwrap().is_whole());
        commit(&vault, put("enrolment", "mended", "1"));
        drop(vault);
        let (_, vault) = altered(&world, |rows| flip(rows, other));
        assert_eq!(block_on(vault.unlock_with_pin(&pin("583016"))), Ok(()));
        let key = RecordKey { kind: "enrolment".into(), name: "mended".into() };
        assert!(block_on(vault.record(&key)).unwrap().is_some(), "the other one has the last commit");
    }
}

/// A store that is open when its head goes says so too.
#[test]
fn neg_k05_damage_to_both_heads_of_an_open_store_is_named() {
    let (world, _) = world(514);
    let vault = world.open();
    assert!(!block_on(vault.health()).unwrap().head);
    world.disk.alter(|rows| of(rows, 0).iter().for_each(|key| rows.get_mut(key).unwrap().bytes[40] ^= 1));
    assert!(block_on(vault.health()).unwrap().head);
    let found = block_on(vault.examine()).unwrap();
    assert!(found.findings.iter().any(|finding| finding.code.as_str() == "head_damaged"));
}

#[test]
fn what_was_taken_away_is_not_said_never_to_have_been() {
    let (world, _) = world(511);
    let record = |kind: &str, name: &str| RecordKey { kind: kind.into(), name: name.into() };
    let whole = world.open();
    assert_eq!(block_on(whole.credential(&CredentialId("none".into()))), Ok(None));
    assert_eq!(block_on(whole.record(&record("enrolment", "none"))), Ok(None));
    for (table, kind) in [(4, "enrolment"), (5, "settings")] {
        let (_, vault) = altered(&world, |rows| rows.retain(|key, _| key.table.0 != table));
        let read = block_on(vault.record(&record(kind, "a")));
        assert_eq!(read, Err(VaultError::Storage(StorageError::Damaged)), "{kind}");
    }
    let (_, vault) = altered(&world, |rows| rows.retain(|key, _| key.table.0 != CREDENTIALS));
    let read = block_on(vault.credential(&CredentialId("a".into())));
    assert_eq!(read.err(), Some(VaultError::Storage(StorageError::Damaged)));
}

#[test]
fn a_row_put_back_is_one_too_many() {
    let (world, before) = world(502);
    // Of the copies it is one that was used up already.
    let (_, vault) = altered(&world, |rows| {
        for key in of(&before, COPIES) {
            rows.entry(key.clone()).or_insert_with(|| before[&key].clone());
        }
    });
    assert_eq!(block_on(vault.health()).unwrap().tables, [COPIES]);
    // And put in the place of one that is left, so that the number is right.
    let (_, vault) = altered(&world, |rows| {
        let used: Vec<_> = of(&before, COPIES).into_iter().filter(|key| !rows.contains_key(key)).collect();
        assert_eq!(used.len(), 1);
        let left = of(rows, COPIES).into_iter().find(|key| rows[key].index == before[&used[0]].index).unwrap();
        rows.remove(&left);
        rows.insert(used[0].clone(), before[&used[0]].clone());
    });
    assert_eq!(block_on(vault.health()).unwrap().tables, [COPIES]);
    let refused = block_on(vault.commit(present("a", 9)));
    assert_eq!(refused.err(), Some(StorageError::Damaged), "no copy is shown a second time");
    assert_eq!(block_on(vault.commit(present("b", 9))).err(), Some(StorageError::Damaged));
    assert_eq!(block_on(vault.credentials()).unwrap().credentials.len(), 2, "all is listed");
    assert!(block_on(vault.copy_for_display(&id("b"))).unwrap().is_some());
    commit(&vault, log(9));
    commit(&vault, put("enrolment", "c", "1"));
}

#[test]
fn a_row_exchanged_for_an_older_one_of_its_own_is_told() {
    let (world, before) = world(503);
    let mut tried = 0;
    for key in before.keys().filter(|key| key.table.0 != 0) {
        let (_, vault) = altered(&world, |rows| {
            if rows.get(key).is_some_and(|now| now.version > before[key].version) {
                rows.insert(key.clone(), before[key].clone());
            }
        });
        if world.disk.rows().iter().any(|row| row.key == *key && row.version > before[key].version) {
            tried += 1;
            assert_eq!(block_on(vault.health()).unwrap().tables, [key.table.0]);
        }
    }
    assert!(tried >= 6, "{tried}: a credential, records of both kinds, an event");
}

#[test]
fn an_older_head_is_told_too() {
    let (world, before) = world(504);
    let unrenewed = world.fork();
    world.disk.alter(|rows| {
        of(&before, 0).into_iter().for_each(|head| drop(rows.insert(head.clone(), before[&head].clone())))
    });
    assert_eq!(world.try_open().err(), Some(VaultError::Rollback), "the envelope counts on");
    // Even where the envelope had not counted so far, the tables are not what that head says.
    let early = World::new(504);
    let vault = early.open();
    commit(&vault, add("a", 1));
    let first = early.fork();
    commit(&vault, add("b", 1));
    drop(vault);
    let old: Vec<Row> = first.disk.rows().into_iter().filter(|row| row.key.table.0 == 0).collect();
    let put_back = |rows: &mut Rows, heads: &[Row]| {
        for head in heads {
            rows.insert(head.key.clone(), head.clone());
        }
    };
    let (_, vault) = altered(&early, |rows| put_back(rows, &old[..1]));
    assert!(block_on(vault.health()).unwrap().is_whole(), "one of before is passed over: the later one counts");
    let (_, vault) = altered(&early, |rows| put_back(rows, &old));
    assert_eq!(block_on(vault.health()).unwrap().tables, [CREDENTIALS, COPIES, 6]);
    assert!(block_on(unrenewed.open().health()).unwrap().is_whole());
}

#[test]
fn a_row_listed_elsewhere_is_told() {
    let (world, _) = world(505);
    for table in TALLIED {
        let (_, vault) = altered(&world, |rows| {
            let key = of(rows, table).remove(0);
            rows.get_mut(&key).unwrap().index[0] ^= 1;
        });
        assert_eq!(block_on(vault.health()).unwrap().tables, [table]);
    }
    // A record among those of another kind is not given out as one of them.
    let vault = world.open();
    commit(&vault, put("snapshot", "s", "1"));
    let snapshot = |row: &Row| row.key.table.0 == 4;
    let records: Vec<Row> = world.disk.rows().into_iter().filter(snapshot).collect();
    let lone = records.iter().find(|row| records.iter().filter(|other| other.index == row.index).count() == 1).unwrap();
    let other = records.iter().find(|row| row.index != lone.index).unwrap();
    let (_, vault) = altered(&world, |rows| rows.get_mut(&other.key).unwrap().index = lone.index);
    let listed = block_on(vault.records("snapshot"));
    assert_eq!(listed.err().map(|error| error.code().as_str()), Some("storage_corrupt"));
}

/// Deleted and written again: the bytes it had at first are not taken for those it has now.
#[test]
fn a_record_written_anew_does_not_take_its_first_bytes_back() {
    for kind in ["enrolment", "settings"] {
        let world = World::new(506);
        let vault = world.open();
        let take = || Changes { take: vec![key(kind, "x")], ..Changes::default() };
        commit(&vault, put(kind, "x", "first"));
        let first = world.fork();
        commit(&vault, take());
        commit(&vault, put(kind, "x", "second"));
        let table = if kind == "settings" { 5 } else { 4 };
        let old = first.disk.rows().into_iter().find(|row| row.key.table.0 == table).unwrap();
        let (_, vault) = altered(&world, |rows| drop(rows.insert(old.key.clone(), old.clone())));
        assert_eq!(block_on(vault.health()).unwrap().tables, [table], "its version tells");
        let (_, vault) = altered(&world, |rows| rows.get_mut(&old.key).unwrap().bytes = old.bytes.clone());
        assert!(block_on(vault.record(&key(kind, "x"))).is_err(), "and under the version of now it does not open");
    }
}

/// A copy kept for one verifier is not shown to another because the credential's row is of before.
#[test]
fn an_older_credential_does_not_show_a_kept_copy_to_somebody_else() {
    for reuse in [Reuse::PerVerifier, Reuse::Limited { seconds: 60 }, Reuse::Rotate, Reuse::Once] {
        let world = World::new(507);
        let vault = world.open();
        let shown = |n: u8| Changes { verifier: Some(VerifierId([n; 32])), ..present("a", n) };
        commit(&vault, Changes { add: vec![credential("a", 3, reuse)], ..Changes::default() });
        let before = world.fork();
        let first = commit(&vault, shown(1)).copies[0].id.clone();
        drop(vault);
        let old = before.disk.rows().into_iter().find(|row| row.key.table.0 == CREDENTIALS).unwrap();
        let (_, vault) = altered(&world, |rows| drop(rows.insert(old.key.clone(), old.clone())));
        assert_eq!(block_on(vault.health()).unwrap().tables, [CREDENTIALS]);
        match block_on(vault.commit(shown(2))) {
            // Of copies shown once the rows themselves say what is left.
            Ok(committed) => assert!(reuse == Reuse::Once && committed.copies[0].id != first),
            Err(error) => assert!(reuse != Reuse::Once && error == StorageError::Damaged),
        }
    }
}

/// neg-K05, K20: each row of each table garbled in turn; it is named, the others are served, nothing is silently gone.
#[test]
fn neg_k20_a_garbled_row_is_named_and_the_others_are_served() {
    let (world, _) = world(508);
    let garbles: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes.clear(),
        |bytes| bytes.truncate(11),
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes[0] ^= 0x80,
        |bytes| bytes.extend_from_slice(&[0; 64]),
    ];
    for row in world.disk.rows() {
        for garble in garbles {
            // Of the head both rows: one of them stands in for the other.
            let garble = |rows: &mut Rows| {
                let places = if row.key.table.0 == 0 { of(rows, 0) } else { vec![row.key.clone()] };
                places.iter().for_each(|place| garble(&mut rows.get_mut(place).unwrap().bytes));
            };
            let (_, vault) = altered(&world, garble);
            let listing = block_on(vault.credentials()).unwrap();
            assert_eq!(listing.credentials.len() + listing.damaged.len(), 2);
            assert_eq!(listing.damaged.len(), usize::from(row.key.table.0 == CREDENTIALS));
            let found = block_on(vault.examine()).unwrap();
            let damage = |code: &str| code.contains("damaged") || code.contains("broken");
            assert!(found.findings.iter().any(|finding| damage(finding.code.as_str())), "table {}", row.key.table.0);
            assert_eq!(block_on(vault.health()).unwrap().head, row.key.table.0 == 0);
            let writes = block_on(vault.commit(put("settings", "z", "1")));
            assert_eq!(writes.err(), (row.key.table.0 == 0).then_some(StorageError::Damaged));
        }
    }
}

/// A damaged credential is there by a name of its own, and can be taken out under it.
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

/// What is refused for good is not the end of it: the person gives the copies up and the issuers give new ones.
#[test]
fn after_copies_were_given_up_new_ones_are_served() {
    let (base, before) = world(510);
    type Alter<'a> = &'a dyn Fn(&mut Rows);
    let put_back = |rows: &mut Rows| {
        for key in of(&before, COPIES) {
            rows.entry(key.clone()).or_insert_with(|| before[&key].clone());
        }
    };
    let missing = |rows: &mut Rows| drop(rows.remove(&of(rows, COPIES)[0]));
    let older = |rows: &mut Rows| {
        of(&before, CREDENTIALS).into_iter().for_each(|key| drop(rows.insert(key.clone(), before[&key].clone())))
    };
    for alter in [&put_back as Alter<'_>, &missing, &older] {
        let (world, vault) = altered(&base, alter);
        assert!(!block_on(vault.health()).unwrap().is_whole());
        vault.lock();
        assert_eq!(block_on(vault.give_up_copies()), Err(VaultError::Locked));
        block_on(vault.unlock()).unwrap();
        block_on(vault.give_up_copies()).unwrap();
        assert!(block_on(vault.health()).unwrap().is_whole());
        let listing = block_on(vault.credentials()).unwrap();
        assert!(listing.credentials.iter().all(|meta| meta.copies_left == 0 && meta.is_exhausted(at(0))));
        assert_eq!((listing.credentials.len(), listing.damaged.len()), (2, 0));
        assert_eq!(block_on(vault.commit(present("a", 9))).err(), Some(StorageError::Exhausted));
        assert_eq!(block_on(vault.keys_of(&id("a"))).unwrap().len(), 3, "their keys are known, to be deleted");
        drop(vault);
        let vault = world.open();
        assert!(block_on(vault.health()).unwrap().is_whole());
        commit(&vault, Changes { remove: vec![id("a")], ..add("new", 2) });
        commit(&vault, present("new", 9));
        assert_eq!(left(&vault, "new"), 1);
    }
    // Where nothing is wrong nothing is given up.
    let vault = base.open();
    block_on(vault.give_up_copies()).unwrap();
    assert_eq!(left(&vault, "b"), 3);
}
