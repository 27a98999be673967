//! Whatever a reader asks and a person ticks of the offers: the machine takes the answer, and exactly the ticked
//! elements leave.
use proptest::prelude::*;
use rid_holder::{
    consent::{AgreedDocument, Decision},
    shown,
};

use crate::{
    reader::{Wanted, errors},
    wallet::{Wallet, sendable},
    world::{MDL, NS, identifier},
};

/// Names that are held, lacked, ages, and forms of others; the portrait is left out, as it binds.
const NAMES: &[&str] = &[
    "family_name",
    "Family_name",
    "given_name",
    "document_number",
    "height",
    "age_over_12",
    "age_over_16",
    "age_over_18",
    "age_over_20",
    "age_over_21",
    "age_over_30",
    "age_over_65",
    "age_over_70",
    "AGE_OVER_18",
    "x\n\u{202e}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn neg_c31_exactly_the_ticked_elements_leave(
        asked in prop::collection::vec(prop::sample::subsequence(NAMES, 1..=NAMES.len()).prop_shuffle(), 1..3),
        ticks in any::<[u64; 2]>(),
    ) {
        let mut wallet = Wallet::new();
        let mut reader = wallet.connect();
        let wanted: Vec<Vec<Wanted<'_>>> =
            asked.iter().map(|names| names.iter().map(|name| (NS, *name, false)).collect()).collect();
        let documents: Vec<(&str, &[Wanted<'_>])> = wanted.iter().map(|wanted| (MDL, wanted.as_slice())).collect();
        let request = reader.ask(&wallet.pki.reader, &documents);
        wallet.deliver(reader.establish(&request));
        let question = wallet.question.clone().unwrap();
        let mut expected = Vec::new();
        let mut agreed = Vec::new();
        for (place, document) in question.documents.iter().enumerate() {
            let Some(candidate) = document.candidates.first() else { continue };
            let ages = candidate.elements.iter().filter(|one| one.withheld.is_none());
            prop_assert!(ages.filter(|one| one.path.as_element().unwrap().1.starts_with("age_over")).count() <= 2);
            let all = sendable(candidate).into_iter().enumerate();
            let ticked: Vec<_> = all.filter(|(bit, _)| ticks[place] >> bit & 1 == 1).map(|(_, path)| path).collect();
            let mut names: Vec<String> = ticked.iter().map(|path| path.as_element().unwrap().1.to_owned()).collect();
            names.sort();
            if !names.is_empty() {
                expected.push((MDL.to_owned(), names));
            }
            let credential = candidate.credential.clone();
            agreed.push(AgreedDocument { document: u32::try_from(place).unwrap(), credential, elements: ticked });
        }
        let mut answer = wallet.no();
        answer.decision = Decision::Agree(agreed);
        wallet.say(answer);
        let (response, status) = reader.open(wallet.sent.last().unwrap());
        prop_assert_eq!(status, None);
        let response = response.unwrap();
        prop_assert_eq!(reader.judge(&response, &wallet.pki.issuers()), expected.clone());
        // View, receipt and history agree with what left.
        let receipt = &wallet.receipts[0];
        let mut presented: Vec<&str> = receipt.presented.iter().map(identifier).collect();
        let mut left: Vec<&String> = expected.iter().flat_map(|(_, names)| names).collect();
        presented.sort();
        left.sort();
        prop_assert_eq!(presented, left);
        prop_assert_eq!((receipt.disclosed, receipt.used.len()), (!expected.is_empty(), usize::from(!expected.is_empty())));
        prop_assert!(errors(&response).1.len() == expected.len());
    }

    #[test]
    fn neg_c39_any_text_is_shown_as_visible_ascii_and_any_name_on_one_line(text in any::<String>(), many in 1_usize..200) {
        for text in [text.clone(), text.repeat(many)] {
            let identifier = shown::identifier(&text);
            prop_assert!(identifier.len() <= shown::MAX_SHOWN && identifier.chars().all(|c| c.is_ascii_graphic()));
            prop_assert_eq!(shown::identifier(&identifier), identifier);
            let name = shown::name(&text);
            prop_assert!(name.len() <= shown::MAX_SHOWN && !name.chars().any(char::is_control));
            prop_assert_eq!(shown::name(&name), name);
        }
    }
}
