//! Parsing of an IssuerSigned on its own.
use rid_mdoc::{MdocError, issuer_signed::UnverifiedIssuerSigned};
use rid_wire::cbor::{CborError, Limits};

use crate::{
    forge::{AZ, Forge, PKI},
    node::Node,
};

fn issuer_signed(forge: Forge<'_>) -> Vec<u8> {
    Node::parse(&forge.build()).get("documents").at(0).get("issuerSigned").encode()
}

#[test]
fn neg_b20_strict_parse_refuses_a_short_salt() {
    let bytes = issuer_signed(Forge::new().items(|n| n.get(AZ).at(0).set("random", Node::Bytes(vec![0; 8]))));
    assert_eq!(UnverifiedIssuerSigned::parse(&bytes, Limits::ONLINE).err(), Some(MdocError::SaltShort));
    let kept = UnverifiedIssuerSigned::parse_for_verdict(&bytes, Limits::ONLINE).expect("issuerAuth is well");
    assert!(kept.namespaces.is_empty());
}

#[test]
fn neg_a09_trailing() {
    let longer = [PKI.credential.as_slice(), &[0xf6]].concat();
    let error = UnverifiedIssuerSigned::parse(&longer, Limits::ONLINE).err();
    assert_eq!(error, Some(MdocError::Cbor(CborError::Trailing)));
}

#[test]
fn neg_a06_truncated() {
    for length in 0..PKI.credential.len() {
        let error = UnverifiedIssuerSigned::parse(&PKI.credential[..length], Limits::ONLINE).err();
        assert_eq!(error, Some(MdocError::Cbor(CborError::Truncated)), "{length}");
    }
}
