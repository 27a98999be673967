//! SessionEstablishment and SessionData.
use rid_mdoc::session::{SessionData, SessionError, SessionEstablishment, Status};
use rid_wire::cbor::{CborError, Encoder, Limits};

use crate::{annex_d, replaced};

const LIMITS: Limits = Limits::PROXIMITY;

fn establishment_code(bytes: &[u8]) -> &'static str {
    SessionEstablishment::parse(bytes, LIMITS).map_or_else(|error| error.code().as_str(), |_| "accepted")
}

fn data_code(bytes: &[u8]) -> &'static str {
    SessionData::parse(bytes, LIMITS).map_or_else(|error| error.code().as_str(), |_| "accepted")
}

/// A whole message whose EReaderKeyBytes hold this `COSE_Key`.
fn with_key(key: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.tagged(key);
    SessionEstablishment::encode(&encoder.finish(), b"data")
}

#[test]
fn neg_c01_point_and_curve() {
    let valid = annex_d("SESSION_ESTABLISHMENT");
    assert_eq!(establishment_code(&valid), "accepted");
    // A point off the curve.
    assert_eq!(establishment_code(&replaced(&valid, b"\x58\x20\x60\xe3", b"\x58\x20\x60\xe2")), "session_key_invalid");
    // The same coordinates on P-384, P-521, X25519, Ed25519, brainpoolP256r1.
    for curve in [2, 3, 4, 6, 8] {
        let other = replaced(&valid, b"\x20\x01\x21", &[0x20, curve, 0x21]);
        assert_eq!(establishment_code(&other), "session_key_invalid", "{curve}");
    }
}

#[test]
fn neg_c01_a_valid_key_of_another_curve() {
    let p384 = rid_crypto::AgreementKey::from_scalar(rid_crypto::Curve::P384, &[7; 48]).expect("a scalar").public();
    assert_eq!(establishment_code(&with_key(&p384.to_cose())), "session_key_invalid");
    let p256 = rid_crypto::AgreementKey::from_scalar(rid_crypto::Curve::P256, &[7; 32]).expect("a scalar").public();
    assert_eq!(establishment_code(&with_key(&p256.to_cose())), "accepted");
}

#[test]
fn neg_c01_malformed_keys() {
    let zeros = [0; 32];
    let mut encoder = Encoder::new();
    encoder.map(4).int(1).int(2).int(-1).int(1).int(-2).bytes(&zeros).int(-3).bytes(&zeros);
    assert_eq!(establishment_code(&with_key(&encoder.finish())), "session_key_invalid", "the origin");
    let mut encoder = Encoder::new();
    encoder.map(4).int(1).int(2).int(-1).int(1).int(-2).bytes(&zeros[1..]).int(-3).bytes(&zeros);
    assert_eq!(establishment_code(&with_key(&encoder.finish())), "session_key_invalid", "31 bytes");
    assert_eq!(establishment_code(&with_key(b"\xa1\x01\x02")), "session_key_invalid");
    assert_eq!(establishment_code(&with_key(b"\x80")), "cbor_unexpected_type");
    // A key with its private member.
    let mut key =
        rid_crypto::AgreementKey::from_scalar(rid_crypto::Curve::P256, &[7; 32]).expect("valid").public().to_cose();
    key[0] = 0xa5;
    key.extend([0x23, 0x41, 0x01]);
    assert_eq!(establishment_code(&with_key(&key)), "session_key_invalid");
}

#[test]
fn neg_c02_message_in_a_wrong_state() {
    assert_eq!(establishment_code(&annex_d("SESSION_DATA")), "session_state");
    assert_eq!(establishment_code(&annex_d("SESSION_TERMINATION")), "session_state");
    assert_eq!(data_code(&annex_d("SESSION_ESTABLISHMENT")), "session_state");
}

#[test]
fn neg_c07_key_bytes_as_received() {
    let valid = annex_d("SESSION_ESTABLISHMENT");
    // The byte string's length takes two bytes instead of one.
    let long = replaced(&valid, b"\xd8\x18\x58\x4b", b"\xd8\x18\x59\x00\x4b");
    let parsed = SessionEstablishment::parse(&long, LIMITS).expect("well-formed");
    assert!(parsed.e_reader_key_bytes.starts_with(b"\xd8\x18\x59\x00\x4b\xa4"));
    let transcript = rid_mdoc::transcript::Transcript::qr(&annex_d("DEVICE_ENGAGEMENT"), parsed.e_reader_key_bytes);
    assert_eq!(transcript.parts().e_reader_key, Some(parsed.e_reader_key_bytes));
}

#[test]
fn neg_a05_indefinite_key() {
    let key =
        rid_crypto::AgreementKey::from_scalar(rid_crypto::Curve::P256, &[7; 32]).expect("valid").public().to_cose();
    assert_eq!(establishment_code(&with_key(&[b"\xbf", &key[1..], b"\xff"].concat())), "cbor_indefinite");
    // The message itself is not hashed.
    let valid = annex_d("SESSION_ESTABLISHMENT");
    assert_eq!(establishment_code(&[b"\xbf", &valid[1..], b"\xff"].concat()), "accepted");
}

#[test]
fn neg_a_malformed_messages() {
    let valid = annex_d("SESSION_ESTABLISHMENT");
    assert_eq!(establishment_code(&[&valid[..], &[0]].concat()), "cbor_trailing");
    assert_eq!(establishment_code(&valid[..valid.len() - 1]), "cbor_truncated");
    assert_eq!(establishment_code(b"\xa0"), "session_state");
    assert_eq!(establishment_code(b"\x80"), "cbor_unexpected_type");
    assert_eq!(establishment_code(&replaced(&valid, b"\xd8\x18", b"\xd8\x19")), "cbor_tag24_expected");
    let without_data = replaced(&valid, b"\x64data", b"\x64date");
    assert_eq!(establishment_code(&without_data), "cbor_missing_member");
    assert_eq!(data_code(b"\xa0"), "cbor_missing_member");
    assert_eq!(data_code(b"\xa1\x64more\x01"), "cbor_missing_member");
    assert_eq!(data_code(b"\xa1\x66status\x20"), "cbor_unexpected_type");
    assert_eq!(data_code(b"\xa1\x64data\x6216"), "cbor_unexpected_type");
    assert_eq!(data_code(b"\xa2\x66status\x14\x66status\x14"), "cbor_duplicate_key");
    let small = Limits { max_bytes: 8, max_depth: 4 };
    let error = SessionData::parse(&annex_d("SESSION_TERMINATION"), small).expect_err("nine bytes");
    assert_eq!(error, SessionError::Cbor(CborError::TooLarge));
}

#[test]
fn std_m42_status_codes() {
    for (number, status) in [
        (10, Status::EncryptionError),
        (11, Status::CborError),
        (20, Status::Termination),
        (0, Status::Other(0)),
        (u64::MAX, Status::Other(u64::MAX)),
    ] {
        let mut encoder = Encoder::new();
        encoder.map(1).text("status").uint(number);
        assert_eq!(SessionData::encode(None, Some(status)), encoder.finish());
        let bytes = SessionData::encode(Some(b"x"), Some(status));
        let parsed = SessionData::parse(&bytes, LIMITS).expect("valid");
        assert_eq!((parsed.data.as_deref(), parsed.status), (Some(&b"x"[..]), Some(status)));
    }
}

#[test]
fn std_s50_unknown_members() {
    assert_eq!(data_code(b"\xa3\x66status\x14\x63new\x81\x01\x05\x06"), "accepted");
    let valid = annex_d("SESSION_ESTABLISHMENT");
    let more = [b"\xa3\x63new\xf6", &valid[1..]].concat();
    assert_eq!(establishment_code(&more), "accepted");
}
