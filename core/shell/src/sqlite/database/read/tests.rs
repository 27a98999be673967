//! Files that are hurt or forged: what is shown is found by its key, and nothing of one row hides another.
use std::{fs, path::Path};

use rid_flow::ports::{Expect, Layout, Read, Row, RowKey, StorageError, Table, Transaction, Write};

use super::super::{
    Database,
    tests::{INDEX, opened, put},
};
use crate::testing::Folder;

/// A row that is deleted, or put, while the index `ri` is out of the way, as one flipped bit of an index may have it.
fn with_one_index(path: &Path, sql: &str) {
    let other = || rusqlite::Connection::open(path).unwrap();
    let writable = "PRAGMA writable_schema = ON;";
    let (root, made): (i64, String) = other()
        .query_row("SELECT rootpage, sql FROM sqlite_schema WHERE name = 'ri'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    other().execute_batch(&format!("{writable} DELETE FROM sqlite_schema WHERE name = 'ri';")).unwrap();
    other().execute_batch(sql).unwrap();
    let again = rusqlite::Connection::open(path).unwrap();
    again.execute_batch(writable).unwrap();
    again.execute("INSERT INTO sqlite_schema VALUES ('index', 'ri', 'r', ?1, ?2)", (root, made)).unwrap();
}

#[test]
fn neg_k05_a_row_that_one_index_hides_is_missing_from_every_whole_table() {
    let hidden = format!("x'{}'", "02".repeat(32));
    let put_hidden = format!("INSERT INTO r VALUES (1, {hidden}, 1, x'{}', x'02')", "07".repeat(32));
    for (known, sql) in [(true, format!("DELETE FROM r WHERE k = {hidden}")), (false, put_hidden)] {
        let folder = Folder::new("one-index");
        let mut database = opened(&folder);
        for id in [1, 2, 3].into_iter().filter(|id| known || *id != 2) {
            database.transact(&put(id, 100)).unwrap();
        }
        database.close().unwrap();
        with_one_index(&folder.0.join("store.db"), &sql);
        let mut database = opened(&folder);
        for read in [Read::Heads(Table(1), None), Read::Rows(Table(1), None)] {
            let found = database.transact(&Transaction { reads: vec![read], ..Transaction::default() }).unwrap();
            let ids: Vec<u8> = found.iter().flatten().map(|row| row.key.id[0]).collect();
            assert_eq!(ids, [1, 3], "{sql}");
        }
    }
}

/// Twelve rows and nothing else, with a bit of the second one's key changed: `hurt` is given the places where the key stands.
fn with_a_bit_changed(index: [u8; 32], hurt: impl FnOnce(&mut [u8], &[usize])) -> (Folder, Vec<Row>, Database) {
    let folder = Folder::new("one-bit");
    let mut database = opened(&folder);
    let key = |id: u8| -> [u8; 32] {
        let mut key: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7 + 3).unwrap());
        key[0] = id;
        key
    };
    for id in 1..=12 {
        let key = RowKey { table: Table(1), id: key(id) };
        let row = Row { key, version: 1, index, bytes: vec![0xee; 100] };
        let writes = vec![Write::Put(row, Expect::Absent)];
        database.transact(&Transaction { writes, ..Transaction::default() }).unwrap();
    }
    database.close().unwrap();
    let path = folder.0.join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    let key = key(2);
    let places: Vec<usize> = (0..bytes.len() - 32).filter(|at| bytes[*at..*at + 32] == key).collect();
    hurt(&mut bytes, &places);
    fs::write(&path, bytes).unwrap();
    let mut database = opened(&folder);
    let read = Transaction { reads: vec![Read::Rows(Table(1), None)], ..Transaction::default() };
    let rows = database.transact(&read).unwrap().remove(0);
    (folder, rows, database)
}

/// The table itself and its two indexes; rows without an index value are in one of these alone.
const TREES: [([u8; 32], usize); 5] = [(INDEX, 0), (INDEX, 1), (INDEX, 2), ([0; 32], 0), ([0; 32], 1)];

#[test]
fn neg_k05_what_a_whole_table_shows_is_found_by_its_key_whichever_tree_was_hit() {
    for (index, tree) in TREES {
        for bit in 0..8 {
            let (_folder, rows, mut database) = with_a_bit_changed(index, |bytes, places| {
                assert_eq!(places.len(), if index == INDEX { 3 } else { 2 }, "{places:?}");
                // The last byte: the order of the keys stays.
                bytes[places[tree] + 31] ^= 1 << bit;
            });
            for row in &rows {
                let get = Transaction { reads: vec![Read::Get(row.key.clone())], ..Transaction::default() };
                assert_eq!(database.transact(&get).unwrap(), [[row.clone()]], "tree {tree}, bit {bit}");
            }
            let others = rows.iter().filter(|row| row.key.id[0] != 2).count();
            assert_eq!((others, rows.len() >= 11), (11, true), "tree {tree}, bit {bit}");
        }
    }
}

#[test]
fn neg_k05_a_key_of_another_type_hides_no_other_row() {
    let mut seen = 0;
    for (index, tree) in TREES {
        let mut typed = false;
        let (_folder, rows, _database) = with_a_bit_changed(index, |bytes, places| {
            let at = places[tree];
            // The head of the record stands before its first column that takes room: its length, then a type for each column. 76 is a
            // blob of 32 bytes, 77 a text of 32. In the other index the column before stands between.
            if let Some(head) = (3..=8).find(|len| usize::from(bytes[at - len]) == *len && bytes[at - len + 2] == 76) {
                typed = true;
                bytes[at - head + 2] = 77;
            }
        });
        seen += u32::from(typed);
        assert!((11..=12).contains(&rows.len()), "tree {tree}: {}", rows.len());
        assert_eq!(rows.iter().filter(|row| row.key.id[0] != 2).count(), 11, "tree {tree}");
    }
    assert!(seen >= 2, "{seen}");
}

/// Rows of one table and no index value, closed; the key of each.
fn lying(name: &str, rows: u16, len: usize) -> Folder {
    let folder = Folder::new(name);
    let mut database = opened(&folder);
    (1..=rows).for_each(|id| database.transact(&put_lying(id, len)).map(drop).unwrap());
    database.close().unwrap();
    folder
}

fn lying_key(id: u16) -> RowKey {
    let mut key: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7 + 3).unwrap());
    key[..2].copy_from_slice(&id.to_be_bytes());
    RowKey { table: Table(1), id: key }
}

fn put_lying(id: u16, len: usize) -> Transaction {
    let row = Row { key: lying_key(id), version: 1, index: [0; 32], bytes: vec![id.to_be_bytes()[1]; len] };
    Transaction { writes: vec![Write::Put(row, Expect::Absent)], ..Transaction::default() }
}

/// Where in the file the place of a row of [`lying`] ends with this byte: before the head of its record.
fn place_of(bytes: &[u8], id: u16) -> usize {
    let key = lying_key(id).id;
    let is_row = |at: &usize| bytes[*at..*at + 32] == key && bytes[at - 7] == 7 && bytes[at - 16] >= 0x80;
    let at = (16..bytes.len() - 32).find(is_row).unwrap() - 8;
    assert_eq!(u16::from(bytes[at]), id % 256);
    at
}

fn listed(database: &mut Database, read: Read) -> Result<Vec<Row>, StorageError> {
    Ok(database.transact(&Transaction { reads: vec![read], ..Transaction::default() })?.remove(0))
}

#[test]
fn neg_k05_a_bit_of_one_rows_place_hides_no_other_row() {
    for (rows, len) in [(12, 100), (200, 300)] {
        for hit in [1, 2, 5, rows] {
            for bit in 0..8 {
                let folder = lying("place", rows, len);
                let path = folder.0.join("store.db");
                let mut bytes = fs::read(&path).unwrap();
                let at = place_of(&bytes, hit);
                bytes[at] ^= 1 << bit;
                fs::write(&path, bytes).unwrap();
                let mut database = opened(&folder);
                let what = format!("{rows} rows, row {hit}, bit {bit}");
                let is_own = |row: &Row| row.bytes == vec![row.key.id[1]; len];
                let shown = listed(&mut database, Read::Rows(Table(1), None)).unwrap();
                assert!(shown.iter().all(is_own), "{what}: a row under another's key");
                for key in (1..=rows).map(lying_key) {
                    let found = listed(&mut database, Read::Get(key)).unwrap_or_default();
                    assert!(found.iter().all(|row| !is_own(row) || shown.contains(row)), "{what}: found and not shown");
                }
                // Some neighbours are sought past it, by their keys too: SQLite halves the page each time.
                assert!(shown.len() + 8 >= usize::from(rows), "{what}: {} shown", shown.len());
                let heads = listed(&mut database, Read::Heads(Table(1), None)).unwrap();
                let ids = |rows: &[Row]| rows.iter().map(|row| row.key.id).collect::<Vec<_>>();
                assert_eq!(ids(&shown), ids(&heads), "{what}");
                let mut places = ids(&shown);
                places.dedup();
                assert_eq!(places.len(), shown.len(), "{what}: one twice");
                // And the table takes rows as before.
                for id in 300..304 {
                    database.transact(&put_lying(id, len)).unwrap_or_else(|error| panic!("{what}: {error}"));
                }
            }
        }
    }
}

#[test]
fn neg_k20_many_entries_for_one_row_show_it_once() {
    let folder = lying("many", 60, 100);
    let mut database = opened(&folder);
    database.transact(&put_lying(61, 1 << 20)).unwrap();
    database.close().unwrap();
    let path = folder.0.join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    let place = |id: u16| (i64::from(id) - (1 << 49)).to_be_bytes();
    for id in 1..=60 {
        let key = lying_key(id).id;
        let entry = [&key[..], &place(id)].concat();
        let at = (0..bytes.len() - 40).find(|at| bytes[*at..*at + 40] == entry).unwrap();
        bytes[at + 32..at + 40].copy_from_slice(&place(61));
    }
    fs::write(&path, bytes).unwrap();
    let mut database = opened(&folder);
    let shown = listed(&mut database, Read::Rows(Table(1), None)).unwrap();
    assert!(shown.len() <= 1, "{}", shown.len());
}

#[test]
fn neg_k05_an_entry_at_another_rows_place_hides_only_its_own() {
    for (hurt, other) in [(3_u16, 9_u16), (9, 3), (1, 12), (12, 1)] {
        let folder = lying("doubled", 12, 20);
        let path = folder.0.join("store.db");
        let mut bytes = fs::read(&path).unwrap();
        let place = |id: u16| (i64::from(id) - (1 << 49)).to_be_bytes();
        let entry = [&lying_key(hurt).id[..], &place(hurt)].concat();
        let at = (0..bytes.len() - 40).find(|at| bytes[*at..*at + 40] == entry).unwrap();
        bytes[at + 32..at + 40].copy_from_slice(&place(other));
        fs::write(&path, bytes).unwrap();
        let mut database = opened(&folder);
        for read in [Read::Rows(Table(1), None), Read::Heads(Table(1), None)] {
            let shown = listed(&mut database, read).unwrap();
            let ids: Vec<[u8; 32]> = shown.iter().map(|row| row.key.id).collect();
            let others: Vec<[u8; 32]> = (1..=12).filter(|id| *id != hurt).map(|id| lying_key(id).id).collect();
            assert_eq!(ids, others, "{hurt} at {other}");
            assert!(shown.iter().all(|row| row.bytes.is_empty() || row.bytes[0] == row.key.id[1]));
        }
    }
}

/// Interior pages that each name the one below twenty-one times.
#[test]
fn neg_k20_a_tree_that_goes_round_and_round_is_damage_and_ends() {
    const PAGE: usize = 4096;
    for depth in 1..=9 {
        let folder = lying("round", 12, 100);
        let path = folder.0.join("store.db");
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_r_1'";
        let root: i64 = rusqlite::Connection::open(&path).unwrap().query_row(root, [], |row| row.get(0)).unwrap();
        let root = (usize::try_from(root).unwrap() - 1) * PAGE;
        let mut bytes = fs::read(&path).unwrap();
        let leaf = bytes[root..root + PAGE].to_vec();
        let cell = usize::from(u16::from_be_bytes([leaf[8], leaf[9]]));
        let cell = leaf[cell..cell + 1 + usize::from(leaf[cell])].to_vec();
        let interior = |child: usize| {
            let child = u32::try_from(child).unwrap().to_be_bytes();
            let mut page = vec![0_u8; PAGE];
            (page[0], page[4]) = (2, 20);
            page[8..12].copy_from_slice(&child);
            let mut at = PAGE;
            for n in 0..20 {
                at -= 4 + cell.len();
                page[at..at + 4].copy_from_slice(&child);
                page[at + 4..at + 4 + cell.len()].copy_from_slice(&cell);
                page[12 + 2 * n..14 + 2 * n].copy_from_slice(&u16::try_from(at).unwrap().to_be_bytes());
            }
            page[5..7].copy_from_slice(&u16::try_from(at).unwrap().to_be_bytes());
            page
        };
        let last = bytes.len() / PAGE;
        let mut pages = vec![leaf];
        pages.extend((1..depth).map(|level| interior(last + level)));
        bytes[root..root + PAGE].copy_from_slice(&interior(last + depth));
        bytes.extend(pages.concat());
        let count = u32::try_from(bytes.len() / PAGE).unwrap();
        bytes[28..32].copy_from_slice(&count.to_be_bytes());
        fs::write(&path, bytes).unwrap();
        let mut database = opened(&folder);
        for read in [Read::Rows(Table(1), None), Read::Heads(Table(1), None)] {
            // What 21 pages would hold is not yet more than the file could.
            let read = listed(&mut database, read);
            assert!(
                if depth > 1 { read == Err(StorageError::Damaged) } else { read.is_ok() },
                "{depth}: {:?}",
                read.map(|rows| rows.len())
            );
        }
    }
}

/// Whatever bit of index or table is hurt: what is looked for by its index value is all there, or it is said that something is damaged. No
/// tally would tell.
#[test]
fn neg_k05_a_list_by_index_value_is_whole_or_damaged() {
    let (mut whole, mut damaged) = (0, 0);
    let folder = Folder::new("by-index");
    let mut database = opened(&folder);
    for id in 1..=6 {
        database.transact(&put(id, 9)).unwrap();
    }
    database.close().unwrap();
    let path = folder.0.join("store.db");
    let sound = fs::read(&path).unwrap();
    // Around each key, in whichever tree: the head of its record, the index value, the rowid.
    let key = [3; 32];
    let is_key = |at: &usize| sound[*at..*at + 32] == key && sound[at - 1] != 3;
    let places = (1..sound.len() - 32).filter(is_key).collect::<Vec<_>>();
    assert_eq!(places.len(), 3);
    for place in places {
        for at in place - 44..place + 80 {
            for bit in 0..8 {
                let mut bytes = sound.clone();
                bytes[at] ^= 1 << bit;
                fs::write(&path, bytes).unwrap();
                let mut database = Database::new(folder.0.clone(), Layout::NEWEST);
                if database.open().is_err() {
                    continue;
                }
                let heads = listed(&mut database, Read::Heads(Table(1), Some(INDEX)));
                let all = listed(&mut database, Read::Heads(Table(1), None));
                match listed(&mut database, Read::Rows(Table(1), Some(INDEX))) {
                    Ok(rows) if rows.len() == 6 => whole += 1,
                    // The count of all tells.
                    Ok(rows) => {
                        assert!(heads.unwrap().len() == rows.len(), "byte {at}, bit {bit}");
                        let all = all.unwrap_or_default();
                        let indexed = all.iter().filter(|row| row.index == INDEX && row.version == 1).count();
                        assert!(indexed < 6, "byte {at}, bit {bit}: {} of 6, and nobody sees it", rows.len());
                    }
                    Err(error) => {
                        assert_eq!(error, StorageError::Damaged, "byte {at}, bit {bit}");
                        damaged += 1;
                    }
                }
            }
        }
    }
    assert!(whole > 1_000 && damaged > 20, "{whole} {damaged}");
}
