//! Parsing and building of the DeviceEngagement.
use rid_crypto::{AgreementKey, Curve};
use rid_mdoc::engagement::{Ble, Engagement, RetrievalMethod};
use rid_wire::{cbor::Encoder, cose::Key};

use crate::{annex_d, replaced};

fn code(bytes: &[u8]) -> &'static str {
    Engagement::parse(bytes).map_or_else(|error| error.code().as_str(), |_| "accepted")
}

fn qr_code(text: &str) -> &'static str {
    Engagement::parse_qr(text).map_or_else(|error| error.code().as_str(), |_| "accepted")
}

/// An engagement with the key of Annex D and these encoded members.
fn engagement(version: &str, suite: u64, more: &[(i64, &[u8])]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.map(2 + more.len()).int(0).text(version).int(1).array(2).uint(suite).raw(&annex_d("E_DEVICE_KEY_BYTES"));
    for (key, value) in more {
        encoder.int(*key).raw(value);
    }
    encoder.finish()
}

fn methods(method: &[u8]) -> Result<Vec<RetrievalMethod>, &'static str> {
    let bytes = engagement("1.0", 1, &[(2, &[&[0x81], method].concat())]);
    Engagement::parse(&bytes).map(|engagement| engagement.methods().into()).map_err(|error| error.code().as_str())
}

#[test]
fn std_m40_both_modes() {
    let key = Engagement::parse(&annex_d("DEVICE_ENGAGEMENT")).expect("valid").e_device_key().clone();
    for (peripheral_server, central_client) in
        [(Some([1; 16]), Some([2; 16])), (Some([1; 16]), None), (None, Some([2; 16])), (None, None)]
    {
        let ble = Ble { peripheral_server, central_client };
        let parsed = Engagement::parse_qr(&Engagement::build(&key, &ble).to_qr()).expect("valid");
        assert_eq!(parsed.methods(), [RetrievalMethod::Ble(ble)]);
    }
}

#[test]
fn std_m40_options() {
    let uuid = [&[0x50][..], &[9; 16]].concat();
    let with = |options: &[u8]| methods(&[&[0x83, 2, 1], options].concat());
    let ble =
        |peripheral_server, central_client| Ok(vec![RetrievalMethod::Ble(Ble { peripheral_server, central_client })]);
    // An address (20), an unknown option, and the UUID of a mode that is not offered are ignored.
    let options = [b"\xa4\x00\xf5\x01\xf4\x0a", &uuid[..], b"\x14\x46abcdef"].concat();
    assert_eq!(with(&options), ble(Some([9; 16]), None));
    assert_eq!(with(&[b"\xa2\x00\xf4\x0a", &uuid[..]].concat()), ble(None, None));
    assert_eq!(with(b"\xa2\x00\xf5\x01\xf4"), Err("engagement_invalid"), "a mode without its UUID");
    // Over NFC the handover message can carry the UUID.
    let nfc = engagement("1.0", 1, &[(2, b"\x81\x83\x02\x01\xa2\x00\xf5\x01\xf4")]);
    let nfc = Engagement::parse_nfc(&nfc).expect("an engagement of NFC");
    assert_eq!(Ok(nfc.methods().to_vec()), ble(None, None));
    assert_eq!(with(b"\xa2\x01\xf5\x0b\x44abcd"), Err("engagement_invalid"), "a short UUID");
    assert_eq!(with(b"\xa1\x00\x01"), Err("cbor_unexpected_type"));
    assert_eq!(with(b"\xa2\x00\xf4\x00\xf4"), Err("cbor_duplicate_key"));
}

#[test]
fn std_m40_other_methods() {
    for other in [&b"\x83\x01\x01\xa1\x00\x18\xff"[..], b"\x83\x02\x02\xa0", b"\x83\x03\x01\xa0", b"\x82\x05\x01"] {
        assert_eq!(methods(other), Ok(vec![RetrievalMethod::Other(other.into())]));
    }
    assert_eq!(methods(b"\x82\x02\x01"), Err("engagement_invalid"), "BLE without options");
    assert_eq!(methods(b"\x80"), Err("engagement_invalid"));
    assert_eq!(methods(b"\x00"), Err("cbor_unexpected_type"));
}

#[test]
fn std_s51_a_minor_version_with_more_members() {
    let bytes = engagement("1.1", 1, &[(5, b"\x81\xa2\x63cat\x01\x64type\x02"), (6, b"\xa1\x02\xf5"), (-7, b"\x60")]);
    let parsed = Engagement::parse(&bytes).expect("valid");
    assert_eq!((parsed.version(), parsed.as_bytes()), ("1.1", &bytes[..]));
    for unknown in ["2.0", "1", "1.", "1.x", "1.1.1", "10.0", "", "1.0 ", "1.0000"] {
        assert_eq!(code(&engagement(unknown, 1, &[])), "engagement_invalid", "{unknown}");
    }
}

#[test]
fn std_m40_security() {
    assert_eq!(code(&engagement("1.0", 1, &[])), "accepted");
    assert_eq!(code(&engagement("1.0", 2, &[])), "engagement_invalid");
    assert_eq!(code(b"\xa1\x00\x631.0"), "engagement_invalid");
    assert_eq!(code(b"\xa2\x00\x631.0\x01\x81\x01"), "engagement_invalid");
    assert_eq!(code(b"\xa0"), "engagement_invalid");
    let valid = annex_d("DEVICE_ENGAGEMENT");
    // No tag 24; another curve; a point off the curve.
    assert_eq!(code(&replaced(&valid, b"\xd8\x18\x58\x4b", b"\xd8\x19\x58\x4b")), "cbor_tag24_expected");
    assert_eq!(code(&replaced(&valid, b"\x20\x01\x21", b"\x20\x08\x21")), "cose_alg_unsupported");
    assert_eq!(code(&replaced(&valid, b"\x58\x20\x5a\x88", b"\x58\x20\x5a\x89")), "cose_key_invalid");
}

/// Wallets in the field omit the leading zeros of a coordinate. The key is accepted and flagged.
#[test]
fn std_m40_short_coordinate_of_the_device_key() {
    let scalar = |number: u16| {
        let mut scalar = [0; 32];
        scalar[30..].copy_from_slice(&number.to_be_bytes());
        AgreementKey::from_scalar(Curve::P256, &scalar).expect("a scalar").public()
    };
    let key = (1..).map(scalar).find(|key| key.to_bytes()[1] == 0).expect("one of 256");
    let point = key.to_bytes();
    let short = Key::Ec2 { crv: 1, x: point[2..33].into(), y: Some(point[33..].into()), sign: None };
    let with = |key: &[u8]| {
        let mut encoder = Encoder::new();
        encoder.map(2).int(0).text("1.0").int(1).array(2).uint(1).tagged(key);
        Engagement::parse(&encoder.finish()).expect("an engagement")
    };
    let (short, whole) = (with(&short.encode()), with(&key.to_cose()));
    assert!(short.is_key_short() && *short.e_device_key() == key);
    assert!(!whole.is_key_short() && *whole.e_device_key() == key);
}

#[test]
fn neg_a05_indefinite() {
    let valid = annex_d("DEVICE_ENGAGEMENT");
    let open = [b"\xbf", &valid[1..], b"\xff"].concat();
    assert_eq!(code(&open), "cbor_indefinite");
    let key = annex_d("E_DEVICE_KEY_BYTES");
    let open_key = [b"\xd8\x18\x58\x4c\xbf", &key[5..], b"\xff"].concat();
    assert_eq!(code(&[b"\xa2\x00\x631.0\x01\x82\x01", &open_key[..]].concat()), "cbor_indefinite");
}

#[test]
fn neg_a_trailing_and_size() {
    let valid = annex_d("DEVICE_ENGAGEMENT");
    assert_eq!(code(&[&valid[..], &[0]].concat()), "cbor_trailing");
    assert_eq!(code(&valid[..valid.len() - 1]), "cbor_truncated");
    let mut padding = vec![0x59, 0x0f, 0x00];
    padding.resize(3 + 0x0f00, 0);
    let large = engagement("1.0", 1, &[(9, &padding)]);
    assert_eq!(code(&large), "accepted");
    padding[1] = 0x10;
    padding.resize(3 + 0x1000, 0);
    assert_eq!(code(&engagement("1.0", 1, &[(9, &padding)])), "input_too_large");
    assert_eq!(qr_code(&format!("mdoc:{}", "A".repeat(10_000))), "input_too_large");
}

#[test]
fn std_m40_qr_text() {
    let valid = Engagement::parse(&annex_d("DEVICE_ENGAGEMENT")).expect("valid").to_qr();
    assert_eq!(qr_code(&valid), "accepted");
    let content = valid.strip_prefix("mdoc:").expect("the scheme");
    let damaged = content.replacen('o', "+", 1);
    for wrong in [
        content.into(),
        format!("MDOC:{content}"),
        format!("mdoc://{content}"),
        format!("mdoc: {content}"),
        format!("{valid}="),
        format!("{valid}\n"),
        format!("mdoc:{damaged}"),
        String::new(),
    ] {
        assert_eq!(qr_code(&wrong), "engagement_invalid", "{wrong}");
    }
    assert_eq!(qr_code("mdoc:"), "cbor_truncated");
}
