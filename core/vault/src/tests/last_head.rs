//! The head that a commit leaves to the next one may be an earlier one than the last: of two that end at once, either may leave it.
use std::sync::Arc;

use rid_flow::{
    Changes, Committer, CredentialId, HistorySeq,
    fake::{MemoryDisk, MemoryStorage, ScriptedSecureArea, SeededRng, block_on},
    ports::StorageError,
};
use rid_wire::Timestamp;

use super::forged::event;
use crate::{ChainVerdict, Vault, VaultConfig};

fn log(n: u8) -> Changes {
    Changes { history: vec![event(n)], ..Changes::default() }
}

#[test]
fn neg_g25_a_head_left_late_costs_a_try_and_nothing_else() {
    let rng = Arc::new(|| Box::new(SeededRng::new(7)) as _);
    let (storage, area) = (MemoryStorage::new(&MemoryDisk::new()), ScriptedSecureArea::new(7));
    let vault = block_on(Vault::open(Arc::new(storage), Arc::new(area), rng, VaultConfig { low_water: 0 })).unwrap();
    block_on(vault.commit(log(1))).unwrap();
    let early = vault.last_head().clone();
    block_on(vault.commit(log(2))).unwrap();
    // Refused for what stands there, not for the head: nothing is written, and the answer is the true one.
    *vault.last_head() = early.clone();
    let taken = Changes { consume: vec![CredentialId("none".into())], ..log(3) };
    assert_eq!(block_on(vault.commit(taken)).err(), Some(StorageError::Exhausted));
    *vault.last_head() = early.clone();
    assert_eq!(block_on(vault.commit(log(3))).unwrap().history, [HistorySeq(3)]);
    *vault.last_head() = early;
    block_on(vault.delete_history(HistorySeq(2), Timestamp::from_unix(1_800_000_000))).unwrap();
    assert_eq!(block_on(vault.verify_history()), Ok(ChainVerdict::Whole { rows: 3 }));
    assert!(block_on(vault.health()).unwrap().is_whole());
}
