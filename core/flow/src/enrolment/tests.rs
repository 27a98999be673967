//! Tests of the enrolment messages.
use alloc::{format, string::ToString, vec, vec::Vec};

use proptest::prelude::*;
use rid_crypto::SigningKey;
use rid_wire::{
    cbor::{CborError, Encoder},
    hex,
};

use super::{EnrolmentAnswer, EnrolmentError, EnrolmentRequest, ProvenKey, cose_key, proof_message};
use crate::fake::SeededRng;

const ID: [u8; 16] = *b"0123456789abcdef";

fn proven(seed: u64, kind: &str) -> ProvenKey {
    let key = SigningKey::make(&mut SeededRng::new(seed));
    let public = key.public().to_bytes();
    let proof = key.sign(&[&proof_message(&ID, "issuer", b"challenge", kind, &public)]).into();
    ProvenKey { public, proof }
}

fn request() -> EnrolmentRequest {
    EnrolmentRequest {
        id: ID,
        audience: "issuer".into(),
        challenge: b"challenge".into(),
        kinds: vec![
            ("card".into(), vec![proven(1, "card"), proven(2, "card")]),
            ("licence".into(), vec![proven(3, "licence")]),
        ],
    }
}

fn answer() -> EnrolmentAnswer {
    EnrolmentAnswer {
        id: ID,
        kinds: vec![("card".into(), vec![vec![1], vec![2, 2]]), ("licence".into(), vec![vec![]])],
    }
}

fn refused(request: &EnrolmentRequest) -> EnrolmentError {
    EnrolmentRequest::parse(&request.encode()).unwrap_err()
}

fn refused_bytes(bytes: &[u8]) -> (EnrolmentError, EnrolmentError) {
    let refused = (EnrolmentRequest::parse(bytes).err(), EnrolmentAnswer::parse(bytes).err());
    (refused.0.unwrap(), refused.1.unwrap())
}

#[test]
fn messages_come_back_as_they_were_sent() {
    let request = request();
    assert_eq!(EnrolmentRequest::parse(&request.encode()), Ok(request));
    assert!(EnrolmentAnswer::parse(&answer().encode()) == Ok(answer()));
}

/// The bytes of the door, by hand: another implementation reads them off `spec/enrolment.md`.
#[test]
fn the_answer_is_the_cbor_of_its_page() {
    let bytes = EnrolmentAnswer { id: ID, kinds: vec![("k".into(), vec![vec![7]])] }.encode();
    let name = hex::encode(b"rid-enrolment-answer-1");
    let by_hand = format!("a30176{name}0250{}0381a20161{}028141{}", hex::encode(&ID), hex::encode(b"k"), "07");
    assert_eq!(hex::encode(&bytes), by_hand);
    let proof = proof_message(&ID, "a", b"c", "k", &proven(1, "k").public);
    let begin = format!("8676{}50{}61614163616ba4", hex::encode(b"rid-enrolment-proof-1"), hex::encode(&ID))
        .replace("8676", "8675");
    assert!(hex::encode(&proof).starts_with(&begin), "{}", hex::encode(&proof));
}

#[test]
fn a_proof_holds_for_its_own_words_only() {
    let sound = request();
    let changes: [fn(&mut EnrolmentRequest); 8] = [
        |r| r.id[0] ^= 1,
        |r| r.audience.push('x'),
        |r| r.challenge.push(0),
        |r| r.kinds[0].0.push('x'),
        |r| r.kinds[0].1[0].proof[63] ^= 1,
        |r| r.kinds[0].1[0].proof.truncate(63),
        |r| r.kinds[0].1.swap(0, 1),
        |r| r.kinds[0].1[0].public = r.kinds[1].1[0].public.clone(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut changed = sound.clone();
        change(&mut changed);
        match at {
            // Both keys keep their proofs, in another order: that is another sound request.
            6 => assert_eq!(EnrolmentRequest::parse(&changed.encode()), Ok(changed)),
            _ => assert_eq!(refused(&changed).code().as_str(), "invalid_proof", "{at}"),
        }
    }
}

#[test]
fn a_key_occurs_once_over_all_kinds() {
    let mut twice = request();
    twice.kinds[0].1[1] = twice.kinds[0].1[0].clone();
    assert_eq!(refused(&twice), EnrolmentError::Proof);
    // In another kind too, with a proof of its own.
    let mut twice = request();
    twice.kinds[1].1[0] = proven(1, "licence");
    assert_eq!(refused(&twice), EnrolmentError::Proof);
}

#[test]
fn a_key_that_is_none_is_refused() {
    for public in [vec![], vec![4; 65], vec![0]] {
        let mut wrong = request();
        wrong.kinds[0].1[0].public = public;
        assert_eq!(refused(&wrong), EnrolmentError::Proof);
    }
    // A key of another curve (P-384, the generator) is a COSE_Key, but not of this door.
    let x =
        hex::decode("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7")
            .unwrap();
    let y =
        hex::decode("3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f")
            .unwrap();
    let mut other = Encoder::new();
    other.map(4).uint(1).uint(2).int(-1).uint(2).int(-2).bytes(&x).int(-3).bytes(&y);
    let bytes = with_key(&other.finish());
    assert_eq!(EnrolmentRequest::parse(&bytes), Err(EnrolmentError::Proof));
    assert!(EnrolmentRequest::parse(&with_key(&cose_key(&proven(1, "card").public))).is_ok());
}

/// A request of one key with this COSE_Key and the proof of key 1.
fn with_key(key: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder
        .map(5)
        .uint(1)
        .text("rid-enrolment-1")
        .uint(2)
        .bytes(&ID)
        .uint(3)
        .text("issuer")
        .uint(4)
        .bytes(b"challenge");
    encoder.uint(5).array(1).map(2).uint(1).text("card").uint(2).array(1);
    encoder.map(2).uint(1).raw(key).uint(2).bytes(&proven(1, "card").proof);
    encoder.finish()
}

#[test]
fn limits_hold() {
    let key = proven(1, "card");
    let with = |kinds: Vec<(&str, Vec<ProvenKey>)>| EnrolmentRequest {
        kinds: kinds.into_iter().map(|(kind, keys)| (kind.to_string(), keys)).collect(),
        ..request()
    };
    let empty = [with(vec![]), with(vec![("card", vec![])])];
    let twice = with(vec![("card", vec![key.clone()]), ("card", vec![proven(2, "card")])]);
    let many_keys = with(vec![("card", vec![key; 101])]);
    let mut many_kinds = request();
    many_kinds.kinds = (0..17_u64).map(|n| (n.to_string(), vec![proven(n, &n.to_string())])).collect();
    for wrong in empty.into_iter().chain([twice, many_keys, many_kinds.clone()]) {
        assert_eq!(refused(&wrong).code().as_str(), "enrolment_invalid");
    }
    many_kinds.kinds.pop();
    assert!(EnrolmentRequest::parse(&many_kinds.encode()).is_ok(), "sixteen are allowed");
    let answers = [vec![], vec![("k".to_string(), vec![])], vec![("k".to_string(), vec![vec![1]; 101])]];
    for kinds in answers {
        let refused = EnrolmentAnswer::parse(&EnrolmentAnswer { id: ID, kinds }.encode()).err();
        assert_eq!(refused, Some(EnrolmentError::Invalid));
    }
}

#[test]
fn each_door_takes_its_own_message_and_version_only() {
    assert_eq!(
        EnrolmentAnswer::parse(&request().encode()).err().map(EnrolmentError::code).unwrap().as_str(),
        "cbor_unexpected_type"
    );
    let mut other = answer().encode();
    // rid-enrolment-answer-1 becomes -2.
    let place = other.windows(8).position(|window| window == b"answer-1").unwrap();
    other[place + 7] = b'2';
    assert_eq!(EnrolmentAnswer::parse(&other).err(), Some(EnrolmentError::Invalid));
    let mut other = request().encode();
    let place = other.windows(11).position(|window| window == b"enrolment-1").unwrap();
    other[place + 10] = b'2';
    assert_eq!(EnrolmentRequest::parse(&other), Err(EnrolmentError::Invalid));
}

#[test]
fn a_member_that_lacks_or_comes_twice_is_refused() {
    let member = |encoder: &mut Encoder, key: u64| {
        match key {
            1 => encoder.uint(1).text("rid-enrolment-answer-1"),
            2 => encoder.uint(2).bytes(&ID),
            _ => encoder.uint(3).array(1).map(2).uint(1).text("k").uint(2).array(1).bytes(&[1]),
        };
    };
    let message = |keys: &[u64]| {
        let mut encoder = Encoder::new();
        encoder.map(keys.len());
        keys.iter().for_each(|key| member(&mut encoder, *key));
        EnrolmentAnswer::parse(&encoder.finish()).err()
    };
    assert_eq!(message(&[1, 2, 3]), None);
    assert_eq!(message(&[3, 1, 2]), None, "in any order");
    assert_eq!(message(&[2, 3]), Some(EnrolmentError::Invalid));
    assert_eq!(message(&[1, 3]), Some(EnrolmentError::Invalid));
    assert_eq!(message(&[1, 2]), Some(CborError::MissingMember.into()));
    assert_eq!(message(&[1, 2, 3, 2]), Some(CborError::DuplicateKey.into()));
}

#[test]
fn an_id_has_sixteen_bytes() {
    for len in [0, 15, 17] {
        let mut encoder = Encoder::new();
        encoder.map(3).uint(1).text("rid-enrolment-answer-1").uint(2).bytes(&vec![1; len]);
        encoder.uint(3).array(1).map(2).uint(1).text("k").uint(2).array(1).bytes(&[1]);
        assert_eq!(EnrolmentAnswer::parse(&encoder.finish()).err(), Some(EnrolmentError::Invalid));
    }
}

#[test]
fn malformed_cbor_is_refused_by_its_name() {
    let sound = answer().encode();
    let mut trailing = sound.clone();
    trailing.push(0);
    // The last credential list (array of one) made indefinite: 9f .. ff.
    let mut indefinite = sound.clone();
    let last = indefinite.len() - 2;
    assert_eq!(indefinite[last], 0x81);
    indefinite[last] = 0x9f;
    indefinite.push(0xff);
    for (bytes, code) in [
        (trailing, "cbor_trailing"),
        (indefinite, "cbor_indefinite"),
        (sound[..sound.len() - 1].to_vec(), "cbor_truncated"),
        (vec![], "cbor_truncated"),
        (vec![0x80], "cbor_unexpected_type"),
        (vec![0xbf, 0xff], "cbor_indefinite"),
        (vec![0x81; 100], "cbor_unexpected_type"),
        (vec![0; (5 << 20) + 1], "input_too_large"),
    ] {
        let (request, answer) = refused_bytes(&bytes);
        assert_eq!((request.code().as_str(), answer.code().as_str()), (request.code().as_str(), code));
        if bytes.len() < 2 || bytes.len() > 1 << 20 {
            assert_eq!(request.code().as_str(), code);
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let (request, answer) = (request().encode(), answer().encode());
    for len in 0..request.len() {
        assert!(EnrolmentRequest::parse(&request[..len]).is_err());
    }
    for len in 0..answer.len() {
        assert!(EnrolmentAnswer::parse(&answer[..len]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn answers_round_trip(id: [u8; 16], kinds in proptest::collection::btree_map("[a-z.]{1,20}", proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..5), 1..5)) {
        let answer = EnrolmentAnswer { id, kinds: kinds.into_iter().collect() };
        prop_assert!(EnrolmentAnswer::parse(&answer.encode()) == Ok(answer));
    }

    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = EnrolmentRequest::parse(&bytes);
        let _ = EnrolmentAnswer::parse(&bytes);
    }

    #[test]
    fn no_flipped_bit_makes_another_sound_request(place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let sound = request();
        let mut bytes = sound.encode();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        // A flipped bit may be of no meaning (a member nobody knows), but never of another one.
        if let Ok(parsed) = EnrolmentRequest::parse(&bytes) {
            prop_assert_eq!(parsed, sound);
        }
    }
}
