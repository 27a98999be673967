//! COSE containers: header rules by named code, `coset` as an independent judge, the examples of the COSE working
//! group.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use coset::{CborSerializable, CoseMac0Builder, CoseSign1, CoseSign1Builder, HeaderBuilder, iana};
use proptest::prelude::*;
use rid_wire::{
    cbor::{CborError, Decoder, Encoder, Limits},
    cose::{ChainFault, CoseError, Key, Mac0, Sign1, mac_structure, protected_header, sig_structure},
    hex,
};

fn decoder(input: &[u8]) -> Decoder<'_> {
    Decoder::new(input, Limits::ONLINE).expect("small")
}

fn sign1(input: &[u8]) -> Result<Sign1<'_>, CoseError> {
    let mut decoder = decoder(input);
    let read = Sign1::read(&mut decoder)?;
    decoder.finish()?;
    Ok(read)
}

/// The array `[protected, unprotected, payload, signature]` of encoded parts.
fn structure(protected: &[u8], unprotected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.array(4).bytes(protected).raw(unprotected).raw(payload).bytes(b"sig");
    encoder.finish()
}

/// The code with which these headers are refused, the same for both structures.
fn code(protected: &[u8], unprotected: &[u8]) -> &'static str {
    let bytes = structure(protected, unprotected, b"\xf6");
    let signed = sign1(&bytes).map(|_| ());
    assert_eq!(signed, Mac0::read(&mut decoder(&bytes)).map(|_| ()));
    signed.map_or_else(|error| error.code().as_str(), |()| "accepted")
}

const ES256: &[u8] = b"\xa1\x01\x26";
const NONE: &[u8] = b"\xa0";

#[test]
fn neg_b12_alg_must_be_protected() {
    for protected in [&b""[..], b"\xa0", b"\xb8\x00", b"\xa1\x04\x41k", b"\xa1\x61\x31\x26"] {
        for unprotected in [NONE, ES256, b"\xa1\x04\x41k", b"\xa2\x02\x81\x01\x01\x26"] {
            assert_eq!(code(protected, unprotected), "cose_alg_unprotected");
        }
    }
    assert_eq!(code(ES256, NONE), "accepted");
    assert_eq!(code(b"\xa1\x01\x65ES256", NONE), "cose_alg_unsupported");
    assert_eq!(code(b"\xa1\x01\x3b\xff\xff\xff\xff\xff\xff\xff\xff", NONE), "cose_alg_unsupported");
    assert_eq!(code(b"\xa1\x01\xf6", NONE), "cbor_unexpected_type");
    assert_eq!(code(b"\xa1\x01\xc2\x41\x01", NONE), "cbor_unexpected_type");
}

#[test]
fn neg_b14_crit() {
    for protected in [
        &b"\xa2\x01\x26\x02\x80"[..],
        b"\xa2\x01\x26\x02\x81\x05",         // IV
        b"\xa3\x01\x26\x02\x81\x05\x05\x40", // IV, present
        b"\xa2\x01\x26\x02\x81\x04",         // kid, absent
        b"\xa3\x01\x26\x02\x81\x63foo\x63foo\x00",
        b"\xa2\x01\x26\x02\x82\x01\x20",
        b"\xa2\x01\x26\x02\x01",
        b"\xa2\x01\x26\x02\x81\xf6",
        b"\xa2\x01\x26\x02\x81\x81\x01",
        b"\xa2\x01\x26\x02\x81\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        assert_eq!(code(protected, NONE), "cose_crit_unknown", "{protected:02x?}");
    }
    assert_eq!(code(ES256, b"\xa1\x02\x81\x01"), "cose_crit_unknown");
    for protected in
        [&b"\xa2\x01\x26\x02\x81\x01"[..], b"\xa3\x02\x82\x04\x02\x04\x41k\x01\x26", b"\xa2\x02\x81\x18\x01\x01\x26"]
    {
        assert_eq!(code(protected, NONE), "accepted", "{protected:02x?}");
    }
}

#[test]
fn neg_b15_x5chain() {
    for unprotected in [
        &b"\xa1\x18\x21\x80"[..],
        b"\xa1\x18\x21\x40",
        b"\xa1\x18\x21\x82\x41c\x40",
        b"\xa1\x18\x21\x61c",
        b"\xa1\x18\x21\xf6",
        b"\xa1\x18\x21\x81\x81\x41c",
        b"\xa1\x18\x21\xa1\x00\x41c",
        b"\xa1\x18\x21\x8b\x41c\x41c\x41c\x41c\x41c\x41c\x41c\x41c\x41c\x41c\x41c",
    ] {
        assert_eq!(code(ES256, unprotected), "cose_x5chain", "{unprotected:02x?}");
    }
    assert_eq!(code(b"\xa2\x01\x26\x18\x21\x41c", NONE), "cose_x5chain");
    let ten = [&b"\xa1\x18\x21\x8a"[..], &b"\x41c".repeat(10)].concat();
    for (unprotected, length) in [(&b"\xa1\x18\x21\x41c"[..], 1), (b"\xa1\x18\x21\x81\x41c", 1), (&ten, 10)] {
        let bytes = structure(ES256, unprotected, b"\xf6");
        assert_eq!(sign1(&bytes).expect("accepted").chain().map(<[_]>::len), Ok(length));
    }
    let bytes = structure(ES256, NONE, b"\xf6");
    assert_eq!(sign1(&bytes).expect("accepted").chain(), Err(CoseError::X5chain(ChainFault::Missing)));
}

#[test]
fn neg_b15_place_of_a_header_fault() {
    let place = |protected: &[u8], unprotected: &[u8]| {
        let bytes = structure(protected, unprotected, b"\xf6");
        let read = sign1(&bytes);
        let error = match &read {
            Ok(read) => read.chain().expect_err("no chain"),
            Err(error) => *error,
        };
        (error.code().as_str(), error.place().unwrap_or_default())
    };
    for (protected, unprotected, code, expected) in [
        (ES256, NONE, "cose_x5chain", "unprotected"),
        (b"\xa2\x01\x26\x18\x21\x41c", NONE, "cose_x5chain", "protected.x5chain"),
        (ES256, b"\xa1\x18\x21\x80", "cose_x5chain", "unprotected.x5chain"),
        (ES256, b"\xa1\x18\x21\x40", "cose_x5chain", "unprotected.x5chain"),
        (ES256, b"\xa1\x18\x21\x61c", "cose_x5chain", "unprotected.x5chain"),
        (ES256, b"\xa1\x18\x21\x82\x41c\x40", "cose_x5chain", "unprotected.x5chain[1]"),
        (ES256, b"\xa1\x18\x21\x81\x61c", "cose_x5chain", "unprotected.x5chain[0]"),
        (ES256, b"\xa1\x6233\x41c", "cose_x5chain", "unprotected.\"33\""),
        (ES256, b"\xa1\x67x5chain\x41c", "cose_x5chain", "unprotected.\"x5chain\""),
        (ES256, b"\xa1\x04\x61k", "cbor_unexpected_type", "unprotected.kid"),
        (b"\xa2\x01\x26\x04\x61k", NONE, "cbor_unexpected_type", "protected.kid"),
        (b"\xa0", NONE, "cose_alg_unprotected", ""),
    ] as [(&[u8], &[u8], &str, &str); 12]
    {
        assert_eq!(place(protected, unprotected), (code, expected.to_owned()), "{protected:02x?} {unprotected:02x?}");
    }
    // A correct x5chain is used even if a misspelled one is also present.
    let both = structure(ES256, b"\xa2\x18\x21\x41c\x6233\x41d", b"\xf6");
    let both = sign1(&both).expect("accepted");
    assert_eq!(both.chain().map(<[_]>::concat), Ok(b"c".to_vec()));
    assert!(both.header.others_unprotected);
    let alone = structure(ES256, b"\xa1\x18\x21\x41c", b"\xf6");
    assert!(!sign1(&alone).expect("accepted").header.others_unprotected);
}

#[test]
fn label_in_both_headers_is_refused() {
    for (protected, unprotected) in [
        (ES256, &b"\xa1\x01\x26"[..]),
        (ES256, b"\xa1\x18\x01\x26"),
        (b"\xa2\x01\x26\x04\x41k", b"\xa1\x04\x41k"),
        (b"\xa2\x01\x26\x61x\x00", b"\xa1\x61x\x00"),
        (b"\xa2\x01\x26\x62xy\x00", b"\xa1\x7f\x61x\x61y\xff\x00"),
        (b"\xa2\x01\x26\x19\x03\xe7\x00", b"\xa1\x19\x03\xe7\x00"),
        (b"\xa2\x01\x26\x02\x81\x01", b"\xa1\x02\x81\x01"),
    ] {
        assert_eq!(code(protected, unprotected), "cose_header_duplicate");
    }
    // A label twice in one header is a duplicate map key (neg-A03).
    assert_eq!(code(b"\xa2\x01\x26\x18\x01\x26", NONE), "cbor_duplicate_key");
    assert_eq!(code(ES256, b"\xa2\x04\x41k\x04\x41k"), "cbor_duplicate_key");
    assert_eq!(code(ES256, b"\xa2\x04\x41k\x19\x03\xe7\x00"), "accepted");
    assert_eq!(code(ES256, b"\xa1\x04\x01"), "cbor_unexpected_type");
    assert_eq!(code(b"\xa2\x01\x26\x04\x61k", NONE), "cbor_unexpected_type");
}

#[test]
fn neg_a05_protected_header_is_definite_and_whole() {
    assert_eq!(code(b"\xbf\x01\x26\xff", NONE), "cbor_indefinite");
    assert_eq!(code(b"\xa2\x01\x26\x61x\x9f\xff", NONE), "cbor_indefinite");
    assert_eq!(code(b"\xa1\x01\x26\x00", NONE), "cbor_trailing");
    assert_eq!(code(b"\xa1\x01", NONE), "cbor_truncated");
    assert_eq!(code(b"\x80", NONE), "cbor_unexpected_type");
    assert_eq!(code(ES256, b"\xbf\x04\x5f\x41k\xff\xff"), "accepted");
    for bytes in [
        &b"\x84\x5f\x43\xa1\x01\x26\xff\xa0\xf6\x40"[..],
        b"\x84\x43\xa1\x01\x26\xa0\x5f\xff\x40",
        b"\x84\x43\xa1\x01\x26\xa0\xf6\x5f\xff",
    ] {
        assert_eq!(sign1(bytes), Err(CoseError::Cbor(CborError::Indefinite)));
    }
}

#[test]
fn shapes_of_the_structure() {
    for bytes in [
        &b"\x83\x43\xa1\x01\x26\xa0\xf6"[..],
        b"\x85\x43\xa1\x01\x26\xa0\xf6\x40\x40",
        b"\xd1\x84\x43\xa1\x01\x26\xa0\xf6\x40",     // tag 17
        b"\xd2\xd2\x84\x43\xa1\x01\x26\xa0\xf6\x40", // tag 18 twice
        b"\x84\xa1\x01\x26\xa0\xf6\x40",
        b"\x84\x43\xa1\x01\x26\xa0\xf7\x40",
        b"\x84\x43\xa1\x01\x26\xa0\xf6\xf6",
        b"\x84\x43\xa1\x01\x26\x80\xf6\x40",
        b"\x80",
        b"\xa0",
    ] {
        assert_eq!(sign1(bytes), Err(CoseError::Cbor(CborError::UnexpectedType)), "{bytes:02x?}");
    }
    for bytes in [&b"\xd2\x84\x43\xa1\x01\x26\xa0\xf6\x40"[..], b"\x9f\x43\xa1\x01\x26\xa0\xf6\x40\xff"] {
        assert!(sign1(bytes).is_ok());
    }
    assert!(Mac0::read(&mut decoder(b"\xd1\x84\x43\xa1\x01\x05\xa0\xf6\x40")).is_ok());
    assert!(Mac0::read(&mut decoder(b"\xd2\x84\x43\xa1\x01\x05\xa0\xf6\x40")).is_err());
}

#[test]
fn neg_b16_payload_attached_or_not() {
    let (attached, detached) = (structure(ES256, NONE, b"\x41p"), structure(ES256, NONE, b"\xf6"));
    let (attached, detached) = (sign1(&attached).expect("accepted"), sign1(&detached).expect("accepted"));
    assert_eq!((attached.attached(), attached.detached()), (Ok(&b"p"[..]), Err(CoseError::Payload)));
    assert_eq!((detached.attached(), detached.detached()), (Err(CoseError::Payload), Ok(())));
    // An empty payload is attached.
    let empty = structure(ES256, NONE, b"\x40");
    assert_eq!(sign1(&empty).expect("accepted").attached(), Ok(&b""[..]));
}

#[test]
fn keys() {
    let read = |hex: &str| {
        let bytes = hex::decode(hex).expect("hex");
        let key = Key::read(&mut decoder(&bytes));
        key.map(|key| hex::encode(&key.encode()))
    };
    for (key, ours) in [
        ("a401022001214101224102", "a401022001214101224102"),
        ("a401022001214101 22f5", "a40102200121410122f5"),
        ("a622410204416b2141010338222001 0102", "a401022001214101224102"), // any order, kid and alg ignored
        ("a30101200621 41aa", "a3010120062141aa"),
    ] {
        assert_eq!(read(&key.replace(' ', "")).as_deref(), Ok(ours));
    }
    for key in [
        "a0",
        "a3010220012141 01",             // no y
        "a3010220 01224102",             // no x
        "a3010221410122 4102",           // no crv
        "a32001214101 224102",           // no kty
        "a5010220012141012241022341ff",  // d
        "a40101200621 41012341ff",       // d of an OKP
        "a201042041 6b",                 // a symmetric key
        "a4016345433220 01214101224102", // kty as text
        "a4010220 65502d323536214101224102",
        "a40102200121610122 4102",
        "a4010220012141 01226102",
        "a401022001214101 22f6",
    ] {
        assert_eq!(read(&key.replace(' ', "")), Err(CoseError::KeyInvalid), "{key}");
    }
    assert_eq!(read("a50102200121410122410222f5"), Err(CoseError::Cbor(CborError::DuplicateKey)));
    assert_eq!(read("a4010220012141"), Err(CoseError::Cbor(CborError::Truncated)));
    assert_eq!(read("80"), Err(CoseError::Cbor(CborError::UnexpectedType)));
}

#[test]
fn output_of_coset_is_read() {
    let protected = HeaderBuilder::new().algorithm(iana::Algorithm::ES384).build();
    let chain = ciborium::Value::Array(vec![ciborium::Value::Bytes(vec![1]), ciborium::Value::Bytes(vec![2])]);
    let unprotected = HeaderBuilder::new().key_id(b"kid".to_vec()).value(33, chain).build();
    let theirs = CoseSign1Builder::new()
        .protected(protected.clone())
        .unprotected(unprotected)
        .payload(b"payload".to_vec())
        .create_signature(b"aad", |message| {
            let prefix = sig_structure(&protected_header(-35), b"aad", 7);
            assert_eq!(message, [&prefix[..], b"payload"].concat());
            vec![9; 96]
        })
        .build();
    for bytes in [
        theirs.clone().to_vec().expect("encodes"),
        coset::TaggedCborSerializable::to_tagged_vec(theirs).expect("encodes"),
    ] {
        let ours = sign1(&bytes).expect("accepted");
        assert_eq!((ours.header.alg, ours.header.kid.as_deref()), (-35, Some(&b"kid"[..])));
        assert_eq!(ours.header.protected, protected_header(-35));
        assert_eq!(ours.chain().map(|chain| chain.concat()), Ok(vec![1, 2]));
        assert_eq!((ours.attached(), &*ours.signature), (Ok(&b"payload"[..]), &[9; 96][..]));
    }
    let mac = CoseMac0Builder::new()
        .protected(HeaderBuilder::new().algorithm(iana::Algorithm::HMAC_256_256).build())
        .payload(b"payload".to_vec())
        .create_tag(b"", |message| {
            let prefix = mac_structure(&protected_header(5), b"", 7);
            assert_eq!(message, [&prefix[..], b"payload"].concat());
            vec![3; 32]
        })
        .build();
    let bytes = mac.to_vec().expect("encodes");
    let ours = Mac0::read(&mut decoder(&bytes)).expect("accepted");
    assert_eq!((ours.header.alg, &*ours.tag, ours.detached()), (5, &[3; 32][..], Err(CoseError::Payload)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn our_output_is_read_by_coset(
        alg in prop::sample::select(vec![-7_i64, -35, -36, -8, -9]),
        chain in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..4),
        payload in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)),
        signature in prop::collection::vec(any::<u8>(), 0..140),
        aad in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let certificates: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let bytes = Sign1::encode(alg, &certificates, payload.as_deref(), &signature);
        let theirs = CoseSign1::from_slice(&bytes).expect("accepted");
        prop_assert_eq!((&theirs.payload, &theirs.signature), (&payload, &signature));
        let content = payload.clone().unwrap_or_default();
        let message = [&sig_structure(&protected_header(alg), &aad, content.len())[..], &content].concat();
        let to_be_signed = if payload.is_some() { theirs.tbs_data(&aad) } else { theirs.tbs_detached_data(&content, &aad) };
        prop_assert_eq!(to_be_signed, message);
        let ours = sign1(&bytes).expect("accepted");
        prop_assert_eq!((ours.header.alg, ours.payload.as_deref()), (alg, payload.as_deref()));
        prop_assert_eq!(ours.header.x5chain.unwrap_or_default(), chain);
        let mac = Mac0::encode(5, &signature);
        let theirs = coset::CoseMac0::from_slice(&mac).expect("accepted");
        prop_assert_eq!((theirs.tag, theirs.payload), (signature, None));
    }
}

/// The output and the intermediate bytes of one of the working group's examples.
fn example(name: &str, intermediate: &str) -> (String, Vec<u8>, Vec<u8>, Vec<u8>) {
    let path = format!("{}/../../tests/vectors/cose-wg/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let json = std::fs::read_to_string(path).expect("the examples are in the tree");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap_or_default()).expect("hex");
    let input = &json["input"];
    let external = [&input["sign0"]["external"], &input["mac0"]["external"]].map(bytes).concat();
    let title = json["title"].as_str().expect("a title").to_owned();
    (title, bytes(&json["output"]["cbor"]), bytes(&json["intermediates"][intermediate]), external)
}

#[test]
fn cose_wg_sign1() {
    for name in ["fail-01", "fail-02", "fail-03", "fail-04", "fail-06", "fail-07", "pass-01", "pass-02", "pass-03"] {
        let (title, bytes, to_be_signed, external) = example(&format!("sign1-tests/sign-{name}"), "ToBeSign_hex");
        let read = sign1(&bytes);
        match title.get(..12) {
            Some("sign-fail-01") => assert_eq!(read, Err(CoseError::Cbor(CborError::UnexpectedType))),
            Some("sign-fail-04") => assert_eq!(read, Err(CoseError::AlgUnsupported)),
            // Valid COSE, but its algorithm is not protected.
            Some("sign-pass-01") => {
                assert_eq!(read, Err(CoseError::AlgUnprotected));
                let message = [&sig_structure(b"\xa0", b"", 20)[..], b"This is the content."].concat();
                assert_eq!(message, to_be_signed);
            }
            _ => {
                let read = read.expect(&title);
                let prefix = sig_structure(&read.header.protected, &external, read.attached().expect("attached").len());
                let message = [&prefix[..], read.attached().expect("attached")].concat();
                // These examples change the header after signing; the others differ only in the signature.
                let changed =
                    ["sign-fail-03", "sign-fail-06", "sign-fail-07"].iter().any(|name| title.starts_with(name));
                let altered = title.starts_with("sign-fail-02");
                assert_eq!(message != to_be_signed, changed || altered, "{title}");
            }
        }
    }
}

#[test]
fn cose_wg_mac0() {
    let examples = [
        "HMac-01",
        "mac-fail-01",
        "mac-fail-02",
        "mac-fail-03",
        "mac-fail-04",
        "mac-fail-06",
        "mac-fail-07",
        "mac-pass-01",
        "mac-pass-02",
        "mac-pass-03",
    ]
    .map(|name| format!("mac0-tests/{name}"));
    let mut refused = Vec::new();
    for (number, name) in examples.iter().enumerate() {
        let (_, bytes, to_be_macked, external) = example(name, "ToMac_hex");
        let mut decoder = decoder(&bytes);
        match Mac0::read(&mut decoder) {
            Ok(read) => {
                let payload = read.payload.as_deref().expect("attached");
                let message = [&mac_structure(&read.header.protected, &external, payload.len())[..], payload].concat();
                assert_eq!(message == to_be_macked, number == 0 || number == 2, "{number}");
            }
            Err(error) => refused.push((number, error)),
        }
    }
    let unprotected = CoseError::AlgUnprotected;
    let expected = [
        (1, CoseError::Cbor(CborError::UnexpectedType)),
        (4, CoseError::AlgUnsupported),
        (7, unprotected),
        (8, unprotected),
        (9, unprotected),
    ];
    assert_eq!(refused, expected);
    let (_, _, to_be_macked, external) = example(&examples[8], "ToMac_hex");
    assert_eq!([&mac_structure(b"", &external, 20)[..], b"This is the content."].concat(), to_be_macked);
}
