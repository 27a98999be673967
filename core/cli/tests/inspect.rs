//! `rid inspect`: recognition, redaction, refusals by name, and no panic on any input.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use proptest::prelude::*;
use rid::{Scratch, json, vector};
use rid_wire::{
    base64,
    cbor::{Encoder, Limits, Value},
    hex,
};
use serde_json::Value as Json;

/// Exit code, standard output and standard error.
fn run(scratch: &Scratch, arguments: &[&str]) -> (i32, String, String) {
    let output = rid::run(scratch, arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn annex_d(name: &str) -> String {
    vector(&format!("iso18013-5-annex-d/{name}.hex"))
}

fn bytes(path: &str) -> Vec<u8> {
    hex::decode(std::fs::read_to_string(path).unwrap().trim()).unwrap()
}

/// Vector, kind, and a line of the tree.
const ANNEX_D: [(&str, &str, &str); 13] = [
    ("DEVICE_ENGAGEMENT", "DeviceEngagement", "centralClientMode: true"),
    ("DEVICE_REQUEST", "DeviceRequest", "portrait: false (the reader will not keep it)"),
    ("DEVICE_RESPONSE", "DeviceResponse", "elementValue: <redacted text, 3 characters>"),
    ("DS_CERT", "X.509 certificate", "subject: CN=utopia ds, C=US"),
    ("E_DEVICE_KEY_BYTES", "COSE_Key", "crv: 1 (P-256)"),
    ("ITEMS_REQUEST", "ItemsRequest", "docType: org.iso.18013.5.1.mDL"),
    ("READER_AUTH", "COSE_Sign1", "subject: CN=reader"),
    ("READER_CERT", "X.509 certificate", "[0]: 1.0.18013.5.1.6 (reader authentication)"),
    ("SESSION_DATA", "SessionData", "data: <3578 bytes, encrypted>"),
    ("SESSION_ESTABLISHMENT", "SessionEstablishment", "data: <735 bytes, encrypted>"),
    ("SESSION_TERMINATION", "SessionData", "status: 20 (session termination)"),
    ("SESSION_TRANSCRIPT_BYTES", "SessionTranscript", "NFC handover select: <195 bytes>"),
    ("../iso18013-5-annex-d-intermediate/d53_deviceAuth", "DeviceAuth", "alg: 5 (HMAC 256/256)"),
];

#[test]
fn annex_d_is_recognised_by_structure() {
    let scratch = Scratch::new("inspect-annex-d");
    for (name, kind, line) in ANNEX_D {
        let path = annex_d(name);
        let (exit, text, said) = run(&scratch, &["inspect", &path]);
        assert_eq!((exit, said.as_str()), (0, ""), "{name}: {text}");
        assert!(text.lines().next().unwrap().starts_with(&format!("{kind} (")), "{name}: {text}");
        assert!(text.lines().any(|found| found.trim() == line), "{name}: no {line}\n{text}");
        let (exit, answer) = json(&scratch, &["inspect", &path, "--json"]);
        assert_eq!((exit, answer["kind"].as_str()), (0, Some(kind)), "{name}");
        assert_eq!(answer["problems"], Json::Array(Vec::new()), "{name}");
    }
}

#[test]
fn other_structures_are_recognised() {
    let scratch = Scratch::new("inspect-others");
    let cases = [
        ("iso18013-5-annex-d-intermediate/d52.hex", "COSE_Sign1"),
        ("iso18013-5-annex-d-intermediate/d53_deviceAuthDeviceAuthenticationBytes.hex", "DeviceAuthentication"),
        ("iso18013-5-annex-d-intermediate/d54_ReaderAuthenticationBytes.hex", "ReaderAuthentication"),
        ("iso18013-5-annex-d-intermediate/d21.hex", "CBOR"),
        ("isomdl/issuer_signed.cbor", "IssuerSigned"),
        ("isomdl/cose_mac0_serialized.cbor", "COSE_Mac0"),
        ("auth0-mdl/issuer.pem", "X.509 certificate"),
    ];
    for (name, kind) in cases {
        let (exit, answer) = json(&scratch, &["inspect", &vector(name), "--json"]);
        assert_eq!((exit, answer["kind"].as_str()), (0, Some(kind)), "{name}: {answer:#}");
    }
    let (_, root) = json(&scratch, &["inspect", &vector("iso18013-5-annex-d-intermediate/d52_iaca.hex"), "--json"]);
    let tree = &root["tree"];
    assert_eq!((tree["ca"].as_bool(), tree["pathLength"].as_u64()), (Some(true), Some(0)));
    assert_eq!(tree["keyUsage"], "keyCertSign, cRLSign");
    assert_eq!(tree["subjectKeyId"], "54fa2383a04c28e0d930792261c80c4881d2c00b");
}

/// An engagement as CBOR, text and picture; CBOR in each of the four encodings, with white space around it.
#[test]
fn engagement_is_read_in_every_form() {
    let scratch = Scratch::new("inspect-forms");
    let engagement = bytes(&annex_d("DEVICE_ENGAGEMENT"));
    let spaced = |text: String| {
        let (start, rest) = text.split_at(10);
        format!("\n  {start}\n{rest}\t\n").into_bytes()
    };
    let url = base64::encode_url(&engagement);
    let forms = [
        ("raw", engagement.clone()),
        ("hex", spaced(hex::encode(&engagement))),
        ("url", spaced(url.clone())),
        ("standard", spaced(url.replace('-', "+").replace('_', "/"))),
        ("qr", format!(" mdoc:{url}\n").into_bytes()),
    ];
    let (_, expected, _) = run(&scratch, &["inspect", &annex_d("DEVICE_ENGAGEMENT"), "--show"]);
    for (name, content) in forms {
        let path = scratch.write(name, &content);
        let (exit, text, _) = run(&scratch, &["inspect", &path, "--show"]);
        assert_eq!((exit, &text), (0, &expected), "{name}");
    }
    let qr = qrcode::QrCode::new(format!("mdoc:{url}")).unwrap();
    let (width, scale) = (qr.width(), 8);
    let side = (width + 8) * scale;
    let dark = |at: usize| at.checked_sub(4).filter(|at| *at < width);
    let pixels: Vec<u8> = (0..side * side)
        .map(|at| match (dark(at % side / scale), dark(at / side / scale)) {
            (Some(x), Some(y)) if qr[(x, y)] == qrcode::Color::Dark => 0,
            _ => 255,
        })
        .collect();
    let path = scratch.path("qr.png");
    let file = std::fs::File::create(&path).unwrap();
    let mut encoder = png::Encoder::new(file, u32::try_from(side).unwrap(), u32::try_from(side).unwrap());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    let (exit, text, _) = run(&scratch, &["inspect", path.to_str().unwrap(), "--show"]);
    assert_eq!((exit, text), (0, expected));
    let der = scratch.write("ds.der", &bytes(&annex_d("DS_CERT")));
    assert!(run(&scratch, &["inspect", &der]).1.starts_with("X.509 certificate"));
}

/// Every scalar under a member of this name, as it would be printed.
fn values(value: &Value<'_>, name: &str, inside: bool, found: &mut Vec<String>) {
    match value {
        Value::Map(members) => {
            for (key, value) in members {
                values(value, name, inside || matches!(key, Value::Text(key) if key == name), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| values(item, name, inside, found)),
        Value::Tag(24, inner) => match inner.as_ref() {
            Value::Bytes(bytes) => values(&Value::parse(bytes, Limits::ONLINE).unwrap(), name, inside, found),
            other => panic!("{other:?}"),
        },
        Value::Tag(_, inner) => values(inner, name, inside, found),
        Value::Text(text) if inside => found.push(text.to_string()),
        Value::Bytes(bytes) if inside => found.push(hex::encode(&bytes[..16.min(bytes.len())])),
        _ => {}
    }
}

#[test]
fn values_of_a_credential_are_redacted_by_default() {
    let scratch = Scratch::new("inspect-redacted");
    let path = annex_d("DEVICE_RESPONSE");
    let response = bytes(&path);
    let response = Value::parse(&response, Limits::ONLINE).unwrap();
    let (mut elements, mut salts) = (Vec::new(), Vec::new());
    values(&response, "elementValue", false, &mut elements);
    values(&response, "random", false, &mut salts);
    assert!(elements.iter().any(|value| value == "Doe") && elements.len() >= 10 && salts.len() == 6, "{elements:?}");
    for form in [&[][..], &["--json"]] {
        let (_, veiled, _) = run(&scratch, &[&["inspect", path.as_str()], form].concat());
        let (_, shown, _) = run(&scratch, &[&["inspect", path.as_str(), "--show"], form].concat());
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| c.is_whitespace() || c == '"' || c == ',').map(str::to_owned).collect()
        };
        let (veiled_words, shown_words) = (words(&veiled), words(&shown));
        for value in elements.iter().chain(&salts) {
            // The category "A" is a letter of many words, so it must not occur alone. Longer values must not occur at
            // all.
            assert!(!veiled_words.contains(value) && (value.len() < 3 || !veiled.contains(value)), "{value} is shown");
            assert!(shown_words.contains(value) || shown.contains(&format!("h'{value}")), "{value} is not shown");
        }
        assert!(veiled.contains("<64 bytes>") && veiled.contains("<1042 bytes>"), "signature and portrait: {veiled}");
        let (longest, _) = shown.lines().map(|line| (line.len(), line)).max().unwrap();
        assert!(longest < 300, "a portrait is cut");
    }
}

#[test]
fn unknown_map_is_redacted_by_default() {
    let scratch = Scratch::new("inspect-generic");
    let mut encoder = Encoder::new();
    encoder.map(3).text("name").text("Somebody").text("born").tag(1004).text("1990-01-31").uint(7).array(2);
    encoder.uint(1990).bytes(b"Somebody");
    let path = scratch.write("any.cbor", &encoder.finish());
    let (exit, text, _) = run(&scratch, &["inspect", &path]);
    assert_eq!(exit, 0);
    assert!(!text.contains("Somebody") && !text.contains("1990") && text.contains("<redacted date>"), "{text}");
    let (_, shown) = json(&scratch, &["inspect", &path, "--show", "--json"]);
    assert_eq!(
        shown["tree"],
        serde_json::json!({"name": "Somebody", "born": "1990-01-31", "7": [1990, "h'536f6d65626f6479'"]})
    );
}

/// Not as the whole, in a map, in a byte string, nor of a key type that nobody here uses.
#[test]
fn private_key_is_never_printed() {
    let scratch = Scratch::new("inspect-private");
    let secret = [0x5a_u8; 32];
    let (x, y) = (bytes(&annex_d("STATIC_DEVICE_KEY_X")), bytes(&annex_d("STATIC_DEVICE_KEY_Y")));
    let mut key = Encoder::new();
    key.map(5).int(1).int(2).int(-1).int(1).int(-2).bytes(&x).int(-3).bytes(&y).int(-4).bytes(&secret);
    let key = key.finish();
    let mut symmetric = Encoder::new();
    symmetric.map(2).int(1).int(4).int(-1).bytes(&secret);
    let symmetric = symmetric.finish();
    let mut wrapped = Encoder::new();
    wrapped.map(3).text("a").raw(&key).text("b").bytes(&key).text("c").tagged(&key);
    let mut element = Encoder::new();
    element.map(4).text("digestID").uint(1).text("random").bytes(&[1; 16]).text("elementIdentifier").text("k");
    element.text("elementValue").array(2).raw(&key).bytes(&symmetric);
    for (name, content, exit) in [
        ("key", key, 0),
        ("symmetric", symmetric, 1),
        ("wrapped", wrapped.finish(), 0),
        ("element", element.finish(), 0),
    ] {
        let path = scratch.write(name, &content);
        for form in [&[][..], &["--json"]] {
            let (found, text, said) = run(&scratch, &[&["inspect", path.as_str(), "--show"], form].concat());
            assert_eq!(found, exit, "{name}: {said}");
            assert!(text.contains("never shown") && !text.contains("5a5a5a"), "{name}: {text}");
        }
    }
    let jwk = scratch.write("key.jwk", br#"{"kty":"EC","crv":"P-256","d":"WlpaWlpaWlpaWlpa"}"#);
    let (exit, text, said) = run(&scratch, &["inspect", &jwk, "--show"]);
    assert!(exit == 1 && !text.contains("Wlpa") && !said.contains("Wlpa"), "{text}{said}");
}

#[test]
fn malformed_input_is_named_with_its_place() {
    let scratch = Scratch::new("inspect-malformed");
    let deep = [0x81; 40];
    let cases: [(&str, &[u8], &str, Option<u64>); 10] = [
        ("empty", &[], "cbor_truncated", Some(0)),
        ("cut", &[0xa1, 0x01, 0x42, 0x00], "cbor_truncated", Some(2)),
        ("trailing", &[0xa0, 0x00], "cbor_trailing", Some(1)),
        ("twice", &[0xa2, 0x01, 0x02, 0x01, 0x02], "cbor_duplicate_key", Some(4)),
        ("deep", &deep, "cbor_too_deep", Some(32)),
        ("text", &[0x82, 0x01, 0x61, 0xff], "cbor_invalid_text", Some(4)),
        ("reserved", &[0x82, 0x01, 0x1c], "cbor_unexpected_type", Some(2)),
        ("tag", &[0x81, 0xd8, 0x18, 0x42, 0x01, 0x02], "cbor_tag24_invalid", Some(5)),
        ("certificate", &[0x30, 0x82, 0x01, 0x00, 0x00], "cert_form", None),
        ("qr", b"mdoc:####", "engagement_invalid", None),
    ];
    for (name, content, code, offset) in cases {
        let path = scratch.write(name, content);
        let (exit, _, said) = run(&scratch, &["inspect", &path]);
        let place = offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
        assert_eq!(exit, 1, "{name}");
        assert!(said.ends_with(&format!(": {code}{place}\n")), "{name}: {said}");
        let (exit, _, said) = run(&scratch, &["inspect", &path, "--json"]);
        let said: Json = serde_json::from_str(&said).unwrap();
        assert_eq!((exit, said["error"].as_str(), said["offset"].as_u64()), (1, Some(code), offset), "{name}");
    }
}

/// Well-formed CBOR that a wallet or verifier refuses: the tree is printed and the refusal is named.
#[test]
fn neg_t09_refused_input_is_named_and_shown() {
    let scratch = Scratch::new("inspect-refused");
    let edit = |name: &str, from: &[u8], to: &[u8]| {
        let mut bytes = bytes(&annex_d(name));
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        bytes.splice(at..at + from.len(), to.iter().copied());
        bytes
    };
    let cases = [
        ("response", edit("DEVICE_RESPONSE", b"1.0", b"7.0"), "mdoc_version", "elementIdentifier: family_name"),
        ("mso", edit("DEVICE_RESPONSE", b"gSHA-256", b"gSHA-257"), "mdoc_digest_alg", "digestAlgorithm: SHA-257"),
        (
            "item",
            edit("DEVICE_RESPONSE", b"hdigestID\x03", b"hdigestID\x00"),
            "mdoc_digest_id_duplicate",
            "digestID: 0",
        ),
        ("auth", edit("DEVICE_RESPONSE", b"ideviceMac", b"ideviceMax"), "device_auth_missing", "deviceMax:"),
        ("request", edit("DEVICE_REQUEST", b"1.0", b"2.0"), "mdoc_version", "docType: org.iso.18013.5.1.mDL"),
        ("engagement", edit("DEVICE_ENGAGEMENT", b"1.0", b"x.0"), "engagement_invalid", "version: x.0"),
        ("data", [&b"\xa2fstatus\x14"[..], b"jeReaderKey\xf6"].concat(), "cbor_tag24_expected", "eReaderKey: null"),
    ];
    for (name, content, code, line) in cases {
        let path = scratch.write(name, &content);
        let (exit, text, said) = run(&scratch, &["inspect", &path]);
        assert_eq!(exit, 1, "{name}: {text}");
        assert!(said.lines().any(|found| found.ends_with(&format!(": {code}"))), "{name}: {said}");
        assert!(text.lines().any(|found| found.trim() == line), "{name}: no {line}\n{text}");
        let (exit, answer) = json(&scratch, &["inspect", &path, "--json"]);
        assert_eq!((exit, answer["problems"][0]["error"].as_str()), (1, Some(code)), "{name}");
    }
    let path = scratch.write("first", &edit("DEVICE_RESPONSE", b"gSHA-256", b"gSHA-257"));
    let (_, _, said) = run(&scratch, &["inspect", &path]);
    assert!(said.contains("documents[0].issuerSigned"), "{said}");
}

/// Field cases: a text label is shown as text, and a fault in a header is named with its place.
#[test]
fn neg_t09_field_faults_are_named_with_their_place() {
    let scratch = Scratch::new("inspect-headers");
    for (name, code, place, line) in [
        ("chain-text-label", "cose_x5chain", "issuerAuth.unprotected.\"33\"", Some("\"33\": <461 bytes>")),
        ("chain-protected", "cose_x5chain", "issuerAuth.protected.x5chain", None),
        ("kid-text", "cbor_unexpected_type", "issuerAuth.unprotected.kid", None),
        ("time-offset-and-z", "mdoc_validity_invalid", "", None),
        ("signed-before-certificate", "mdoc_validity_invalid", "IssuerSigned", None),
    ] {
        let (exit, text, said) = run(&scratch, &["inspect", &vector(&format!("field/{name}.is.hex"))]);
        assert_eq!(exit, 1, "{name}: {text}");
        assert!(
            said.lines().any(|found| found.contains(place) && found.ends_with(&format!(": {code}"))),
            "{name}: {said}"
        );
        let found = line.is_none_or(|line| text.lines().any(|found| found.trim() == line));
        assert!(found, "{name}: no {line:?}\n{text}");
    }
    for name in ["plain", "alg-esp256", "status-null", "time-fraction"] {
        let (exit, text, said) = run(&scratch, &["inspect", &vector(&format!("field/{name}.is.hex"))]);
        assert_eq!((exit, said.as_str()), (0, ""), "{name}: {text}");
    }
    let (_, text, _) = run(&scratch, &["inspect", &vector("field/alg-esp256.is.hex")]);
    assert!(text.contains("alg: -9 (ESP256)"), "{text}");
}

/// A verifier refuses a forged signature and altered elements, and so does this command; the cause is named first.
#[test]
fn neg_t09_b01_b11_input_that_a_verifier_refuses_exits_1() {
    let scratch = Scratch::new("inspect-forged");
    let genuine = bytes(&vector("field/plain.is.hex"));
    let mut forged = genuine.clone();
    *forged.last_mut().unwrap() ^= 1;
    let altered = {
        let at = genuine.windows(8).position(|window| window == "Nümunə".as_bytes()).unwrap();
        let mut altered = genuine.clone();
        altered[at] = b'W';
        altered
    };
    for (content, code) in [(forged, "cose_signature_invalid"), (altered, "mdoc_digest_mismatch")] {
        let path = scratch.write("issuer-signed", &content);
        let (exit, _, said) = run(&scratch, &["inspect", &path]);
        assert_eq!(exit, 1, "{code}: {said}");
        assert!(said.lines().any(|found| found.ends_with(&format!(": {code}"))), "{code}: {said}");
    }
    let mut status = Encoder::new();
    status.map(2).text("status").uint(10).text("version").text("1.0");
    let path = scratch.write("status", &status.finish());
    let (exit, _, said) = run(&scratch, &["inspect", &path]);
    assert_eq!((exit, said.as_str()), (1, "rid: DeviceResponse: response_status\n"));
}

/// An engagement from NFC may leave the UUID to the handover message. A QR code must hold it.
#[test]
fn std_t05_field_engagement_without_uuid_is_refused_in_a_qr_code() {
    let scratch = Scratch::new("inspect-no-uuid");
    let path = vector("field/nfc-ble-without-uuid.engagement.hex");
    assert_eq!(run(&scratch, &["inspect", &path]).0, 0);
    let qr = scratch.write("qr", format!("mdoc:{}", base64::encode_url(&bytes(&path))).as_bytes());
    let (exit, _, said) = run(&scratch, &["inspect", &qr]);
    assert_eq!((exit, said.as_str()), (1, "rid: DeviceEngagement: engagement_invalid\n"));
}

#[test]
fn unreadable_files_and_usage_errors_exit_64() {
    let scratch = Scratch::new("inspect-usage");
    let picture = scratch.write("no.png", b"\x89PNG\r\n\x1a\nnothing");
    for call in [&["inspect"][..], &["inspect", "no-such-file"], &["inspect", "."], &["inspect", &picture]] {
        let (exit, text, said) = run(&scratch, call);
        assert_eq!((exit, text.as_str(), said.is_empty()), (64, "", false), "{call:?}");
    }
}

/// Large or deep input is truncated, and JSON parsers can read the result.
#[test]
fn hostile_sizes_stay_bounded() {
    let scratch = Scratch::new("inspect-large");
    let mut nested = vec![0x80];
    for _ in 0..3_000 {
        let length = u32::try_from(nested.len()).unwrap().to_be_bytes();
        nested = [&[0x81, 0xd8, 0x18, 0x5a][..], &length, &nested].concat();
    }
    let count = 1_000_000_u32;
    let wide = [&[0x9a][..], &count.to_be_bytes(), &vec![0; 1_000_000]].concat();
    let mut same = Encoder::new();
    same.map(2).uint(1).uint(5).text("1").uint(6);
    for (name, content) in [("nested", nested), ("wide", wide), ("same", same.finish())] {
        let path = scratch.write(name, &content);
        let (exit, answer) = json(&scratch, &["inspect", &path, "--show", "--json"]);
        assert_eq!(exit, 0, "{name}");
        assert!(answer.to_string().len() < 1 << 20, "{name}");
        if name == "same" {
            assert_eq!(answer["tree"], serde_json::json!({"1": 5, "1 (member 1)": 6}));
        }
    }
    for length in [(5 << 20) + 1, (16 << 20) + 1] {
        let too_large = scratch.write("huge", &vec![0xff; length]);
        let (exit, _, said) = run(&scratch, &["inspect", &too_large]);
        assert!(exit == 1 && said.contains("input_too_large"), "{length}: {said}");
    }
}

/// Foreign text cannot move the cursor.
#[test]
fn foreign_text_is_made_printable() {
    let scratch = Scratch::new("inspect-hostile-text");
    let mut encoder = Encoder::new();
    encoder.map(2).text("docType").text("\u{1b}[2Jx\u{202e}").text("nameSpaces").map(1).text("a\u{7}b").map(0);
    let path = scratch.write("request", &encoder.finish());
    let (_, text, _) = run(&scratch, &["inspect", &path]);
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text:?}");
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let flips = proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6);
    (0..ANNEX_D.len(), flips, proptest::option::of(any::<proptest::sample::Index>())).prop_map(|(at, flips, cut)| {
        let mut bytes = bytes(&annex_d(ANNEX_D[at].0));
        for (place, byte) in flips {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_input_never_panics(
        content in prop_oneof![3 => mutated(), 1 => proptest::collection::vec(any::<u8>(), 0..80)],
        show: bool,
        machine: bool,
    ) {
        let scratch = Scratch::new("inspect-damaged");
        let path = scratch.write("damaged", &content);
        let mut arguments = vec!["inspect", path.as_str()];
        arguments.extend(show.then_some("--show"));
        arguments.extend(machine.then_some("--json"));
        let (exit, text, said) = run(&scratch, &arguments);
        prop_assert!(exit == 0 || exit == 1, "exit {}: {}", exit, said);
        prop_assert_eq!(exit == 0, said.is_empty(), "{}", said);
        prop_assert!(exit == 1 || !text.is_empty());
        if machine && !text.is_empty() {
            prop_assert!(serde_json::from_str::<Json>(&text).is_ok());
        }
    }
}
