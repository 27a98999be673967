//! Forgeries of the MSO (neg-B).
use rid_crypto::sha256;
use rid_mdoc::{
    MDL_NAMESPACE, MdocError,
    issuer_signed::UnverifiedIssuerSigned,
    mso::Mso,
    response::UnverifiedResponse,
    verify::{Strictness, check, verify_issuer_signed},
};
use rid_trust::Outcome;
use rid_wire::{ClockTolerance, Timestamp, cbor::Limits};

use crate::{
    forge::{AZ, Forge, NOW, PKI, code, input, see, see_with},
    node::Node,
};

fn with(member: &'static str, value: impl Into<Node>) -> Forge<'static> {
    let value = value.into();
    Forge::new().mso(move |mso| mso.set(member, value))
}

fn validity(member: &'static str, value: impl Into<Node>) -> Forge<'static> {
    let value = value.into();
    Forge::new().mso(move |mso| mso.get("validityInfo").set(member, value))
}

#[test]
fn neg_b03_doc_type() {
    let forged = with("docType", "org.example.other").build();
    let seen = see(&forged).expect("a response");
    assert_eq!(seen.code(), "mdoc_doctype_mismatch");
    assert!(seen.elements.is_none());
    let forged = Forge::new().document(|d| d.set("docType", "org.example.other"));
    assert_eq!(forged.code(), "mdoc_doctype_mismatch");
}

#[test]
fn neg_b07_digest_algorithm() {
    for name in ["MD5", "SHA-1", "sha-256", "SHA256", "SHA-224", "SHA3-256", ""] {
        let seen = see(&with("digestAlgorithm", name).build()).expect("a response");
        assert_eq!(seen.code(), "mdoc_digest_alg", "{name}");
        assert_eq!(seen.check(check::DIGESTS).outcome, Outcome::NotDone);
        assert!(seen.elements.is_none());
    }
    assert_eq!(with("digestAlgorithm", 1).code(), "cbor_unexpected_type");
    // An algorithm other than that of the digests.
    assert_eq!(with("digestAlgorithm", "SHA-512").code(), "mdoc_digest_mismatch");
}

#[test]
fn neg_b08_digest_truncated() {
    for length in [0, 6, 31, 33] {
        let forged = Forge::new().mso(|mso| {
            for (_, digest) in mso.get("valueDigests").get(MDL_NAMESPACE).entries() {
                digest.bytes().resize(length, 0);
            }
        });
        assert_eq!(forged.code(), "mdoc_digest_mismatch", "{length}");
    }
}

#[test]
fn neg_b09_not_yet_valid_and_expired() {
    let at = |at: Timestamp| see_with(&PKI.response, &PKI.store(), &input(), at).expect("a response");
    let until = NOW.day_start().plus_days(30);
    assert_eq!(at(until).code(), "accepted");
    let expired = at(until.plus_seconds(1));
    assert_eq!(expired.code(), "mdoc_expired");
    // The certified claims can still be read.
    assert_eq!(expired.elements.expect("evidence").len(), 4);
    assert_eq!(at(NOW.day_start()).code(), "accepted");
    let ahead = validity("validFrom", Node::tdate("2026-06-15T12:01:01Z"));
    assert_eq!(ahead.code(), "mdoc_not_yet_valid");
    let now = validity("validFrom", Node::tdate("2026-06-15T12:00:00Z"));
    assert_eq!(now.code(), "accepted");
}

#[test]
fn neg_f35_times_ahead_within_the_tolerance() {
    let seen = |signed: &str, from: &str, tolerance: Option<u32>| {
        let forged = Forge::new().mso(|mso| {
            mso.get("validityInfo").set("signed", Node::tdate(signed));
            mso.get("validityInfo").set("validFrom", Node::tdate(from));
        });
        let store = PKI.store();
        let store = match tolerance {
            Some(seconds) => store.with_clock_tolerance(ClockTolerance::seconds(seconds)),
            None => store,
        };
        see_with(&forged.build(), &store, &input(), NOW).expect("a response").code()
    };
    let (now, in_5_s, in_90_s) = ("2026-06-15T12:00:00Z", "2026-06-15T12:00:05Z", "2026-06-15T12:01:30Z");
    assert_eq!(seen(in_5_s, in_5_s, None), "accepted");
    assert_eq!(seen(now, in_90_s, None), "mdoc_not_yet_valid");
    assert_eq!(seen(in_90_s, in_90_s, None), "mdoc_not_yet_valid");
    // Cites neg-B10: signed later than now, although validFrom has passed.
    assert_eq!(seen(in_90_s, now, None), "mdoc_validity_invalid");
    // The caller sets the tolerance.
    assert_eq!(seen(in_90_s, in_90_s, Some(90)), "accepted");
    assert_eq!(seen(now, in_5_s, Some(4)), "mdoc_not_yet_valid");
    assert_eq!(seen(in_5_s, now, Some(4)), "mdoc_validity_invalid");
}

#[test]
fn neg_b10_signed_ahead() {
    assert_eq!(validity("signed", Node::tdate("2026-06-15T12:01:00Z")).code(), "accepted");
    assert_eq!(validity("signed", Node::tdate("2026-06-15T12:01:01Z")).code(), "mdoc_validity_invalid");
}

#[test]
fn neg_b10_times_contradict() {
    let forged = Forge::new().mso(|mso| {
        mso.get("validityInfo").set("validFrom", Node::tdate("2026-06-14T00:00:00Z"));
        mso.get("validityInfo").set("validUntil", Node::tdate("2026-06-13T00:00:00Z"));
    });
    let seen = see(&forged.build()).expect("a response");
    assert_eq!(seen.code(), "mdoc_validity_invalid");
    assert_eq!(seen.check(check::VALIDITY_INFO).outcome, Outcome::Failed);
    // std-M45 checks nothing more: validFrom before `signed` occurs in the field.
    assert_eq!(validity("validFrom", Node::tdate("2026-06-14T00:00:00Z")).code(), "accepted");
}

#[test]
fn neg_b10_signed_outside_the_certificate() {
    // The document signer's certificate begins 60 days earlier.
    let forged = validity("signed", Node::tdate("2026-04-15T23:59:59Z"));
    let seen = see(&forged.build()).expect("a response");
    assert_eq!(seen.code(), "mdoc_validity_invalid");
    assert_eq!(seen.check(check::SIGNED_IN_CERTIFICATE).outcome, Outcome::Failed);
    assert_eq!(validity("signed", Node::tdate("2026-04-16T00:00:00Z")).code(), "accepted");
}

#[test]
fn neg_b10_form_of_times() {
    for member in ["signed", "validFrom", "validUntil", "expectedUpdate"] {
        for text in [
            "2026-06-15T00:00:00+00:00",
            "2026-06-15T04:00:00+04:00",
            "2026-06-15T00:00:00",
            "2026-06-15t00:00:00z",
            "2026-06-15 00:00:00Z",
            "2026-06-15",
            "2026-02-30T00:00:00Z",
            "2026-06-15T24:00:00Z",
            "2026-06-15T00:00:00.Z",
            "",
        ] {
            assert_eq!(validity(member, Node::tdate(text)).code(), "mdoc_validity_invalid", "{member} {text}");
        }
        // Numbers of neg-A14, and tags and types other than tdate.
        for value in [
            Node::Tag(2, Box::new(Node::Bytes(vec![1; 5]))),
            Node::Tag(1, Box::new(Node::Int(1_781_000_000))),
            Node::Tag(0, Box::new(Node::Int(1_781_000_000))),
            "2026-06-15T00:00:00Z".into(),
            Node::Null,
        ] {
            assert_eq!(validity(member, value).code(), "cbor_unexpected_type", "{member}");
        }
    }
    for member in ["signed", "validFrom", "validUntil"] {
        let forged = Forge::new().mso(|mso| {
            mso.get("validityInfo").remove(member);
        });
        assert_eq!(forged.code(), "cbor_missing_member", "{member}");
    }
    assert_eq!(validity("expectedUpdate", Node::tdate("2026-06-20T00:00:00Z")).code(), "accepted");
}

#[test]
fn neg_b10_fraction_of_a_second() {
    let forged = validity("signed", Node::tdate("2026-06-15T00:00:00.123Z")).build();
    let seen = see(&forged).expect("a response");
    assert_eq!(seen.code(), "accepted");
    let reason = seen.check(check::VALIDITY_INFO).reason.map(rid_wire::Code::as_str);
    assert_eq!(reason, Some("tdate_fraction"));

    let response = UnverifiedResponse::parse(&forged, Limits::PROXIMITY).expect("a response");
    let documents = response.documents.expect("documents");
    let issuer_signed = documents[0].issuer_signed.as_ref().expect("issuerSigned");
    let on_receipt = verify_issuer_signed(issuer_signed, None, &mut PKI.store().message(NOW), Strictness::Receipt);
    assert_eq!(on_receipt.first_failure().map(rid_wire::Code::as_str), Some("mdoc_validity_invalid"));
}

#[test]
fn neg_b18_evidence_has_the_certified_device_key() {
    let parsed = UnverifiedIssuerSigned::parse(&PKI.credential, Limits::ONLINE).expect("a credential");
    let report = verify_issuer_signed(&parsed, None, &mut PKI.store().message(NOW), Strictness::Receipt);
    let evidence = report.evidence.expect("evidence");
    // The wallet compares this key with the one that it created.
    assert!(*evidence.device_key() == PKI.device_key.public());
    assert!(*evidence.device_key() != PKI.signer_key.public());
}

#[test]
fn neg_b23_version() {
    for version in ["9.0", "2.0", "1", "1.", "1.x", "0.9", "", "1.0.0", " 1.0"] {
        let seen = see(&with("version", version).build()).expect("a response");
        assert_eq!(seen.code(), "mdoc_version", "{version}");
        assert!(seen.elements.is_none());
    }
    assert_eq!(with("version", "1.1").code(), "accepted");
    assert_eq!(with("version", 1).code(), "cbor_unexpected_type");
}

#[test]
fn neg_b24_mso() {
    let digest = Node::Bytes(vec![0; 32]);
    let namespaces =
        (0..1_000).map(|i| (format!("org.example.{i}").as_str().into(), Node::Map(vec![(0.into(), digest.clone())])));
    assert_eq!(with("valueDigests", Node::Map(namespaces.collect())).code(), "mdoc_too_many");
    let digests = (0..10_000).map(|i| (i.into(), digest.clone())).collect();
    assert_eq!(with("valueDigests", Node::map(&[(MDL_NAMESPACE, Node::Map(digests))])).code(), "mdoc_too_many");
}

#[test]
fn std_m45_members_of_the_mso() {
    for member in ["version", "digestAlgorithm", "docType", "valueDigests", "deviceKeyInfo", "validityInfo"] {
        let forged = Forge::new().mso(|mso| {
            mso.remove(member);
        });
        assert_eq!(forged.code(), "cbor_missing_member", "{member}");
        assert_eq!(Forge::new().mso(|mso| mso.add(member, Node::Null)).code(), "cbor_duplicate_key", "{member}");
    }
    // Unknown members (std-S50).
    assert_eq!(with("newMember", 1).code(), "accepted");
    assert_eq!(validity("newMember", 1).code(), "accepted");
    assert_eq!(Forge::new().mso(|mso| mso.get("deviceKeyInfo").set("newMember", 1)).code(), "accepted");
}

#[test]
fn neg_a03_digest_id_twice_in_the_mso() {
    let forged = Forge::new().mso(|mso| {
        let entry = mso.get("valueDigests").get(AZ).entries()[0].clone();
        mso.get("valueDigests").get(AZ).entries().push(entry);
    });
    assert_eq!(forged.code(), "cbor_duplicate_key");
}

#[test]
fn neg_a05_indefinite_in_the_mso() {
    assert_eq!(with("version", Node::Raw(b"\x7f\x631.0\xff".to_vec())).code(), "cbor_indefinite");
    let forged = validity("newMember", Node::Raw(vec![0x9f, 0xff]));
    assert_eq!(forged.code(), "cbor_indefinite");
}

#[test]
fn neg_a11_mso_without_tag() {
    let forged = Forge::new().auth(|auth| {
        let mso = Node::Map(auth.at(2).entries().clone());
        *auth.at(2) = Node::Wrapped(Box::new(mso));
    });
    assert_eq!(forged.code(), "cbor_tag24_expected");
    let forged = Forge::new().auth(|auth| {
        let mut bytes = match auth.at(2) {
            Node::Wrapped(inner) => inner.encode(),
            _ => panic!("a payload"),
        };
        bytes.push(0);
        *auth.at(2) = Node::Bytes(bytes);
    });
    assert_eq!(forged.code(), "cbor_trailing");
}

#[test]
fn neg_a14_digest_ids_of_the_mso() {
    let with_id =
        |id: Node| Forge::new().mso(move |mso| mso.get("valueDigests").get(AZ).add(id, Node::Bytes(vec![0; 32])));
    assert_eq!(with_id("0".into()).code(), "cbor_unexpected_type");
    assert_eq!(with_id((-1).into()).code(), "cbor_unexpected_type");
}

#[test]
fn std_m45_device_key() {
    let with_key = |member: i64, value: Node| {
        Forge::new().mso(move |mso| mso.get("deviceKeyInfo").get("deviceKey").set(member, value))
    };
    assert_eq!(with_key(-3, Node::Bytes(vec![1; 32])).code(), "cose_key_invalid");
    assert_eq!(with_key(-2, Node::Bytes(vec![0; 31])).code(), "cose_key_invalid");
    // The key has a private member.
    assert_eq!(with_key(-4, Node::Bytes(vec![1; 32])).code(), "cose_key_invalid");
    assert_eq!(with_key(-1, 99.into()).code(), "cose_alg_unsupported");
    let absent = Forge::new().mso(|mso| {
        mso.get("deviceKeyInfo").remove("deviceKey");
    });
    assert_eq!(absent.code(), "cbor_missing_member");
}

#[test]
fn neg_b24_key_authorizations() {
    let names = |count: usize| Node::Array((0..count).map(|index| format!("n{index}").as_str().into()).collect());
    let with = |member: &'static str, value: Node| {
        let authorizations = Node::map(&[(member, value)]);
        Forge::new().mso(move |mso| mso.get("deviceKeyInfo").set("keyAuthorizations", authorizations)).code()
    };
    let by_namespace = |namespaces: usize, each: usize| {
        Node::Map((0..namespaces).map(|index| (format!("n{index}").as_str().into(), names(each))).collect())
    };
    assert_eq!(with("nameSpaces", names(1024)), "accepted");
    assert_eq!(with("nameSpaces", names(1025)), "mdoc_too_many");
    assert_eq!(with("dataElements", by_namespace(64, 16)), "accepted");
    assert_eq!(with("dataElements", by_namespace(64, 17)), "mdoc_too_many");
    assert_eq!(with("dataElements", by_namespace(65, 1)), "mdoc_too_many");
}

#[test]
fn std_s50_status() {
    let list = Node::map(&[("idx", 412.into()), ("uri", "https://status.example/1".into())]);
    let forged =
        with("status", Node::map(&[("status_list", list), ("identifier_list", Node::Map(Vec::new()))])).build();
    assert_eq!(code(&forged), "accepted");
    let response = UnverifiedResponse::parse(&forged, Limits::PROXIMITY).expect("a response");
    let documents = response.documents.expect("documents");
    let auth = &documents[0].issuer_signed.as_ref().expect("issuerSigned").issuer_auth;
    let mso = Mso::parse(auth.attached().expect("a payload")).expect("an MSO");
    let status = mso.status.expect("a status");
    assert_eq!((status.uri.as_str(), status.index), ("https://status.example/1", 412));

    assert_eq!(with("status", Node::map(&[("other", 1.into())])).code(), "accepted");
}

/// Rule of spec/verify.md: a verifier ignores a malformed status; a wallet refuses such a credential on receipt.
#[test]
fn std_s50_malformed_status_is_refused_only_on_receipt() {
    let list = Node::map(&[("idx", 412.into())]);
    for status in [Node::map(&[("status_list", list)]), Node::Int(1), Node::Null, "none".into(), Node::Array(vec![])] {
        let forged = with("status", status).build();
        let seen = see(&forged).expect("a response");
        assert_eq!(seen.code(), "accepted");
        let found = seen.check(check::CREDENTIAL_STATUS);
        assert_eq!((found.outcome, found.reason), (Outcome::NotDone, None));
        let response = UnverifiedResponse::parse(&forged, Limits::PROXIMITY).expect("a response");
        let documents = response.documents.expect("documents");
        let issuer_signed = documents[0].issuer_signed.as_ref().expect("issuerSigned");
        let report = verify_issuer_signed(issuer_signed, None, &mut PKI.store().message(NOW), Strictness::Receipt);
        assert_eq!(report.first_failure().map(rid_wire::Code::as_str), Some("cbor_unexpected_type"));
    }
    // Malformed CBOR still refuses the whole MSO.
    let twice = Node::Map(vec![(1.into(), 1.into()), (1.into(), 1.into())]);
    assert_eq!(with("status", twice).code(), "cbor_duplicate_key");
}

#[test]
fn std_m45_strict_parse_names_the_first_error() {
    let payload = |forge: Forge<'_>| {
        let response = forge.build();
        Node::parse(&response).get("documents").at(0).get("issuerSigned").get("issuerAuth").at(2).bytes().clone()
    };
    let error = |forge: Forge<'_>| Mso::parse(&payload(forge)).expect_err("an error");
    assert_eq!(error(with("version", "9.0")), MdocError::Version);
    assert_eq!(error(with("digestAlgorithm", "MD5")), MdocError::DigestAlg);
    assert_eq!(error(validity("signed", Node::tdate("yesterday"))), MdocError::Validity);
    let payload = payload(Forge::new());
    let mso = Mso::parse(&payload).expect("an MSO");
    assert_eq!(mso.digest(MDL_NAMESPACE, 0).map(<[u8]>::len), Some(sha256(&[]).len()));
    assert_eq!(mso.digest(MDL_NAMESPACE, 4), None);
}
