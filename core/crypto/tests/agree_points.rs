//! Points from bytes: the vectors of RFC 9380, appendix J.1.1.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on says so by failing")]
use rid_crypto::{AgreementKey, CryptoError, Curve, PublicKey, hash_to_p256};
use rid_wire::hex;

const DOMAIN: &[u8] = b"QUUX-V01-CS02-with-P256_XMD:SHA-256_SSWU_RO_";

#[test]
fn rfc_9380_vectors() {
    for (message, x, y) in [
        (
            "",
            "2c15230b26dbc6fc9a37051158c95b79656e17a1a920b11394ca91c44247d3e4",
            "8a7a74985cc5c776cdfe4b1f19884970453912e9d31528c060be9ab5c43e8415",
        ),
        (
            "abc",
            "0bb8b87485551aa43ed54f009230450b492fead5f1cc91658775dac4a3388a0f",
            "5c41b3d0731a27a7b14bc0bf0ccded2d8751f83493404c84a88e71ffd424212e",
        ),
    ] {
        let point = hash_to_p256(message.as_bytes(), DOMAIN).expect("a point");
        assert_eq!(hex::encode(&point), format!("04{x}{y}"), "{message}");
    }
}

#[test]
fn agreement_with_a_point_depends_on_key_and_input_only() {
    let key = |last: u8| {
        let mut scalar = [0; 32];
        scalar[31] = last;
        AgreementKey::from_scalar(Curve::P256, &scalar).expect("a key")
    };
    let derive = |key: &AgreementKey, input: u8| {
        let point = hash_to_p256(&[input; 32], b"domain").expect("a point");
        let peer = PublicKey::from_sec1(Curve::P256, &point).expect("on the curve");
        key.agree(&peer).expect("agreed").expose().to_vec()
    };
    assert_eq!(derive(&key(2), 1), derive(&key(2), 1));
    assert_ne!(derive(&key(2), 1), derive(&key(3), 1));
    assert_ne!(derive(&key(2), 1), derive(&key(2), 2));
    assert_eq!(hash_to_p256(b"", b""), Err(CryptoError::Length));
}
