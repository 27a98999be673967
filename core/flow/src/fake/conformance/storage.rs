//! What every storage must do.
use alloc::{sync::Arc, vec, vec::Vec};

use super::layout::layouts;
use crate::ports::{Expect, Generation, Layout, Read, Row, RowKey, Storage, StorageError, Table, Transaction, Write};

pub(super) const ONE: Table = Table(1);
const TWO: Table = Table(2);

/// A store keeps what it acknowledged, writes all of a transaction or nothing, and belongs to one handle at a time.
/// `handle` gives a further handle onto one and the same store, at first empty, of software whose newest layout is
/// the given one (1 to 3); what is there at the end is wiped.
pub async fn storage(handle: impl Fn(Layout) -> Arc<dyn Storage>) {
    layouts(&handle).await;
    let handle = || handle(Layout::NEWEST);
    belongs_to_one(&handle).await;
    let parts = handle();
    emptied(&*parts).await;
    reads_what_was_written(&*parts).await;
    emptied(&*parts).await;
    holds_expectations(&*parts).await;
    emptied(&*parts).await;
    lists(&*parts).await;
    emptied(&*parts).await;
    keeps_the_envelope(&*parts).await;
    parts.close().await.expect("closes");
    survives_closing(&handle).await;
    is_set_aside(&handle).await;
    is_wiped(&handle).await;
}

pub(super) fn key(table: Table, id: u8) -> RowKey {
    RowKey { table, id: [id; 32] }
}

pub(super) fn row(table: Table, id: u8, version: u64, bytes: &[u8]) -> Row {
    Row { key: key(table, id), version, index: [id % 2; 32], bytes: bytes.to_vec() }
}

pub(super) async fn emptied(store: &dyn Storage) {
    store.wipe().await.expect("wipes");
    store.open().await.expect("opens");
}

pub(super) async fn write(store: &dyn Storage, writes: Vec<Write>) -> Result<(), StorageError> {
    store.transact(Transaction { writes, ..Transaction::default() }).await.map(|_| ())
}

pub(super) async fn read(store: &dyn Storage, read: Read) -> Vec<Row> {
    let reads = vec![read];
    let found = store.transact(Transaction { reads, ..Transaction::default() }).await.expect("reads");
    assert_eq!(found.len(), 1, "one answer a read");
    found.into_iter().next().unwrap_or_default()
}

async fn belongs_to_one(handle: &impl Fn() -> Arc<dyn Storage>) {
    let (one, other) = (handle(), handle());
    let closed = one.transact(Transaction::default()).await;
    assert_eq!(closed.err(), Some(StorageError::Locked), "nothing before opening");
    assert_eq!(one.envelope_read().await.err(), Some(StorageError::Locked));
    assert_eq!(one.envelope_replace(Generation(1), vec![1]).await, Err(StorageError::Locked));
    assert_eq!(one.open().await, Ok(Layout::NEWEST));
    assert_eq!(one.open().await, Ok(Layout::NEWEST), "its own handle may open again");
    assert_eq!(other.open().await, Err(StorageError::Locked), "nobody else may");
    assert_eq!(other.wipe().await, Err(StorageError::Locked));
    assert_eq!(other.set_aside().await, Err(StorageError::Locked));
    assert_eq!(one.transact(Transaction::default()).await.map(|found| found.len()), Ok(0));
    assert_eq!(one.close().await, Ok(()));
    assert_eq!(one.close().await, Ok(()), "closing twice is closing");
    assert_eq!(one.transact(Transaction::default()).await.err(), Some(StorageError::Locked));
    assert_eq!(other.open().await, Ok(Layout::NEWEST));
    drop(other);
    assert_eq!(one.open().await, Ok(Layout::NEWEST), "a dropped handle is a closed one");
    assert_eq!(one.close().await, Ok(()));
}

async fn reads_what_was_written(store: &dyn Storage) {
    let large: Vec<u8> = (0..1_u32 << 20).map(|n| n.to_be_bytes()[3] ^ n.to_be_bytes()[2]).collect();
    for (id, bytes) in [(1, &b""[..]), (2, b"bytes"), (3, &large)] {
        let row = row(ONE, id, 1, bytes);
        assert_eq!(write(store, vec![Write::Put(row.clone(), Expect::Absent)]).await, Ok(()));
        assert!(read(store, Read::Get(row.key.clone())).await == [row], "a row comes back as it was written");
    }
    assert!(read(store, Read::Get(key(ONE, 9))).await.is_empty(), "an absent row");
    assert!(read(store, Read::Get(key(TWO, 1))).await.is_empty(), "the same name in another table");

    let both = Transaction {
        reads: vec![Read::Get(key(ONE, 2)), Read::Get(key(ONE, 1))],
        writes: vec![Write::Put(row(ONE, 2, 2, b"later"), Expect::Version(1))],
        layout: None,
    };
    let before = store.transact(both).await.expect("reads and writes");
    let before: Vec<&Row> = before.iter().flatten().collect();
    assert!(before == [&row(ONE, 2, 1, b"bytes"), &row(ONE, 1, 1, b"")], "reads come first, in order");
    assert!(read(store, Read::Get(key(ONE, 2))).await == [row(ONE, 2, 2, b"later")]);
}

async fn holds_expectations(store: &dyn Storage) {
    let put = |id, version, expect| Write::Put(row(ONE, id, version, b"x"), expect);
    let highest = u64::try_from(i64::MAX).unwrap_or_default();
    write(store, vec![put(1, 1, Expect::Absent), put(2, highest, Expect::Absent)]).await.expect("writes");
    let start = read(store, Read::Rows(ONE, None)).await;
    let wrong = [
        put(1, 2, Expect::Absent),
        put(1, 2, Expect::Version(2)),
        put(3, 1, Expect::Version(1)),
        put(3, 1, Expect::Version(0)),
        Write::Delete(key(ONE, 1), Expect::Absent),
        Write::Delete(key(ONE, 1), Expect::Version(2)),
        Write::Delete(key(ONE, 3), Expect::Version(1)),
    ];
    for wrong in wrong {
        // What stands before and after the write that fails is not written either.
        let writes = vec![put(7, 1, Expect::Absent), wrong, put(8, 1, Expect::Absent)];
        assert_eq!(write(store, writes).await, Err(StorageError::Conflict));
        assert!(read(store, Read::Rows(ONE, None)).await == start, "nothing of it was written");
    }
    write(store, vec![Write::Delete(key(ONE, 9), Expect::Absent)])
        .await
        .expect("what is absent may be deleted as such");
    write(store, vec![Write::Delete(key(ONE, 2), Expect::Version(highest))]).await.expect("deletes");
    assert!(read(store, Read::Get(key(ONE, 2))).await.is_empty());
    // Later writes of a transaction see the earlier ones.
    let renewed =
        vec![Write::Delete(key(ONE, 1), Expect::Version(1)), put(1, 5, Expect::Absent), put(1, 6, Expect::Version(5))];
    write(store, renewed).await.expect("renews");
    assert!(read(store, Read::Get(key(ONE, 1))).await == [row(ONE, 1, 6, b"x")]);
}

async fn lists(store: &dyn Storage) {
    let rows: Vec<Row> = (1..=6).map(|id| row(ONE, id, u64::from(id), &[id])).collect();
    let two = row(TWO, 1, 1, b"two");
    let backwards = rows.iter().rev().chain([&two]);
    let writes = backwards.map(|row| Write::Put(row.clone(), Expect::Absent)).collect();
    write(store, writes).await.expect("writes");
    let odd: Vec<Row> = rows.iter().filter(|row| row.index == [1; 32]).cloned().collect();
    let heads = |rows: &[Row]| -> Vec<Row> {
        rows.iter().map(|row| Row { key: row.key.clone(), bytes: Vec::new(), ..*row }).collect()
    };
    assert!(read(store, Read::Rows(ONE, None)).await == rows, "all of a table, in the order of their keys");
    assert!(read(store, Read::Rows(ONE, Some([1; 32]))).await == odd, "those of one index value");
    assert!(read(store, Read::Heads(ONE, None)).await == heads(&rows), "heads have no bytes");
    assert!(read(store, Read::Heads(ONE, Some([1; 32]))).await == heads(&odd));
    for none in [[9; 32], [0; 32]] {
        assert!(read(store, Read::Rows(ONE, Some(none))).await.is_empty());
        assert!(read(store, Read::Heads(ONE, Some(none))).await.is_empty());
    }
    assert!(read(store, Read::Rows(Table(200), None)).await.is_empty(), "a table nobody wrote to");
    let several =
        vec![Read::Get(key(ONE, 4)), Read::Rows(Table(200), None), Read::Rows(ONE, None), Read::Heads(TWO, None)];
    let reads = Transaction { reads: several, ..Transaction::default() };
    let found = store.transact(reads).await.expect("reads");
    assert!(found == [vec![row(ONE, 4, 4, &[4])], vec![], rows, heads(&[two])]);
}

async fn keeps_the_envelope(store: &dyn Storage) {
    assert_eq!(store.envelope_read().await, Ok(None));
    for (generation, bytes) in [(1, vec![1]), (2, vec![2; 5_000]), (3, Vec::new()), (70, vec![7])] {
        assert_eq!(store.envelope_replace(Generation(generation), bytes.clone()).await, Ok(()));
        assert_eq!(store.envelope_read().await, Ok(Some((Generation(generation), bytes))));
    }
    for old in [0, 3, 70] {
        let refused = store.envelope_replace(Generation(old), vec![0]).await;
        assert_eq!(refused, Err(StorageError::Conflict), "generations only grow");
    }
    assert_eq!(store.envelope_read().await, Ok(Some((Generation(70), vec![7]))));
}

async fn filled(handle: &impl Fn() -> Arc<dyn Storage>) -> Arc<dyn Storage> {
    let store = handle();
    emptied(&*store).await;
    write(&*store, vec![Write::Put(row(ONE, 1, 1, b"kept"), Expect::Absent)]).await.expect("writes");
    store.envelope_replace(Generation(1), vec![1]).await.expect("writes");
    store
}

async fn is_empty(store: &dyn Storage) {
    assert!(read(store, Read::Heads(ONE, None)).await.is_empty(), "no rows");
    assert_eq!(store.envelope_read().await, Ok(None), "no envelope");
}

async fn survives_closing(handle: &impl Fn() -> Arc<dyn Storage>) {
    filled(handle).await.close().await.expect("closes");
    let store = handle();
    store.open().await.expect("opens");
    assert!(read(&*store, Read::Get(key(ONE, 1))).await == [row(ONE, 1, 1, b"kept")]);
    assert_eq!(store.envelope_read().await, Ok(Some((Generation(1), vec![1]))));
    drop(store);
    let store = handle();
    store.open().await.expect("opens");
    assert!(read(&*store, Read::Get(key(ONE, 1))).await == [row(ONE, 1, 1, b"kept")], "without closing too");
}

async fn is_set_aside(handle: &impl Fn() -> Arc<dyn Storage>) {
    for _ in 0..2 {
        let store = filled(handle).await;
        store.set_aside().await.expect("sets aside");
        store.open().await.expect("opens");
        is_empty(&*store).await;
        write(&*store, vec![Write::Put(row(ONE, 1, 1, b"new"), Expect::Absent)]).await.expect("the new store works");
    }
}

async fn is_wiped(handle: &impl Fn() -> Arc<dyn Storage>) {
    let store = filled(handle).await;
    store.wipe().await.expect("wipes");
    assert_eq!(store.transact(Transaction::default()).await.err(), Some(StorageError::Locked), "closed by it");
    store.wipe().await.expect("wipes again");
    handle().wipe().await.expect("wipes what is not there");
    store.open().await.expect("opens");
    is_empty(&*store).await;
    store.close().await.expect("closes");
    store.wipe().await.expect("leaves nothing behind");
}
