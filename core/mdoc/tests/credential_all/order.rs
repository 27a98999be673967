//! The order of the checks: a check whose input alone is broken is the first to fail.
use rid_crypto::{SigningKey, x509::Profile};
use rid_mdoc::{
    MDL_NAMESPACE, MdocError,
    verify::{check, refuse_issuer_signed},
};
use rid_trust::{Check, Outcome, TrustStore};
use rid_wire::{Code, cbor::CborError};

use crate::{
    forge::{Forge, NOW, PKI, SeededRng, Seen, anchored, certificate, input, see, see_with},
    node::Node,
};

const ORDER: [Code; 17] = [
    check::ISSUER_AUTH_FORM,
    check::TRUST,
    check::CERTIFICATE_PROFILE,
    check::ISSUER_COUNTRY,
    check::CERTIFICATE_REVOCATION,
    check::ISSUER_SIGNATURE,
    check::MSO_FORM,
    check::MSO_VERSION,
    check::DIGEST_ALGORITHM,
    check::DOC_TYPE,
    check::VALIDITY_INFO,
    check::SIGNED_IN_CERTIFICATE,
    check::VALIDITY,
    check::DIGESTS,
    check::KEY_AUTHORIZATIONS,
    check::DEVICE_AUTHENTICATION,
    check::CREDENTIAL_STATUS,
];

fn codes(seen: &Seen) -> Vec<Code> {
    seen.checks.iter().map(|check| check.code).collect()
}

#[test]
fn std_m45_every_check_once_and_in_order() {
    let seen = see(&PKI.response).expect("a response");
    assert_eq!(codes(&seen), ORDER);
    for check in &seen.checks {
        let undone = [check::ISSUER_COUNTRY, check::CERTIFICATE_REVOCATION, check::CREDENTIAL_STATUS];
        let expected = if undone.contains(&check.code) { Outcome::NotDone } else { Outcome::Passed };
        assert_eq!((check.outcome, check.reason), (expected, None), "{}", check.code);
    }
    // The same if issuerAuth is unreadable.
    let broken = Forge::new().sealed(|auth| auth.elements().clear()).build();
    assert_eq!(codes(&see(&broken).expect("a response")), ORDER);
}

#[test]
fn std_m45_each_check_is_the_first_to_fail() {
    let key = SigningKey::make(&mut SeededRng::new(800));
    let stranger = anchored(&certificate(Profile::Iaca, "AZ", &key.public(), &key, None));
    let validity = |member: &'static str, text: &'static str| {
        Forge::new().mso(move |mso| mso.get("validityInfo").set(member, Node::tdate(text)))
    };
    let country = Forge::new().items(|n| {
        n.get(MDL_NAMESPACE).at(0).set("elementIdentifier", "issuing_country");
    });
    let unauthorized = Forge::new().document(|d| {
        let elements = Node::map(&[("org.example", Node::map(&[("time", 1.into())]))]);
        d.get("deviceSigned").set("nameSpaces", Node::Embedded(Box::new(elements)));
    });
    let device = Forge::new().whole(|response| {
        let auth = response.get("documents").at(0).get("deviceSigned").get("deviceAuth");
        auth.get("deviceSignature").at(3).bytes()[0] ^= 1;
    });
    let cases: [(Forge<'_>, Option<&TrustStore>, Code); 13] = [
        (Forge::new().sealed(|auth| *auth.at(2) = Node::Null), None, check::ISSUER_AUTH_FORM),
        (Forge::new(), Some(&stranger), check::TRUST),
        (country, None, check::ISSUER_COUNTRY),
        (Forge::new().sealed(|auth| auth.at(3).bytes()[0] ^= 1), None, check::ISSUER_SIGNATURE),
        (
            Forge::new().mso(|mso| {
                mso.remove("docType");
            }),
            None,
            check::MSO_FORM,
        ),
        (Forge::new().mso(|mso| mso.set("version", "9.0")), None, check::MSO_VERSION),
        (Forge::new().mso(|mso| mso.set("digestAlgorithm", "MD5")), None, check::DIGEST_ALGORITHM),
        (Forge::new().mso(|mso| mso.set("docType", "other")), None, check::DOC_TYPE),
        (validity("signed", "2027-01-01T00:00:00Z"), None, check::VALIDITY_INFO),
        (validity("validUntil", "2026-06-15T00:00:00Z"), None, check::VALIDITY),
        (
            Forge::new().keep_digests().items(|n| n.get(MDL_NAMESPACE).at(0).set("elementValue", 1)),
            None,
            check::DIGESTS,
        ),
        (unauthorized, None, check::KEY_AUTHORIZATIONS),
        (device, None, check::DEVICE_AUTHENTICATION),
    ];
    for (forge, store, expected) in cases {
        let own = PKI.store();
        let seen = see_with(&forge.build(), store.unwrap_or(&own), &input(), NOW).expect("a response");
        let failed: Vec<_> = seen.checks.iter().filter(|check| check.outcome == Outcome::Failed).collect();
        assert_eq!(failed.first().map(|check| check.code), Some(expected));
        assert!(seen.elements.is_none() || expected == check::VALIDITY || expected == check::VALIDITY_INFO);
    }
    let outside = see(&validity("signed", "2026-01-01T00:00:00Z").build()).expect("a response");
    let failed = outside.checks.iter().find(|check| check.outcome == Outcome::Failed);
    assert_eq!(failed.map(|check| check.code), Some(check::SIGNED_IN_CERTIFICATE));
}

#[test]
fn std_m45_damaged_mso_is_reported_as_forged_signature() {
    let damage: [fn(&mut Vec<u8>); 3] = [
        // Invalid UTF-8, another key, a truncated end.
        |payload| flip(payload, b"SHA-256", 0x80),
        |payload| flip(payload, b"docType", 0x01),
        |payload| {
            payload.pop();
        },
    ];
    for change in damage {
        let forged = Forge::new().sealed(|auth| {
            let mut payload = auth.at(2).encode();
            let Node::Bytes(mut inner) = Node::parse(&payload) else { panic!("a byte string") };
            change(&mut inner);
            payload = inner;
            *auth.at(2) = Node::Bytes(payload);
        });
        let bytes = forged.build();
        assert_eq!(see(&bytes).expect("a response").code(), "cose_signature_invalid");
        // Under an untrusted root, trust is reported first.
        let key = SigningKey::make(&mut SeededRng::new(801));
        let stranger = anchored(&certificate(Profile::Iaca, "AZ", &key.public(), &key, None));
        assert_eq!(see_with(&bytes, &stranger, &input(), NOW).expect("a response").code(), "cert_untrusted");
    }
}

fn flip(payload: &mut [u8], text: &[u8], bit: u8) {
    let place = payload.windows(text.len()).position(|part| part == text).expect("in the MSO");
    payload[place] ^= bit;
}

#[test]
fn std_m45_unreadable_part_fails_its_own_check() {
    let report = refuse_issuer_signed(MdocError::Cbor(CborError::MissingMember));
    assert_eq!(report.checks[0], Check::failed(check::ISSUER_AUTH_FORM, Code::new("cbor_missing_member")));
    assert!(report.checks[1..].iter().all(|check| check.outcome == Outcome::NotDone && check.reason.is_none()));
    for error in [MdocError::SaltShort, MdocError::TooMany, MdocError::DigestIdDuplicate, MdocError::ElementDuplicate] {
        let report = refuse_issuer_signed(error);
        let failed: Vec<_> = report.checks.iter().filter(|check| check.outcome == Outcome::Failed).collect();
        assert_eq!(failed, [&Check::failed(check::DIGESTS, error.code())]);
        assert_eq!(report.first_failure(), Some(error.code()));
    }
}
