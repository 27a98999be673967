//! For arbitrary queries: what leaves is what was agreed, and nothing leaves otherwise.
use proptest::prelude::*;
use rid_claims::ClaimPath;
use rid_holder::{
    consent::{AgreedDocument, Decision},
    online::Arrival,
};

use super::world::{Rest, World, query};
use crate::wallet::sendable;

const NAMES: [&str; 9] = [
    "family_name",
    "given_name",
    "document_number",
    "issuing_country",
    "portrait",
    "age_over_18",
    "age_over_21",
    "sex",
    "height",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn what_leaves_is_what_was_agreed(
        asked in proptest::sample::subsequence(&NAMES[..], 1..NAMES.len()),
        sets in proptest::collection::vec(proptest::collection::vec(any::<proptest::sample::Index>(), 1..4), 0..3),
        chosen in any::<proptest::sample::Index>(),
    ) {
        let set = |set: &Vec<proptest::sample::Index>| {
            let mut names: Vec<&str> = set.iter().map(|index| *index.get(&asked)).collect();
            names.sort_unstable();
            names.dedup();
            format!("[\"{}\"]", names.join("\",\""))
        };
        let sets: Vec<String> = sets.iter().map(set).collect();
        let more = if sets.is_empty() { String::new() } else { format!(",\"claim_sets\":[{}]", sets.join(",")) };
        let mut world = World::new();
        world.query = query(&asked, &more);
        let mut flow = world.flow(Arrival::Scan);
        prop_assert_eq!(world.run(&mut flow), Ok(Rest::Ask));
        let question = world.question.clone().unwrap();
        let candidates = &question.documents[0].candidates;
        prop_assert_eq!(candidates.is_empty(), question.unanswerable.is_some());
        if candidates.is_empty() {
            let no = world.answer(false);
            world.say(&mut flow, no).unwrap();
            let refused = matches!(world.run(&mut flow), Ok(Rest::Done(done)) if !done.receipt.disclosed);
            prop_assert!(refused);
            prop_assert_eq!(world.copies(), 3);
            return Ok(());
        }
        let candidate = chosen.get(candidates);
        let mut agreed: Vec<ClaimPath> = sendable(candidate);
        prop_assert!(agreed.iter().all(|path| asked.contains(&path.name().unwrap())));
        let document = AgreedDocument { document: 0, credential: candidate.credential.clone(), elements: agreed.clone() };
        let mut yes = world.answer(false);
        yes.decision = Decision::Agree(vec![document]);
        world.say(&mut flow, yes).unwrap();
        let Ok(Rest::Done(done)) = world.run(&mut flow) else { panic!("done") };
        prop_assert!(done.receipt.disclosed);
        agreed.sort();
        let judged = world.judged();
        prop_assert_eq!(&judged["a"], &vec![agreed]);
        let row: Vec<&ClaimPath> = world.wallet.vault.history[0].elements.iter().map(|element| &element.path).collect();
        prop_assert_eq!(row.len(), judged["a"][0].len());
    }
}
