//! Trust, its bases, and the country (neg-F13).
use rid_crypto::{
    SigningKey,
    x509::{Certificate, Profile, dangerous::Recipe},
};
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    issuer_signed::UnverifiedIssuerSigned,
    verify::{DeviceAuthInput, Strictness, check, verify_issuer_signed},
};
use rid_trust::{Check, Environment, Outcome, SignerRules, TrustStore};
use rid_wire::{Code, Timestamp, cbor::Limits, hex};

use crate::{
    forge::{Forge, NOW, PKI, SeededRng, Seen, anchored, certificate, input, request, see, see_with},
    node::Node,
};

fn empty() -> TrustStore {
    TrustStore::new(Environment::Test, Vec::new()).expect("a store")
}

fn with_store(response: &[u8], store: &TrustStore) -> Seen {
    see_with(response, store, &input(), NOW).expect("a response")
}

#[test]
fn std_m45_trust_missing_is_undecided() {
    let seen = with_store(&PKI.response, &empty());
    assert_eq!(seen.code(), "trust_missing");
    assert_eq!(seen.check(check::TRUST).outcome, Outcome::NotDone);
    // The other checks use the leaf's own key and give no evidence.
    assert_eq!(seen.check(check::ISSUER_SIGNATURE).outcome, Outcome::Passed);
    assert_eq!(seen.check(check::DIGESTS).outcome, Outcome::Passed);
    assert_eq!(seen.check(check::DEVICE_AUTHENTICATION).outcome, Outcome::Passed);
    assert!(seen.elements.is_none());
    let forged = Forge::new().sealed(|auth| auth.at(3).bytes()[5] ^= 1).build();
    assert_eq!(with_store(&forged, &empty()).code(), "cose_signature_invalid");
}

#[test]
fn std_m45_untrusted() {
    let key = SigningKey::make(&mut SeededRng::new(500));
    let other = certificate(Profile::Iaca, "AZ", &key.public(), &key, None);
    let seen = with_store(&PKI.response, &anchored(&other));
    assert_eq!(seen.code(), "cert_untrusted");
    assert_eq!(seen.check(check::TRUST).as_of, Some(NOW));
    assert_eq!(seen.check(check::ISSUER_SIGNATURE).outcome, Outcome::Passed);
    assert!(seen.elements.is_none());
}

#[test]
fn std_m45_signer_of_another_role() {
    // Cites neg-F04: a reader's certificate under the right root must not sign a licence.
    let reader = certificate(Profile::Reader, "AZ", &PKI.signer_key.public(), &PKI.iaca_key, Some(&PKI.iaca));
    let forged = Forge::new().sealed(|auth| auth.at(1).set(33, Node::Bytes(reader.der().to_vec()))).build();
    let seen = see(&forged).expect("a response");
    assert_eq!(seen.code(), "cert_eku");
    assert!(seen.elements.is_none());
}

#[test]
fn std_m45_certificate_expired() {
    let late = NOW.plus_days(301);
    let seen = see_with(&PKI.response, &PKI.store(), &input(), late).expect("a response");
    assert_eq!(seen.code(), "cert_expired");
    assert!(seen.elements.is_none());
}

#[test]
fn std_m45_pinned_leaf() {
    let seen = with_store(&PKI.response, &empty().pin_leaf(PKI.signer.clone()));
    assert_eq!(seen.code(), "accepted");
    assert_eq!(seen.check(check::TRUST).outcome, Outcome::Passed);
    assert_eq!(seen.check(check::SIGNED_IN_CERTIFICATE).outcome, Outcome::Passed);
    assert_eq!(seen.check(check::ISSUER_COUNTRY), &Check::not_done(check::ISSUER_COUNTRY, None));
}

#[test]
fn std_m45_pinned_key() {
    let seen = with_store(&PKI.response, &empty().pin_key(PKI.signer_key.public()));
    assert_eq!(seen.code(), "accepted");
    for undone in [check::TRUST, check::ISSUER_COUNTRY, check::SIGNED_IN_CERTIFICATE] {
        assert_eq!(seen.check(undone), &Check::not_done(undone, None));
    }
    // The key is trusted, but not the certificate.
    let seen = with_store(&PKI.response, &empty().pin_key(PKI.device_key.public()));
    assert_eq!(seen.code(), "cose_signature_invalid");
    assert!(seen.elements.is_none());
    // The certificates in x5chain do not matter; the form of issuerAuth requires that they exist.
    for chain in [
        Node::Bytes(vec![0x30, 0x00]),
        Node::Bytes(b"no certificate".to_vec()),
        Node::Array(vec![Node::Bytes(vec![1]); 5]),
    ] {
        let forged = Forge::new().sealed(move |auth| auth.at(1).set(33, chain)).build();
        let seen = with_store(&forged, &empty().pin_key(PKI.signer_key.public()));
        assert_eq!(seen.code(), "accepted");
        assert_eq!(seen.check(check::ISSUER_AUTH_FORM).outcome, Outcome::Passed);
        assert_ne!(with_store(&forged, &PKI.store()).code(), "accepted");
        assert_eq!(
            with_store(&forged, &empty().pin_key(PKI.device_key.public())).code(),
            "cose_signature_invalid",
            "the first of the keys decides"
        );
    }
    let forged = Forge::new()
        .sealed(|auth| {
            auth.at(1).remove(33);
        })
        .build();
    assert_eq!(with_store(&forged, &empty().pin_key(PKI.signer_key.public())).code(), "cose_x5chain");
}

/// A response that also discloses these text elements.
fn disclosing(namespace: &'static str, elements: &[(&'static str, &'static str)]) -> Forge<'static> {
    let items: Vec<_> =
        (900..).zip(elements).map(|(id, (identifier, value))| item(id, identifier, (*value).into())).collect();
    Forge::new().items(move |namespaces| {
        if namespaces.has(namespace) {
            namespaces.get(namespace).elements().extend(items);
        } else {
            namespaces.set(namespace, Node::Array(items));
        }
    })
}

fn item(id: i64, identifier: &str, value: Node) -> Node {
    Node::Embedded(Box::new(Node::map(&[
        ("digestID", id.into()),
        ("random", Node::Bytes(vec![3; 32])),
        ("elementIdentifier", identifier.into()),
        ("elementValue", value),
    ])))
}

#[test]
fn neg_f13_issuing_country() {
    let seen = see(&disclosing(MDL_NAMESPACE, &[("issuing_country", "AZ")]).build()).expect("a response");
    assert_eq!(seen.code(), "accepted");
    assert_eq!(seen.check(check::ISSUER_COUNTRY).outcome, Outcome::Passed);
    for namespace in [MDL_NAMESPACE, "org.iso.23220.1"] {
        for country in ["GE", "A", "AZE", "az ", ""] {
            let seen = see(&disclosing(namespace, &[("issuing_country", country)]).build()).expect("a response");
            assert_eq!(seen.code(), "issuer_country_mismatch", "{namespace} {country}");
            assert!(seen.elements.is_none());
        }
    }
    let not_text = Forge::new()
        .items(|namespaces| namespaces.get(MDL_NAMESPACE).elements().push(item(900, "issuing_country", 31.into())));
    assert_eq!(not_text.code(), "issuer_country_mismatch");
}

#[test]
fn neg_f13_issuing_jurisdiction() {
    let recipe = |state: Option<&str>| {
        let mut recipe = Recipe::of(&request(Profile::DocumentSigner, "AZ", &PKI.signer_key.public(), true));
        recipe.state = state.map(Into::into);
        recipe.sign(&PKI.iaca_key, Some(&PKI.iaca), &mut SeededRng::new(600))
    };
    let code = |state: Option<&str>, jurisdiction: &'static str| {
        let der = recipe(state);
        let forged = disclosing(MDL_NAMESPACE, &[("issuing_country", "AZ"), ("issuing_jurisdiction", jurisdiction)]);
        forged.sealed(move |auth| auth.at(1).set(33, Node::Bytes(der))).code()
    };
    for (state, jurisdiction, expected) in [
        (Some("AZ-BA"), "AZ-BA", "accepted"),
        (Some("BA"), "AZ-BA", "accepted"),
        (Some("AZ-BA"), "AZ-GA", "issuer_country_mismatch"),
        (Some("BA"), "GE-BA", "issuer_country_mismatch"),
        (Some("AZ-BA"), "", "issuer_country_mismatch"),
        // The certificate names no state.
        (None, "AZ-GA", "accepted"),
    ] {
        assert_eq!(code(state, jurisdiction), expected, "{state:?} {jurisdiction}");
    }
}

#[test]
fn neg_f13_needs_a_disclosed_country_and_a_checked_path() {
    let seen = see(&PKI.response).expect("a response");
    assert_eq!(seen.check(check::ISSUER_COUNTRY), &Check::not_done(check::ISSUER_COUNTRY, None));
    let foreign = disclosing(MDL_NAMESPACE, &[("issuing_country", "GE")]).build();
    let seen = with_store(&foreign, &empty().pin_leaf(PKI.signer.clone()));
    assert_eq!(seen.code(), "accepted");
    assert_eq!(seen.check(check::ISSUER_COUNTRY), &Check::not_done(check::ISSUER_COUNTRY, None));
}

/// Cites neg-F30: the country of a credential type is fixed, even if the document does not disclose it.
#[test]
fn neg_f30_a_foreign_signer_of_a_national_type() {
    let store = |country: &str| {
        let rules = SignerRules {
            credential_type: MDL_DOC_TYPE.into(),
            purposes: vec!["1.0.18013.5.1.2".into()],
            country: Some(country.into()),
            intermediates: 0,
        };
        PKI.store().with_rules(vec![rules], 0)
    };
    let seen = with_store(&PKI.response, &store("AZ"));
    assert_eq!(seen.code(), "accepted");
    assert_eq!(seen.check(check::ISSUER_COUNTRY), &Check::passed(check::ISSUER_COUNTRY));
    let seen = with_store(&PKI.response, &store("GE"));
    assert_eq!(seen.code(), "issuer_country_mismatch");
    assert!(seen.elements.is_none());
    // The country of a directly trusted signer is not checked.
    let seen = with_store(&PKI.response, &store("GE").pin_leaf(PKI.signer.clone()));
    assert_eq!(seen.code(), "accepted");
}

#[test]
fn neg_f34_missing_or_malformed_hints_of_the_signer() {
    let seen = |spoil: fn(&mut Recipe)| {
        let mut recipe = Recipe::of(&request(Profile::DocumentSigner, "AZ", &PKI.signer_key.public(), true));
        spoil(&mut recipe);
        let der = recipe.sign(&PKI.iaca_key, Some(&PKI.iaca), &mut SeededRng::new(600));
        let seen = see(&Forge::new().sealed(move |auth| auth.at(1).set(33, Node::Bytes(der))).build());
        seen.expect("a response")
    };
    let right = seen(|_| {});
    assert_eq!(right.check(check::CERTIFICATE_PROFILE), &Check::passed(check::CERTIFICATE_PROFILE));
    assert_eq!(right.check(check::CERTIFICATE_REVOCATION).outcome, Outcome::NotDone);
    let bare = seen(|recipe| recipe.hints = false);
    assert_eq!(bare.code(), "accepted");
    let warned = bare.check(check::CERTIFICATE_PROFILE);
    assert_eq!((warned.outcome, warned.reason), (Outcome::Passed, Some(Code::new("cert_incomplete"))));
    let malformed = seen(|recipe| {
        recipe.hints = false;
        recipe.extensions.push(("2.5.29.31".into(), false, vec![0x30, 0x05]));
    });
    assert!(malformed.elements.is_some());
    let revocation = malformed.check(check::CERTIFICATE_REVOCATION);
    let expected = (Outcome::Unknown, Some(Code::new("cert_extension_malformed")));
    assert_eq!((revocation.outcome, revocation.reason), expected);
}

/// Cites neg-F33: the root's name is a PrintableString, the signer names it as a UTF8String.
#[test]
fn field_name_string_type_is_accepted() {
    let file = |name: &str| rid_kit::vector(&format!("field/{name}"));
    let root = Certificate::parse_pem_or_der(&file("name-string-type.pem")).expect("a root").remove(0);
    let text = String::from_utf8(file("name-string-type.is.hex")).expect("hex");
    let bytes = hex::decode(text.trim()).expect("hex");
    let parsed = UnverifiedIssuerSigned::parse_for_verdict(&bytes, Limits::ONLINE).expect("issuerSigned");
    let at = Timestamp::parse_rfc3339("2026-10-01T00:00:00Z").expect("a time");
    let report = verify_issuer_signed(&parsed, None, &mut anchored(&root).message(at), Strictness::Verifier);
    assert_eq!(report.first_failure(), None);
    assert!(report.evidence.is_some());
}

#[test]
fn std_m45_evidence_needs_device_authentication_too() {
    let nothing = DeviceAuthInput { transcript: None, reader_key: None };
    let seen = see_with(&PKI.response, &PKI.store(), &nothing, NOW).expect("a response");
    assert_eq!(seen.code(), "transcript_missing");
    assert!(seen.elements.is_none());
}
