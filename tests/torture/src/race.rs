//! 64 presentations on a pool of ten: ten get a copy, each another one.
use std::{collections::BTreeSet, sync::Arc, thread};

use rid_flow::ports::StorageError;
use rid_vault::{Vault, VaultError};
use rid_wire::hex;

use crate::{
    check::Verdict,
    scratch::Scratch,
    session::{self, Place},
    tally::Tally,
    work::Work,
};

const THREADS: u64 = 64;
const COPIES: u32 = 10;

pub(crate) fn run(rounds: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    let folder = scratch.fresh("race");
    let opened = Place::new(&folder).open().and_then(|session| session.vault().cloned());
    let Ok(vault) = opened else {
        tally.add(Verdict::Wrong("no store could be made".into()), "race");
        return tally;
    };
    let act = |vault: &Arc<Vault>, work: &Work| session::commit(vault, &session::changes(work));
    for round in 0..rounds {
        let id = format!("pool{round}");
        if act(&vault, &Work::Add { id: id.clone(), copies: COPIES }).is_err() {
            tally.add(Verdict::Wrong("no pool could be made".into()), "race");
            return tally;
        }
        let handles: Vec<_> = (0..THREADS)
            .map(|n| {
                let (vault, id) = (vault.clone(), id.clone());
                let event = hex::encode(&[round.to_be_bytes(), n.to_be_bytes()].concat());
                thread::spawn(move || session::commit(&vault, &session::changes(&Work::Use { id, event })))
            })
            .collect();
        let results: Vec<_> = handles.into_iter().filter_map(|handle| handle.join().ok()).collect();
        let taken: Vec<&String> = results.iter().flatten().collect();
        let different: BTreeSet<&&String> = taken.iter().collect();
        let exhausted = VaultError::Storage(StorageError::Exhausted);
        let other = results.iter().filter_map(|result| result.as_ref().err()).find(|error| **error != exhausted);
        tally.add(
            if different.len() < taken.len() {
                Verdict::DoubleUsed(format!("inv-I4: {} copies for {} takers", different.len(), taken.len()))
            } else if taken.len() == 10 && other.is_none() && u64::try_from(results.len()) == Ok(THREADS) {
                Verdict::Survived
            } else {
                let other = other.map_or("", |error| error.code().as_str());
                Verdict::Wrong(format!("{} of 10 copies were taken {other}", taken.len()))
            },
            &format!("round {round}"),
        );
        let event = hex::encode(&[round.to_be_bytes(), THREADS.to_be_bytes()].concat());
        if act(&vault, &Work::Delete { id, event }).is_err() {
            tally.add(Verdict::Wrong("a pool could not be deleted".into()), "race");
        }
    }
    tally
}
