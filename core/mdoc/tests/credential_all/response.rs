//! DeviceResponse (std-M44): its members, unknown members, refusals.
use rid_mdoc::{MdocError, response::UnverifiedResponse};
use rid_wire::cbor::{CborError, Limits};

use crate::{
    forge::{Forge, PKI, code},
    node::Node,
};

fn whole(change: impl FnOnce(&mut Node)) -> String {
    Forge::new().whole(change).code()
}

#[test]
fn std_m44_members() {
    for member in ["version", "status"] {
        let without = |response: &mut Node| {
            response.remove(member);
        };
        assert_eq!(whole(without), "cbor_missing_member", "{member}");
    }
    for version in ["2.0", "0.9", "1", "1.x", ""] {
        assert_eq!(whole(|response| response.set("version", version)), "mdoc_version", "{version}");
    }
    assert_eq!(whole(|response| response.set("version", "1.1")), "accepted");
    assert_eq!(whole(|response| response.set("version", 1)), "cbor_unexpected_type");
    assert_eq!(whole(|response| response.set("status", "0")), "cbor_unexpected_type");
    assert_eq!(whole(|response| response.set("status", -1)), "cbor_unexpected_type");
}

#[test]
fn std_m44_key_twice() {
    assert_eq!(whole(|response| response.add("version", "1.0")), "cbor_duplicate_key");
    assert_eq!(whole(|response| response.add("status", 0)), "cbor_duplicate_key");
    assert_eq!(whole(|response| response.get("documents").at(0).add("docType", "x")), "cbor_duplicate_key");
    let in_namespaces = whole(|response| {
        let namespaces = response.get("documents").at(0).get("issuerSigned").get("nameSpaces");
        let entry = namespaces.entries()[0].clone();
        namespaces.entries().push(entry);
    });
    assert_eq!(in_namespaces, "cbor_duplicate_key");
    let in_device_auth = whole(|response| {
        let auth = response.get("documents").at(0).get("deviceSigned").get("deviceAuth");
        auth.add("deviceSignature", Node::Null);
    });
    assert_eq!(in_device_auth, "cbor_duplicate_key");
}

#[test]
fn std_m44_no_documents() {
    assert_eq!(whole(|response| response.get("documents").elements().clear()), "response_empty");
    let absent = whole(|response| {
        response.remove("documents");
    });
    assert_eq!(absent, "not_returned");
}

#[test]
fn std_m44_status_and_errors() {
    let errors = Node::map(&[("org.iso.18013.5.1", Node::map(&[("portrait", 0.into()), ("sex", (-1).into())]))]);
    let bytes = Forge::new()
        .whole(|response| {
            response.set("status", 12);
            let of_documents =
                vec![Node::map(&[("org.example.1", 0.into())]), Node::map(&[("org.example.2", 10.into())])];
            response.set("documentErrors", Node::Array(of_documents));
            response.get("documents").at(0).set("errors", errors);
        })
        .build();
    let response = UnverifiedResponse::parse(&bytes, Limits::PROXIMITY).expect("a response");
    assert_eq!(response.version, "1.0");
    assert_eq!(response.status, 12);
    assert_eq!(response.document_errors, [("org.example.1".into(), 0), ("org.example.2".into(), 10)]);
    let documents = response.documents.expect("documents");
    let mdl = "org.iso.18013.5.1";
    assert_eq!(documents[0].errors, [(mdl.into(), "portrait".into(), 0), (mdl.into(), "sex".into(), -1)]);
}

#[test]
fn std_s50_unknown_members() {
    let accepted = whole(|response| {
        response.set("zkDocuments", Node::Array(Vec::new()));
        response.set("encryptedDocuments", Node::Map(vec![(1.into(), Node::Null)]));
        let document = response.get("documents").at(0);
        document.set("newMember", Node::Bytes(vec![1]));
        document.get("issuerSigned").set("newMember", 1);
        document.get("deviceSigned").set("newMember", 1);
    });
    assert_eq!(accepted, "accepted");
}

#[test]
fn neg_b24_too_many_documents() {
    let documents = |count: usize| {
        whole(move |response| {
            let document = response.get("documents").at(0).clone();
            *response.get("documents").elements() = vec![document; count];
        })
    };
    assert_eq!(documents(32), "accepted");
    assert_eq!(documents(33), "mdoc_too_many");
}

#[test]
fn neg_a05_indefinite_lengths_outside_hashed_bytes() {
    // Outer maps and arrays of indefinite length, and text in chunks.
    let indefinite = |node: &mut Node| {
        let mut bytes;
        match node.clone() {
            Node::Map(entries) => {
                bytes = vec![0xbf];
                bytes.extend(entries.iter().flat_map(|(key, value)| [key.encode(), value.encode()].concat()));
            }
            Node::Array(elements) => {
                bytes = vec![0x9f];
                bytes.extend(elements.iter().flat_map(Node::encode));
            }
            other => panic!("{other:?}"),
        }
        bytes.push(0xff);
        *node = Node::Raw(bytes);
    };
    let accepted = whole(|response| {
        let document = response.get("documents").at(0);
        let issuer_signed = document.get("issuerSigned");
        let namespaces = issuer_signed.get("nameSpaces");
        namespaces.entries().iter_mut().for_each(|(_, items)| indefinite(items));
        indefinite(namespaces);
        indefinite(issuer_signed.get("issuerAuth"));
        indefinite(issuer_signed);
        indefinite(document.get("deviceSigned").get("deviceAuth"));
        indefinite(document.get("deviceSigned"));
        indefinite(document);
        indefinite(response.get("documents"));
        response.set("version", Node::Raw(b"\x7f\x611\x62.0\xff".to_vec()));
        indefinite(response);
    });
    assert_eq!(accepted, "accepted");
}

#[test]
fn neg_a06_to_a09_truncated_and_trailing() {
    let parse = |bytes: &[u8]| UnverifiedResponse::parse(bytes, Limits::PROXIMITY).map(|_| ());
    let bytes = &PKI.response;
    for length in 0..bytes.len() {
        assert_eq!(parse(&bytes[..length]), Err(MdocError::Cbor(CborError::Truncated)), "{length}");
    }
    assert_eq!(parse(&[bytes.as_slice(), &[0]].concat()), Err(MdocError::Cbor(CborError::Trailing)));
}

#[test]
fn neg_a15_too_large() {
    let limits = Limits { max_bytes: PKI.response.len(), ..Limits::PROXIMITY };
    assert!(UnverifiedResponse::parse(&PKI.response, limits).is_ok());
    let limits = Limits { max_bytes: PKI.response.len() - 1, ..limits };
    assert_eq!(UnverifiedResponse::parse(&PKI.response, limits).err(), Some(MdocError::Cbor(CborError::TooLarge)));
}

#[test]
fn neg_a01_deep() {
    let mut deep = vec![0x81; 100_000];
    deep.push(0);
    assert_eq!(code(&deep), "cbor_too_deep");
    assert_eq!(whole(|response| response.set("deep", Node::Raw([vec![0x81; 40], vec![0]].concat()))), "cbor_too_deep");
    assert_eq!(
        Forge::new()
            .items(|n| n.get(crate::forge::AZ).at(0).set("elementValue", Node::Raw([vec![0x81; 40], vec![0]].concat())))
            .code(),
        "cbor_too_deep"
    );
}

#[test]
fn std_m44_bad_document_does_not_affect_the_others() {
    let bytes = Forge::new()
        .whole(|response| {
            let mut bad = response.get("documents").at(0).clone();
            bad.get("issuerSigned").remove("issuerAuth");
            bad.remove("deviceSigned");
            response.get("documents").elements().push(bad);
        })
        .build();
    assert_eq!(code(&bytes), "accepted");
    let response = UnverifiedResponse::parse(&bytes, Limits::PROXIMITY).expect("a response");
    let documents = response.documents.expect("documents");
    assert_eq!(documents[1].issuer_signed.as_ref().err(), Some(&MdocError::Cbor(CborError::MissingMember)));
    assert_eq!(documents[1].device_signed.as_ref().err(), Some(&MdocError::DeviceAuthMissing));
}

#[test]
fn std_m44_shapes() {
    for bytes in [&b"\x80"[..], b"\x00", b"\xf6", b"\x60"] {
        assert_eq!(code(bytes), "cbor_unexpected_type");
    }
    assert_eq!(code(b""), "cbor_truncated");
    assert_eq!(whole(|response| response.set("documents", Node::Null)), "cbor_unexpected_type");
    assert_eq!(whole(|response| response.set("documentErrors", 1)), "cbor_unexpected_type");
    assert_eq!(whole(|response| response.get("documents").at(0).set("docType", 1)), "cbor_unexpected_type");
    let without = whole(|response| {
        response.get("documents").at(0).remove("docType");
    });
    assert_eq!(without, "cbor_missing_member");
    assert_eq!(whole(|response| response.get("documents").at(0).set("issuerSigned", 1)), "cbor_unexpected_type");
}

#[test]
fn neg_n06_debug_of_a_response_shows_no_content() {
    let response = UnverifiedResponse::parse(&PKI.response, Limits::PROXIMITY).expect("a response");
    let documents = response.documents.as_deref().expect("documents");
    let signed = documents[0].issuer_signed.as_ref().expect("issuerSigned");
    let device = documents[0].device_signed.as_ref().expect("deviceSigned");
    let items = &signed.namespaces[0].1;
    let printed = format!("{response:?} {documents:?} {signed:?} {device:?} {items:?} {:?}", device.auth);
    assert!(!printed.contains("Quliyeva") && !printed.contains("81, 117, 108"), "{printed}");
}
