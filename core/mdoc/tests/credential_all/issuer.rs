//! Forgeries of issuerAuth (neg-B).
use rid_mdoc::verify::check;
use rid_trust::Outcome;

use crate::{
    forge::{Forge, PKI, code, see},
    node::Node,
};

const X5CHAIN: i64 = 33;

/// A forgery whose protected header has these labels.
fn with_protected(entries: &[(i64, Node)]) -> Forge<'static> {
    let entries = entries.iter().map(|(label, value)| (Node::Int(*label), value.clone()));
    let header = Node::Bytes(Node::Map(entries.collect()).encode());
    Forge::new().auth(move |auth| *auth.at(0) = header)
}

#[test]
fn neg_b11_signature_bit() {
    for bit in [0, 7, 255, 256, 511] {
        let forged = Forge::new().sealed(move |auth| auth.at(3).bytes()[bit / 8] ^= 1 << (bit % 8)).build();
        let seen = see(&forged).expect("a response");
        assert_eq!(seen.code(), "cose_signature_invalid", "{bit}");
        assert_eq!(seen.check(check::TRUST).outcome, Outcome::Passed);
        assert!(seen.elements.is_none());
    }
}

#[test]
fn neg_b11_payload_changed() {
    let forged = Forge::new().sealed(|auth| auth.at(2).set("version", "1.1"));
    assert_eq!(forged.code(), "cose_signature_invalid");
}

#[test]
fn neg_b12_alg_unprotected() {
    let forged = with_protected(&[]).sealed(|auth| auth.at(1).set(1, -7));
    assert_eq!(forged.code(), "cose_alg_unprotected");
    let forged = Forge::new().auth(|auth| *auth.at(0) = Node::Bytes(Vec::new())).sealed(|auth| auth.at(1).set(1, -7));
    assert_eq!(forged.code(), "cose_alg_unprotected");
    // The label is in both headers.
    assert_eq!(Forge::new().sealed(|auth| auth.at(1).set(1, -7)).code(), "cose_header_duplicate");
}

#[test]
fn neg_b14_crit() {
    let crit = |labels: &[i64]| Node::Array(labels.iter().map(|label| Node::Int(*label)).collect());
    let unknown = with_protected(&[(1, (-7).into()), (2, crit(&[99])), (99, 1.into())]);
    assert_eq!(unknown.code(), "cose_crit_unknown");
    assert_eq!(with_protected(&[(1, (-7).into()), (2, crit(&[]))]).code(), "cose_crit_unknown");
    assert_eq!(Forge::new().sealed(move |auth| auth.at(1).set(2, crit(&[1]))).code(), "cose_crit_unknown");
}

#[test]
fn neg_b15_x5chain() {
    let without = Forge::new().sealed(|auth| {
        auth.at(1).remove(X5CHAIN);
    });
    let seen = see(&without.build()).expect("a response");
    assert_eq!(seen.code(), "cose_x5chain");
    assert_eq!(seen.check(check::ISSUER_AUTH_FORM).outcome, Outcome::Failed);
    for value in [
        Node::Array(Vec::new()),
        Node::Bytes(Vec::new()),
        Node::Array(vec![Node::Bytes(Vec::new())]),
        Node::Int(1),
        Node::Array(vec![Node::Int(1)]),
    ] {
        assert_eq!(Forge::new().sealed(|auth| auth.at(1).set(X5CHAIN, value)).code(), "cose_x5chain");
    }
    let chain = Node::Bytes(PKI.signer.der().to_vec());
    let inside = with_protected(&[(1, (-7).into()), (X5CHAIN, chain)]).sealed(|auth| {
        auth.at(1).remove(X5CHAIN);
    });
    assert_eq!(inside.code(), "cose_x5chain");
    // An array of one certificate equals the certificate alone.
    let array = Node::Array(vec![Node::Bytes(PKI.signer.der().to_vec())]);
    assert_eq!(Forge::new().sealed(|auth| auth.at(1).set(X5CHAIN, array)).code(), "accepted");
}

#[test]
fn neg_b15_certificate_malformed() {
    let with = |der: Vec<u8>| Forge::new().sealed(|auth| auth.at(1).set(X5CHAIN, Node::Bytes(der)));
    assert_eq!(with(vec![0x30, 0x00]).code(), "cert_form");
    let mut truncated = PKI.signer.der().to_vec();
    truncated.pop();
    assert_eq!(with(truncated).code(), "cert_form");
    let mut longer = PKI.signer.der().to_vec();
    longer.push(0);
    assert_eq!(with(longer).code(), "cert_form");
}

#[test]
fn neg_b16_payload_detached() {
    let forged = Forge::new().sealed(|auth| *auth.at(2) = Node::Null).build();
    let seen = see(&forged).expect("a response");
    assert_eq!(seen.code(), "cose_payload");
    assert_eq!(seen.check(check::ISSUER_AUTH_FORM).outcome, Outcome::Failed);
}

#[test]
fn neg_b21_signature_form() {
    type Change<'c> = &'c dyn Fn(&mut Vec<u8>);
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order = rid_wire::hex::decode(ORDER).expect("hexadecimal");
    let with = |change: &dyn Fn(&mut Vec<u8>)| Forge::new().sealed(|auth| change(auth.at(3).bytes())).code();
    let cases: [Change<'_>; 8] = [
        &|signature| signature[..32].fill(0),
        &|signature| signature[32..].fill(0),
        &|signature| signature[..32].copy_from_slice(&order),
        &|signature| signature[32..].copy_from_slice(&order),
        &|signature| signature.fill(0xff),
        &|signature| signature.clear(),
        &|signature| signature.push(0),
        &|signature| *signature = der(signature),
    ];
    for (index, change) in cases.into_iter().enumerate() {
        assert_eq!(with(change), "cose_signature_invalid", "{index}");
    }
}

/// The DER form of a raw signature.
fn der(raw: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let padded: Vec<u8> = if bytes[0] < 0x80 { bytes.to_vec() } else { [&[0], bytes].concat() };
        [&[0x02, padded.len() as u8][..], &padded].concat()
    };
    let both = [integer(&raw[..32]), integer(&raw[32..])].concat();
    [&[0x30, both.len() as u8][..], &both].concat()
}

#[test]
fn std_m45_algorithms() {
    // RS256, PS256, ES256K, HMAC 256/256, a text, an unassigned number.
    for alg in [Node::Int(-257), Node::Int(-37), Node::Int(-47), Node::Int(5), "ES256".into(), Node::Int(1 << 40)] {
        assert_eq!(with_protected(&[(1, alg)]).code(), "cose_alg_unsupported");
    }
    // Supported algorithms that do not fit this key.
    for alg in [-35, -36, -8] {
        let seen = see(&with_protected(&[(1, alg.into())]).build()).expect("a response");
        assert_eq!(seen.code(), "cose_alg_unsupported");
        assert_eq!(seen.check(check::ISSUER_SIGNATURE).outcome, Outcome::Failed);
    }
}

#[test]
fn std_m45_header_as_received() {
    // Longer heads and an unknown label are signed as received.
    let odd = Node::Bytes(vec![0xb8, 0x02, 0x18, 0x01, 0x38, 0x06, 0x18, 0x64, 0x01]);
    assert_eq!(Forge::new().auth(|auth| *auth.at(0) = odd).code(), "accepted");
    let indefinite = Node::Bytes(vec![0xbf, 0x01, 0x26, 0xff]);
    assert_eq!(Forge::new().auth(|auth| *auth.at(0) = indefinite).code(), "cbor_indefinite");
    let twice = Node::Bytes(vec![0xa2, 0x01, 0x26, 0x01, 0x26]);
    assert_eq!(Forge::new().auth(|auth| *auth.at(0) = twice).code(), "cbor_duplicate_key");
}

#[test]
fn std_m45_tag_18_is_allowed() {
    let tagged = |tag| {
        let forged = Forge::new().document(move |d| {
            let auth = d.get("issuerSigned").get("issuerAuth");
            *auth = Node::Tag(tag, Box::new(auth.clone()));
        });
        code(&forged.build())
    };
    assert_eq!(tagged(18), "accepted");
    assert_eq!(tagged(17), "cbor_unexpected_type");
    assert_eq!(tagged(98), "cbor_unexpected_type");
}

#[test]
fn std_m45_shape_of_issuer_auth() {
    let shorter = Forge::new().sealed(|auth| {
        auth.elements().pop();
    });
    assert_eq!(shorter.code(), "cbor_unexpected_type");
    assert_eq!(Forge::new().sealed(|auth| auth.elements().push(Node::Null)).code(), "cbor_unexpected_type");
    let absent = Forge::new().document(|d| {
        d.get("issuerSigned").remove("issuerAuth");
    });
    assert_eq!(absent.code(), "cbor_missing_member");
}
