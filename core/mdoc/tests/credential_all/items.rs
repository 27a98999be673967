//! Forgeries of IssuerSignedItem, and the limits on their number (neg-B).
use rid_mdoc::{MDL_NAMESPACE, verify::check};
use rid_trust::Outcome;

use crate::{
    forge::{AZ, Forge, PKI, code, see},
    node::Node,
};

/// The first item of the driving licence's namespace.
fn first(namespaces: &mut Node) -> &mut Node {
    namespaces.get(MDL_NAMESPACE).at(0)
}

#[test]
fn std_m45_genuine_is_accepted() {
    assert_eq!(code(&PKI.response), "accepted");
    // Unchanged and signed again, it is the same response.
    assert_eq!(Forge::new().items(|_| {}).build(), PKI.response);
    let seen = see(&PKI.response).expect("a response");
    let elements = seen.elements.expect("evidence");
    assert_eq!(elements.len(), 4);
    assert!(elements.contains(&(AZ.into(), "family_name".into(), b"\x68Quliyeva".to_vec())));
}

#[test]
fn neg_b01_value_flipped() {
    let forged = Forge::new().keep_digests().items(|n| first(n).set("elementValue", "Quliyevb")).build();
    let seen = see(&forged).expect("a response");
    assert_eq!(seen.code(), "mdoc_digest_mismatch");
    let Node::Text(identifier) =
        first(Node::parse(&PKI.response).get("documents").at(0).get("issuerSigned").get("nameSpaces"))
            .get("elementIdentifier")
            .clone()
    else {
        panic!("a text")
    };
    assert_eq!(seen.failed_elements, [(MDL_NAMESPACE.to_string(), identifier)]);
    assert!(seen.elements.is_none());
}

#[test]
fn neg_b01_value_encoded_differently() {
    // The same text with a longer head is another byte string and has another digest.
    let forged = Forge::new()
        .keep_digests()
        .items(|n| first(n).set("elementValue", Node::Raw(b"\x78\x08Quliyeva".to_vec())))
        .code();
    assert_eq!(forged, "mdoc_digest_mismatch");
    // If the issuer used this encoding, it is accepted.
    let issued = Forge::new().items(|n| first(n).set("elementValue", Node::Raw(b"\x78\x08Quliyeva".to_vec()))).code();
    assert_eq!(issued, "accepted");
}

#[test]
fn neg_b01_items_of_two_namespaces_exchanged() {
    let forged = Forge::new().keep_digests().items(|n| {
        let item = n.get(AZ).elements().remove(0);
        *n.get(AZ).elements() = vec![n.get(MDL_NAMESPACE).elements().remove(1)];
        n.get(MDL_NAMESPACE).elements().push(item);
    });
    assert!(
        ["mdoc_digest_mismatch", "mdoc_digest_id_duplicate", "mdoc_digest_missing", "mdoc_element_duplicate"]
            .contains(&forged.code().as_str())
    );
}

#[test]
fn neg_b04_digest_id_twice() {
    let forged = Forge::new().items(|n| {
        let id = first(n).get("digestID").clone();
        n.get(MDL_NAMESPACE).at(1).set("digestID", id);
    });
    assert_eq!(forged.code(), "mdoc_digest_id_duplicate");
    // The same item occurs twice.
    let forged = Forge::new().items(|n| {
        let item = first(n).clone();
        n.get(MDL_NAMESPACE).elements().push(item);
    });
    assert_eq!(forged.code(), "mdoc_digest_id_duplicate");
}

#[test]
fn neg_b04_digest_id_of_two_namespaces_may_be_equal() {
    let issued = Forge::new().items(|n| {
        let id = first(n).get("digestID").clone();
        n.get(AZ).at(0).set("digestID", id);
    });
    assert_eq!(issued.code(), "accepted");
}

#[test]
fn neg_b04_element_twice() {
    let forged = Forge::new().items(|n| {
        let mut item = first(n).clone();
        item.set("digestID", 1_000);
        item.set("elementValue", "Another");
        n.get(MDL_NAMESPACE).elements().push(item);
    });
    assert_eq!(forged.code(), "mdoc_element_duplicate");
}

#[test]
fn neg_b06_digest_absent() {
    let forged = Forge::new().keep_digests().items(|n| first(n).set("digestID", 1_000)).build();
    let seen = see(&forged).expect("a response");
    assert_eq!(seen.code(), "mdoc_digest_missing");
    assert_eq!(seen.failed_elements.len(), 1);
    let of_no_namespace = Forge::new().keep_digests().items(|n| {
        let items = n.remove(AZ);
        n.set("org.example.unknown", items);
    });
    assert_eq!(of_no_namespace.code(), "mdoc_digest_missing");
}

#[test]
fn neg_b20_salt_short() {
    let with =
        |random: usize| Forge::new().items(move |n| first(n).set("random", Node::Bytes(vec![9; random]))).build();
    for random in [0, 1, 15] {
        let seen = see(&with(random)).expect("a response");
        assert_eq!(seen.code(), "mdoc_salt_short", "{random}");
        // The earlier checks are still reported.
        assert_eq!(seen.check(check::TRUST).outcome, Outcome::Passed);
        assert!(seen.elements.is_none());
    }
    assert_eq!(code(&with(16)), "accepted");
}

#[test]
fn neg_b24_too_many_items() {
    // The item is small, so that 10,000 of them stay below the limit of the input.
    let item = Node::Embedded(Box::new(Node::map(&[
        ("random", Node::Bytes(vec![0; 16])),
        ("digestID", 0.into()),
        ("elementValue", 0.into()),
        ("elementIdentifier", "x".into()),
    ])));
    let forged = Forge::new().keep_digests().items(|n| {
        *n.get(MDL_NAMESPACE).elements() = vec![Node::Raw(item.encode()); 10_000];
    });
    assert_eq!(forged.code(), "mdoc_too_many");
    // The limit covers all namespaces together.
    let forged = Forge::new().keep_digests().items(|n| {
        let items = Node::Array(vec![Node::Raw(first(n).encode())]);
        *n.entries() = (0..1_000).map(|i| (format!("org.example.{i}").as_str().into(), items.clone())).collect();
    });
    assert_eq!(forged.code(), "mdoc_too_many");
}

#[test]
fn neg_b24_the_limits_themselves_pass() {
    let forged = Forge::new().items(|n| {
        let item = first(n).clone();
        let items = (0..1_024).map(|i| {
            let mut item = item.clone();
            item.set("digestID", i);
            item.set("elementIdentifier", format!("element_{i}").as_str());
            item
        });
        let items: Vec<_> = items.collect();
        let namespaces = items.chunks(16).enumerate();
        *n.entries() = namespaces
            .map(|(i, items)| (format!("org.example.{i}").as_str().into(), Node::Array(items.to_vec())))
            .collect();
    });
    // The MSO may not have the credential's two namespaces besides these 64.
    let forged = forged.mso(|mso| {
        let digests = mso.get("valueDigests");
        digests.remove(MDL_NAMESPACE);
        digests.remove(AZ);
    });
    assert_eq!(forged.code(), "accepted");
}

#[test]
fn neg_a03_key_twice_in_an_item() {
    let forged = Forge::new().items(|n| first(n).add("elementValue", "Another"));
    assert_eq!(forged.code(), "cbor_duplicate_key");
}

#[test]
fn neg_a05_indefinite_in_an_item() {
    let forged = Forge::new().items(|n| first(n).set("elementValue", Node::Raw(b"\x7f\x61A\x61B\xff".to_vec())));
    assert_eq!(forged.code(), "cbor_indefinite");
    let forged = Forge::new().items(|n| {
        let item = first(n);
        let mut bytes = vec![0xbf];
        for (key, value) in item.entries().clone() {
            bytes.extend([key.encode(), value.encode()].concat());
        }
        bytes.push(0xff);
        *item = Node::Embedded(Box::new(Node::Raw(bytes)));
    });
    assert_eq!(forged.code(), "cbor_indefinite");
}

#[test]
fn neg_a10_item_not_cbor() {
    let forged = Forge::new().items(|n| *first(n) = Node::Embedded(Box::new(Node::Raw(vec![0xa1, 0x01]))));
    assert_eq!(forged.code(), "cbor_tag24_invalid");
}

#[test]
fn neg_a11_item_without_tag() {
    let forged = Forge::new().items(|n| {
        let bytes = Node::Bytes(Node::Map(first(n).entries().clone()).encode());
        *first(n) = bytes;
    });
    assert_eq!(forged.code(), "cbor_tag24_expected");
    let forged = Forge::new().items(|n| {
        let doubled = Node::Embedded(Box::new(first(n).clone()));
        *first(n) = doubled;
    });
    assert_eq!(forged.code(), "cbor_tag24_expected");
}

#[test]
fn neg_a12_identifiers() {
    for (identifier, expected) in [
        (Node::Raw(b"\x64fam\x00".to_vec()), "cbor_invalid_text"),
        (Node::Raw(vec![0x62, 0xc3, 0x28]), "cbor_tag24_invalid"),
        (Node::Bytes(b"family_name".to_vec()), "cbor_unexpected_type"),
    ] {
        assert_eq!(Forge::new().items(|n| first(n).set("elementIdentifier", identifier)).code(), expected);
    }
    let namespace = |name: Node| {
        Forge::new().items(|n| {
            let items = n.remove(AZ);
            n.set(name, items);
        })
    };
    assert_eq!(namespace(Node::Raw(b"\x62n\x00".to_vec())).code(), "cbor_invalid_text");
    assert_eq!(namespace(1.into()).code(), "cbor_unexpected_type");
}

#[test]
fn neg_a14_digest_id() {
    let with = |id: Node| Forge::new().items(|n| first(n).set("digestID", id));
    assert_eq!(with(Node::Tag(2, Box::new(Node::Bytes(vec![1])))).code(), "cbor_unexpected_type");
    assert_eq!(with(Node::Int(-1)).code(), "cbor_unexpected_type");
    assert_eq!(with("1".into()).code(), "cbor_unexpected_type");
    assert_eq!(with(Node::Int((1 << 31) - 1)).code(), "accepted");
}

#[test]
fn std_m44_members_of_an_item() {
    for member in ["digestID", "random", "elementIdentifier", "elementValue"] {
        let forged = Forge::new().keep_digests().items(|n| {
            first(n).remove(member);
        });
        assert_eq!(forged.code(), "cbor_missing_member", "{member}");
    }
    assert_eq!(Forge::new().items(|n| first(n).set("newMember", 1)).code(), "accepted");
}

#[test]
fn std_m44_namespaces_empty() {
    assert_eq!(Forge::new().items(|n| n.set(AZ, Node::Array(Vec::new()))).code(), "cbor_missing_member");
    assert_eq!(Forge::new().items(|n| n.entries().clear()).code(), "accepted");
    let nothing = Forge::new().document(|d| {
        d.get("issuerSigned").remove("nameSpaces");
    });
    let seen = see(&nothing.build()).expect("a response");
    assert_eq!(seen.code(), "accepted");
    assert_eq!(seen.elements, Some(Vec::new()));
}
