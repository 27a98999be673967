//! Any sequence of changes leaves what a simple account of it says, with every digest and the chain whole.
use std::collections::BTreeMap;

use proptest::prelude::*;
use rid_claims::ReusePolicy;
use rid_flow::{Changes, Store, VerifierId, fake::block_on, ports::StorageError};
use rid_vault::ChainVerdict;

use crate::world::*;

#[derive(Clone, Debug)]
enum Step {
    Add(u8, usize, ReusePolicy),
    Remove(u8),
    Show(Vec<u8>, Option<u8>, i64),
    Put(u8, u8),
    Take(u8),
    Reopen,
    Rotate,
    Delete(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let reuse = prop_oneof![
        Just(ReusePolicy::Once),
        Just(ReusePolicy::PerVerifier),
        Just(ReusePolicy::Rotate),
        Just(ReusePolicy::Limited { seconds: 50 })
    ];
    prop_oneof![
        2 => (0..3_u8, 0..4_usize, reuse).prop_map(|(name, copies, reuse)| Step::Add(name, copies, reuse)),
        1 => (0..3_u8).prop_map(Step::Remove),
        6 => (prop::collection::vec(0..3_u8, 1..3), prop::option::of(0..3_u8), 0..200_i64)
            .prop_map(|(names, verifier, at)| Step::Show(names, verifier, at)),
        2 => (0..3_u8, any::<u8>()).prop_map(|(name, value)| Step::Put(name, value)),
        1 => (0..3_u8).prop_map(Step::Take),
        1 => Just(Step::Reopen),
        1 => Just(Step::Rotate),
        1 => (1..9_u64).prop_map(Step::Delete),
    ]
}

#[derive(Clone)]
struct Pool {
    reuse: ReusePolicy,
    /// Uses, first use, verifier of each copy that is there.
    copies: Vec<(u32, Option<i64>, Option<u8>)>,
}

impl Pool {
    /// Whether one could be taken; the account is changed.
    fn show(&mut self, verifier: Option<u8>, now: i64) -> bool {
        if let ReusePolicy::Limited { seconds } = self.reuse {
            self.copies
                .retain(|(_, since, _)| since.is_none_or(|since| (since..since + i64::from(seconds)).contains(&now)));
        }
        let chosen = match (self.reuse, verifier) {
            (ReusePolicy::Once, _) => (!self.copies.is_empty()).then_some(0),
            (ReusePolicy::Limited { .. }, _) => {
                let running = self.copies.iter().position(|copy| copy.0 > 0);
                running.or((!self.copies.is_empty()).then_some(0))
            }
            (ReusePolicy::PerVerifier, Some(_)) => {
                let own = self.copies.iter().position(|copy| copy.0 > 0 && copy.2 == verifier);
                own.or_else(|| self.copies.iter().position(|copy| copy.0 == 0))
            }
            (ReusePolicy::PerVerifier, None) => self.copies.iter().position(|copy| copy.0 == 0),
            (ReusePolicy::Rotate, _) => (0..self.copies.len()).min_by_key(|at| self.copies[*at].0),
        };
        let Some(at) = chosen else { return false };
        if self.reuse == ReusePolicy::Once || (self.reuse == ReusePolicy::PerVerifier && verifier.is_none()) {
            self.copies.remove(at);
        } else {
            let copy = &mut self.copies[at];
            *copy = (copy.0 + 1, copy.1.or(Some(now)), verifier);
        }
        true
    }

    fn left(&self) -> u32 {
        let fresh = |copy: &&(u32, Option<i64>, Option<u8>)| self.reuse == ReusePolicy::Rotate || copy.0 == 0;
        self.copies.iter().filter(fresh).count() as u32
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn inv_i3_any_sequence_of_changes_leaves_what_was_agreed(steps in prop::collection::vec(step(), 1..40)) {
        let world = World::new(701);
        let mut vault = world.open();
        let mut pools = BTreeMap::<u8, Pool>::new();
        let mut records = BTreeMap::<u8, u8>::new();
        let (mut rows, mut stones) = (0_u64, std::collections::BTreeSet::new());
        let name = |n: u8| format!("c{n}");
        for step in steps {
            match step {
                Step::Add(n, copies, reuse) => {
                    let added = block_on(vault.commit(Changes {
                        add: vec![credential(&name(n), copies, reuse)],
                        ..Changes::default()
                    }));
                    prop_assert_eq!(added.err(), pools.contains_key(&n).then_some(StorageError::Conflict));
                    pools.entry(n).or_insert(Pool { reuse, copies: vec![(0, None, None); copies] });
                }
                Step::Remove(n) => {
                    let remove = Changes { remove: vec![id(&name(n))], ..Changes::default() };
                    let removed = block_on(vault.commit(remove));
                    prop_assert_eq!(removed.err(), pools.remove(&n).is_none().then_some(StorageError::Conflict));
                }
                Step::Show(names, verifier, now) => {
                    let mut after = pools.clone();
                    let all = names.iter().all(|n| after.get_mut(n).is_some_and(|pool| pool.show(verifier, now)));
                    let mut changes = log(1);
                    changes.history[0].at = at(now);
                    changes.verifier = verifier.map(|n| VerifierId([n; 32]));
                    changes.consume = names.iter().map(|n| id(&name(*n))).collect();
                    match block_on(vault.commit(changes)) {
                        Ok(committed) => {
                            prop_assert!(all);
                            prop_assert_eq!(committed.copies.len(), names.len());
                            (pools, rows) = (after, rows + 1);
                        }
                        Err(error) => prop_assert!(!all && error == StorageError::Exhausted),
                    }
                }
                Step::Put(n, value) => {
                    commit(&vault, put("enrolment", &name(n), &value.to_string()));
                    records.insert(n, value);
                }
                Step::Take(n) => {
                    let take = Changes { take: vec![key("enrolment", &name(n))], ..Changes::default() };
                    let taken = block_on(vault.commit(take));
                    prop_assert_eq!(taken.err(), records.remove(&n).is_none().then_some(StorageError::Conflict));
                }
                Step::Reopen => {
                    drop(vault);
                    vault = world.open();
                    prop_assert!(block_on(vault.health()).unwrap().is_whole());
                }
                Step::Rotate => block_on(vault.rotate_keys()).unwrap(),
                Step::Delete(seq) => {
                    let deleted = block_on(vault.delete_history(rid_flow::HistorySeq(seq), at(0))).is_ok();
                    prop_assert_eq!(deleted, seq <= rows && stones.insert(seq));
                }
            }
        }
        drop(vault);
        let vault = world.open();
        prop_assert!(block_on(vault.health()).unwrap().is_whole());
        prop_assert_eq!(block_on(vault.verify_history()).unwrap(), ChainVerdict::Whole { rows });
        let listing = block_on(vault.credentials()).unwrap();
        prop_assert_eq!((listing.credentials.len(), listing.damaged.len()), (pools.len(), 0));
        for (n, pool) in &pools {
            prop_assert_eq!(left(&vault, &name(*n)), pool.left());
            prop_assert_eq!(block_on(vault.keys_left(&id(&name(*n)))).unwrap().len(), pool.copies.len());
        }
        for n in 0..3 {
            let value = block_on(vault.record(&key("enrolment", &name(n)))).unwrap();
            prop_assert_eq!(value, records.get(&n).map(|value| value.to_string().into_bytes()));
        }
    }
}
