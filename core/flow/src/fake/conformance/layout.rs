//! What every storage must keep over closing and opening.
use alloc::{sync::Arc, vec, vec::Vec};

use super::storage::{ONE, emptied, key, read, row, write};
use crate::ports::{Expect, Generation, Layout, Read, Row, Storage, StorageError, Transaction, Write};

const FIRST: Layout = Layout::NEWEST;
/// Made up, as is the one after it: no software has them yet.
const SECOND: Layout = Layout(FIRST.0 + 1);
const NEXT: Layout = Layout(FIRST.0 + 2);

/// Old stores are served as they are, newer ones are left alone, and a layout is raised with its transaction or not
/// at all.
pub(super) async fn layouts(handle: &impl Fn(Layout) -> Arc<dyn Storage>) {
    are_made_newest(handle).await;
    old_ones_are_served(handle).await;
    a_failure_leaves_the_layout(handle).await;
    are_raised_with_their_transaction(handle).await;
    newer_ones_are_left_alone(handle).await;
    steps_are_taken_together(handle).await;
}

/// A store that software of this layout made, with one row and an envelope.
async fn made(handle: &impl Fn(Layout) -> Arc<dyn Storage>, layout: Layout) {
    let store = handle(layout);
    store.wipe().await.expect("wipes");
    assert_eq!(store.open().await, Ok(layout), "a new store has the newest layout of its software");
    write(&*store, vec![Write::Put(row(ONE, 1, 1, b"old"), Expect::Absent)]).await.expect("writes");
    store.envelope_replace(Generation(1), vec![1]).await.expect("writes");
    store.close().await.expect("closes");
}

async fn has(store: &dyn Storage, layout: Layout, rows: &[Row]) {
    assert_eq!(store.open().await, Ok(layout), "the layout it has");
    assert!(read(store, Read::Rows(ONE, None)).await == rows, "its rows");
    let heads: Vec<Row> = rows.iter().map(|row| Row { key: row.key.clone(), bytes: Vec::new(), ..*row }).collect();
    assert!(read(store, Read::Heads(ONE, None)).await == heads, "their heads");
    assert!(read(store, Read::Get(key(ONE, 1))).await.as_slice() == rows.get(..1).unwrap_or_default());
    assert_eq!(store.envelope_read().await, Ok(Some((Generation(1), vec![1]))), "its envelope");
}

/// As [`has`], also for a handle that opens it again; gives that one.
async fn keeps(
    handle: &impl Fn(Layout) -> Arc<dyn Storage>,
    store: Arc<dyn Storage>,
    layout: Layout,
    rows: &[Row],
) -> Arc<dyn Storage> {
    has(&*store, layout, rows).await;
    drop(store);
    let store = handle(SECOND);
    has(&*store, layout, rows).await;
    store
}

fn raise(layout: Layout, writes: Vec<Write>) -> Transaction {
    Transaction { reads: Vec::new(), writes, layout: Some(layout) }
}

async fn are_made_newest(handle: &impl Fn(Layout) -> Arc<dyn Storage>) {
    for layout in [FIRST, SECOND, NEXT] {
        made(handle, layout).await;
        let store = handle(layout);
        has(&*store, layout, &[row(ONE, 1, 1, b"old")]).await;
        store.set_aside().await.expect("sets aside");
        assert_eq!(store.open().await, Ok(layout), "also in the place of one set aside");
        emptied(&*store).await;
        assert_eq!(store.open().await, Ok(layout), "or wiped");
    }
}

async fn old_ones_are_served(handle: &impl Fn(Layout) -> Arc<dyn Storage>) {
    made(handle, FIRST).await;
    let store = handle(SECOND);
    has(&*store, FIRST, &[row(ONE, 1, 1, b"old")]).await;
    write(&*store, vec![Write::Put(row(ONE, 2, 1, b"new"), Expect::Absent)]).await.expect("an old store is written to");
    keeps(handle, store, FIRST, &[row(ONE, 1, 1, b"old"), row(ONE, 2, 1, b"new")]).await;
}

async fn a_failure_leaves_the_layout(handle: &impl Fn(Layout) -> Arc<dyn Storage>) {
    made(handle, FIRST).await;
    let put = |id, expect| Write::Put(row(ONE, id, 2, b"lost"), expect);
    let store = handle(SECOND);
    store.open().await.expect("opens");
    let failing = [
        (raise(SECOND, vec![put(2, Expect::Absent), put(1, Expect::Absent)]), StorageError::Conflict),
        (raise(SECOND, vec![put(1, Expect::Version(2)), put(2, Expect::Absent)]), StorageError::Conflict),
        (raise(NEXT, vec![put(2, Expect::Absent)]), StorageError::Newer),
        (raise(Layout(0), vec![put(2, Expect::Absent)]), StorageError::Conflict),
        (raise(NEXT, Vec::new()), StorageError::Newer),
        (raise(Layout(0), Vec::new()), StorageError::Conflict),
    ];
    for (failing, error) in failing {
        assert_eq!(store.transact(failing).await.err(), Some(error));
        has(&*store, FIRST, &[row(ONE, 1, 1, b"old")]).await;
    }
    keeps(handle, store, FIRST, &[row(ONE, 1, 1, b"old")]).await;
}

async fn are_raised_with_their_transaction(handle: &impl Fn(Layout) -> Arc<dyn Storage>) {
    made(handle, FIRST).await;
    let store = handle(SECOND);
    store.open().await.expect("opens");
    let put = |id, version, expect| vec![Write::Put(row(ONE, id, version, b"new"), expect)];
    // The layout it has: the writes alone.
    store.transact(raise(FIRST, put(2, 1, Expect::Absent))).await.expect("writes");
    let store = keeps(handle, store, FIRST, &[row(ONE, 1, 1, b"old"), row(ONE, 2, 1, b"new")]).await;

    let migration =
        Transaction { reads: vec![Read::Rows(ONE, None)], writes: put(1, 2, Expect::Version(1)), layout: Some(SECOND) };
    let before = store.transact(migration).await.expect("is raised");
    assert!(before == [[row(ONE, 1, 1, b"old"), row(ONE, 2, 1, b"new")]], "reads come first");
    let rows = [row(ONE, 1, 2, b"new"), row(ONE, 2, 1, b"new")];
    let store = keeps(handle, store, SECOND, &rows).await;
    assert_eq!(store.transact(raise(FIRST, put(3, 1, Expect::Absent))).await.err(), Some(StorageError::Conflict));
    store.transact(raise(SECOND, Vec::new())).await.expect("the layout it has");
    keeps(handle, store, SECOND, &rows).await;
}

async fn newer_ones_are_left_alone(handle: &impl Fn(Layout) -> Arc<dyn Storage>) {
    for (older, newer) in [(FIRST, SECOND), (SECOND, NEXT)] {
        made(handle, newer).await;
        let store = handle(older);
        for _ in 0..2 {
            assert_eq!(store.open().await, Err(StorageError::Newer));
            let refused = write(&*store, vec![Write::Put(row(ONE, 9, 1, b"x"), Expect::Absent)]).await;
            assert_eq!(refused, Err(StorageError::Locked), "it is not open");
            assert_eq!(store.envelope_read().await.err(), Some(StorageError::Locked));
        }
        let rightful = handle(newer);
        has(&*rightful, newer, &[row(ONE, 1, 1, b"old")]).await;
        drop(rightful);
        store.set_aside().await.expect("what cannot be opened can be set aside");
        assert_eq!(store.open().await, Ok(older));
        store.close().await.expect("closes");
    }
}

async fn steps_are_taken_together(handle: &impl Fn(Layout) -> Arc<dyn Storage>) {
    made(handle, FIRST).await;
    let store = handle(NEXT);
    assert_eq!(store.open().await, Ok(FIRST));
    store.transact(raise(NEXT, vec![Write::Put(row(ONE, 2, 1, b"new"), Expect::Absent)])).await.expect("is raised");
    has(&*store, NEXT, &[row(ONE, 1, 1, b"old"), row(ONE, 2, 1, b"new")]).await;
    drop(store);
    assert_eq!(handle(SECOND).open().await, Err(StorageError::Newer), "it stays raised");
    handle(SECOND).wipe().await.expect("wipes");
}
