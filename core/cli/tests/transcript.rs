//! `rid transcript`: the byte strings of Annex D, and the first field that differs.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use rid::{Scratch, json, vector};
use rid_wire::{
    cbor::{Limits, Reader, Tagged},
    hex,
};

/// Exit code and standard output.
fn run(scratch: &Scratch, arguments: &[&str]) -> (i32, String) {
    let output = rid::run(scratch, arguments);
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn bytes(path: &str) -> Vec<u8> {
    hex::decode(std::fs::read_to_string(vector(path)).unwrap().split_whitespace().collect::<String>().as_str()).unwrap()
}

fn expected() -> Vec<u8> {
    bytes("iso18013-5-annex-d/SESSION_TRANSCRIPT_BYTES.hex")
}

/// The engagement that Annex D's NFC Handover Select message carries: the first member of its transcript.
fn nfc_engagement() -> Vec<u8> {
    let expected = expected();
    let array = Tagged::parse(&expected, Limits::PROXIMITY).unwrap().inner;
    let mut reader = Reader::new(array, Limits::PROXIMITY).unwrap();
    let mut first = Vec::new();
    reader
        .array(|reader, index| -> Result<(), rid_wire::cbor::CborError> {
            match index {
                0 => first = reader.tagged()?.inner.to_vec(),
                _ => {
                    reader.skip()?;
                }
            }
            Ok(())
        })
        .unwrap();
    first
}

struct Files {
    scratch: Scratch,
    engagement: String,
    establishment: String,
    select: String,
    request: String,
    expected: String,
}

fn files(name: &str) -> Files {
    let scratch = Scratch::new(name);
    let engagement = scratch.write("engagement.cbor", &nfc_engagement());
    Files {
        scratch,
        engagement,
        establishment: vector("iso18013-5-annex-d/SESSION_ESTABLISHMENT.hex"),
        select: vector("iso18013-5-annex-d-intermediate/d52_nfcHandoverSelect.hex"),
        request: vector("iso18013-5-annex-d-intermediate/d52_nfcHandoverRequest.hex"),
        expected: vector("iso18013-5-annex-d/SESSION_TRANSCRIPT_BYTES.hex"),
    }
}

impl Files {
    fn nfc(&self, more: &[&str]) -> (i32, serde_json::Value) {
        let mut arguments = vec!["transcript", "nfc", "--json"];
        arguments.extend(["--engagement", &self.engagement, "--reader-key", &self.establishment]);
        arguments.extend(more);
        json(&self.scratch, &arguments)
    }

    fn expecting(&self, expected: &str) -> (i32, serde_json::Value) {
        let more = ["--handover-select", &self.select, "--handover-request", &self.request, "--expect", expected];
        self.nfc(&more)
    }
}

#[test]
fn std_m41_annex_d_is_reproduced() {
    let files = files("transcript-annex-d");
    let out = files.scratch.path("out.cbor").display().to_string();
    let more = ["--handover-select", &files.select, "--handover-request", &files.request, "--expect", &files.expected];
    let (exit, answer) = files.nfc(&[&more[..], &["--out", &out]].concat());
    assert_eq!((exit, answer["equal"].as_bool()), (0, Some(true)), "{answer:#}");
    assert_eq!(std::fs::read(&out).unwrap(), expected());
    let names: Vec<&str> = answer["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "DeviceEngagement",
            "DeviceEngagementBytes",
            "EReaderKey",
            "EReaderKeyBytes",
            "Hs",
            "Hr",
            "Handover",
            "SessionTranscript",
            "SessionTranscriptBytes"
        ]
    );
    let salt = hex::encode(&rid_crypto::sha256(&[&expected()]));
    assert_eq!(answer["salt"], salt);
    assert_eq!(answer["fields"][8]["sha256"], salt);
}

#[test]
fn std_m41_the_first_field_that_differs_is_named() {
    let files = files("transcript-differs");
    let truth = expected();
    let engagement = nfc_engagement();
    let at = |needle: &[u8]| truth.windows(needle.len()).position(|window| window == needle).unwrap();
    let select = bytes("iso18013-5-annex-d-intermediate/d52_nfcHandoverSelect.hex");
    let key = bytes("iso18013-5-annex-d/EPHEMERAL_READER_KEY_X.hex");
    for (place, field) in [
        (at(&engagement) + engagement.len() - 1, "DeviceEngagementBytes"),
        (at(&key) + 3, "EReaderKeyBytes"),
        (at(&select) + 10, "Handover"),
    ] {
        let mut other = truth.clone();
        other[place] ^= 1;
        let path = files.scratch.write("other.cbor", &other);
        let (exit, answer) = files.expecting(&path);
        assert_eq!((exit, answer["difference"]["field"].as_str()), (1, Some(field)), "{answer:#}");
        assert!(answer["difference"]["offset"].as_u64().unwrap() > 2);
    }
    let (exit, answer) = files.nfc(&["--handover-select", &files.select, "--expect", &files.expected]);
    assert_eq!((exit, answer["difference"]["field"].as_str()), (1, Some("Handover")));
}

/// The failure integrators report most: the other side encoded the engagement again.
#[test]
fn an_engagement_encoded_again_is_told_from_another_one() {
    let scratch = Scratch::new("transcript-again");
    let engagement = bytes("iso18013-5-annex-d/DEVICE_ENGAGEMENT.hex");
    // The members in another order: 1, 0, 2 for 0, 1, 2.
    let mut reader = Reader::new(&engagement, Limits::PROXIMITY).unwrap();
    let mut members = Vec::new();
    reader
        .map(|reader, key| -> Result<(), rid_wire::cbor::CborError> {
            let key = u8::try_from(key.as_int().unwrap()).unwrap();
            members.push([&[key][..], reader.skip()?].concat());
            Ok(())
        })
        .unwrap();
    members.swap(0, 1);
    let again = [&[0xa0 | u8::try_from(members.len()).unwrap()][..], &members.concat()].concat();
    let (one, two) = (scratch.write("one.cbor", &engagement), scratch.write("two.cbor", &again));
    let key = vector("iso18013-5-annex-d/SESSION_ESTABLISHMENT.hex");
    let theirs = scratch.path("theirs.cbor").display().to_string();
    let (exit, _) = run(&scratch, &["transcript", "qr", "--engagement", &two, "--reader-key", &key, "--out", &theirs]);
    assert_eq!(exit, 0);
    let (exit, text) =
        run(&scratch, &["transcript", "qr", "--engagement", &one, "--reader-key", &key, "--expect", &theirs]);
    assert_eq!(exit, 1);
    assert!(text.contains("DIFFERS first in DeviceEngagementBytes") && text.contains("encoded again"), "{text}");
}

#[test]
fn an_engagement_comes_as_bytes_tag_24_or_text() {
    let scratch = Scratch::new("transcript-forms");
    let engagement = bytes("iso18013-5-annex-d/DEVICE_ENGAGEMENT.hex");
    let tagged = [&[0xd8, 0x18, 0x58, u8::try_from(engagement.len()).unwrap()][..], &engagement].concat();
    let text = format!("mdoc:{}\n", rid_wire::base64::encode_url(&engagement));
    let key = vector("iso18013-5-annex-d/SESSION_ESTABLISHMENT.hex");
    let forms = [
        scratch.write("raw.cbor", &engagement),
        scratch.write("tagged.cbor", &tagged),
        scratch.write("qr.txt", text.as_bytes()),
        scratch.write("hex.txt", hex::encode(&engagement).as_bytes()),
    ];
    let answers: Vec<_> = forms
        .iter()
        .map(|path| run(&scratch, &["transcript", "qr", "--engagement", path, "--reader-key", &key]))
        .collect();
    assert!(answers.iter().all(|answer| answer.0 == 0 && answer == &answers[0]), "{answers:?}");
    assert!(answers[0].1.contains("Handover (null: a QR code, 1 B)\n  f6\n"));
}

#[test]
fn wrong_calls_and_malformed_input_are_named() {
    let files = files("transcript-wrong");
    let key = files.establishment.as_str();
    let engagement = files.engagement.as_str();
    for (arguments, exit) in [
        (vec!["qr", "--engagement", engagement, "--reader-key", key, "--handover-select", &files.select], 64),
        (vec!["nfc", "--engagement", engagement, "--reader-key", key], 64),
        (vec!["qr", "--engagement", "no-such-file", "--reader-key", key], 64),
        (vec!["qr", "--engagement", engagement], 64),
        (vec!["qr", "--engagement", key, "--reader-key", key], 1),
        (vec!["qr", "--engagement", engagement, "--reader-key", engagement], 1),
        (vec!["qr", "--engagement", engagement, "--reader-key", key, "--expect", engagement], 1),
    ] {
        let all: Vec<&str> = ["transcript"].into_iter().chain(arguments).collect();
        assert_eq!(run(&files.scratch, &all).0, exit, "{all:?}");
    }
}

#[test]
fn damaged_input_never_panics() {
    let files = files("transcript-damaged");
    let truth = expected();
    let mut state = 7_u64;
    for round in 0..60_usize {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut other = truth.clone();
        let at = usize::try_from(state >> 33).unwrap() % other.len();
        if round % 3 == 0 {
            other.truncate(at);
        } else {
            other[at] ^= 1 << (round % 8);
        }
        let path = files.scratch.write("damaged.cbor", &other);
        let more = ["--handover-select", &files.select, "--handover-request", &files.request, "--expect", &path];
        let arguments = ["transcript", "nfc", "--engagement", &files.engagement, "--reader-key", &files.establishment];
        let (exit, _) = run(&files.scratch, &[&arguments[..], &more].concat());
        assert!(exit == 1 || exit == 64, "round {round} ended with {exit}");
        let (exit, _) = run(&files.scratch, &["transcript", "qr", "--engagement", &path, "--reader-key", &path]);
        assert!(exit == 1 || exit == 64, "round {round} ended with {exit}");
    }
}
