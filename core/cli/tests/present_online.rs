//! `rid present LINK` against a verifier on this machine, which release builds do not reach.
#![cfg(debug_assertions)]
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
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use rid::{Scratch, json, run};
use rid_crypto::{AgreementKey, Curve, SigningKey, x509::Certificate};
use rid_openid::{
    dcql::Query,
    vp::{
        Method,
        build::{Draft, DraftChannel, link, x509_hash},
        open::{self, Expected, Opened},
    },
};
use rid_wire::{
    Timestamp, base64,
    jose::{Alg, compact},
};
use serde_json::Value;

const HOST: &str = "apteka.example";
const QUERY: &str = r#"{"credentials":[{"id":"a","format":"mso_mdoc",
    "meta":{"doctype_value":"org.iso.18013.5.1.mDL"},
    "claims":[{"path":["org.iso.18013.5.1","family_name"]},{"path":["org.iso.18013.5.1","age_over_18"]}]}]}"#;

/// A wallet with driving licences, and a certificate of a verifier.
fn prepare(scratch: &Scratch) -> (SigningKey, Vec<Certificate>) {
    let done = run(scratch, &["issue", "--init"]);
    assert!(done.status.success());
    let challenge = String::from_utf8(run(scratch, &["issue", "--challenge"]).stdout).unwrap();
    let enrol = ["enrol", "--kind", "mdl", "--copies", "4", "--challenge", challenge.trim(), "--out", "request"];
    assert!(run(scratch, &enrol).status.success());
    assert!(run(scratch, &["issue", "--request", "request", "--out", "answer"]).status.success());
    assert!(run(scratch, &["enrol", "--accept", "answer"]).status.success());
    let key = SigningKey::make(&mut rid_shell::OsRng);
    let point = key.public().to_bytes();
    let coordinate = |range| base64::encode_url(&point[range]);
    let jwk = serde_json::json!({"kty": "EC", "crv": "P-256", "x": coordinate(1..33), "y": coordinate(33..65)});
    let issue = ["issue", "--reader-key", &jwk.to_string(), "--name", "Aptek", "--out", "reader.pem"];
    assert!(run(scratch, &issue).status.success());
    (key, Certificate::parse_pem_or_der(&std::fs::read(scratch.path("reader.pem")).unwrap()).unwrap())
}

/// One request: head and body.
fn receive(stream: &mut TcpStream) -> (String, String) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return (head.into(), body.into());
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
    }
}

/// Serves the request object once and takes one answer: the port, and what came.
fn serve(request: String, reply: &'static str) -> (u16, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (seen, came) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (head, body) = receive(&mut stream);
            let answer = if head.starts_with("GET ") { request.as_str() } else { reply };
            let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
            stream.write_all(response.as_bytes()).unwrap();
            if seen.send((head, body)).is_err() {
                return;
            }
        }
    });
    (port, came)
}

#[test]
fn std_m20_a_link_is_answered_over_http() {
    let scratch = Scratch::new("present-online");
    let (key, chain) = prepare(&scratch);
    let client_id = x509_hash(&chain[0]);
    let query = Query::parse(QUERY).unwrap();
    let agreement = AgreementKey::from_scalar(Curve::P256, &[7; 32]).unwrap();
    let public = agreement.public();
    let now = rid_flow::ports::Clock::now(&rid_shell::SystemClock::new()).unwrap();
    let object = |now: Timestamp| {
        let channel = DraftChannel::Post {
            response_uri: "https://apteka.example/response/1",
            state: "EBESExQVFhcYGRobHB0eHw",
            wallet_nonce: None,
        };
        let draft = Draft {
            channel,
            query: &query,
            nonce: "AAECAwQFBgcICQoLDA0ODw",
            encryption: Some((&public, "k1")),
            verifier_info: &[],
            transaction_data: &[],
            times: Some((now, now.plus_seconds(300))),
        };
        let input = draft.signing_input(&client_id, Alg::Es256, &chain);
        compact(&input, &key.sign(&[input.as_bytes()]))
    };
    let page = r#"{"redirect_uri":"https://apteka.example/done"}"#;
    let link = link("openid4vp://", &client_id, "https://apteka.example/request/1", Method::Get);
    let expected = Expected { query: &query, state: Some("EBESExQVFhcYGRobHB0eHw"), key: Some((&agreement, "k1")) };
    for (consent, scanned) in [("--yes", false), ("--yes", true), ("--refuse", false)] {
        let (port, came) = serve(object(now), page);
        let loopback = format!("{HOST}={port}");
        let mut arguments = vec!["present", &link, consent, "--loopback", &loopback, "--json"];
        if scanned {
            arguments.push("--scanned");
        }
        let output = run(&scratch, &arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let (fetch, _) = came.recv().unwrap();
        assert!(fetch.starts_with("GET /request/1 "), "{fetch}");
        let (post, body) = came.recv().unwrap();
        assert!(post.starts_with("POST /response/1 "), "{post}");
        let opened = open::form(&body, &expected).unwrap();
        let agreed = consent == "--yes";
        assert_eq!(matches!(opened, Opened::Answer(_)), agreed);
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let receipt = events.iter().find(|event| event["event"] == "receipt").unwrap_or_else(|| panic!("{text}"));
        let expected_page = if scanned { Value::Null } else { "https://apteka.example/done".into() };
        assert_eq!((&receipt["page"], receipt["disclosed"].as_bool()), (&expected_page, Some(agreed)), "{receipt}");
        assert!(text.contains("Aptek"), "{text}");
    }
    let (_, history) = json(&scratch, &["wallet", "history", "--json"]);
    let rows: Vec<(&str, &str)> = history
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["kind"] == "presentation")
        .map(|row| (row["outcome"].as_str().unwrap(), row["peer"].as_str().unwrap()))
        .collect();
    assert_eq!(rows, [("finished", "Aptek"), ("finished", "Aptek"), ("refused", "Aptek")]);

    // Without the profile for tests nothing on this machine is called, and another text is no link.
    let output = run(&scratch, &["present", "https://127.0.0.1/?client_id=a&request_uri=https://127.0.0.1/", "--yes"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("vp_request_uri_forbidden"));
    let output = run(&scratch, &["present", "mdoc:abc", "--yes"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("vp_link"));
}
