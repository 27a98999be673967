//! The enrolment messages: round trips, every rule broken once, and hostile bytes.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rid_crypto::SigningKey;
use rid_flow::{
    enrolment::{EnrolmentAnswer, EnrolmentRequest, ProvenKey, proof_message},
    fake::SeededRng,
};

fn proven(key: &SigningKey, id: [u8; 16], audience: &str, challenge: &[u8], kind: &str) -> ProvenKey {
    let public = key.public().to_bytes();
    let proof = key.sign(&[&proof_message(&id, audience, challenge, kind, &public)]).to_vec();
    ProvenKey { public, proof }
}

fn request() -> EnrolmentRequest {
    let mut rng = SeededRng::new(9);
    let keys: Vec<SigningKey> = (0..3).map(|_| SigningKey::make(&mut rng)).collect();
    let prove = |key, kind: &str| proven(key, [1; 16], "https://issuer.rid.example", &[7; 32], kind);
    EnrolmentRequest {
        id: [1; 16],
        audience: "https://issuer.rid.example".into(),
        challenge: vec![7; 32],
        kinds: vec![
            ("pid".into(), vec![prove(&keys[0], "pid"), prove(&keys[1], "pid")]),
            ("mdl".into(), vec![prove(&keys[2], "mdl")]),
        ],
    }
}

fn code(request: &EnrolmentRequest) -> String {
    EnrolmentRequest::parse(&request.encode()).map_or_else(|error| error.code().as_str().into(), |_| "accepted".into())
}

#[test]
fn a_request_and_an_answer_survive_the_way() {
    assert_eq!(EnrolmentRequest::parse(&request().encode()).unwrap(), request());
    let answer = EnrolmentAnswer { id: [1; 16], kinds: vec![("pid".into(), vec![vec![1], vec![2]])] };
    assert!(EnrolmentAnswer::parse(&answer.encode()).unwrap() == answer);
}

#[test]
fn neg_i16_proofs_are_bound_to_everything_they_must_be() {
    let changes: [(&str, fn(&mut EnrolmentRequest)); 7] = [
        ("another id", |r| r.id = [2; 16]),
        ("another audience", |r| r.audience.push('x')),
        ("another challenge", |r| r.challenge[0] ^= 1),
        ("another kind", |r| r.kinds[1].0 = "age".into()),
        ("a bit of the proof", |r| r.kinds[0].1[0].proof[9] ^= 1),
        ("proofs swapped", |r| {
            let proof = r.kinds[0].1[0].proof.clone();
            r.kinds[0].1[0].proof = std::mem::replace(&mut r.kinds[0].1[1].proof, proof);
        }),
        ("no point", |r| r.kinds[0].1[0].public[40] ^= 1),
    ];
    assert_eq!(code(&request()), "accepted");
    for (what, change) in changes {
        let mut changed = request();
        change(&mut changed);
        assert_ne!(code(&changed), "accepted", "{what}");
    }
}

#[test]
fn neg_i12_a_key_or_kind_twice_and_sizes_beyond_the_limits() {
    let mut twice = request();
    let key = twice.kinds[0].1[0].clone();
    twice.kinds[0].1.push(key);
    assert_eq!(code(&twice), "invalid_proof");
    let mut kinds = request();
    kinds.kinds[1].0 = "pid".into();
    assert_eq!(code(&kinds), "enrolment_invalid");
    let mut none = request();
    none.kinds.clear();
    assert_eq!(code(&none), "enrolment_invalid");
    let many = EnrolmentAnswer { id: [1; 16], kinds: vec![("pid".into(), vec![vec![0]; 101])] };
    assert_eq!(EnrolmentAnswer::parse(&many.encode()).err().unwrap().code().as_str(), "enrolment_invalid");
    let answer = EnrolmentAnswer { id: [1; 16], kinds: vec![("pid".into(), vec![vec![0]])] };
    assert!(EnrolmentRequest::parse(&answer.encode()).is_err(), "an answer is no request");
    let mut trailing = answer.encode();
    trailing.push(0);
    assert_eq!(EnrolmentAnswer::parse(&trailing).err().unwrap().code().as_str(), "cbor_trailing");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_and_bent_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..400_usize, bit in 0..8_u8) {
        let _ = EnrolmentRequest::parse(&bytes);
        let _ = EnrolmentAnswer::parse(&bytes);
        let mut bent = request().encode();
        let at = at % bent.len();
        bent[at] ^= 1 << bit;
        // A bent head may still say the same thing; then it is the same request.
        if let Ok(parsed) = EnrolmentRequest::parse(&bent) {
            prop_assert_eq!(parsed, request());
        }
    }
}
