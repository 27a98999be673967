//! Corrupt or forged files: nothing of one row hides another.
use std::fs;

use rid_flow::ports::{Expect, Read, Row, RowKey, StorageError, Table, Transaction, Write};

use super::super::{
    Database,
    tests::{connection, opened},
};
use crate::testing::Folder;

/// Rows of one table, closed.
fn filled(name: &str, rows: u8, len: usize) -> Folder {
    let folder = Folder::new(name);
    let mut database = opened(&folder);
    for id in 1..=rows {
        let row = Row { key: key(id), version: 1, index: [0; 32], bytes: vec![id; len] };
        let writes = vec![Write::Put(row, Expect::Absent)];
        database.transact(&Transaction { writes, ..Transaction::default() }).unwrap();
    }
    database.close().unwrap();
    folder
}

fn key(id: u8) -> RowKey {
    let mut key: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7 + 3).unwrap());
    key[0] = id;
    RowKey { table: Table(1), id: key }
}

fn listed(database: &mut Database, read: Read) -> Result<Vec<Row>, StorageError> {
    Ok(database.transact(&Transaction { reads: vec![read], ..Transaction::default() })?.remove(0))
}

/// Changes the file where the key of a row is stored.
fn alter(folder: &Folder, id: u8, change: impl FnOnce(&mut [u8], usize)) {
    let path = folder.0.join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(32).position(|window| window == key(id).id).unwrap();
    change(&mut bytes, at);
    fs::write(&path, bytes).unwrap();
}

#[test]
fn neg_k05_a_bit_of_a_key_hides_no_other_row() {
    // The first three bits would make it the key of another row.
    for bit in 3..256 {
        let folder = filled("one-bit", 12, 100);
        alter(&folder, 6, |bytes, at| bytes[at + bit / 8] ^= 1 << (bit % 8));
        let mut database = opened(&folder);
        assert_eq!(listed(&mut database, Read::Rows(Table(1), None)).unwrap().len(), 12, "{bit}");
        for id in (1..=12).filter(|id| *id != 6) {
            let found = listed(&mut database, Read::Get(key(id))).unwrap();
            assert!(found.len() == 1 && found[0].bytes == [id; 100], "bit {bit} hides row {id}");
        }
    }
}

#[test]
fn neg_k05_a_key_of_another_type_hides_no_other_row() {
    let folder = filled("type", 12, 100);
    alter(&folder, 6, |bytes, at| {
        // Header of the record: its length, then one type per column; 76 is a blob of 32 bytes, 77 a text of 32.
        let header = (at - 9..at).find(|at| bytes[*at] == 76).unwrap();
        bytes[header] = 77;
    });
    let mut database = opened(&folder);
    for read in [Read::Rows(Table(1), None), Read::Heads(Table(1), None)] {
        let ids: Vec<u8> = listed(&mut database, read).unwrap().iter().map(|row| row.key.id[0]).collect();
        assert_eq!(ids, (1..=12).filter(|id| *id != 6).collect::<Vec<_>>());
    }
}

#[test]
fn neg_k20_a_tree_that_goes_round_and_round_is_damage_and_ends() {
    const PAGE: usize = 4096;
    for depth in 1..=9 {
        let folder = filled("round", 12, 100);
        let path = folder.0.join("store.db");
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'r'";
        let root: i64 = rusqlite::Connection::open(&path).unwrap().query_row(root, [], |row| row.get(0)).unwrap();
        let root = (usize::try_from(root).unwrap() - 1) * PAGE;
        let mut bytes = fs::read(&path).unwrap();
        let leaf = bytes[root..root + PAGE].to_vec();
        let cell = usize::from(u16::from_be_bytes([leaf[8], leaf[9]]));
        // The payload is longer than 127 bytes: its length takes two.
        let length = usize::from(leaf[cell] & 0x7f) << 7 | usize::from(leaf[cell + 1]);
        let cell = leaf[cell..cell + 2 + length].to_vec();
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
            let by_sqlite = super::rows(connection(&database), &read).map(|rows| rows.len());
            assert_eq!(by_sqlite.is_ok(), depth == 1, "{depth}: {by_sqlite:?}");
            let ids: Vec<u8> = listed(&mut database, read).unwrap().iter().map(|row| row.key.id[0]).collect();
            assert!(depth == 1 || ids == (1..=12).collect::<Vec<_>>(), "{depth}: each leaf is read by itself: {ids:?}");
        }
    }
}
