//! Building of credentials, documents and responses.
use std::collections::BTreeSet;

use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE, MdocError,
    build::{MsoTemplate, UnsignedCredential, UnsignedDocument, device_response, device_response_status},
    issuer_signed::UnverifiedIssuerSigned,
    mso::{Mso, ValidityInfo},
    response::UnverifiedResponse,
    verify::{Strictness, verify_issuer_signed},
};
use rid_wire::cbor::{CborError, Limits};

use crate::{
    forge::{AZ, NOW, PKI, SeededRng, elements, selection, text_element, validity},
    node::Node,
};

fn make(elements: &[rid_mdoc::build::ElementToIssue], validity: ValidityInfo) -> Result<UnsignedCredential, MdocError> {
    let key = PKI.device_key.public();
    let template = MsoTemplate { doc_type: MDL_DOC_TYPE, device_key: &key, validity };
    UnsignedCredential::make(&template, elements, &mut SeededRng::new(42))
}

#[test]
fn std_m45_credential_verifies() {
    let parsed = UnverifiedIssuerSigned::parse(&PKI.credential, Limits::ONLINE).expect("a credential");
    let report = verify_issuer_signed(&parsed, Some(MDL_DOC_TYPE), &mut PKI.store().message(NOW), Strictness::Receipt);
    assert_eq!(report.first_failure(), None);
    assert_eq!(report.doc_type.as_deref(), Some(MDL_DOC_TYPE));
    let evidence = report.evidence.expect("evidence");
    assert_eq!(evidence.items().len(), elements().len());
    for element in elements() {
        let item = evidence
            .items()
            .iter()
            .find(|item| item.namespace() == element.namespace && item.identifier() == element.identifier);
        assert_eq!(item.expect("it is there").value_bytes(), element.value);
    }
    assert_eq!(evidence.validity(), &validity());
    assert!(evidence.status().is_none());
}

#[test]
fn std_m44_salts_and_digest_ids() {
    let many: Vec<_> = (0..60).map(|i| text_element(MDL_NAMESPACE, &format!("element_{i}"), "x")).collect();
    let credential = make(&many, validity()).expect("a credential").finish(&[0; 64], &[PKI.signer.der()]);
    let parsed = UnverifiedIssuerSigned::parse(&credential, Limits::ONLINE).expect("a credential");
    let (_, items) = &parsed.namespaces[0];
    let salts: BTreeSet<_> = items.iter().map(|item| item.random).collect();
    assert_eq!(salts.len(), 60);
    assert!(salts.iter().all(|salt| salt.len() == 32));
    let ids: Vec<_> = items.iter().map(|item| item.digest_id).collect();
    assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), (0..60).collect());
    assert_ne!(ids, (0..60).collect::<Vec<_>>());
    // Another draw gives another order.
    let key = PKI.device_key.public();
    let template = MsoTemplate { doc_type: MDL_DOC_TYPE, device_key: &key, validity: validity() };
    let other = UnsignedCredential::make(&template, &many, &mut SeededRng::new(43)).expect("a credential");
    let other = other.finish(&[0; 64], &[PKI.signer.der()]);
    let other = UnverifiedIssuerSigned::parse(&other, Limits::ONLINE).expect("a credential");
    assert_ne!(ids, other.namespaces[0].1.iter().map(|item| item.digest_id).collect::<Vec<_>>());
}

#[test]
fn neg_b10_and_b24_at_issuing() {
    let day = NOW.day_start();
    let reversed = ValidityInfo { valid_until: day.plus_days(-1), ..validity() };
    assert_eq!(make(&elements(), reversed).err(), Some(MdocError::Validity));
    let fraction = ValidityInfo { fraction: true, ..validity() };
    assert_eq!(make(&elements(), fraction).err(), Some(MdocError::Validity));
    let twice = [elements(), vec![text_element(AZ, "patronymic", "x")]].concat();
    assert_eq!(make(&twice, validity()).err(), Some(MdocError::ElementDuplicate));
    assert_eq!(make(&[], validity()).err(), Some(MdocError::CredentialEmpty));
    let many: Vec<_> = (0..1_025).map(|i| text_element(AZ, &i.to_string(), "x")).collect();
    assert_eq!(make(&many, validity()).err(), Some(MdocError::TooMany));
    let many: Vec<_> = (0..65).map(|i| text_element(&i.to_string(), "x", "x")).collect();
    assert_eq!(make(&many, validity()).err(), Some(MdocError::TooMany));
    for (value, error) in [
        (vec![], CborError::Truncated),
        (vec![0x61], CborError::Truncated),
        (vec![0x01, 0x01], CborError::Trailing),
        (vec![0x9f, 0xff], CborError::Indefinite),
    ] {
        let mut element = text_element(AZ, "x", "x");
        element.value = value;
        assert_eq!(make(&[element], validity()).err(), Some(MdocError::Cbor(error)));
    }
}

#[test]
fn std_m45_mso_as_written() {
    let expected_update = Some(NOW.day_start().plus_days(20));
    let unsigned = make(&elements(), ValidityInfo { expected_update, ..validity() }).expect("a credential");
    let to_be_signed = unsigned.to_be_signed();
    let credential = unsigned.finish(&PKI.signer_key.sign(&[&to_be_signed]), &[PKI.signer.der()]);
    let parsed = UnverifiedIssuerSigned::parse(&credential, Limits::ONLINE).expect("a credential");
    let payload = parsed.issuer_auth.attached().expect("a payload");
    assert!(to_be_signed.ends_with(payload));
    let mso = Mso::parse(payload).expect("an MSO");
    assert_eq!(mso.version, "1.0");
    assert_eq!(mso.doc_type, MDL_DOC_TYPE);
    assert!(mso.device_key == PKI.device_key.public());
    assert_eq!(mso.validity, ValidityInfo { expected_update, ..validity() });
    assert!(mso.status.is_none());
}

#[test]
fn std_m44_document_copies_items() {
    let parsed = UnverifiedIssuerSigned::parse(&PKI.credential, Limits::ONLINE).expect("a credential");
    let response = UnverifiedResponse::parse(&PKI.response, Limits::PROXIMITY).expect("a response");
    let documents = response.documents.expect("documents");
    let shown = documents[0].issuer_signed.as_ref().expect("issuerSigned");
    assert_eq!(shown.issuer_auth_bytes, parsed.issuer_auth_bytes);
    let bytes = |signed: &UnverifiedIssuerSigned<'_>| -> BTreeSet<Vec<u8>> {
        signed.namespaces.iter().flat_map(|(_, items)| items.iter().map(|item| item.bytes.outer.to_vec())).collect()
    };
    let shown_bytes = bytes(shown);
    assert_eq!(shown_bytes.len(), 4);
    assert!(shown_bytes.is_subset(&bytes(&parsed)));
    assert!(documents[0].errors.is_empty());
}

#[test]
fn neg_c12_missing_and_declined_elements_look_alike() {
    let parsed = UnverifiedIssuerSigned::parse(&PKI.credential, Limits::ONLINE).expect("a credential");
    let document = |disclose: &[(&str, &[&str])], not_returned: &[(&str, &[&str])]| {
        let owned = |names: &[(&str, &[&str])]| -> Vec<(String, Vec<String>)> {
            names.iter().map(|(n, i)| ((*n).into(), i.iter().map(|i| (*i).into()).collect())).collect()
        };
        let document = UnsignedDocument::select(MDL_DOC_TYPE, &parsed, &owned(disclose), &owned(not_returned));
        document.expect("a document").finish_signature(-7, &[0; 64])
    };
    let shown: (&str, &[&str]) = (MDL_NAMESPACE, &["given_name"]);
    // `family_name` is held but declined, `sex` is not held: the order and way of naming them make no difference.
    let a = document(&[shown], &[(MDL_NAMESPACE, &["family_name", "sex"])]);
    let b = document(&[shown], &[(MDL_NAMESPACE, &["sex"]), (MDL_NAMESPACE, &["family_name", "sex"])]);
    let c = document(&[(MDL_NAMESPACE, &["sex", "given_name"])], &[(MDL_NAMESPACE, &["family_name"])]);
    assert_eq!(a, b);
    assert_eq!(a, c);
    let mut node = Node::parse(&a);
    assert_eq!(
        node.get("errors").clone(),
        Node::map(&[(MDL_NAMESPACE, Node::map(&[("sex", 0.into()), ("family_name", 0.into())]))])
    );
    // A document that discloses nothing is legal and has no nameSpaces.
    let mut nothing = Node::parse(&document(&[], &[(AZ, &["patronymic"])]));
    assert!(!nothing.get("issuerSigned").has("nameSpaces"));
}

#[test]
fn std_m44_response_omits_empty_members() {
    assert_eq!(device_response_status(10), b"\xa2\x66status\x0a\x67version\x631.0");
    assert_eq!(device_response(&[], &[]), b"\xa2\x66status\x00\x67version\x631.0");
    let refused = device_response(&[], &["a".into(), "b".into()]);
    assert_eq!(refused, b"\xa3\x66status\x00\x67version\x631.0\x6edocumentErrors\x82\xa1\x61a\x00\xa1\x61b\x00");
    let parsed = UnverifiedResponse::parse(&refused, Limits::PROXIMITY).expect("a response");
    assert!(parsed.documents.is_none());
}

#[test]
fn std_m44_selection_needs_items() {
    let parsed = UnverifiedIssuerSigned::parse(&PKI.credential, Limits::ONLINE).expect("a credential");
    let document = UnsignedDocument::select(MDL_DOC_TYPE, &parsed, &selection(), &Vec::new()).expect("a document");
    assert_eq!(document.doc_type(), MDL_DOC_TYPE);
    assert_eq!(document.device_namespaces(), [0xd8, 0x18, 0x41, 0xa0]);
}

/// Performance P14: the bytes of a response besides its items and issuerAuth.
#[test]
fn perf_p14_overhead() {
    let response = UnverifiedResponse::parse(&PKI.response, Limits::PROXIMITY).expect("a response");
    let documents = response.documents.expect("documents");
    let signed = documents[0].issuer_signed.as_ref().expect("issuerSigned");
    let items: usize = signed.namespaces.iter().flat_map(|(_, items)| items).map(|item| item.bytes.outer.len()).sum();
    let overhead = PKI.response.len() - items - signed.issuer_auth_bytes.len();
    // 200 bytes and 2 % are allowed, plus the name of the second namespace.
    assert!(overhead <= 200 + 60 + AZ.len(), "{overhead}");
}
