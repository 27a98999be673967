//! Deviations seen in the field that nothing signed depends on: a verifier warns, receipt refuses. Also the places of
//! faults.
use rid_crypto::{AgreementKey, SigningKey};
use rid_mdoc::{
    response::UnverifiedResponse,
    transcript::Transcript,
    verify::{DeviceAuthInput, Strictness, check, verify_issuer_signed, warning},
};
use rid_trust::{Check, Outcome};
use rid_wire::{
    Code,
    cbor::{Encoder, Limits},
    cose::Key,
};

use crate::{
    forge::{AZ, Forge, NOW, PKI, SeededRng, Seen, code, present, see, see_with},
    node::Node,
};

/// The first failure of the issuer's part of a response on receipt.
fn on_receipt(response: &[u8]) -> Option<&'static str> {
    let response = UnverifiedResponse::parse(response, Limits::PROXIMITY).expect("a response");
    let documents = response.documents.expect("documents");
    let issuer_signed = documents[0].issuer_signed.as_ref().expect("issuerSigned");
    let report = verify_issuer_signed(issuer_signed, None, &mut PKI.store().message(NOW), Strictness::Receipt);
    assert!(report.evidence.is_none());
    report.first_failure().map(Code::as_str)
}

fn assert_warned(seen: &Seen, code: Code, reason: Code) {
    assert_eq!(seen.code(), "accepted");
    let found: &Check = seen.check(code);
    assert_eq!((found.outcome, found.reason), (Outcome::Passed, Some(reason)));
}

fn first(namespaces: &mut Node) -> &mut Node {
    namespaces.get(rid_mdoc::MDL_NAMESPACE).at(0)
}

/// The first key made by `make` with a zero byte at the start of x or y, and its COSE_Key without that byte.
fn short_key<K>(make: impl Fn(&mut SeededRng) -> (K, Vec<u8>)) -> (K, Vec<u8>) {
    for seed in 0.. {
        let (key, point) = make(&mut SeededRng::new(seed * 1_000));
        let (x, y) = point[1..].split_at(32);
        if x[0] == 0 || y[0] == 0 {
            let trimmed = |coordinate: &[u8]| coordinate[usize::from(coordinate[0] == 0)..].to_vec();
            let short = Key::Ec2 { crv: 1, x: trimmed(x).into(), y: Some(trimmed(y).into()), sign: None };
            return (key, short.encode());
        }
    }
    panic!("one of 128 keys has a leading zero");
}

fn short_agreement_key() -> (AgreementKey, Vec<u8>) {
    short_key(|rng| {
        let key = AgreementKey::make(rng);
        let point = key.public().to_bytes();
        (key, point)
    })
}

#[test]
fn std_m45_wide_digest_ids_are_accepted_only_by_a_verifier() {
    let largest = [&[0x1b][..], &u64::MAX.to_be_bytes()].concat();
    for id in [Node::Int(1 << 31), Node::Int((1 << 32) - 1), Node::Int(1 << 32), Node::Raw(largest)] {
        let forged = Forge::new().items(|n| first(n).set("digestID", id)).build();
        assert_warned(&see(&forged).expect("a response"), check::DIGESTS, warning::DIGEST_ID_WIDE);
        assert_eq!(on_receipt(&forged), Some("mdoc_digest_id_range"));
    }
    // The same for an element that is not disclosed.
    let hidden = Forge::new().mso(|mso| mso.get("valueDigests").get(AZ).add(1 << 31, Node::Bytes(vec![0; 32]))).build();
    assert_warned(&see(&hidden).expect("a response"), check::DIGESTS, warning::DIGEST_ID_WIDE);
    assert_eq!(on_receipt(&hidden), Some("mdoc_digest_id_range"));
    // The warning does not hide a failure.
    let altered = Forge::new().keep_digests().items(|n| first(n).set("digestID", 1 << 31)).build();
    assert_eq!(code(&altered), "mdoc_digest_missing");
}

#[test]
fn std_m45_short_coordinate_of_the_device_key() {
    let (key, short) = short_key(|rng| {
        let key = SigningKey::make(rng);
        let point = key.public().to_bytes();
        (key, point)
    });
    let forged = Forge::new().mso(|mso| mso.get("deviceKeyInfo").set("deviceKey", Node::parse(&short)));
    let forged = forged.device_key(&key).build();
    assert_warned(&see(&forged).expect("a response"), check::MSO_FORM, warning::KEY_COORDINATE_SHORT);
    assert_eq!(on_receipt(&forged), Some("cose_key_invalid"));
    // A coordinate shortened in another way is a different point or none.
    let cut = Forge::new().mso(|mso| {
        mso.get("deviceKeyInfo").get("deviceKey").get(-2).bytes().pop();
    });
    assert_eq!(cut.code(), "cose_key_invalid");
    let empty = Forge::new().mso(|mso| mso.get("deviceKeyInfo").get("deviceKey").get(-2).bytes().clear());
    assert_eq!(empty.code(), "cose_key_invalid");
}

#[test]
fn std_m46_short_coordinate_of_a_session_key() {
    let genuine = PKI.transcript.parts();
    let mut engagement = Node::parse(genuine.device_engagement.expect("an engagement"));
    let (reader, short) = short_agreement_key();
    *engagement.get(1).at(1) = Node::Embedded(Box::new(Node::parse(&short)));
    let mut reader_bytes = Encoder::new();
    reader_bytes.tagged(&short);
    let (short_engagement, short_reader) = (engagement.encode(), reader_bytes.finish());
    let (engagement, reader_key) = (genuine.device_engagement.expect("it"), genuine.e_reader_key.expect("it"));
    for (engagement, key_bytes, reader) in
        [(&short_engagement[..], reader_key, &PKI.reader_key), (engagement, &short_reader[..], &reader)]
    {
        let mut encoder = Encoder::new();
        encoder.array(3).raw(engagement).raw(key_bytes).null();
        let transcript = Transcript::received(&encoder.finish(), Limits::PROXIMITY).expect("a transcript");
        let response = present(&PKI.credential, &transcript, &PKI.device_key);
        let input = DeviceAuthInput { transcript: Some(&transcript), reader_key: Some(reader) };
        let seen = see_with(&response, &PKI.store(), &input, NOW).expect("a response");
        assert_warned(&seen, check::DEVICE_AUTHENTICATION, warning::KEY_COORDINATE_SHORT);
    }
    let seen = see(&PKI.response).expect("a response");
    assert_eq!(seen.check(check::DEVICE_AUTHENTICATION).reason, None);
}

#[test]
fn neg_b15_place_of_a_fault_in_issuer_auth() {
    let chain = |value: Node| Forge::new().sealed(move |auth| auth.at(1).set(33, value));
    let signer = || Node::Bytes(PKI.signer.der().to_vec());
    let root = || Node::Bytes(PKI.iaca.der().to_vec());
    let cases: [(Forge<'_>, Code, &str, &str); 7] = [
        (
            Forge::new().sealed(|auth| drop(auth.at(1).remove(33))),
            check::ISSUER_AUTH_FORM,
            "cose_x5chain",
            "issuerAuth.unprotected",
        ),
        (chain(Node::Array(vec![])), check::ISSUER_AUTH_FORM, "cose_x5chain", "issuerAuth.unprotected.x5chain"),
        (
            chain(Node::Array(vec![signer(), "x".into()])),
            check::ISSUER_AUTH_FORM,
            "cose_x5chain",
            "issuerAuth.unprotected.x5chain[1]",
        ),
        (
            Forge::new().auth(|auth| {
                *auth.at(0) = Node::Bytes(Node::Map(vec![(1.into(), (-7).into()), (33.into(), signer())]).encode());
            }),
            check::ISSUER_AUTH_FORM,
            "cose_x5chain",
            "issuerAuth.protected.x5chain",
        ),
        (
            Forge::new().sealed(|auth| {
                let chain = auth.at(1).remove(33);
                auth.at(1).set("x5chain", chain);
            }),
            check::ISSUER_AUTH_FORM,
            "cose_x5chain",
            "issuerAuth.unprotected.\"x5chain\"",
        ),
        (
            Forge::new().sealed(|auth| auth.at(1).set(4, "key")),
            check::ISSUER_AUTH_FORM,
            "cbor_unexpected_type",
            "issuerAuth.unprotected.kid",
        ),
        // The root is first.
        (
            chain(Node::Array(vec![root(), signer()])),
            check::TRUST,
            "cert_untrusted",
            "issuerAuth.unprotected.x5chain[0]",
        ),
    ];
    for (forge, code, reason, place) in cases {
        let seen = see(&forge.build()).expect("a response");
        let found = seen.check(code);
        assert_eq!(found.outcome, Outcome::Failed, "{place}");
        assert_eq!((found.reason.map(Code::as_str), found.place.as_deref()), (Some(reason), Some(place)));
    }
    let genuine = see(&PKI.response).expect("a response");
    assert!(genuine.checks.iter().all(|check| check.place.is_none()));
}

#[test]
fn std_m45_place_of_a_fault_in_items_and_mso() {
    let place = |forge: Forge<'_>, code: Code| see(&forge.build()).expect("a response").check(code).place.clone();
    let text_id = Forge::new().items(|n| first(n).set("digestID", "1"));
    assert_eq!(place(text_id, check::DIGESTS).as_deref(), Some("IssuerSignedItem.digestID"));
    let in_mso = Forge::new().mso(|mso| mso.get("valueDigests").get(AZ).add("1", Node::Bytes(vec![0; 32])));
    assert_eq!(place(in_mso, check::MSO_FORM).as_deref(), Some("MobileSecurityObject.valueDigests.digestID"));
    for (member, code) in
        [("version", check::MSO_VERSION), ("docType", check::MSO_FORM), ("validityInfo", check::VALIDITY_INFO)]
    {
        let forged = Forge::new().mso(|mso| mso.set(member, 1));
        assert_eq!(place(forged, code), Some(format!("MobileSecurityObject.{member}")));
    }
}

/// Cites neg-F36: each fully specified number of RFC 9864 with its curve and with others.
#[test]
fn neg_f36_fully_specified_algorithms() {
    let header = |alg: i64| Node::Bytes(Node::Map(vec![(1.into(), alg.into())]).encode());
    // The keys of the signer and the device are on P-256.
    for (alg, expected) in [
        (-9, "accepted"),
        (-7, "accepted"),
        (-51, "cose_alg_unsupported"),
        (-52, "cose_alg_unsupported"),
        (-19, "cose_alg_unsupported"),
        (-8, "cose_alg_unsupported"),
        (-53, "cose_alg_unsupported"),
    ] {
        assert_eq!(Forge::new().auth(|auth| *auth.at(0) = header(alg)).code(), expected, "issuer {alg}");
        let device = Forge::new().document(|document| {
            let auth = document.get("deviceSigned").get("deviceAuth");
            *auth.get("deviceSignature").at(0) = header(alg);
        });
        assert_eq!(device.code(), expected, "device {alg}");
    }
}
