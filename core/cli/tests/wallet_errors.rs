//! The `errors` and `documentErrors` of a wallet in the verdict of `rid verify`.
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
use rid_wire::{cbor::Encoder, hex};
use serde_json::json as value;

const MDL: &str = "org.iso.18013.5.1.mDL";
const PID: &str = "az.gov.rid.pid.1";
const NAMESPACE: &str = "org.iso.18013.5.1";

fn encoded(write: impl FnOnce(&mut Encoder)) -> Vec<u8> {
    let mut encoder = Encoder::new();
    write(&mut encoder);
    encoder.finish()
}

/// A response from the field with `errors` in its document, and with `documentErrors`. They are not signed.
fn with_errors(element: i64, document: i64) -> Vec<u8> {
    let text = std::fs::read_to_string(vector("field/subset-disclosed.dr.hex")).unwrap();
    let response = hex::decode(text.trim()).unwrap();
    // {"version": "1.0", "documents": [{3 members}], "status": 0}
    let before = encoded(|w| _ = w.text("version").text("1.0").text("documents").array(1));
    let status = encoded(|w| _ = w.text("status").uint(0));
    let one = response[1..].strip_prefix(before.as_slice()).unwrap().strip_suffix(status.as_slice()).unwrap();
    assert_eq!((response[0], one[0]), (0xa3, 0xa3));
    let errors = encoded(|w| _ = w.text("errors").map(1).text(NAMESPACE).map(1).text("age_over_18").int(element));
    let document_errors = encoded(|w| _ = w.text("documentErrors").array(1).map(1).text(PID).int(document));
    [&[0xa4][..], &before, &[0xa4], &one[1..], &errors, &document_errors, &status].concat()
}

#[test]
fn neg_q08_wallet_errors_are_shown_and_not_decisive() {
    let scratch = Scratch::new("wallet-errors");
    let question = format!("{MDL}/{NAMESPACE}/family_name\n{MDL}/{NAMESPACE}/age_over_18\n{PID}/{PID}/family_name\n");
    let question = scratch.write("asked.txt", question.as_bytes());
    for (element, document) in [(0, 0), (10, 11), (-1, 20_000)] {
        let file = scratch.write("response", &with_errors(element, document));
        let (transcript, trust) = (vector("field/transcript.hex"), vector("field/iaca.pem"));
        let arguments = ["verify", &file, "--kind", "device-response", "--transcript", &transcript, "--trust", &trust];
        let arguments = [&arguments[..], &["--at", "2026-10-01T00:00:00Z"]].concat();

        // Without a question nothing is missing.
        let (exit, verdict) = json(&scratch, &[&arguments[..], &["--json"]].concat());
        assert_eq!((exit, verdict["verdict"].as_str()), (0, Some("accepted")), "{verdict:#}");
        assert_eq!(verdict["documentErrors"], value!([{"docType": PID, "code": document}]));
        assert_eq!(verdict["documents"][0]["errors"], value!([[NAMESPACE, "age_over_18", element]]));

        // With a question, an error does not replace an answer.
        let (exit, verdict) = json(&scratch, &[&arguments[..], &["--json", "--asked", &question]].concat());
        assert_eq!((exit, verdict["code"].as_str()), (2, Some("not_returned")), "{verdict:#}");
        assert_eq!(verdict["notReturned"], value!([PID]));
        assert_eq!(verdict["documents"][0]["notReturned"], value!([[NAMESPACE, "age_over_18"]]));
        assert_eq!(verdict["documentErrors"], value!([{"docType": PID, "code": document}]));

        let output = run(&scratch, &arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        for line in [
            format!("the wallet says of {NAMESPACE} / age_over_18: error {element}"),
            format!("The wallet says of {PID}: error {document}"),
        ] {
            assert!(text.contains(&line), "{line:?} is not in {text}");
        }
    }
}
