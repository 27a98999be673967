#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]
use rid_crypto::SigningKey;
use rid_flow::{HistoryDraft, HistoryId, HistorySeq, fake::SeededRng, ports::KeyId};

use super::{verify::MAX_FILE, *};

fn key() -> SigningKey {
    SigningKey::make(&mut SeededRng::new(1))
}

fn rows() -> Vec<History> {
    let element = |name: &str, retained| {
        (String::from("org.iso.18013.5.1.mDL"), String::from("org.iso.18013.5.1"), name.into(), retained)
    };
    let draft = HistoryDraft {
        id: HistoryId([7; 16]),
        kind: HistoryKind::Presentation,
        outcome: HistoryOutcome::Finished,
        at: Timestamp::from_unix(1_800_000_000),
        peer: "Yol \"Polisi\"\n\u{1f600}".into(),
        peer_verified: true,
        elements: vec![element("family_name", false), element("portrait", true)],
        reason: "done".into(),
    };
    let row = |seq, imported, content| History { seq: HistorySeq(seq), imported, content };
    vec![
        row(1, true, HistoryContent::Kept(draft)),
        row(2, false, HistoryContent::Deleted { at: Timestamp::from_unix(1_800_000_100) }),
        row(3, false, HistoryContent::Damaged),
    ]
}

const WHOLE: HistoryCheckView = HistoryCheckView { whole: true, rows: 3, first_broken: None };

fn export_of(rows: &[History], check: HistoryCheckView, key: &SigningKey) -> String {
    let made = Timestamp::from_unix(1_800_000_200);
    let public = key.public().to_bytes();
    let info = KeyInfo { id: KeyId("export".into()), public, attestation: Vec::new(), hardware: false };
    let unsigned = Unsigned::new(rows, &check, made, &info, Environment::Test).unwrap();
    let signature = key.sign(&[&unsigned.to_be_signed()]);
    unsigned.finish(&signature).unwrap()
}

fn export() -> String {
    export_of(&rows(), WHOLE, &key())
}

/// Signs whatever history and header anew with a key of its own, as anybody can.
fn signed_anew(history: &Value, header: &Value) -> String {
    let protected = base64::encode_url(header.canonical().as_bytes());
    let signature = key().sign(&[&to_be_signed(&protected, history)]);
    object([
        ("history", history.clone()),
        ("protected", Value::String(protected)),
        ("signature", Value::String(base64::encode_url(&signature))),
    ])
    .canonical()
}

fn history() -> Value {
    Value::parse(&export(), MAX_FILE).unwrap().member("history").unwrap().clone()
}

fn header() -> Value {
    object([("alg", text("ES256")), ("jwk", jwk(&key().public().to_bytes()).unwrap()), ("typ", text(TYPE))])
}

/// The object with a member of another value, a new one, or (`None`) without it.
fn with(value: &Value, name: &str, new: Option<Value>) -> Value {
    let Value::Object(members) = value else { panic!("no object") };
    let mut members: Vec<_> = members.iter().filter(|(known, _)| known != name).cloned().collect();
    members.extend(new.map(|new| (name.into(), new)));
    Value::Object(members)
}

#[test]
fn an_export_says_what_was_in_the_history() {
    let file = export();
    let verdict = verify_export(&file).unwrap();
    let made = Timestamp::from_unix(1_800_000_200);
    let public_key = key().public().to_bytes();
    let wanted =
        ExportVerdict { rows: 3, whole: true, first_broken: None, made, environment: Environment::Test, public_key };
    assert_eq!(verdict, wanted);
    let history = history();
    let Some(Value::Array(entries)) = history.member("entries") else { panic!("no entries") };
    let states: Vec<_> = entries.iter().map(|entry| entry.member("state").and_then(Value::as_str)).collect();
    assert_eq!(states, [Some("kept"), Some("deleted"), Some("damaged")]);
    assert_eq!(entries[0].member("peer").and_then(Value::as_str), Some("Yol \"Polisi\"\n\u{1f600}"));
    // Canonical as a whole: whoever stores it again in canonical form stores the same bytes.
    assert_eq!(Value::parse(&file, MAX_FILE).unwrap().canonical(), file);
    // Spaces and the order of members are not signed; nor are they content.
    let spaced = file.replace("\"history\":", " \"history\" :\n ");
    assert_eq!(verify_export(&spaced), Ok(verdict));
}

#[test]
fn a_history_that_was_broken_says_where() {
    let check = HistoryCheckView { whole: false, rows: 1, first_broken: Some(2) };
    let verdict = verify_export(&export_of(&rows(), check, &key())).unwrap();
    assert_eq!((verdict.whole, verdict.first_broken, verdict.rows), (false, Some(2), 3));
}

#[test]
fn the_empty_history_is_an_export_too() {
    let check = HistoryCheckView { whole: true, rows: 0, first_broken: None };
    assert_eq!(verify_export(&export_of(&[], check, &key())).map(|verdict| verdict.rows), Ok(0));
}

/// RFC 7638: over the required members of the key and nothing else.
#[test]
fn the_thumbprint_is_the_keys() {
    let (one, other) = (verify_export(&export()).unwrap(), SigningKey::make(&mut SeededRng::new(2)));
    let other = verify_export(&export_of(&rows(), WHOLE, &other)).unwrap();
    assert_eq!(one.thumbprint().len(), 43);
    assert_ne!(one.thumbprint(), other.thumbprint());
    let again = verify_export(&export_of(&[], WHOLE, &key())).unwrap();
    assert_eq!(one.thumbprint(), again.thumbprint());
}

/// Whatever byte is changed to whatever else, what still verifies says the very same.
#[test]
fn no_changed_byte_verifies_as_another_history() {
    let file = export();
    let before = Value::parse(&file, MAX_FILE).unwrap();
    let mut refused = 0;
    for at in 0..file.len() {
        for change in [0x01, 0x02, 0x10, 0x20, 0x80] {
            let mut bytes = file.clone().into_bytes();
            bytes[at] ^= change;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            match verify_export(&changed) {
                Ok(_) => assert_eq!(Value::parse(&changed, MAX_FILE).unwrap(), before, "at {at}: {changed}"),
                Err(_) => refused += 1,
            }
        }
        // A byte less, and a byte more.
        let (Some(head), Some(tail), Some(rest)) = (file.get(..at), file.get(at..), file.get(at + 1..)) else {
            continue;
        };
        for changed in [format!("{head}{rest}"), format!("{head} {tail}"), format!("{head}1{tail}")] {
            if verify_export(&changed).is_ok() {
                assert_eq!(Value::parse(&changed, MAX_FILE).unwrap(), before, "at {at}: {changed}");
            }
        }
    }
    assert!(refused > 3 * file.len(), "{refused}");
}

#[test]
fn a_row_taken_out_doubled_or_moved_is_refused() {
    let history = history();
    let Some(Value::Array(entries)) = history.member("entries").cloned() else { panic!("no entries") };
    let file = |entries: Vec<Value>| with(&history, "entries", Some(Value::Array(entries)));
    let doubled = [&entries[..1], &entries[..]].concat();
    let moved = vec![entries[1].clone(), entries[0].clone(), entries[2].clone()];
    for (rows, seq) in [(entries[1..].to_vec(), 1), (doubled, 2), (moved, 1)] {
        // Unsigned so: altered. Signed so by whoever did it: out of sequence.
        let unsigned = with(&Value::parse(&export(), MAX_FILE).unwrap(), "history", Some(file(rows.clone())));
        assert_eq!(verify_export(&unsigned.canonical()), Err(ExportError::Signature));
        assert_eq!(verify_export(&signed_anew(&file(rows), &header())), Err(ExportError::Sequence { seq }));
    }
}

#[test]
fn a_swapped_key_is_refused() {
    let other = jwk(&SigningKey::make(&mut SeededRng::new(2)).public().to_bytes()).unwrap();
    let header = base64::encode_url(with(&header(), "jwk", Some(other)).canonical().as_bytes());
    let swapped = with(&Value::parse(&export(), MAX_FILE).unwrap(), "protected", Some(Value::String(header)));
    assert_eq!(verify_export(&swapped.canonical()), Err(ExportError::Signature));
}

#[test]
fn what_is_no_export_is_named() {
    let file = Value::parse(&export(), MAX_FILE).unwrap();
    let (history, header) = (history(), header());
    assert!(verify_export(&signed_anew(&history, &header)).is_ok());
    let mut wrong = vec![
        String::new(),
        "{}".into(),
        "[]".into(),
        format!("{} x", file.canonical()),
        file.canonical().replacen("\"history\":", "\"history\":{},\"history\":", 1),
        with(&file, "note", Some(text("not signed"))).canonical(),
        with(&file, "signature", None).canonical(),
        with(&file, "signature", Some(text("="))).canonical(),
        with(&file, "protected", Some(text("e30"))).canonical(),
        with(&file, "protected", Some(text("_w"))).canonical(),
    ];
    let jwk = header.member("jwk").unwrap();
    let keys = [
        with(jwk, "crv", Some(text("P-384"))),
        with(jwk, "kty", Some(text("OKP"))),
        with(jwk, "d", Some(text("AA"))),
        with(jwk, "x", Some(text("AA"))),
        with(jwk, "x", jwk.member("y").cloned()),
    ];
    let headers = keys.into_iter().map(|key| with(&header, "jwk", Some(key))).chain([
        with(&header, "alg", Some(text("none"))),
        with(&header, "alg", Some(text("ES384"))),
        with(&header, "typ", Some(text("JWT"))),
        with(&header, "b64", Some(Value::Bool(false))),
        with(&header, "crit", Some(Value::Array(Vec::new()))),
        with(&header, "jwk", None),
    ]);
    wrong.extend(headers.map(|header| signed_anew(&history, &header)));
    let histories = [
        with(&history, "format", Some(text("rid-history-2"))),
        with(&history, "environment", Some(text("moon"))),
        with(&history, "made", Some(text("yesterday"))),
        with(&history, "entries", Some(Value::Null)),
        with(&history, "firstBroken", Some(Value::Integer(2))),
        with(&history, "firstBroken", Some(Value::Integer(-2))),
        with(&history, "firstBroken", None),
        with(&history, "whole", Some(Value::Bool(false))),
        with(&history, "whole", Some(Value::Integer(1))),
        with(&history, "more", Some(Value::Null)),
        with(&history, "made", Some(Value::Integer(1 << 53))),
    ];
    wrong.extend(histories.iter().map(|history| signed_anew(history, &header)));
    let Some(Value::Array(entries)) = history.member("entries") else { panic!("no entries") };
    let element = match entries[0].member("elements") {
        Some(Value::Array(elements)) => with(&elements[0], "value", Some(text("Yusif"))),
        _ => panic!("no elements"),
    };
    let altered = [
        (0, "peer", None),
        (0, "peer", Some(Value::Null)),
        (0, "at", Some(text("then"))),
        (0, "event", Some(text("00"))),
        (0, "kind", Some(text("theft"))),
        (0, "outcome", Some(text("unknown delivery"))),
        (0, "peerVerified", Some(text("true"))),
        (0, "elements", Some(Value::Array(vec![element]))),
        (0, "value", Some(text("Yusif"))),
        (1, "deletedAt", None),
        (1, "peer", Some(text("somebody"))),
        (1, "state", Some(text("damaged"))),
        (2, "state", Some(text("gone"))),
        (2, "state", None),
        (2, "imported", Some(Value::Null)),
    ];
    for (at, name, value) in altered {
        let mut entries = entries.clone();
        entries[at] = with(&entries[at], name, value);
        wrong.push(signed_anew(&with(&history, "entries", Some(Value::Array(entries))), &header));
    }
    for file in wrong {
        assert_eq!(verify_export(&file), Err(ExportError::Form), "{file}");
    }
    assert_eq!(ExportError::Form.code().as_str(), "export_form");
    assert_eq!(ExportError::Signature.code().as_str(), "export_signature");
    assert_eq!(ExportError::Sequence { seq: 1 }.code().as_str(), "export_sequence");
}

/// A fraction has no canonical form here and would stand for `null`: it must not pass for what was signed.
#[test]
fn a_fraction_does_not_pass_for_null() {
    let file = export();
    for fraction in ["0.5", "1e3", "3.0"] {
        let changed = file.replacen("\"firstBroken\":null", &format!("\"firstBroken\":{fraction}"), 1);
        assert_ne!(changed, file);
        assert_eq!(verify_export(&changed), Err(ExportError::Form));
    }
}

/// The page's example was made by another implementation (`jose`); what the page says of it is so.
#[test]
fn the_example_of_the_page_verifies() {
    let page = include_str!("../../../../spec/history.md");
    let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let verdict = verify_export(example).unwrap();
    assert_eq!((verdict.rows, verdict.whole, verdict.environment), (3, true, Environment::Test));
    assert!(page.contains(&format!("`{}`", verdict.thumbprint())));
}
