//! Tests of the exported history.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]
use rid_claims::{ClaimPath, CredentialType};
use rid_flow::{HistoryDraft, HistoryId, HistorySeq};

use super::*;

fn rows() -> Vec<History> {
    let element = |name: &str, retained| HistoryElement {
        credential_type: CredentialType::mdoc("org.iso.18013.5.1.mDL"),
        path: ClaimPath::element("org.iso.18013.5.1", name),
        retained,
    };
    let draft = HistoryDraft {
        id: HistoryId([7; 16]),
        event: HistoryEventType::Presentation,
        outcome: HistoryOutcome::Finished,
        at: Timestamp::from_unix(1_800_000_000),
        peer: Some(Party {
            name: "Yol \"Polisi\"\n\u{1f600}".into(),
            organization: None,
            country: None,
            basis: PartyBasis::Certificate { key: [7; 32] },
        }),
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

const WHOLE: HistoryCheck = HistoryCheck { whole: true, rows: 3, first_broken: None };

fn export_of(rows: &[History], check: &HistoryCheck) -> String {
    export(rows, check, Timestamp::from_unix(1_800_000_200), Environment::Test).unwrap()
}

fn lines() -> Vec<String> {
    export_of(&rows(), &WHOLE).lines().map(String::from).collect()
}

fn judged(lines: &[String]) -> Result<ExportVerdict, ExportError> {
    verify_export(&lines.join("\n"))
}

#[test]
fn an_export_is_one_line_a_place_and_consistent() {
    let lines = lines();
    assert_eq!(lines.len(), 5);
    assert!(
        lines[1].contains("\"name\":\"Yol \\\"Polisi\\\"") && lines[1].contains("\"state\":\"kept\""),
        "{}",
        lines[1]
    );
    assert!(lines[2].contains("\"deletedAt\"") && lines[3].contains("damaged"));
    let verdict = judged(&lines).unwrap();
    assert_eq!((verdict.rows, verdict.whole, verdict.first_broken), (3, true, None));
    assert_eq!((verdict.made, verdict.environment), (Timestamp::from_unix(1_800_000_200), Environment::Test));
    let empty = HistoryCheck { whole: true, rows: 0, first_broken: None };
    assert_eq!(verify_export(&export_of(&[], &empty)).unwrap().rows, 0);
    let broken = HistoryCheck { whole: false, rows: 1, first_broken: Some(2) };
    assert_eq!(verify_export(&export_of(&rows(), &broken)).unwrap().first_broken, Some(2));
}

#[test]
fn a_line_altered_taken_out_moved_or_doubled_is_named() {
    for at in 0..5 {
        let mut altered = lines();
        altered[at] = altered[at].replacen(':', ": ", 1);
        let line = u64::try_from(at).unwrap() + 2;
        let wanted = if at < 4 { Err(ExportError::Chain { line }) } else { judged(&lines()) };
        assert_eq!(judged(&altered), wanted, "the last line only counts");
    }
    for at in 1..4 {
        let mut removed = lines();
        removed.remove(at);
        assert!(matches!(judged(&removed), Err(ExportError::Chain { .. })));
        let mut doubled = lines();
        doubled.insert(at, doubled[at].clone());
        assert!(matches!(judged(&doubled), Err(ExportError::Chain { .. })));
    }
    let mut cut = lines();
    cut.pop();
    assert_eq!(judged(&cut), Err(ExportError::Form), "the end is missing");
    let mut more = lines();
    more.push(more[4].clone());
    assert_eq!(judged(&more), Err(ExportError::Form));
}

#[test]
fn places_are_counted_although_the_hashes_fit() {
    let mut moved = rows();
    moved[1].seq = HistorySeq(3);
    assert_eq!(verify_export(&export_of(&moved, &WHOLE)), Err(ExportError::Sequence { seq: 2 }));
}

#[test]
fn what_is_no_export_is_named() {
    for text in ["", "{}", "\u{1}", "[1]", "{\"format\":\"rid-history-1\"}"] {
        assert_eq!(verify_export(text), Err(ExportError::Form), "{text}");
    }
}

#[test]
fn the_example_of_the_page_is_consistent() {
    let page = include_str!("../../../../spec/history.md");
    let example = page.split("```").nth(1).unwrap().trim_start_matches("json").trim();
    assert_eq!(verify_export(example).unwrap().rows, 3);
}
