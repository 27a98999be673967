//! Captures made by an independent generator (see README.md here): signers, devices, handovers and chains of all
//! kinds, and the verdict each must come to, with its code and what is shown.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

use std::collections::HashMap;

use rid_crypto::{AgreementKey, Curve, PublicKey, x509::Certificate};
use rid_mdoc::transcript::Transcript;
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_verifier::{
    capture::{CaptureInput, judge_issuer_signed, judge_response},
    view::{Decision, Verdict},
};
use rid_wire::{Timestamp, base64, cbor::Limits};

const CASES: &str = include_str!("cases.tsv");

fn parts(kind: &str) -> HashMap<&'static str, &'static str> {
    let lines = CASES.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    lines.filter(|line| line[0] == kind).map(|line| (line[1], line[2])).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    base64::decode_url(text).unwrap()
}

/// As `rid verify --trust` does: an anchor, and the leaf itself where it is the very leaf, with the rules of the
/// profile.
fn trust(name: &str) -> TrustStore {
    let profile = rid_profile::embedded().unwrap();
    let store = |anchors| profile.bind_trust(TrustStore::new(Environment::Production, anchors).unwrap());
    match name {
        "-" => store(vec![]),
        "key" => store(vec![]).pin_key(PublicKey::from_jwk(parts("key")["signer"]).unwrap()),
        name => {
            let certificate = Certificate::parse(&bytes(parts("certificate")[name])).unwrap();
            let anchor = Anchor {
                certificate: certificate.clone(),
                role: Role::Issuer,
                environment: Environment::Production,
                credential_types: None,
            };
            store(vec![anchor]).pin_leaf(certificate)
        }
    }
}

fn reader_key(curve: &str) -> Option<AgreementKey> {
    let (curve, scalar) = match curve {
        "P-256" => (Curve::P256, vec![7; 32]),
        "P-384" => (Curve::P384, vec![7; 48]),
        "P-521" => (Curve::P521, [&[0][..], &[7; 65]].concat()),
        _ => return None,
    };
    Some(AgreementKey::from_scalar(curve, &scalar).unwrap())
}

fn judge(case: &[&str]) -> Verdict {
    let [kind, anchor, transcript, reader, at, .., capture] = case[2..] else { panic!("{case:?}") };
    let transcript = Transcript::received(&bytes(parts("transcript")[transcript]), Limits::ONLINE).unwrap();
    let reader_key = reader_key(reader);
    let input = CaptureInput {
        status_list: None,
        profile: &rid_profile::embedded().unwrap(),
        locales: &[],
        trust: &trust(anchor),
        transcript: Some(&transcript),
        reader_key: reader_key.as_ref(),
        at: Timestamp::parse_rfc3339(at).unwrap(),
        limits: Limits::ONLINE,
    };
    match kind {
        "issuer-signed" => judge_issuer_signed(&bytes(capture), &input),
        _ => judge_response(&bytes(capture), &input),
    }
}

/// Judges the cases whose names begin so.
fn run(family: &str) {
    let cases = CASES.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let mut count = 0;
    for case in cases.filter(|case| case[0] == "case" && case[1].starts_with(family)) {
        let verdict = judge(&case);
        let decision = match verdict.decision {
            Decision::Accepted => "accepted",
            Decision::Refused => "refused",
            Decision::Undecided => "undecided",
        };
        let code = verdict.code.map_or("-", |code| code.as_str());
        let disclosed = verdict.documents.iter().filter_map(|document| document.elements.current_or_lapsed());
        let shown: usize = disclosed.map(|elements| elements.issuer_signed.len()).sum();
        let found = (decision, code, shown.to_string());
        assert_eq!(found, (case[7], case[8], case[9].to_string()), "{}: {:#?}", case[1], verdict.documents);
        count += 1;
    }
    assert!(count > 0, "no case {family}");
}

#[test]
fn std_m45_signers_trust_and_order() {
    run("m45-");
}

#[test]
fn std_m46_device_signatures_and_macs() {
    run("m46-");
}

#[test]
fn std_m41_any_handover() {
    run("m41-");
}

#[test]
fn std_m44_the_worst_document_decides() {
    run("m44-");
}

#[test]
fn neg_a05_indefinite_mso() {
    run("a05-");
}

#[test]
fn neg_a08_other_encodings() {
    run("a08-");
}

#[test]
fn neg_b04_digest_id_twice() {
    run("b04-");
}

#[test]
fn neg_f01_unknown_roots() {
    run("f01-");
}

#[test]
fn neg_f02_paths() {
    run("f02-");
}

#[test]
fn neg_f04_purposes_by_doc_type() {
    run("f04-");
}

#[test]
fn neg_f13_country() {
    run("f13-");
}
