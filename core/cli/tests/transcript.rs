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
    cbor::{CborError, Decoder, Encoder, Limits, Tagged},
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

/// The encoded members of Annex D's transcript.
fn members() -> [Vec<u8>; 3] {
    members_of(&expected())
}

fn members_of(transcript: &[u8]) -> [Vec<u8>; 3] {
    let array = Tagged::parse(transcript, Limits::PROXIMITY).map_or(transcript, |tagged| tagged.inner);
    let mut reader = Decoder::new(array, Limits::PROXIMITY).unwrap();
    let mut members = Vec::new();
    reader
        .array(|reader, _| -> Result<(), CborError> {
            let start = reader.position();
            reader.skip()?;
            members.push(array[start..reader.position()].to_vec());
            Ok(())
        })
        .unwrap();
    members.try_into().unwrap()
}

fn content(tagged: &[u8]) -> Vec<u8> {
    Tagged::parse(tagged, Limits::PROXIMITY).unwrap().inner.to_vec()
}

/// The engagement in Annex D's NFC Handover Select message: the first member of its transcript.
fn nfc_engagement() -> Vec<u8> {
    content(&members()[0])
}

/// EReaderKeyBytes of Annex D.
fn reader_key() -> Vec<u8> {
    members()[1].clone()
}

/// The members of a map in the given order.
fn reordered(map: &[u8], order: &[usize]) -> Vec<u8> {
    let mut reader = Decoder::new(map, Limits::PROXIMITY).unwrap();
    let mut members = Vec::new();
    // They follow a head of one byte.
    let mut start = 1;
    reader
        .map(|reader, _| -> Result<(), CborError> {
            reader.skip()?;
            members.push(map[start..reader.position()].to_vec());
            start = reader.position();
            Ok(())
        })
        .unwrap();
    assert_eq!(members.len(), order.len());
    let order: Vec<u8> = order.iter().flat_map(|at| members[*at].clone()).collect();
    [&map[..1], &order].concat()
}

/// A QR code as a PNG, made without the code that reads it.
fn write_png(path: &str, text: &str) {
    let code = qrcode::QrCode::new(text).unwrap();
    let (width, colors) = (code.width(), code.to_colors());
    let side = (width + 8) * 4;
    let dark = |x: usize, y: usize| {
        let (x, y) = ((x / 4).checked_sub(4), (y / 4).checked_sub(4));
        matches!((x, y), (Some(x), Some(y)) if x < width && y < width && colors[y * width + x] == qrcode::Color::Dark)
    };
    let pixels: Vec<u8> = (0..side * side).map(|at| if dark(at % side, at / side) { 0 } else { 255 }).collect();
    let file = std::fs::File::create(path).unwrap();
    let side = u32::try_from(side).unwrap();
    let mut encoder = png::Encoder::new(file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
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

/// The UUID of an NFC engagement may be in the handover message. A QR code must hold it.
#[test]
fn std_t05_field_nfc_engagement_without_uuid_is_accepted() {
    let mut files = files("transcript-no-uuid");
    files.engagement = vector("field/nfc-ble-without-uuid.engagement.hex");
    let (exit, answer) = files.nfc(&["--handover-select", &files.select]);
    assert_eq!(exit, 0, "{answer:#}");
    let bare = bytes("field/nfc-ble-without-uuid.engagement.hex");
    assert_eq!(answer["fields"][0]["hex"], hex::encode(&bare));
    let arguments = ["--engagement", &files.engagement, "--reader-key", &files.establishment];
    let (exit, _) = run(&files.scratch, &[&["transcript", "qr"][..], &arguments].concat());
    assert_eq!(exit, 1);
}

#[test]
fn std_m41_first_difference_is_named() {
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

/// The failure that integrators report most, in each of its forms.
#[test]
fn cause_of_the_difference_is_named() {
    let files = files("transcript-causes");
    let [engagement, key, handover] = members();
    let (bare_engagement, bare_key) = (content(&engagement), content(&key));
    let tagged = |inner: &[u8]| {
        let mut encoder = Encoder::new();
        encoder.tagged(inner);
        encoder.finish()
    };
    let string = |inner: &[u8]| {
        let mut encoder = Encoder::new();
        encoder.bytes(inner);
        encoder.finish()
    };
    let array = |one: &[u8], two: &[u8], three: &[u8]| [&[0x83], one, two, three].concat();
    let key_again = reordered(&bare_key, &[1, 0, 2, 3]);
    let engagement_again = reordered(&bare_engagement, &[1, 0]);
    // The key inside the engagement, in a tag 24 of its own.
    let device_key = content(&bytes("iso18013-5-annex-d/E_DEVICE_KEY_BYTES.hex"));
    let at = bare_engagement.windows(device_key.len()).position(|window| window == device_key).unwrap();
    let mut inside_again = bare_engagement.clone();
    inside_again[at..at + device_key.len()].copy_from_slice(&reordered(&device_key, &[0, 1, 3, 2]));
    let select = bytes("iso18013-5-annex-d-intermediate/d52_nfcHandoverSelect.hex");
    let no_request = [&[0x82], &string(&select)[..], &[0xf6]].concat();
    // A length with one byte more than needed.
    let long_key = [&[0xd8, 0x18, 0x59, 0x00, u8::try_from(bare_key.len()).unwrap()][..], &bare_key].concat();
    let whole = array(&engagement, &key, &handover);
    for (name, theirs, field, cause) in [
        ("de-null", array(&[0xf6], &key, &handover), "DeviceEngagementBytes", "theirs is null, as for OpenID4VP"),
        ("de-bare", array(&bare_engagement, &key, &handover), "DeviceEngagementBytes", "bare there: tag 24"),
        ("de-string", array(&string(&bare_engagement), &key, &handover), "DeviceEngagementBytes", "tag 24 is missing"),
        ("de-twice", array(&tagged(&engagement), &key, &handover), "DeviceEngagementBytes", "tagged twice"),
        ("de-again", array(&tagged(&engagement_again), &key, &handover), "DeviceEngagementBytes", "encoded again"),
        ("de-inside", array(&tagged(&inside_again), &key, &handover), "DeviceEngagementBytes", "encoded again"),
        ("de-number", array(&[0x07], &key, &handover), "DeviceEngagementBytes", "theirs is not in tag 24"),
        ("de-other", array(&key, &key, &handover), "DeviceEngagementBytes", "another engagement"),
        ("key-null", array(&engagement, &[0xf6], &handover), "EReaderKeyBytes", "theirs is null, as for OpenID4VP"),
        ("key-bare", array(&engagement, &bare_key, &handover), "EReaderKeyBytes", "bare there: tag 24"),
        ("key-string", array(&engagement, &string(&bare_key), &handover), "EReaderKeyBytes", "tag 24 is missing"),
        ("key-twice", array(&engagement, &tagged(&key), &handover), "EReaderKeyBytes", "tagged twice"),
        ("key-again", array(&engagement, &tagged(&key_again), &handover), "EReaderKeyBytes", "encoded again"),
        ("key-bare-again", array(&engagement, &key_again, &handover), "EReaderKeyBytes", "without tag 24, and encoded"),
        ("key-long", array(&engagement, &long_key, &handover), "EReaderKeyBytes", "another encoding of tag 24"),
        ("key-other", array(&engagement, &engagement, &handover), "EReaderKeyBytes", "another key"),
        ("ho-null", array(&engagement, &key, &[0xf6]), "Handover", "was it taken for a QR code there?"),
        ("ho-static", array(&engagement, &key, &no_request), "Handover", "theirs has no Handover Request"),
        ("ho-other", array(&engagement, &key, &[0x81, 0x00]), "Handover", "theirs is not [Hs, Hr or null]"),
        ("st-long", [&[0x98, 0x03], &whole[1..]].concat(), "SessionTranscript", "another encoding of the array"),
        ("st-string", string(&whole), "SessionTranscriptBytes", "tag 24 is missing there"),
    ] {
        let path = files.scratch.write(name, &theirs);
        let (exit, answer) = files.expecting(&path);
        let difference = &answer["difference"];
        assert_eq!((exit, difference["field"].as_str()), (1, Some(field)), "{name}: {difference:#}");
        assert!(difference["cause"].as_str().unwrap().contains(cause), "{name}: {difference:#}");
    }
    let (exit, answer) = files.expecting(&files.scratch.write("whole", &whole));
    assert_eq!((exit, answer["equal"].as_bool(), answer["difference"].is_null()), (0, Some(true), true));

    // The transcript of a QR code against that of NFC, and the text for people.
    let Files { scratch, engagement, establishment: key, expected, .. } = &files;
    let (exit, text) =
        run(scratch, &["transcript", "qr", "--engagement", engagement, "--reader-key", key, "--expect", expected]);
    assert_eq!(exit, 1);
    assert!(text.contains("DIFFERS first in Handover, at byte 0\n  ours   f6\n  theirs 82"), "{text}");
    assert!(text.contains("theirs is not null: was the engagement read by NFC there"), "{text}");
}

#[test]
fn neg_c07_unusual_encoding_is_kept_as_received() {
    let scratch = Scratch::new("transcript-as-received");
    let (engagement, key) = (nfc_engagement(), content(&reader_key()));
    let long = |inner: &[u8]| {
        let [high, low] = u16::try_from(inner.len()).unwrap().to_be_bytes();
        [&[0xd8, 0x18, 0x59, high, low][..], inner].concat()
    };
    let key = reordered(&key, &[3, 2, 1, 0]);
    let (engagement, key) = (long(&engagement), long(&key));
    let (one, two) = (scratch.write("engagement", &engagement), scratch.write("key", &key));
    let out = scratch.path("out").display().to_string();
    let (exit, _) = run(&scratch, &["transcript", "qr", "--engagement", &one, "--reader-key", &two, "--out", &out]);
    assert_eq!(exit, 0);
    assert_eq!(content(&std::fs::read(&out).unwrap()), [&[0x83], &engagement[..], &key, &[0xf6]].concat());
}

/// The bytes that our wallet and our reader agreed on.
#[test]
fn std_m41_own_session_is_reproduced_from_its_qr_code() {
    let scratch = Scratch::new("transcript-own");
    assert!(rid::run(&scratch, &["demo", "--yes"]).status.success());
    let expected = scratch.path(".rid/saved/presentation/transcript.cbor");
    let [_, key, handover] = members_of(&std::fs::read(&expected).unwrap());
    assert_eq!(handover, [0xf6]);
    // The picture that the wallet showed.
    let png = scratch.path(".rid/exchange/presentation/qr.png").display().to_string();
    let key = scratch.write("key.cbor", &content(&key));
    let expected = expected.display().to_string();
    let arguments = ["transcript", "qr", "--engagement", &png, "--reader-key", &key, "--expect", &expected];
    let (exit, text) = run(&scratch, &arguments);
    assert_eq!(exit, 0, "{text}");
    assert!(text.ends_with("Equal to the expected transcript.\n"), "{text}");
}

#[test]
fn engagement_is_read_as_bytes_tag_24_or_text() {
    let scratch = Scratch::new("transcript-forms");
    let engagement = bytes("iso18013-5-annex-d/DEVICE_ENGAGEMENT.hex");
    let tagged = [&[0xd8, 0x18, 0x58, u8::try_from(engagement.len()).unwrap()][..], &engagement].concat();
    let text = format!("mdoc:{}\n", rid_wire::base64::encode_url(&engagement));
    let key = vector("iso18013-5-annex-d/SESSION_ESTABLISHMENT.hex");
    let mut standard = rid_wire::base64::encode_url(&engagement).replace('-', "+").replace('_', "/");
    standard.push_str(["", "===", "==", "="][standard.len() % 4]);
    let png = scratch.path("qr.png").display().to_string();
    write_png(&png, text.trim());
    let forms = [
        scratch.write("raw.cbor", &engagement),
        scratch.write("tagged.cbor", &tagged),
        scratch.write("qr.txt", text.as_bytes()),
        scratch.write("hex.txt", hex::encode(&engagement).as_bytes()),
        scratch.write("base64.txt", standard.as_bytes()),
        scratch.write("base64url.txt", rid_wire::base64::encode_url(&engagement).as_bytes()),
        png,
    ];
    let answers: Vec<_> = forms
        .iter()
        .map(|path| run(&scratch, &["transcript", "qr", "--engagement", path, "--reader-key", &key]))
        .collect();
    assert!(answers.iter().all(|answer| answer.0 == 0 && answer == &answers[0]), "{answers:?}");
    assert!(answers[0].1.contains("Handover (null: a QR code, 1 B)\n  f6\n"));
}

#[test]
fn reader_key_is_read_as_key_tag_24_or_message() {
    let files = files("transcript-key-forms");
    let key = reader_key();
    let forms = [
        files.establishment.clone(),
        files.scratch.write("tagged.cbor", &key),
        files.scratch.write("bare.cbor", &content(&key)),
        files.scratch.write("bare.hex", hex::encode(&content(&key)).as_bytes()),
    ];
    for form in &forms {
        let arguments = ["transcript", "nfc", "--engagement", &files.engagement, "--reader-key", form];
        let more = ["--handover-select", &files.select, "--handover-request", &files.request];
        let (exit, text) = run(&files.scratch, &[&arguments[..], &more, &["--expect", &files.expected]].concat());
        assert_eq!(exit, 0, "{form}: {text}");
    }
}

#[test]
fn usage_errors_exit_64_and_print_nothing() {
    let files = files("transcript-wrong");
    let Files { scratch, engagement, establishment: key, select, .. } = &files;
    for arguments in [
        vec!["qr", "--engagement", engagement, "--reader-key", key, "--handover-select", select],
        vec!["qr", "--engagement", engagement, "--reader-key", key, "--handover-request", select],
        vec!["nfc", "--engagement", engagement, "--reader-key", key],
        vec!["nfc", "--engagement", engagement, "--reader-key", key, "--handover-request", select],
        vec!["nfc", "--engagement", engagement, "--reader-key", key, "--handover-select", "no-such-file"],
        vec!["qr", "--engagement", "no-such-file", "--reader-key", key],
        vec!["qr", "--engagement", engagement, "--reader-key", "no-such-file"],
        vec!["qr", "--engagement", engagement, "--reader-key", key, "--expect", "no-such-file"],
        vec!["qr", "--engagement", engagement, "--reader-key", key, "--out", "no-such-folder/out"],
        vec!["qr", "--engagement", engagement],
        vec!["ble", "--engagement", engagement, "--reader-key", key],
    ] {
        let all: Vec<&str> = ["transcript"].into_iter().chain(arguments).collect();
        assert_eq!(run(scratch, &all), (64, String::new()), "{all:?}");
    }
}

#[test]
fn malformed_input_is_refused_by_name() {
    let files = files("transcript-malformed");
    let write = |name: &str, bytes: &[u8]| files.scratch.write(name, bytes);
    let engagement = nfc_engagement();
    let key = reader_key();
    let bare = Tagged::parse(&key, Limits::PROXIMITY).unwrap().inner;
    let without_data = [b"\xa1\x6aeReaderKey".as_slice(), &key].concat();
    let mut off_curve = without_data.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    off_curve[0] = 0xa2;
    off_curve.extend_from_slice(b"\x64data\x40");
    let cases = [
        ("--engagement", "cbor_truncated", write("empty", b"")),
        ("--engagement", "cbor_truncated", write("cut", &engagement[..engagement.len() - 1])),
        ("--engagement", "cbor_trailing", write("longer", &[&engagement[..], &[0]].concat())),
        ("--engagement", "cbor_unexpected_type", write("array", b"\x80")),
        ("--engagement", "cbor_tag24_expected", write("other-tag", &[&[0xd8, 0x19, 0x40][..]].concat())),
        ("--engagement", "engagement_invalid", write("text", b"mdoc:*")),
        ("--reader-key", "cbor_truncated", write("key-cut", &bare[..bare.len() - 1])),
        ("--reader-key", "cbor_tag24_expected", write("key-other-tag", &[0xd8, 0x19, 0x40])),
        ("--reader-key", "cbor_missing_member", write("without-data", &without_data)),
        ("--reader-key", "session_key_invalid", write("off-curve", &off_curve)),
        ("--reader-key", "session_state", vector("iso18013-5-annex-d/SESSION_TERMINATION.hex")),
        ("--reader-key", "cose_key_invalid", write("key-empty", b"\xa0")),
        ("--expect", "cbor_truncated", write("none", b"")),
        ("--expect", "cbor_unexpected_type", write("map", b"\xa0")),
        ("--expect", "cbor_missing_member", write("two", b"\x82\xf6\xf6")),
        ("--expect", "cbor_unexpected_type", write("four", b"\x84\xf6\xf6\xf6\xf6")),
        ("--expect", "cbor_indefinite", write("indefinite", b"\x9f\xf6\xf6\xf6\xff")),
        ("--expect", "cbor_tag24_expected", write("expect-other-tag", b"\xd8\x19\x40")),
    ];
    for (place, code, path) in &cases {
        let mut given = vec![("--engagement", &files.engagement), ("--reader-key", &files.establishment)];
        given.retain(|(name, _)| name != place);
        given.push((place, path));
        let all: Vec<&str> =
            ["transcript", "qr"].into_iter().chain(given.into_iter().flat_map(|(name, path)| [name, path])).collect();
        let output = rid::run(&files.scratch, &all);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{path}");
        assert_eq!(said.lines().next(), Some(format!("rid: {place}: {code}").as_str()), "{path}");
        assert!(output.stdout.is_empty());
    }
}

/// For all files the command ends with a named error; 101 would be a panic.
#[test]
fn random_and_damaged_input_never_panics() {
    let files = files("transcript-damaged");
    let mut random = Random(7);
    let seeds = [expected(), nfc_engagement(), reader_key(), bytes("iso18013-5-annex-d/SESSION_ESTABLISHMENT.hex")];
    for round in 0..120 {
        let noise: Vec<u8> = match round % 4 {
            0 => (0..random.below(200)).map(|_| u8::try_from(random.below(256)).unwrap()).collect(),
            kind => {
                let mut other = seeds[random.below(seeds.len())].clone();
                let at = random.below(other.len());
                match kind {
                    1 => other.truncate(at),
                    2 => other[at] ^= 1 << random.below(8),
                    _ => other.insert(at, u8::try_from(random.below(256)).unwrap()),
                }
                other
            }
        };
        let path = files.scratch.write("noise", &noise);
        let (engagement, key) = (files.engagement.as_str(), files.establishment.as_str());
        for arguments in [
            ["nfc", "--engagement", engagement, "--reader-key", key, "--handover-select", &path, "--expect", &path],
            [
                "nfc",
                "--engagement",
                &path,
                "--reader-key",
                key,
                "--handover-select",
                &path,
                "--expect",
                &files.expected,
            ],
            ["nfc", "--engagement", engagement, "--reader-key", &path, "--handover-select", key, "--expect", &path],
        ] {
            let all: Vec<&str> = ["transcript"].into_iter().chain(arguments).collect();
            let (exit, _) = run(&files.scratch, &all);
            assert!(exit == 1, "round {round} ended with {exit}: {}", hex::encode(&noise));
        }
    }
}

/// The same numbers in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}
