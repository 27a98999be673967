//! `rid verify --kind device-request`: verdict, code, exit code and JSON (`spec/verify.md`).
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
use rid_crypto::{SigningKey, x509::Certificate};
use rid_mdoc::{
    reader_auth,
    request::{self, DocRequestToSend, ItemsRequest, RequestedElement, RequestedNamespace, UnverifiedRequest},
    transcript::Transcript,
};
use rid_wire::{
    base64,
    cbor::{Encoder, Limits},
    cose::{Sign1, protected_header, sig_structure},
};
use serde_json::Value;

const IN_2021: &str = "2021-01-01T00:00:00Z";
const MDL: &str = "org.iso.18013.5.1.mDL";
const PID: &str = "az.gov.rid.pid.1";

fn annex_d() -> Vec<u8> {
    let text = std::fs::read_to_string(vector("iso18013-5-annex-d/DEVICE_REQUEST.hex")).unwrap();
    rid_wire::hex::decode(text.trim()).unwrap()
}

fn transcript() -> String {
    vector("iso18013-5-annex-d/SESSION_TRANSCRIPT_BYTES.hex")
}

fn reader_root() -> String {
    vector("iso18013-5-annex-d-intermediate/d54_readerRoot.hex")
}

fn judge(scratch: &Scratch, request: &[u8], more: &[&str]) -> (i32, Value) {
    let file = scratch.write("request", request);
    json(scratch, &[&["verify", &file, "--kind", "device-request", "--json"], more].concat())
}

/// Exit code, verdict, code.
fn outcome((exit, verdict): &(i32, Value)) -> (i32, &str, Option<&str>) {
    (*exit, verdict["verdict"].as_str().unwrap(), verdict["code"].as_str())
}

fn check<'a>(verdict: &'a Value, code: &str) -> &'a Value {
    let checks = verdict["documents"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["code"] == code).unwrap_or_else(|| panic!("no check {code}: {verdict:#}"))
}

/// ItemsRequestBytes for one element.
fn items(doc_type: &str) -> Vec<u8> {
    let element = RequestedElement { identifier: "family_name".into(), intent_to_retain: true };
    let namespace = RequestedNamespace { namespace: "org.iso.18013.5.1".into(), elements: vec![element] };
    ItemsRequest { doc_type: doc_type.into(), namespaces: vec![namespace] }.encode()
}

/// A request without readerAuth.
fn unsigned(doc_type: &str) -> Vec<u8> {
    request::encode(&[DocRequestToSend { items_request_bytes: items(doc_type), reader_auth: None }])
}

fn annex_d_transcript() -> Transcript {
    let bytes = rid_wire::hex::decode(std::fs::read_to_string(transcript()).unwrap().trim()).unwrap();
    Transcript::received(&bytes, Limits::ONLINE).unwrap()
}

/// A key and its certificate under the reader root of the test State in the scratch folder.
fn reader(scratch: &Scratch, name: &str) -> (SigningKey, Vec<Certificate>) {
    assert!(run(scratch, &["issue", "--init"]).status.success());
    let key = SigningKey::make(&mut rid_shell::OsRng);
    let point = key.public().to_bytes();
    let coordinate = |range| base64::encode_url(&point[range]);
    let jwk = serde_json::json!({"kty": "EC", "crv": "P-256", "x": coordinate(1..33), "y": coordinate(33..65)});
    let issue = ["issue", "--reader-key", &jwk.to_string(), "--name", name, "--out", "reader.pem", "--force"];
    assert!(run(scratch, &issue).status.success());
    let pem = std::fs::read(scratch.path("reader.pem")).unwrap();
    (key, Certificate::parse_pem_or_der(&pem).unwrap())
}

/// A request for two documents, each signed by another reader.
fn of_two_readers(scratch: &Scratch, names: [&str; 2]) -> Vec<u8> {
    let documents = [MDL, PID].into_iter().zip(names).map(|(doc_type, name)| {
        let (key, chain) = reader(scratch, name);
        let items_request_bytes = items(doc_type);
        let signature = key.sign(&[&reader_auth::to_be_signed(&annex_d_transcript(), &items_request_bytes)]);
        let reader_auth = Some(reader_auth::encode(&signature, &chain));
        DocRequestToSend { items_request_bytes, reader_auth }
    });
    request::encode(&documents.collect::<Vec<_>>())
}

/// A request of the second edition for two documents with readerAuthAll only.
fn with_reader_auth_all(reader_auth_all: Option<&[u8]>) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.map(2 + usize::from(reader_auth_all.is_some())).text("version").text("1.1").text("docRequests").array(2);
    for doc_type in [MDL, PID] {
        encoder.map(1).text("itemsRequest").raw(&items(doc_type));
    }
    if let Some(reader_auth_all) = reader_auth_all {
        encoder.text("readerAuthAll").array(1).raw(reader_auth_all);
    }
    encoder.finish()
}

#[test]
fn std_t01_annex_d_request_is_accepted_in_2021() {
    let scratch = Scratch::new("request");
    let arguments = ["--transcript", &transcript(), "--trust", &reader_root(), "--at", IN_2021];
    let judged = judge(&scratch, &annex_d(), &arguments);
    assert_eq!(outcome(&judged), (0, "accepted", None), "{:#}", judged.1);
    let document = &judged.1["documents"][0];
    assert_eq!(document["docType"], MDL);
    assert!(document["reader"]["name"].is_string(), "{document:#}");
    assert_eq!(document["elements"]["org.iso.18013.5.1"]["family_name"]["intentToRetain"], true);
    assert_eq!(document["elements"]["org.iso.18013.5.1"]["portrait"]["intentToRetain"], false);
    for code in ["reader_authentication", "trust"] {
        assert_eq!(check(&judged.1, code)["outcome"], "passed");
    }
    let whole: Vec<&str> =
        judged.1["checks"].as_array().unwrap().iter().map(|check| check["code"].as_str().unwrap()).collect();
    assert_eq!(whole, ["request_form", "request_version", "one_reader"]);
}

#[test]
fn std_t01_request_is_printed_in_one_language() {
    let scratch = Scratch::new("request-people");
    let file = scratch.write("request", &annex_d());
    let (transcript, root) = (transcript(), reader_root());
    let arguments = ["verify", &file, "--kind", "device-request", "--transcript", &transcript, "--trust", &root];
    let output = run(&scratch, &[&arguments[..], &["--at", IN_2021, "--lang", "en"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let profile = rid_profile::embedded().unwrap();
    let name = &profile.kind_named(MDL).unwrap().name;
    assert!(text.starts_with("Verdict: ACCEPTED"), "{text}");
    assert!(text.contains(&*name.en) && !text.contains(&*name.az) && !text.contains(&*name.ru), "{text}");
    assert!(text.contains("family_name  [the reader intends to retain it]"), "{text}");
}

#[test]
fn std_t01_reader_auth_all_covers_every_document() {
    let scratch = Scratch::new("request-all");
    let (key, chain) = reader(&scratch, "Bank");
    let unsigned = with_reader_auth_all(None);
    let parsed = UnverifiedRequest::parse(&unsigned, Limits::ONLINE).unwrap();
    let payload = reader_auth::reader_authentication_all_bytes(&annex_d_transcript(), &parsed);
    let prefix = sig_structure(&protected_header(-7), &[], payload.len());
    let right = key.sign(&[&prefix, &payload]);
    let mut wrong = right;
    wrong[63] ^= 1;
    let arguments = ["--transcript", &transcript(), "--trust", ".rid/pki/reader-root.pem"];
    for (signature, expected) in [(right, (0, "accepted", None)), (wrong, (1, "refused", Some("reader_auth_invalid")))]
    {
        let request = with_reader_auth_all(Some(&reader_auth::encode(&signature, &chain)));
        let judged = judge(&scratch, &request, &arguments);
        assert_eq!(outcome(&judged), expected, "{:#}", judged.1);
        let documents = judged.1["documents"].as_array().unwrap();
        assert_eq!(documents.len(), 2);
        assert!(documents.iter().all(|document| document["reader"].is_object() == expected.2.is_none()));
    }
    let judged = judge(&scratch, &unsigned, &arguments);
    assert_eq!(outcome(&judged), (2, "undecided", Some("reader_auth_absent")));
}

#[test]
fn neg_t02_unsupported_signature_is_undecided() {
    let scratch = Scratch::new("request-unchecked");
    let (_, chain) = reader(&scratch, "Bank");
    let chain: Vec<&[u8]> = chain.iter().map(Certificate::der).collect();
    // The algorithm RS256.
    let reader_auth = Some(Sign1::encode(-257, &chain, None, &[1; 256]));
    let request = request::encode(&[DocRequestToSend { items_request_bytes: items(MDL), reader_auth }]);
    let judged = judge(&scratch, &request, &["--transcript", &transcript(), "--trust", ".rid/pki/reader-root.pem"]);
    assert_eq!(outcome(&judged), (2, "undecided", Some("cose_alg_unsupported")), "{:#}", judged.1);
    assert_eq!(check(&judged.1, "reader_authentication")["outcome"], "unknown");
    assert_eq!(judged.1["documents"][0]["reader"], Value::Null);
}

#[test]
fn neg_t02_missing_input_is_undecided() {
    let scratch = Scratch::new("request-missing");
    let (transcript, root) = (transcript(), reader_root());
    let cases: [(&[&str], &str); 2] =
        [(&["--transcript", &transcript], "trust_missing"), (&["--trust", &root], "transcript_missing")];
    for (arguments, code) in cases {
        let judged = judge(&scratch, &annex_d(), &[arguments, &["--at", IN_2021]].concat());
        assert_eq!(outcome(&judged), (2, "undecided", Some(code)));
        assert_eq!(judged.1["documents"][0]["reader"], Value::Null);
    }
    let judged = judge(&scratch, &unsigned(MDL), &["--transcript", &transcript, "--trust", &root]);
    assert_eq!(outcome(&judged), (2, "undecided", Some("reader_auth_absent")));
    assert_eq!(judged.1["documents"][0]["elements"]["org.iso.18013.5.1"]["family_name"]["intentToRetain"], true);
}

#[test]
fn neg_t02_altered_request_or_other_root_is_refused() {
    let scratch = Scratch::new("request-altered");
    let (transcript, root) = (transcript(), reader_root());
    let iaca = vector("iso18013-5-annex-d-intermediate/d52_iaca.hex");
    let request = annex_d();
    let mut signature = request.clone();
    *signature.last_mut().unwrap() ^= 1;
    let name = b"family_name";
    let at = request.windows(name.len()).position(|window| window == name).unwrap();
    let mut element = request.clone();
    element[at] = b'g';
    // The transcript of another session: one byte of the engagement's key differs.
    let other = std::fs::read_to_string(&transcript).unwrap().trim().replacen("5a88d182", "5a88d183", 1);
    assert_ne!(other, std::fs::read_to_string(&transcript).unwrap().trim());
    let other = scratch.write("transcript", other.as_bytes());
    for (name, request, transcript, root, at, code, failed) in [
        ("signature", &signature, &transcript, &root, IN_2021, "reader_auth_invalid", "reader_authentication"),
        ("element", &element, &transcript, &root, IN_2021, "reader_auth_invalid", "reader_authentication"),
        ("transcript", &request, &other, &root, IN_2021, "reader_auth_invalid", "reader_authentication"),
        ("root", &request, &transcript, &iaca, IN_2021, "cert_untrusted", "trust"),
        ("time", &request, &transcript, &root, "2031-01-01T00:00:00Z", "cert_expired", "trust"),
    ] {
        let judged = judge(&scratch, request, &["--transcript", transcript, "--trust", root, "--at", at]);
        assert_eq!(outcome(&judged), (1, "refused", Some(code)), "{name}: {:#}", judged.1);
        assert_eq!(check(&judged.1, failed)["outcome"], "failed", "{name}");
        assert_eq!(judged.1["documents"][0]["reader"], Value::Null, "{name}");
    }
}

#[test]
fn neg_t02_request_of_two_readers_is_refused() {
    let scratch = Scratch::new("request-mixed");
    let request = of_two_readers(&scratch, ["Bank", "Police"]);
    let judged = judge(&scratch, &request, &["--transcript", &transcript(), "--trust", ".rid/pki/reader-root.pem"]);
    assert_eq!(outcome(&judged), (1, "refused", Some("reader_auth_mixed")), "{:#}", judged.1);
    let documents = judged.1["documents"].as_array().unwrap();
    let readers: Vec<&Value> = documents.iter().map(|document| &document["reader"]["name"]).collect();
    assert_eq!(readers, ["Bank", "Police"]);
    assert!(documents.iter().all(|document| document["verdict"] == "accepted"), "{:#}", judged.1);
}

#[test]
fn neg_t02_malformed_request_is_refused_in_json() {
    let scratch = Scratch::new("request-malformed");
    let newer = annex_d();
    let at = newer.windows(3).position(|window| window == b"1.0").unwrap();
    let newer = [&newer[..at], b"2.0", &newer[at + 3..]].concat();
    let response = std::fs::read(vector("iso18013-5-annex-d/DEVICE_RESPONSE.hex")).unwrap();
    for (name, request, code, failed) in [
        ("empty", &b""[..], "cbor_truncated", "request_form"),
        ("version", &newer, "mdoc_version", "request_version"),
        ("response", &response, "cbor_missing_member", "request_form"),
    ] {
        let judged = judge(&scratch, request, &[]);
        assert_eq!(outcome(&judged), (1, "refused", Some(code)), "{name}");
        assert_eq!(judged.1["checks"][0]["code"], failed, "{name}");
        assert_eq!(judged.1["documents"], serde_json::json!([]), "{name}");
    }
}

/// A malformed deviceRequestInfo is ignored with a warning.
#[test]
fn std_s50_malformed_request_info_is_a_warning() {
    let scratch = Scratch::new("request-info");
    let mut encoder = Encoder::new();
    let items = items(PID);
    encoder.map(3).text("version").text("1.1").text("docRequests").array(1).map(1).text("itemsRequest").raw(&items);
    encoder.text("deviceRequestInfo").int(5);
    let verdict = judge(&scratch, &encoder.finish(), &[]);
    assert_eq!(outcome(&verdict), (2, "undecided", Some("reader_auth_absent")));
    let form = &verdict.1["checks"][0];
    assert_eq!((form["outcome"].as_str(), form["reason"].as_str()), (Some("passed"), Some("request_info_invalid")));
}
