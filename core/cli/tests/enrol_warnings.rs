//! `rid enrol --accept` of an answer whose values have other types than the profile's.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use rid::{Scratch, json, run};
use rid_crypto::{SigningKey, x509::Certificate};
use rid_flow::ports::Clock;
use rid_issuer::{Issuer, IssuerKey, Order, sample_citizen};
use rid_shell::{OsRng, SystemClock};
use rid_wire::{base64, hex};
use serde_json::{Value, json as value};

const MDL: &str = "org.iso.18013.5.1.mDL";
const NAMESPACE: &str = "org.iso.18013.5.1";

/// The name of the test issuer in `rid issue`.
const AUDIENCE: &str = "https://issuer.rid.example";

fn ok(scratch: &Scratch, arguments: &[&str]) -> String {
    let output = run(scratch, arguments);
    assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Requests a licence and answers as the test issuer. With `wrong`, `sex` is the text "2".
fn answer(scratch: &Scratch, wrong: bool) {
    let challenge = ok(scratch, &["issue", "--challenge"]);
    ok(
        scratch,
        &["enrol", "--kind", "mdl", "--copies", "2", "--challenge", challenge.trim(), "--out", "request", "--force"],
    );
    let pki = scratch.path(".rid/pki");
    let pem = std::fs::read(pki.join("document-signer.pem")).unwrap();
    let jwk = std::fs::read(pki.join("document-signer.test-key.jwk")).unwrap();
    let jwk: Value = serde_json::from_slice(&jwk).unwrap();
    let signer = IssuerKey {
        key: SigningKey::from_scalar(&base64::decode_url(jwk["d"].as_str().unwrap()).unwrap()).unwrap(),
        certificate: Certificate::parse_pem_or_der(&pem).unwrap().remove(0),
    };
    let mut records = sample_citizen().unwrap();
    let licence = records.iter_mut().find(|record| record.kind == MDL).unwrap();
    let sex = licence.elements.iter_mut().find(|element| element.identifier == "sex").unwrap();
    if wrong {
        sex.value = b"\x612".to_vec();
    }
    let order = Order {
        challenge: &hex::decode(challenge.trim()).unwrap(),
        records: &records,
        validity_days: 7,
        now: SystemClock::new().now().unwrap(),
    };
    let request = std::fs::read(scratch.path("request")).unwrap();
    let answer = Issuer::new(signer, AUDIENCE.into()).answer(&request, &order, &mut OsRng).unwrap();
    scratch.write("answer", &answer);
}

#[test]
fn neg_q06_value_of_another_type_is_named_on_receipt() {
    let scratch = Scratch::new("enrol-warnings");
    ok(&scratch, &["issue", "--init"]);

    answer(&scratch, true);
    let text = ok(&scratch, &["enrol", "--accept", "answer"]);
    let line = format!("warning: element_type: {NAMESPACE} / sex");
    assert!(text.contains("stored: ") && text.contains(&line), "{text}");
    answer(&scratch, true);
    let (exit, stored) = json(&scratch, &["enrol", "--accept", "answer", "--json"]);
    assert_eq!(exit, 0);
    assert_eq!(stored[0]["warnings"], value!([[NAMESPACE, "sex", "element_type"]]), "{stored:#}");

    answer(&scratch, false);
    let text = ok(&scratch, &["enrol", "--accept", "answer"]);
    assert!(text.contains("stored: ") && !text.contains("warning"), "{text}");
    answer(&scratch, false);
    let (_, stored) = json(&scratch, &["enrol", "--accept", "answer", "--json"]);
    assert_eq!(stored[0]["warnings"], value!([]), "{stored:#}");
}
