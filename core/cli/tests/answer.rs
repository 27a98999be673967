//! `rid verify --asked`: the verdict on answers seen in the field.
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
use serde_json::{Value, json as value};

const AT: &str = "2026-10-01T00:00:00Z";
const NAMESPACE: &str = "org.iso.18013.5.1";

fn path(element: &str) -> String {
    format!("org.iso.18013.5.1.mDL/{NAMESPACE}/{element}")
}

fn field(name: &str) -> String {
    vector(&format!("field/{name}"))
}

/// Judges a field case as the answer to a question with one path per line.
fn judge(scratch: &Scratch, case: &str, asked: &[&str]) -> (i32, Value) {
    let lines: Vec<String> = asked.iter().map(|element| path(element)).collect();
    let question = scratch.write("asked.txt", lines.join("\n").as_bytes());
    judge_with(scratch, case, &["--asked", &question])
}

fn judge_with(scratch: &Scratch, case: &str, more: &[&str]) -> (i32, Value) {
    let (file, transcript, trust) = (field(case), field("transcript.hex"), field("iaca.pem"));
    let arguments = ["verify", &file, "--kind", "device-response", "--transcript", &transcript, "--trust", &trust];
    json(scratch, &[&arguments[..], &["--at", AT, "--json"], more].concat())
}

fn issuer_signed(scratch: &Scratch, case: &str) -> (i32, Value) {
    let (file, trust) = (field(case), field("iaca.pem"));
    json(scratch, &["verify", &file, "--kind", "issuer-signed", "--trust", &trust, "--at", AT, "--json"])
}

fn outcome(verdict: &Value) -> (Option<&str>, Option<&str>) {
    (verdict["verdict"].as_str(), verdict["code"].as_str())
}

fn check<'a>(whole: &'a Value, code: &str) -> &'a Value {
    let checks = whole["checks"].as_array().unwrap();
    checks.iter().find(|check| check["code"] == code).unwrap_or_else(|| panic!("no check {code}: {whole:#}"))
}

#[test]
fn neg_q02_q03_field_missing_elements_are_undecided() {
    let scratch = Scratch::new("answer-missing");
    let (exit, verdict) = judge(&scratch, "subset-disclosed.dr.hex", &["family_name", "age_over_18"]);
    assert_eq!((exit, outcome(&verdict)), (2, (Some("undecided"), Some("not_returned"))), "{verdict:#}");
    assert_eq!(verdict["documents"][0]["notReturned"], value!([[NAMESPACE, "age_over_18"]]));
    assert_eq!(check(&verdict, "all_elements_returned")["reason"], "not_returned");
    assert_eq!(verdict["notReturned"], value!([]));

    let (exit, verdict) = judge(&scratch, "nothing-disclosed.dr.hex", &["family_name", "age_over_18"]);
    assert_eq!((exit, outcome(&verdict)), (2, (Some("undecided"), Some("not_returned"))), "{verdict:#}");
    assert_eq!(verdict["notReturned"], value!(["org.iso.18013.5.1.mDL"]));

    // A missing optional element does not matter.
    let (exit, verdict) = judge(&scratch, "subset-disclosed.dr.hex", &["family_name", "age_over_18:optional"]);
    assert_eq!((exit, outcome(&verdict)), (0, (Some("accepted"), None)), "{verdict:#}");
}

#[test]
fn neg_q04_field_age_16_does_not_answer_18() {
    let scratch = Scratch::new("answer-age");
    let (exit, verdict) = judge(&scratch, "age-16-for-18.dr.hex", &["age_over_18"]);
    assert_eq!((exit, outcome(&verdict)), (1, (Some("refused"), Some("answer_not_asked"))), "{verdict:#}");
    assert_eq!(verdict["documents"][0]["elementsAre"], "lapsed");
    let (exit, verdict) = judge(&scratch, "age-16-for-18.dr.hex", &["age_over_14"]);
    assert_eq!((exit, outcome(&verdict)), (0, (Some("accepted"), None)), "{verdict:#}");
    let answer = value!([{"asked": [NAMESPACE, "age_over_14"], "over": true, "attested": [NAMESPACE, "age_over_16"]}]);
    assert_eq!(verdict["documents"][0]["ages"], answer);

    let (file, question) = (field("age-16-for-18.dr.hex"), scratch.write("asked.txt", path("age_over_14").as_bytes()));
    let (transcript, trust) = (field("transcript.hex"), field("iaca.pem"));
    let arguments = ["verify", &file, "--kind", "device-response", "--transcript", &transcript, "--trust", &trust];
    let output = run(&scratch, &[&arguments[..], &["--at", AT, "--asked", &question]].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("age_over_14: yes (attested by age_over_16)"), "{said}");
}

#[test]
fn neg_q05_field_device_element_that_was_not_asked_for_is_named() {
    let scratch = Scratch::new("answer-device");
    let (exit, verdict) = judge(&scratch, "device-element-not-asked.dr.hex", &["family_name"]);
    assert_eq!((exit, outcome(&verdict)), (1, (Some("refused"), Some("answer_not_asked"))), "{verdict:#}");
    let asked = [path("family_name"), "org.iso.18013.5.1.mDL/x.y/z".into()];
    let question = scratch.write("asked.json", value!(asked).to_string().as_bytes());
    let (exit, verdict) = judge_with(&scratch, "device-element-not-asked.dr.hex", &["--asked", &question]);
    assert_eq!((exit, outcome(&verdict)), (0, (Some("accepted"), None)), "{verdict:#}");
    assert_eq!(verdict["documents"][0]["deviceElements"], value!({"x.y": {"z": 1}}));
}

#[test]
fn neg_q06_field_wrong_types_and_image_formats_are_named() {
    let scratch = Scratch::new("answer-types");
    let (exit, verdict) = issuer_signed(&scratch, "wrong-types.is.hex");
    assert_eq!((exit, outcome(&verdict)), (0, (Some("accepted"), None)), "{verdict:#}");
    let document = &verdict["documents"][0];
    assert_eq!(check(document, "element_types")["reason"], "element_type");
    let warnings = document["warnings"].as_array().unwrap();
    assert!(warnings.contains(&value!([NAMESPACE, "birth_date", "element_type"])), "{warnings:?}");
    assert_eq!(document["elements"][NAMESPACE]["age_over_18"], "false");

    let (exit, verdict) = issuer_signed(&scratch, "portrait-jp2.is.hex");
    assert_eq!((exit, outcome(&verdict)), (0, (Some("accepted"), None)), "{verdict:#}");
    assert_eq!(verdict["documents"][0]["images"], value!([[NAMESPACE, "portrait", "jpeg2000"]]));
    let (file, trust) = (field("portrait-jp2.is.hex"), field("iaca.pem"));
    let output = run(&scratch, &["verify", &file, "--kind", "issuer-signed", "--trust", &trust, "--at", AT]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("JPEG 2000"));
}

#[test]
fn neg_q07_expired_elements_stay_in_the_json_with_their_mark() {
    let scratch = Scratch::new("answer-expired");
    let (file, transcript) = (field("subset-disclosed.dr.hex"), field("transcript.hex"));
    // The certificate of the signer expires with the document, so only a trusted key lets the document's own validity
    // decide.
    let response = rid_wire::hex::decode(std::fs::read_to_string(&file).unwrap().trim()).unwrap();
    let parsed = rid_mdoc::response::UnverifiedResponse::parse(&response, rid_wire::cbor::Limits::ONLINE).unwrap();
    let signed = parsed.documents.as_ref().unwrap()[0].issuer_signed.as_ref().unwrap();
    let signer = rid_crypto::x509::Certificate::parse(&signed.issuer_auth.header.x5chain.as_ref().unwrap()[0]).unwrap();
    let point = signer.public_key().to_bytes();
    let coordinate = |range| rid_wire::base64::encode_url(&point[range]);
    let key = value!({"kty": "EC", "crv": "P-256", "x": coordinate(1..33), "y": coordinate(33..65)}).to_string();
    let arguments = ["verify", &file, "--kind", "device-response", "--transcript", &transcript, "--trust-key", &key];
    for (at, exit, mark) in [(AT, 0, "current"), ("2027-06-02T00:00:00Z", 1, "lapsed")] {
        let (found, verdict) = json(&scratch, &[&arguments[..], &["--at", at, "--json"]].concat());
        let document = &verdict["documents"][0];
        assert_eq!((found, document["elementsAre"].as_str()), (exit, Some(mark)), "{verdict:#}");
        assert_eq!(document["elements"][NAMESPACE]["family_name"], "Nümunə");
    }
    let (_, verdict) = json(&scratch, &["verify", &file, "--kind", "device-response", "--at", AT, "--json"]);
    assert_eq!(verdict["documents"][0]["elementsAre"], "none");
}

#[test]
fn question_is_read_as_request_json_or_lines() {
    let scratch = Scratch::new("answer-forms");
    let element = |identifier: &str| rid_mdoc::request::RequestedElement {
        identifier: identifier.into(),
        intent_to_retain: false,
    };
    let namespace = rid_mdoc::request::RequestedNamespace {
        namespace: NAMESPACE.into(),
        elements: vec![element("family_name"), element("age_over_18")],
    };
    let items =
        rid_mdoc::request::ItemsRequest { doc_type: "org.iso.18013.5.1.mDL".into(), namespaces: vec![namespace] };
    let request = rid_mdoc::request::encode(&[rid_mdoc::request::DocRequestToSend {
        items_request_bytes: items.encode(),
        reader_auth: None,
    }]);
    let paths = [path("family_name"), path("age_over_18")];
    let forms: [&[u8]; 6] = [
        &request,
        rid_wire::hex::encode(&request).as_bytes(),
        rid_wire::base64::encode_url(&request).as_bytes(),
        value!(paths).to_string().as_bytes(),
        format!("{}\r\n\n {}\n", paths[0], paths[1]).as_bytes(),
        format!("\u{feff}{}\n{}", paths[0], paths[1]).as_bytes(),
    ]
    .map(|form: &[u8]| -> &[u8] { Box::leak(form.to_vec().into_boxed_slice()) });
    for form in forms {
        let question = scratch.write("asked", form);
        let (exit, verdict) = judge_with(&scratch, "subset-disclosed.dr.hex", &["--asked", &question]);
        assert_eq!((exit, outcome(&verdict)), (2, (Some("undecided"), Some("not_returned"))), "{verdict:#}");
        let asked = value!({
            "docType": "org.iso.18013.5.1.mDL", "namespace": NAMESPACE, "element": "age_over_18",
            "retain": false, "optional": false,
        });
        assert_eq!(verdict["asked"][1], asked);
    }
    // Without a question completeness is not checked.
    for case in ["subset-disclosed.dr.hex", "nothing-disclosed.dr.hex", "device-element-not-asked.dr.hex"] {
        let (exit, verdict) = judge_with(&scratch, case, &[]);
        assert_eq!((exit, outcome(&verdict)), (0, (Some("accepted"), None)), "{verdict:#}");
        assert_eq!(verdict["asked"], Value::Null);
        for undone in ["asked_equals_answered", "all_documents_returned", "all_elements_returned"] {
            let check = check(&verdict, undone);
            assert_eq!((&check["outcome"], &check["reason"]), (&value!("not_done"), &Value::Null), "{undone}");
        }
    }
    for (name, bytes) in [("empty", &b""[..]), ("words", b"family_name"), ("list", b"[1]"), ("short", b"a/b")] {
        let question = scratch.write(name, bytes);
        let file = field("subset-disclosed.dr.hex");
        let output = run(&scratch, &["verify", &file, "--kind", "device-response", "--asked", &question, "--json"]);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(64), true), "{name}");
    }
}

#[test]
fn neg_t05_field_input_of_another_kind_is_named_in_the_hint() {
    let scratch = Scratch::new("answer-hint");
    let response = std::fs::read_to_string(field("subset-disclosed.dr.hex")).unwrap();
    let credential = std::fs::read_to_string(field("portrait-jp2.is.hex")).unwrap();
    let compact = rid_wire::base64::encode_url(&rid_wire::hex::decode(response.trim()).unwrap());
    let with_mark = format!("\u{feff}{response}");
    let with_prefix = format!("0x{response}");
    let vp_token = value!({"vp_token": {"mdl": [compact]}}).to_string();
    // A Document alone, which follows {"version": "1.0", "documents": [.
    let document = response.trim().split_once("69646f63756d656e747381").unwrap().1;
    let document = document.strip_suffix("667374617475730a").or(document.strip_suffix("6673746174757300")).unwrap();
    for (name, text, part) in [
        ("issuer-signed", credential.as_str(), "--kind issuer-signed"),
        ("mark", &with_mark, "byte order mark"),
        ("prefix", &with_prefix, "0x"),
        ("vp-token", &vp_token, "vp_token"),
        ("document", document, "one Document"),
    ] {
        let file = scratch.write(name, text.as_bytes());
        let (exit, verdict) = json(&scratch, &["verify", &file, "--kind", "device-response", "--json"]);
        assert_eq!((exit, verdict["verdict"].as_str()), (1, Some("refused")), "{name}");
        assert!(verdict["hint"].as_str().unwrap_or_default().contains(part), "{name}: {verdict:#}");
        let output = run(&scratch, &["verify", &file, "--kind", "device-response"]);
        assert!(String::from_utf8(output.stdout).unwrap().contains("Hint: "), "{name}");
    }
    let (exit, verdict) = judge_with(&scratch, "issuer-signed-as-response.dr.hex", &[]);
    assert_eq!((exit, outcome(&verdict)), (1, (Some("refused"), Some("cbor_missing_member"))));
    assert!(verdict["hint"].as_str().unwrap().contains("IssuerSigned"));
    let (_, verdict) = judge_with(&scratch, "subset-disclosed.dr.hex", &[]);
    assert_eq!(verdict["hint"], Value::Null);
    for malformed in ["chain-protected.is.hex", "kid-text.is.hex"] {
        let (exit, verdict) = issuer_signed(&scratch, malformed);
        assert_eq!((exit, &verdict["hint"]), (1, &Value::Null), "{malformed}");
    }
}

#[test]
fn question_with_a_saved_exchange_or_issuer_signed_is_refused() {
    let scratch = Scratch::new("answer-usage");
    let question = scratch.write("asked.txt", path("family_name").as_bytes());
    let folder = scratch.path("saved");
    std::fs::create_dir_all(&folder).unwrap();
    let file = field("portrait-jp2.is.hex");
    for arguments in [
        &["verify", folder.to_str().unwrap(), "--asked", &question, "--json"][..],
        &["verify", &file, "--kind", "issuer-signed", "--asked", &question, "--json"],
    ] {
        let output = run(&scratch, arguments);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(64), true), "{arguments:?}");
    }
}

#[test]
fn std_t02_neg_q02_reader_prints_its_question_as_data_and_names_what_is_missing() {
    let scratch = Scratch::new("answer-read");
    assert!(run(&scratch, &["demo", "--json"]).status.success());
    let present = ["present", "--yes", "--untick", "age_over_18", "--handoff", "handoff", "--json"];
    let mut wallet = rid::command(&scratch, &present).stdout(std::process::Stdio::null()).spawn().unwrap();
    let port = scratch.path("handoff/port");
    while !port.exists() {
        assert!(wallet.try_wait().unwrap().is_none(), "the wallet ended before it was ready");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let port = std::fs::read_to_string(port).unwrap();
    let (name, age) = (path("family_name:retain"), path("age_over_18"));
    let read = ["read", "--ask", &name, "--ask", &age, "--qr", "handoff/qr.png", "--port", port.trim(), "--json"];
    let output = run(&scratch, &read);
    wallet.wait().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let last = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>().last().unwrap().unwrap();
    let element = |name: &str, retain: bool| {
        value!({
            "docType": "org.iso.18013.5.1.mDL", "namespace": NAMESPACE, "element": name,
            "retain": retain, "optional": false,
        })
    };
    assert_eq!(last["asked"], value!([element("family_name", true), element("age_over_18", false)]), "{last:#}");
    assert_eq!(outcome(&last["verdict"]), (Some("undecided"), Some("not_returned")));
    assert_eq!(last["verdict"]["documents"][0]["notReturned"], value!([[NAMESPACE, "age_over_18"]]));
}
