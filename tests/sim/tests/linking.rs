//! neg-N05: two verifiers who put together what one person showed to each find nothing that tells it was the same
//! person.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

use std::collections::HashSet;

use rid_crypto::SigningKey;
use rid_issuer::PersonRecord;
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    build::{UnsignedDocument, device_response},
    issuer_signed::UnverifiedIssuerSigned,
};
use rid_sim::{SimRng, TestState};
use rid_wire::cbor::{Encoder, Limits};

/// What is shown by everybody, with the same value.
const SHOWN: &str = "age_over_18";
const OTHERS: usize = 100;
/// A shorter string may be the same by chance.
const LEN: usize = 8;

/// The answer to a verifier who asked for one element.
fn presented(copy: &[u8], key: &SigningKey, session: u64) -> Vec<u8> {
    let copy = UnverifiedIssuerSigned::parse(copy, Limits::ONLINE).unwrap();
    let shown = vec![(MDL_NAMESPACE.into(), vec![SHOWN.into()])];
    let document = UnsignedDocument::select(MDL_DOC_TYPE, &copy, &shown, &Vec::new()).unwrap();
    let signature = key.sign(&[b"DeviceAuthentication of session", &session.to_be_bytes()]);
    device_response(&[document.finish_signature(-7, &signature)], &[])
}

/// Somebody else: all but what is shown is another's.
fn other(record: &PersonRecord, number: usize) -> PersonRecord {
    let mut record = record.clone();
    for (at, element) in record.elements.iter_mut().enumerate().filter(|(_, element)| element.identifier != SHOWN) {
        let mut encoder = Encoder::new();
        encoder.text(&format!("element {at} of person {number}"));
        element.value = encoder.finish();
    }
    record
}

fn strings(response: &[u8]) -> HashSet<&[u8]> {
    response.windows(LEN).collect()
}

/// Strings that two answers share and none of the others has.
fn links(one: &[u8], two: &[u8], others: &[Vec<u8>]) -> usize {
    let (one, two) = (strings(one), strings(two));
    let common: HashSet<&[u8]> = one.intersection(&two).copied().collect();
    let known: HashSet<&[u8]> = others.iter().flat_map(|other| other.windows(LEN)).collect();
    common.difference(&known).count()
}

#[test]
fn neg_n05_two_presentations_of_one_person_share_nothing_that_others_have_not() {
    let mut rng = SimRng::new(2026);
    let state = TestState::make(0, &mut rng).unwrap();
    let record = state.records().iter().find(|record| record.kind == MDL_DOC_TYPE).unwrap();
    let mut session = 0;
    let mut show = |record: &PersonRecord, key: &SigningKey, rng: &mut SimRng| {
        session += 1;
        presented(&state.mint(record, key, rng).unwrap(), key, session)
    };
    let others: Vec<Vec<u8>> =
        (0..OTHERS).map(|number| show(&other(record, number), &SigningKey::make(&mut rng), &mut rng)).collect();
    let mut fresh = |rng: &mut SimRng| show(record, &SigningKey::make(rng), rng);
    let (one, two) = (fresh(&mut rng), fresh(&mut rng));
    assert_eq!(links(&one, &two, &others), 0);

    // What would link: one key for two copies, or randoms that come again.
    let key = SigningKey::make(&mut rng);
    let [one, two] = [1, 2].map(|seed| show(record, &key, &mut SimRng::new(seed)));
    assert!(links(&one, &two, &others) > 0, "the device key");
    let keys = [SigningKey::make(&mut rng), SigningKey::make(&mut rng)];
    let [one, two] = keys.each_ref().map(|key| show(record, key, &mut SimRng::new(3)));
    assert!(links(&one, &two, &others) > 0, "the salts and digests");
}
