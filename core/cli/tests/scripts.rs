//! `rid` in scripts: JSON lines, time limits, languages, refusals with advice, certificates for readers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use std::{
    net::TcpListener,
    process::{Child, Output, Stdio},
    time::Duration,
};

use rid::{Scratch, command, json, run};
use rid_crypto::{SigningKey, x509::Certificate};
use rid_mdoc::{
    reader_auth,
    request::{self, DocRequestToSend, ItemsRequest, RequestedElement, RequestedNamespace},
    transcript::Transcript,
};
use rid_shell::OsRng;
use rid_wire::{base64, cbor::Limits};
use serde_json::{Value, json as object};

const MDL: &str = "org.iso.18013.5.1.mDL";
const ASK: &str = "org.iso.18013.5.1.mDL/org.iso.18013.5.1/family_name";

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn ok(scratch: &Scratch, arguments: &[&str]) -> String {
    let output = run(scratch, arguments);
    assert!(output.status.success(), "{arguments:?}\n{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Every line is one JSON object.
fn lines(stdout: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().all(Value::is_object), "{text}");
    assert!(!lines.is_empty());
    lines
}

#[test]
fn std_t02_json_of_a_walk_is_one_object_per_line_and_the_verdict_last() {
    let scratch = Scratch::new("lines");
    let output = run(&scratch, &["demo", "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let lines = lines(&output.stdout);
    let of = |role: &str, event: &str| {
        let found = lines.iter().filter(|line| line["role"] == role && line["event"] == event);
        found.collect::<Vec<_>>()
    };

    let last = lines.last().unwrap();
    assert_eq!((&last["role"], &last["event"]), (&object!("demo"), &object!("verdict")));
    assert_eq!(last["met"], true);
    assert_eq!(last["walks"][0]["outcome"], "accepted");

    // The last line of the reader is its verdict, the last line of the wallet the end of the session.
    let reader = lines.iter().rfind(|line| line["role"] == "reader").unwrap();
    assert_eq!((&reader["event"], &reader["verdict"]["verdict"]), (&object!("verdict"), &object!("accepted")));
    let wallet = lines.iter().rfind(|line| line["role"] == "wallet").unwrap();
    assert_eq!((&wallet["event"], &wallet["answered"]), (&object!("closed"), &object!(true)));

    // The question is data.
    let request = &of("wallet", "asked")[0]["request"];
    assert_eq!((&request["environment"], &request["requester"]["verified"]), (&object!("test"), &object!(true)));
    let licence = request["documents"].as_array().unwrap().iter().find(|d| d["docType"] == MDL).unwrap();
    let path = object!(["org.iso.18013.5.1", "family_name"]);
    let find = |elements: &Value| elements.as_array().unwrap().iter().find(|one| one["path"] == path).unwrap().clone();
    assert_eq!(find(&licence["asked"])["retained"], false);
    let leaves = find(&licence["candidates"][0]["elements"]);
    assert_eq!((&leaves["held"], &leaves["answers"]), (&object!(true), &object!([path])));
    let receipt = of("wallet", "receipt")[0];
    assert_eq!((&receipt["disclosed"], receipt["used"].as_array().unwrap().len()), (&object!(true), 2));
    let left = receipt["elements"].as_array().unwrap();
    assert!(left.contains(&object!({"docType": MDL, "path": path, "retained": false})), "{receipt:#}");
}

#[test]
fn std_t03_verdict_is_printed_in_one_language_or_all() {
    let scratch = Scratch::new("languages");
    ok(&scratch, &["demo"]);
    let profile = rid_profile::embedded().unwrap();
    let name = &profile.kind_named(MDL).unwrap().name;
    let names = [("az", &*name.az), ("en", &*name.en), ("ru", &*name.ru)];
    let all = ok(&scratch, &["verify", ".rid/saved/presentation"]);
    assert!(names.iter().all(|(_, name)| all.contains(name)), "{all}");
    for (language, wanted) in names {
        let one = ok(&scratch, &["verify", ".rid/saved/presentation", "--lang", language]);
        let found: Vec<&str> = names.iter().map(|(_, name)| *name).filter(|name| one.contains(name)).collect();
        assert_eq!(found, [wanted], "{one}");
    }
    let (_, plain) = json(&scratch, &["verify", ".rid/saved/presentation", "--json"]);
    let (_, in_russian) = json(&scratch, &["verify", ".rid/saved/presentation", "--json", "--lang", "ru"]);
    assert_eq!(plain, in_russian);
}

/// Kills a process that would wait for ever if a test fails.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn neg_t04_silent_peer_ends_a_command_at_its_time_limit() {
    let scratch = Scratch::new("timeout");
    ok(&scratch, &["demo"]);
    let qr = std::fs::read_to_string(scratch.path(".rid/exchange/presentation/qr.txt")).unwrap();

    // No reader comes.
    for waiting in [&["present", "--yes", "--timeout", "1"][..], &["hostile", "--timeout", "1"]] {
        let output = run(&scratch, waiting);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("transport_timeout: no reader connected within 1 s"), "{}", said(&output));
        assert!(said(&output).contains("start `rid read`"), "{}", said(&output));
    }

    // A wallet accepts the connection and sends nothing.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let arguments = ["read", "--ask", ASK, "--qr-text", qr.trim(), "--port", &port, "--timeout", "1", "--json"];
    let output = run(&scratch, &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let lines = lines(&output.stdout);
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["closed"]), (&object!("verdict"), &object!("transport_timeout")));
    assert_eq!(last["verdict"], Value::Null);

    // A reader connects and sends nothing: no copy is used and the history has no entry of it.
    let mut present = command(&scratch, &["present", "--yes", "--timeout", "2", "--handoff", "silent"]);
    let mut present = Ending(present.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let port = scratch.path("silent/port");
    while !port.exists() {
        assert!(present.0.try_wait().unwrap().is_none(), "present ended before it was ready");
        std::thread::sleep(Duration::from_millis(20));
    }
    let port: u16 = std::fs::read_to_string(port).unwrap().parse().unwrap();
    let _reader = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    assert_eq!(present.0.wait().unwrap().code(), Some(1));
    let (_, held) = json(&scratch, &["wallet", "--json"]);
    assert!(held.as_array().unwrap().iter().all(|view| view["copiesLeft"] == 9), "{held:#}");
    let (_, history) = json(&scratch, &["wallet", "history", "--json"]);
    assert!(history.as_array().unwrap().iter().all(|row| row["outcome"] != "started"), "{history:#}");
}

#[test]
fn neg_t03_refusal_says_what_to_do() {
    let scratch = Scratch::new("refusals");
    ok(&scratch, &["issue", "--init"]);
    let challenge = ok(&scratch, &["issue", "--challenge"]);
    ok(&scratch, &["enrol", "--kind", "mdl", "--challenge", challenge.trim(), "--out", "request"]);
    ok(&scratch, &["issue", "--request", "request", "--out", "answer"]);
    let refused = |arguments: &[&str], exit: i32, parts: &[&str]| {
        let output = run(&scratch, arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {stderr}");
        for part in parts {
            assert!(stderr.contains(part), "{arguments:?}: {part:?} is not in {stderr:?}");
        }
    };

    // A challenge is valid for one request, an answer for one enrolment.
    refused(&["issue", "--request", "request", "--out", "again"], 1, &["nonce", "rid issue --challenge"]);
    ok(&scratch, &["enrol", "--accept", "answer"]);
    let (_, held) = json(&scratch, &["wallet", "--json"]);
    refused(&["enrol", "--accept", "answer"], 1, &["enrolment_unknown", "accepted already", "rid enrol --kind"]);
    assert_eq!(json(&scratch, &["wallet", "--json"]).1, held);

    // A withdrawn enrolment accepts no answer.
    let challenge = ok(&scratch, &["issue", "--challenge"]);
    ok(&scratch, &["enrol", "--kind", "mdl", "--challenge", challenge.trim(), "--out", "second"]);
    ok(&scratch, &["issue", "--request", "second", "--out", "late"]);
    ok(&scratch, &["enrol", "--withdraw"]);
    refused(&["enrol", "--accept", "late"], 1, &["enrolment_unknown", "withdrawn"]);
    refused(&["enrol", "--withdraw"], 1, &["enrolment_unknown"]);
    assert_eq!(json(&scratch, &["wallet", "--json"]).1, held);

    // Nobody listens on a port that was just released.
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port().to_string();
    let engagement = format!("mdoc:{}", base64::encode_url(&engagement()));
    let read = ["read", "--ask", ASK, "--qr-text", &engagement, "--port", &free];
    refused(&read, 1, &["transport_refused", "start `rid present`", &free]);
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    refused(&["present", "--yes", "--port", &port], 1, &["transport_port_in_use", "another --port"]);

    // No home, and a home without a wallet.
    refused(&["wallet", "--home", "nowhere"], 64, &["nowhere", "rid demo", "--home"]);
    ok(&scratch, &["issue", "--init", "--home", "empty"]);
    refused(&["present", "--yes", "--home", "empty"], 64, &["no wallet here", "rid enrol"]);
    assert!(!scratch.path("empty/wallet").exists());

    // Files of other kinds instead of a capture.
    scratch.write("letter", b"Dear verifier, this is the response.");
    for (file, advice) in [(".rid/pki/iaca.pem", "given with --trust"), ("letter", "neither hexadecimal, base64")] {
        for kind in ["device-request", "device-response", "issuer-signed"] {
            let (exit, verdict) = json(&scratch, &["verify", file, "--kind", kind, "--json"]);
            assert_eq!((exit, &verdict["verdict"]), (1, &object!("refused")), "{file}");
            assert!(verdict["hint"].as_str().unwrap().contains(advice), "{verdict:#}");
        }
    }
}

fn engagement() -> Vec<u8> {
    let text = std::fs::read_to_string(rid::vector("iso18013-5-annex-d/DEVICE_ENGAGEMENT.hex")).unwrap();
    rid_wire::hex::decode(text.trim()).unwrap()
}

fn items() -> ItemsRequest {
    let element = RequestedElement { identifier: "family_name".into(), intent_to_retain: false };
    let namespace = RequestedNamespace { namespace: "org.iso.18013.5.1".into(), elements: vec![element] };
    ItemsRequest { doc_type: MDL.into(), namespaces: vec![namespace] }
}

#[test]
fn std_t04_certificate_for_a_readers_own_key_is_trusted_in_the_test_state() {
    let scratch = Scratch::new("reader-key");
    ok(&scratch, &["demo"]);
    let key = SigningKey::make(&mut OsRng);
    let point = key.public().to_bytes();
    let coordinate = |range| base64::encode_url(&point[range]);
    let jwk = object!({"kty": "EC", "crv": "P-256", "x": coordinate(1..33), "y": coordinate(33..65)}).to_string();
    let file = scratch.write("reader.jwk", jwk.as_bytes());
    for given in [&jwk, &file] {
        ok(&scratch, &["issue", "--reader-key", given, "--name", "Bank of Tests", "--out", "reader.pem", "--force"]);
        let pem = std::fs::read(scratch.path("reader.pem")).unwrap();
        let [certificate] = <[Certificate; 1]>::try_from(Certificate::parse_pem_or_der(&pem).unwrap()).ok().unwrap();
        assert!(*certificate.public_key() == key.public());
        assert_eq!(certificate.subject().common_name(), Some("Bank of Tests"));

        // A request signed with that key is accepted against the reader root of the test State.
        let transcript = std::fs::read(scratch.path(".rid/saved/presentation/transcript.cbor")).unwrap();
        let transcript = Transcript::received(&transcript, Limits::ONLINE).unwrap();
        let items_request_bytes = items().encode();
        let signature = key.sign(&[&reader_auth::to_be_signed(&transcript, &items_request_bytes)]);
        let reader_auth = Some(reader_auth::encode(&signature, &[certificate]));
        let signed = request::encode(&[DocRequestToSend { items_request_bytes, reader_auth }]);
        let signed = scratch.write("signed", &signed);
        let arguments =
            ["verify", &signed, "--kind", "device-request", "--trust", ".rid/pki/reader-root.pem", "--json"];
        let transcript = ["--transcript", ".rid/saved/presentation/transcript.cbor"];
        let (exit, verdict) = json(&scratch, &[&arguments[..], &transcript].concat());
        assert_eq!(exit, 0, "{verdict:#}");
        assert_eq!(verdict["documents"][0]["reader"]["name"], "Bank of Tests");
    }
}
