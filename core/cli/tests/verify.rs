//! `rid verify` on published captures: verdict, code, exit code and JSON.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use rid::{Scratch, json, run, vector};
use serde_json::Value;

const IN_2021: &str = "2021-01-01T00:00:00Z";

fn annex_d(scratch: &Scratch, more: &[&str]) -> (i32, Value) {
    let response = vector("iso18013-5-annex-d/DEVICE_RESPONSE.hex");
    let mut arguments = vec!["verify", &response, "--kind", "device-response", "--json"];
    arguments.extend(more);
    json(scratch, &arguments)
}

fn transcript() -> String {
    vector("iso18013-5-annex-d/SESSION_TRANSCRIPT_BYTES.hex")
}

fn iaca() -> String {
    vector("iso18013-5-annex-d-intermediate/d52_iaca.hex")
}

/// The JWK of the ephemeral reader key of Annex D.
fn reader_key(scratch: &Scratch) -> String {
    let text = std::fs::read_to_string(vector("iso18013-5-annex-d-intermediate/keys.json")).unwrap();
    let keys: Value = serde_json::from_str(&text).unwrap();
    let member = |name: &str| {
        let bytes = rid_wire::hex::decode(keys["d51_ephReaderKey"][name].as_str().unwrap()).unwrap();
        rid_wire::base64::encode_url(&bytes)
    };
    let jwk = serde_json::json!({"kty": "EC", "crv": "P-256", "x": member("x"), "y": member("y"), "d": member("d")});
    scratch.write("reader-key.jwk", jwk.to_string().as_bytes())
}

fn check<'a>(document: &'a Value, code: &str) -> &'a Value {
    let checks = document["checks"].as_array().unwrap();
    checks.iter().find(|check| check["code"] == code).unwrap_or_else(|| panic!("no check {code}: {document}"))
}

#[test]
fn std_m45_m46_annex_d_is_accepted_in_2021() {
    let scratch = Scratch::new("annex-d");
    let key = reader_key(&scratch);
    let arguments = ["--transcript", &transcript(), "--trust", &iaca(), "--reader-key", &key, "--at", IN_2021];
    let (exit, verdict) = annex_d(&scratch, &arguments);
    assert_eq!((exit, verdict["verdict"].as_str()), (0, Some("accepted")), "{verdict:#}");
    let document = &verdict["documents"][0];
    assert_eq!(document["docType"], "org.iso.18013.5.1.mDL");
    assert_eq!(document["elements"]["org.iso.18013.5.1"]["family_name"], "Doe");
    assert_eq!(document["elements"]["org.iso.18013.5.1"]["issue_date"], "2019-10-20");
    assert!(document["trustedBy"].as_str().unwrap().starts_with("anchor"));
    assert_eq!(check(document, "credential_status")["outcome"], "not_done");
}

/// Base64 of RFC 4648 with padding.
fn base64(bytes: &[u8]) -> String {
    let text = rid_wire::base64::encode_url(bytes).replace('-', "+").replace('_', "/");
    let padding = (4 - text.len() % 4) % 4;
    text + &"=".repeat(padding)
}

fn wrapped(text: &str) -> String {
    let lines: Vec<&str> = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("\n \t{}\r\n\n", lines.join("\r\n"))
}

#[test]
fn std_m44_capture_is_read_in_every_encoding() {
    let scratch = Scratch::new("encodings");
    let key = reader_key(&scratch);
    let read = |path: String| rid_wire::hex::decode(std::fs::read_to_string(path).unwrap().trim()).unwrap();
    let response = read(vector("iso18013-5-annex-d/DEVICE_RESPONSE.hex"));
    let tagged = read(transcript());
    // d8 18 59 and a length of two bytes precede the array.
    assert_eq!(tagged[..3], [0xd8, 0x18, 0x59]);
    let forms = |bytes: &[u8]| {
        let (hex, url, standard) = (rid_wire::hex::encode(bytes), rid_wire::base64::encode_url(bytes), base64(bytes));
        let unpadded = standard.trim_end_matches('=').to_string();
        let texts = [hex.to_uppercase(), hex, url, standard, unpadded];
        let wrapped = texts.clone().map(|text| wrapped(&text).into_bytes());
        [vec![bytes.to_vec()], texts.map(String::into_bytes).to_vec(), wrapped.to_vec()].concat()
    };
    let transcripts = [forms(&tagged), forms(&tagged[5..])].concat();
    for (index, (response, transcript)) in forms(&response).iter().cycle().zip(&transcripts).enumerate() {
        let (response, transcript) = (scratch.write("response", response), scratch.write("transcript", transcript));
        let arguments = ["verify", &response, "--kind", "device-response", "--json", "--at", IN_2021];
        let more = ["--transcript", &transcript, "--trust", &iaca(), "--reader-key", &key];
        let (exit, verdict) = json(&scratch, &[&arguments[..], &more].concat());
        assert_eq!(exit, 0, "{index}: {verdict:#}");
    }
}

#[test]
fn missing_inputs_are_undecided_by_name() {
    let scratch = Scratch::new("missing");
    let key = reader_key(&scratch);
    let (trust, transcript) = (iaca(), transcript());
    let cases: [(&[&str], &str); 3] = [
        (&["--transcript", &transcript, "--reader-key", &key], "trust_missing"),
        (&["--trust", &trust, "--reader-key", &key], "transcript_missing"),
        (&["--trust", &trust, "--transcript", &transcript], "reader_key_missing"),
    ];
    for (arguments, code) in cases {
        let (exit, verdict) = annex_d(&scratch, &[arguments, &["--at", IN_2021]].concat());
        assert_eq!((exit, verdict["verdict"].as_str(), verdict["code"].as_str()), (2, Some("undecided"), Some(code)));
        assert_eq!(verdict["documents"][0]["elements"], serde_json::json!({}), "{code}");
    }
}

#[test]
fn neg_f01_annex_d_is_refused_today_and_under_another_root() {
    let scratch = Scratch::new("untrusted");
    let key = reader_key(&scratch);
    let transcript = transcript();
    let (exit, verdict) = annex_d(&scratch, &["--transcript", &transcript, "--trust", &iaca(), "--reader-key", &key]);
    assert_eq!((exit, verdict["code"].as_str()), (1, Some("cert_expired")));
    let other = vector("iso18013-5-annex-d-intermediate/d54_readerRoot.hex");
    let arguments = ["--transcript", &transcript, "--trust", &other, "--reader-key", &key, "--at", IN_2021];
    let (exit, verdict) = annex_d(&scratch, &arguments);
    assert_eq!((exit, verdict["code"].as_str()), (1, Some("cert_untrusted")));
    assert_eq!(verdict["documents"][0]["elements"], serde_json::json!({}));
}

#[test]
fn trust_by_leaf_and_by_key_name_skipped_checks() {
    let scratch = Scratch::new("leaf");
    let key = reader_key(&scratch);
    let transcript = transcript();
    let signer = vector("iso18013-5-annex-d/DS_CERT.hex");
    let common = ["--transcript", &transcript, "--reader-key", &key, "--at", IN_2021];
    let (exit, verdict) = annex_d(&scratch, &[&common[..], &["--trust", &signer]].concat());
    let document = &verdict["documents"][0];
    assert_eq!(exit, 0, "{verdict:#}");
    assert!(document["trustedBy"].as_str().unwrap().starts_with("leaf"));
    assert_eq!(check(document, "signed_in_certificate")["outcome"], "passed");
    assert_eq!(check(document, "issuer_country")["outcome"], "not_done");
    assert_eq!(check(document, "certificate_profile")["outcome"], "not_done");

    let der = rid_wire::hex::decode(std::fs::read_to_string(&signer).unwrap().trim()).unwrap();
    let point = rid_crypto::x509::Certificate::parse(&der).unwrap().public_key().to_bytes();
    let coordinate = |range| rid_wire::base64::encode_url(&point[range]);
    let jwk = serde_json::json!({"kty": "EC", "crv": "P-256", "x": coordinate(1..33), "y": coordinate(33..65)});
    let (exit, verdict) = annex_d(&scratch, &[&common[..], &["--trust-key", &jwk.to_string()]].concat());
    let document = &verdict["documents"][0];
    assert_eq!((exit, document["trustedBy"].as_str()), (0, Some("key")), "{verdict:#}");
    for undone in ["trust", "certificate_profile", "issuer_country", "signed_in_certificate"] {
        assert_eq!(check(document, undone)["outcome"], "not_done", "{undone}");
    }
    // The key alone decides, even with an anchor that does not match.
    let reader_root = vector("iso18013-5-annex-d-intermediate/d54_readerRoot.hex");
    let both = ["--trust-key", &jwk.to_string(), "--trust", &reader_root];
    let (exit, verdict) = annex_d(&scratch, &[&common[..], &both].concat());
    assert_eq!((exit, verdict["documents"][0]["trustedBy"].as_str()), (0, Some("key")), "{verdict:#}");
}

#[test]
fn neg_b16_auth0_examples_with_attached_payload_are_refused() {
    let scratch = Scratch::new("auth0");
    for number in 1..=4 {
        let text = std::fs::read_to_string(vector(&format!("auth0-mdl/example{number}.json"))).unwrap();
        let example: Value = serde_json::from_str(&text).unwrap();
        let response = scratch.write("response.hex", example["deviceResponse_hex"].as_str().unwrap().as_bytes());
        let transcript =
            scratch.write("transcript.hex", example["sessionTranscriptBytes_hex"].as_str().unwrap().as_bytes());
        let issuer = vector("auth0-mdl/issuer.pem");
        let arguments = ["verify", &response, "--kind", "device-response", "--transcript", &transcript];
        let more = ["--trust", &issuer, "--at", "2023-10-01T00:00:00Z", "--json"];
        let (exit, verdict) = json(&scratch, &[&arguments[..], &more].concat());
        let document = &verdict["documents"][0];
        assert_eq!(exit, 1);
        assert_eq!(check(document, "device_authentication")["reason"], "cose_payload", "example {number}: {verdict:#}");
        assert_eq!(document["elements"], serde_json::json!({}));
    }
}

#[test]
fn malformed_input_is_refused_by_code_in_json() {
    let scratch = Scratch::new("malformed");
    let deep = "81".repeat(200);
    let cases: [(&str, &[u8], &str); 5] = [
        ("empty", b"", "cbor_truncated"),
        ("cut", b"a36776657273696f6e63312e30", "cbor_truncated"),
        ("deep", deep.as_bytes(), "cbor_too_deep"),
        ("twice", b"a3667374617475730066737461747573006776657273696f6e63312e30", "cbor_duplicate_key"),
        ("trailing", b"a26776657273696f6e63312e30667374617475730000", "cbor_trailing"),
    ];
    for (name, bytes, code) in cases {
        let file = scratch.write(name, bytes);
        let (exit, verdict) = json(&scratch, &["verify", &file, "--kind", "device-response", "--json"]);
        let found = (exit, verdict["verdict"].as_str(), verdict["code"].as_str());
        assert_eq!(found, (1, Some("refused"), Some(code)), "{name}");
    }
}

#[test]
fn responses_without_documents_are_judged() {
    let scratch = Scratch::new("whole");
    let cases: [(&str, i32, &str, &str); 4] = [
        // {version, documents: [], status: 0}
        ("a36776657273696f6e63312e3069646f63756d656e7473806673746174757300", 1, "refused", "response_empty"),
        // {version, status: 10}
        ("a26776657273696f6e63312e30667374617475730a", 1, "refused", "response_status"),
        // {version, documentErrors: [{"x": 0}], status: 0}
        (
            "a36776657273696f6e63312e306e646f63756d656e744572726f727381a16178006673746174757300",
            2,
            "undecided",
            "not_returned",
        ),
        // {version "9.0", status: 0}
        ("a26776657273696f6e63392e306673746174757300", 1, "refused", "mdoc_version"),
    ];
    for (hex, exit, verdict, code) in cases {
        let file = scratch.write("response.hex", hex.as_bytes());
        let (found, judged) = json(&scratch, &["verify", &file, "--kind", "device-response", "--json"]);
        assert_eq!(
            (found, judged["verdict"].as_str(), judged["code"].as_str()),
            (exit, Some(verdict), Some(code)),
            "{hex}"
        );
    }
}

#[test]
fn neg_a15_file_over_the_limit_is_refused_in_json() {
    let scratch = Scratch::new("large");
    // 20 MiB: one byte string that fills them, and as many zeros in hexadecimal.
    let mut raw = b"\xa1\x61x\x5a\x01\x40\x00\x00".to_vec();
    raw.resize(raw.len() + (20 << 20), 0);
    for (name, bytes) in [("raw", raw), ("hex", vec![b'0'; 20 << 20])] {
        let file = scratch.write(name, &bytes);
        for kind in ["device-response", "issuer-signed"] {
            let (exit, verdict) = json(&scratch, &["verify", &file, "--kind", kind, "--json"]);
            assert_eq!((exit, verdict["code"].as_str()), (1, Some("input_too_large")), "{name} {kind}");
        }
    }
}

/// Text that would move the cursor, be invisible, change direction, or imitate a line of the verdict.
const HOSTILE: &str = "x\nVerdict: ACCEPTED\r\u{1b}[2J\u{9b}1A\u{202e}\u{200b}\u{2028}\u{e0041}";

fn text_item(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x78, u8::try_from(text.len()).unwrap()];
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn neg_j04_names_in_a_response_cannot_imitate_the_verdict() {
    let scratch = Scratch::new("names");
    let name = text_item(HOSTILE);
    // {version, documentErrors: [{name: 0}], status: 0}, and the same with an invalid document of that type.
    let errors = [&b"\xa3gversion\x631.0ndocumentErrors\x81\xa1"[..], &name, b"\0fstatus\0"].concat();
    let document = [&b"\xa3gversion\x631.0idocuments\x81\xa1gdocType"[..], &name, b"fstatus\0"].concat();
    let annex_d = std::fs::read_to_string(vector("iso18013-5-annex-d/DEVICE_RESPONSE.hex")).unwrap();
    // A renamed element: its digest fails, and its name is shown.
    let element = [&b"\x71elementIdentifier"[..], b"\x6bfamily_name"].concat();
    let renamed = [&b"\x71elementIdentifier"[..], b"\x6b\x1b[2J\r\xe2\x80\xaeabc"].concat();
    let altered = annex_d.trim().replacen(&rid_wire::hex::encode(&element), &rid_wire::hex::encode(&renamed), 1);
    assert_ne!(altered, annex_d.trim());
    for (place, bytes, shown) in
        [("errors", errors, "Not returned: x"), ("document", document, "\nx"), ("altered", altered.into(), "altered: ")]
    {
        let file = scratch.write(place, &bytes);
        let output = run(&scratch, &["verify", &file, "--kind", "device-response"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(shown), "{place}: {text:?}");
        assert!(!text.lines().skip(1).any(|line| line.starts_with("Verdict")), "{place}: {text:?}");
        assert!(!text.contains(|c: char| c != '\n' && c.is_control()), "{place}: {text:?}");
        assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{2028}', '\u{e0041}']), "{place}: {text:?}");
    }
}

#[test]
fn bad_arguments_and_unreadable_files_exit_64_and_print_nothing() {
    let scratch = Scratch::new("usage");
    let file = scratch.write("empty", b"");
    let key = r#"{"kty":"EC"}"#;
    let calls: [&[&str]; 6] = [
        &["verify", "no-such-file", "--kind", "device-response", "--json"],
        &["verify", &file, "--json"],
        &["verify", &file, "--kind", "nonsense", "--json"],
        &["verify", &file, "--kind", "device-response", "--at", "yesterday", "--json"],
        &["verify", &file, "--kind", "device-response", "--trust-key", key, "--json"],
        &["verify", &file, "--kind", "device-response", "--trust", &file, "--json"],
    ];
    for call in calls {
        let output = run(&scratch, call);
        assert_eq!(output.status.code(), Some(64), "{call:?}");
        assert!(output.stdout.is_empty(), "{call:?}");
        assert!(!output.stderr.is_empty(), "{call:?}");
    }
}
