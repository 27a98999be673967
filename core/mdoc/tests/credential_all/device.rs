//! Device authentication (std-M46) and key authorizations.
use rid_crypto::AgreementKey;
use rid_mdoc::{
    transcript::Transcript,
    verify::{DeviceAuthInput, check},
};
use rid_trust::Outcome;
use rid_wire::cbor::{Encoder, Limits};

use crate::{
    forge::{Forge, NOW, PKI, SeededRng, code, present_with_mac, see, see_with},
    node::Node,
};

fn with_input(response: &[u8], transcript: Option<&Transcript>, reader_key: Option<&AgreementKey>) -> String {
    let input = DeviceAuthInput { transcript, reader_key };
    see_with(response, &PKI.store(), &input, NOW).expect("a response").code()
}

/// The deviceAuth of a document.
fn auth(document: &mut Node) -> &mut Node {
    document.get("deviceSigned").get("deviceAuth")
}

fn other_transcript() -> Transcript {
    let parts = PKI.transcript.parts();
    let mut encoder = Encoder::new();
    encoder.array(3).raw(parts.device_engagement.expect("an engagement")).raw(parts.e_reader_key.expect("a key"));
    encoder.array(2).bytes(b"select").null();
    Transcript::received(&encoder.finish(), Limits::PROXIMITY).expect("a transcript")
}

#[test]
fn std_m46_signature() {
    assert_eq!(with_input(&PKI.response, Some(&PKI.transcript), None), "accepted");
    assert_eq!(with_input(&PKI.response, None, Some(&PKI.reader_key)), "transcript_missing");
    assert_eq!(with_input(&PKI.response, Some(&other_transcript()), None), "device_auth_invalid");
}

#[test]
fn std_m46_mac() {
    let response = present_with_mac();
    let key = AgreementKey::make(&mut SeededRng::new(900));
    assert_eq!(with_input(&response, Some(&PKI.transcript), Some(&PKI.reader_key)), "accepted");
    assert_eq!(with_input(&response, None, Some(&PKI.reader_key)), "transcript_missing");
    assert_eq!(with_input(&response, Some(&PKI.transcript), None), "reader_key_missing");
    assert_eq!(with_input(&response, Some(&PKI.transcript), Some(&key)), "device_auth_invalid");
    assert_eq!(with_input(&response, Some(&other_transcript()), Some(&PKI.reader_key)), "device_auth_invalid");
    let changes: [fn(&mut Vec<u8>); 3] = [|tag| tag[0] ^= 1, |tag| tag.truncate(8), Vec::clear];
    for change in changes {
        let forged = Forge::new()
            .whole(|response| {
                let mac = auth(response.get("documents").at(0)).get("deviceMac");
                change(mac.at(3).bytes());
            })
            .build_from(&response);
        assert_eq!(code(&forged), "device_auth_invalid");
    }
}

#[test]
fn std_m46_mac_algorithms() {
    // HMAC 256/64, 384, 512, AES-MAC, and a signature algorithm.
    for alg in [4, 6, 7, 14, -7] {
        let forged = Forge::new()
            .whole(|response| {
                let mac = auth(response.get("documents").at(0)).get("deviceMac");
                let header = Node::Map(vec![(1.into(), alg.into())]);
                *mac.at(0) = Node::Wrapped(Box::new(header));
            })
            .build_from(&present_with_mac());
        assert_eq!(code(&forged), "cose_alg_unsupported", "{alg}");
    }
}

#[test]
fn std_m46_signature_of_another_key() {
    let forged = Forge::new().mso(|mso| {
        let mut key = Node::parse(&PKI.signer_key.public().to_cose());
        std::mem::swap(mso.get("deviceKeyInfo").get("deviceKey"), &mut key);
    });
    let seen = see(&forged.build()).expect("a response");
    assert_eq!(seen.code(), "device_auth_invalid");
    assert!(seen.elements.is_none());
}

#[test]
fn std_m46_signature_bits_and_forms() {
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let forged = Forge::new().whole(|response| {
            change(auth(response.get("documents").at(0)).get("deviceSignature").at(3).bytes());
        });
        forged.code()
    };
    assert_eq!(with(&|signature| signature[0] ^= 1), "device_auth_invalid");
    assert_eq!(with(&|signature| signature[63] ^= 0x80), "device_auth_invalid");
    assert_eq!(with(&|signature| signature.clear()), "device_auth_invalid");
    assert_eq!(with(&|signature| signature.fill(0)), "device_auth_invalid");
    assert_eq!(with(&|signature| signature.push(0)), "device_auth_invalid");
}

#[test]
fn neg_b16_device_payload_attached() {
    let forged = Forge::new().document(|d| *auth(d).get("deviceSignature").at(2) = Node::Bytes(vec![1, 2, 3]));
    let seen = see(&forged.build()).expect("a response");
    assert_eq!(seen.code(), "cose_payload");
    assert_eq!(seen.check(check::DEVICE_AUTHENTICATION).outcome, Outcome::Failed);
    assert!(seen.elements.is_none());
}

#[test]
fn neg_b12_device_alg_unprotected() {
    let forged = Forge::new().document(|d| {
        *auth(d).get("deviceSignature").at(0) = Node::Bytes(Vec::new());
        auth(d).get("deviceSignature").at(1).set(1, -7);
    });
    assert_eq!(forged.code(), "cose_alg_unprotected");
}

#[test]
fn std_m46_device_algorithms() {
    for alg in [-35, -36, -8, -257, -47, 5] {
        let forged = Forge::new().document(|d| {
            let header = Node::Map(vec![(1.into(), alg.into())]).encode();
            *auth(d).get("deviceSignature").at(0) = Node::Bytes(header);
        });
        assert_eq!(forged.code(), "cose_alg_unsupported", "{alg}");
    }
}

#[test]
fn std_m46_exactly_one() {
    let neither = Forge::new().document(|d| auth(d).entries().clear());
    assert_eq!(neither.code(), "device_auth_missing");
    let both = Forge::new().document(|d| {
        let mut response = Node::parse(&present_with_mac());
        let mac = auth(response.get("documents").at(0)).get("deviceMac").clone();
        auth(d).set("deviceMac", mac);
    });
    assert_eq!(both.code(), "device_auth_missing");
    let absent = Forge::new().document(|d| {
        d.remove("deviceSigned");
    });
    let seen = see(&absent.build()).expect("a response");
    assert_eq!(seen.code(), "device_auth_missing");
    assert_eq!(seen.check(check::DEVICE_AUTHENTICATION).outcome, Outcome::Failed);
    assert_eq!(seen.check(check::KEY_AUTHORIZATIONS).outcome, Outcome::NotDone);
    assert!(seen.elements.is_none());
    let without_auth = Forge::new().document(|d| {
        d.get("deviceSigned").remove("deviceAuth");
    });
    assert_eq!(without_auth.code(), "device_auth_missing");
    let without_namespaces = Forge::new().whole(|response| {
        response.get("documents").at(0).get("deviceSigned").remove("nameSpaces");
    });
    assert_eq!(without_namespaces.code(), "cbor_missing_member");
}

/// A response whose device signed these elements under these authorizations of the issuer.
fn device_signed(namespaces: Node, authorizations: Option<Node>) -> Vec<u8> {
    Forge::new()
        .mso(|mso| {
            if let Some(authorizations) = authorizations {
                mso.get("deviceKeyInfo").set("keyAuthorizations", authorizations);
            }
        })
        .document(|d| d.get("deviceSigned").set("nameSpaces", Node::Embedded(Box::new(namespaces))))
        .build()
}

#[test]
fn std_m45_key_authorizations() {
    let elements = Node::map(&[("org.example", Node::map(&[("time", "now".into()), ("place", "here".into())]))]);
    let names = |names: &[&str]| Node::Array(names.iter().map(|name| (*name).into()).collect());
    let single =
        |identifiers: &[&str]| Node::map(&[("dataElements", Node::map(&[("org.example", names(identifiers))]))]);
    let whole = Node::map(&[("nameSpaces", names(&["org.example"]))]);
    for (authorizations, expected) in [
        (None, "device_key_unauthorized"),
        (Some(Node::Map(Vec::new())), "device_key_unauthorized"),
        (Some(single(&["time"])), "device_key_unauthorized"),
        (Some(Node::map(&[("nameSpaces", names(&["org.example.other"]))])), "device_key_unauthorized"),
        (Some(single(&["time", "place"])), "accepted"),
        (Some(whole), "accepted"),
    ] {
        let seen = see(&device_signed(elements.clone(), authorizations)).expect("a response");
        assert_eq!(seen.code(), expected);
        assert_eq!(seen.elements.is_some(), expected == "accepted");
        assert_eq!(seen.device_elements.len(), if expected == "accepted" { 2 } else { 0 });
    }
}

#[test]
fn std_m46_device_namespaces_as_received() {
    // An empty map in other encodings than ours: a longer head of the map, of the bytes, of the tag.
    for bytes in [&b"\xd8\x18\x42\xb8\x00"[..], b"\xd8\x18\x58\x01\xa0", b"\xd9\x00\x18\x41\xa0"] {
        let response = Forge::new().document(|d| d.get("deviceSigned").set("nameSpaces", Node::Raw(bytes.to_vec())));
        assert_eq!(response.code(), "accepted", "{bytes:02x?}");
    }
    // The signature covers exactly these bytes.
    let exchanged = Forge::new().whole(|response| {
        let device = response.get("documents").at(0).get("deviceSigned");
        device.set("nameSpaces", Node::Raw(b"\xd8\x18\x42\xb8\x00".to_vec()));
    });
    assert_eq!(exchanged.code(), "device_auth_invalid");
}

#[test]
fn neg_a05_device_namespaces() {
    let with = |bytes: &[u8]| {
        let bytes = bytes.to_vec();
        Forge::new().document(|d| d.get("deviceSigned").set("nameSpaces", Node::Raw(bytes))).code()
    };
    // Indefinite lengths are accepted here: the bytes are signed as received and never encoded again.
    assert_eq!(with(b"\xd8\x18\x42\xbf\xff"), "accepted");
    assert_eq!(with(b"\xd8\x18\x41\xbf"), "cbor_tag24_invalid");
    assert_eq!(with(b"\xd8\x18\x5f\x41\xa0\xff"), "cbor_indefinite");
    assert_eq!(with(b"\xa0"), "cbor_tag24_expected");
    assert_eq!(with(b"\xd8\x18\x41\x80"), "cbor_unexpected_type");
    assert_eq!(with(b"\xd8\x18\x4a\xa1\x61n\xa2\x61e\x01\x61e\x02"), "cbor_duplicate_key");
}

#[test]
fn std_m46_tags() {
    let tagged = |tag| {
        let forged = Forge::new().whole(move |response| {
            let signature = auth(response.get("documents").at(0)).get("deviceSignature");
            *signature = Node::Tag(tag, Box::new(signature.clone()));
        });
        forged.code()
    };
    assert_eq!(tagged(18), "accepted");
    assert_eq!(tagged(17), "cbor_unexpected_type");
}
