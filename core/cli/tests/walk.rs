//! `rid demo` as a newcomer sees it: two processes, a QR code in a PNG, consent, verdict, and four failures by name.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use std::process::Stdio;

use rid::{Scratch, json, run};

fn text(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn demo_and_its_failures_end_as_expected() {
    let scratch = Scratch::new("demo");
    let output = run(&scratch, &["demo", "--all"]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("SCRIPTED person"), "{said}");
    for outcome in [
        "presentation: accepted - as it must",
        "refusal: not_returned - as it must",
        "expired: mdoc_expired - as it must",
        "forged: mdoc_digest_mismatch - as it must",
        "unknown-reader: not_returned - as it must",
    ] {
        assert!(said.contains(outcome), "{outcome}\n{said}");
    }

    // The saved exchange gives the same verdict again.
    let (exit, verdict) = json(&scratch, &["verify", ".rid/saved/presentation", "--json"]);
    assert_eq!((exit, verdict["verdict"].as_str()), (0, Some("accepted")), "{verdict:#}");
    assert_eq!(verdict["documents"].as_array().unwrap().len(), 2);
    let (exit, verdict) = json(&scratch, &["verify", ".rid/saved/forged", "--json"]);
    assert_eq!((exit, verdict["code"].as_str()), (1, Some("mdoc_digest_mismatch")));

    // The wallet persists: copies are used and history entries are written.
    let (_, held) = json(&scratch, &["wallet", "--json"]);
    let left = |kind: &str| {
        let views = held.as_array().unwrap();
        views.iter().find(|view| view["kind"] == kind).unwrap()["copiesLeft"].as_u64().unwrap()
    };
    assert_eq!(left("az.gov.rid.pid.1"), 9, "{held:#}");
    assert_eq!(left("org.iso.18013.5.1.mDL"), 8, "{held:#}");
    let (_, history) = json(&scratch, &["wallet", "history", "--json"]);
    let outcomes: Vec<&str> = history.as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "refused").count(), 2, "{history:#}");
    assert!(history.as_array().unwrap().iter().any(|row| row["peer"] == "Yol Polisi TEST"), "{history:#}");

    // The home is reused, and deviceMac works as well as a signature, at the smallest MTU.
    let output = run(&scratch, &["demo", "--mac", "--mtu", "23"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("reused"), "{}", text(&output));
}

#[test]
fn consent_needs_a_terminal_or_a_flag() {
    let scratch = Scratch::new("nobody");
    let output = run(&scratch, &["present"]);
    assert_eq!(output.status.code(), Some(64), "{}", text(&output));
    assert!(text(&output).contains("nobody is here to consent"), "{}", text(&output));
}

#[test]
fn answer_to_another_enrolment_is_refused() {
    let scratch = Scratch::new("enrol");
    let ok = |arguments: &[&str]| {
        let output = run(&scratch, arguments);
        assert!(output.status.success(), "{arguments:?}\n{}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    ok(&["issue", "--init"]);
    let mut answers = Vec::new();
    for name in ["first", "second"] {
        let challenge = ok(&["issue", "--challenge"]);
        let (request, answer) = (format!("{name}.request"), format!("{name}.answer"));
        ok(&["enrol", "--kind", "mdl", "--copies", "2", "--challenge", challenge.trim(), "--out", &request]);
        ok(&["issue", "--request", &request, "--out", &answer]);
        answers.push(answer);
    }
    // The second enrolment is pending, so the answer to the first one is not its answer.
    let refused = run(&scratch, &["enrol", "--accept", &answers[0]]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("enrolment_mismatch"), "{}", text(&refused));
    assert!(ok(&["wallet"]).contains("empty"));
    ok(&["enrol", "--accept", &answers[1]]);
    let (_, held) = json(&scratch, &["wallet", "--json"]);
    assert_eq!(held[0]["copiesLeft"], 2);
    let id = held[0]["id"].as_str().unwrap().to_owned();
    assert!(ok(&["wallet", "show", &id, "--portrait", "face.jpg"]).contains("portrait"));
    assert!(std::fs::read(scratch.path("face.jpg")).unwrap().starts_with(&[0xff, 0xd8]));
    ok(&["wallet", "delete", &id, "--yes"]);
    assert!(ok(&["wallet"]).contains("empty"));
}

#[test]
fn neg_k23_personal_data_is_not_readable_at_rest() {
    let scratch = Scratch::new("at-rest");
    assert!(run(&scratch, &["demo"]).status.success());
    let (_, held) = json(&scratch, &["wallet", "--json"]);
    let id = held[0]["id"].as_str().unwrap().to_owned();
    let (_, detail) = json(&scratch, &["wallet", "show", &id, "--json"]);
    let names: Vec<String> = detail["elements"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|element| element["element"].as_str().unwrap().contains("name"))
        .filter_map(|element| element["value"].as_str().map(str::to_owned))
        .filter(|value| value.len() >= 5)
        .collect();
    assert!(!names.is_empty());
    for entry in std::fs::read_dir(scratch.path(".rid/wallet")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for canary in names.iter().map(String::as_bytes).chain([b"Yol Polisi".as_slice(), b"org.iso.18013"]) {
            let found = bytes.windows(canary.len()).any(|window| window == canary);
            assert!(!found, "{}", path.display());
        }
    }
}

/// The wallet agrees to everything it can offer to a reader that asks for these elements of the driving licence.
fn presented(scratch: &Scratch, elements: &[&str]) -> (String, String) {
    let wallet = rid::command(scratch, &["present", "--yes", "--lang", "en", "--handoff", "handoff"])
        .stdout(Stdio::piped())
        .spawn();
    let wallet = wallet.unwrap();
    let port = (0..1_500).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        std::fs::read_to_string(scratch.path("handoff/port")).ok()
    });
    let port = port.expect("the wallet waits for a reader");
    let asks: Vec<String> =
        elements.iter().map(|name| format!("org.iso.18013.5.1.mDL/org.iso.18013.5.1/{name}")).collect();
    let mut arguments = vec!["read", "--qr", "handoff/qr.png", "--port", port.trim()];
    for ask in &asks {
        arguments.extend(["--ask", ask]);
    }
    let reader = text(&run(scratch, &arguments));
    let wallet = wallet.wait_with_output().unwrap();
    assert_eq!(wallet.status.code(), Some(0), "{}", text(&wallet));
    (text(&wallet), reader)
}

#[test]
fn field_neg_c30_two_of_three_ages_are_answered_and_the_third_is_marked() {
    let scratch = Scratch::new("ages");
    assert!(run(&scratch, &["demo"]).status.success());
    let (wallet, reader) = presented(&scratch, &["age_over_17", "age_over_20", "age_over_65"]);
    // The disclosed ages are shown with the ages that they answer, and the third one is marked.
    for line in ["Over 18  [answers: Over 17]", "Over 21  [answers: Over 20]", "Over 65  [not sent: more ages"] {
        assert!(wallet.contains(line), "{line}\n{wallet}");
    }
    assert!(wallet.contains("disclosed: Over 18, Over 21; 1 one-time copies used"), "{wallet}");
    assert!(reader.contains("age_over_18") && !reader.contains("age_over_65 ="), "{reader}");
}
