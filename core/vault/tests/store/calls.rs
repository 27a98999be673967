//! How often the storage is asked.
use std::sync::Arc;

use rid_flow::{
    Store,
    fake::{MemoryStorage, block_on},
    ports::StorageError,
};

use crate::world::*;

#[test]
fn perf_p11_a_commit_after_another_asks_the_storage_once() {
    let world = World::new(2201);
    let storage = Arc::new(MemoryStorage::new(&world.disk));
    let vault = open(storage.clone(), world.area(&Line::whole())).unwrap();
    commit(&vault, add("a", 1));
    let calls = |changes| {
        let before = storage.calls();
        let committed = block_on(vault.commit(changes)).map(drop);
        (committed, storage.calls() - before)
    };
    assert_eq!(calls(log(1)), (Ok(()), 1));
    assert_eq!(calls(add("b", 1)), (Ok(()), 1));
    // Nobody saw whether it was written: the next one looks.
    storage.fail_after(0, StorageError::Io);
    assert_eq!(calls(log(2)), (Err(StorageError::Io), 1));
    assert_eq!(calls(log(3)), (Ok(()), 2));
    assert_eq!(block_on(vault.history(1, 9)).unwrap().len(), 2);
}
