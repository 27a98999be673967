//! `rid verify --kind sd-jwt`: verdict, code, exit code and JSON (`spec/verify.md`).
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
use rid_claims::{ClaimKey, ClaimPath};
use rid_crypto::{SigningKey, x509::Profile};
use rid_kit::{Identity, NOON, SeededRng};
use rid_sdjwt::{
    TYP,
    issue::{Template, UnsignedSdJwt},
    key_binding::Binding,
    present::StoredSdJwt,
};
use rid_wire::{jose::Alg, json::Value as Json};
use serde_json::{Value, json as value};

const IN_2025: &str = "2025-07-01T00:00:00Z";
const AT: &str = "2026-06-15T12:00:00Z";
const VCT: &str = "urn:example:identity:1";
const LIMIT: usize = 1 << 20;

fn issuer_key() -> String {
    vector("rfc9901-sd-jwt/sdJwtRfcIssuerKey.json")
}

fn judge(scratch: &Scratch, file: &str, more: &[&str]) -> (i32, Value) {
    json(scratch, &[&["verify", file, "--kind", "sd-jwt", "--json"], more].concat())
}

/// Exit code, verdict, code.
fn outcome((exit, verdict): &(i32, Value)) -> (i32, &str, Option<&str>) {
    (*exit, verdict["verdict"].as_str().unwrap(), verdict["code"].as_str())
}

fn check<'a>(verdict: &'a Value, code: &str) -> &'a Value {
    let checks = verdict["documents"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["code"] == code).unwrap_or_else(|| panic!("no check {code}: {verdict:#}"))
}

#[test]
fn std_m25_published_presentations_are_accepted() {
    let scratch = Scratch::new("sd-jwt-published");
    for (file, audience, vct, elements) in [
        (
            "sd-jwt-vc-draft/example_presentation.txt",
            "https://example.com/verifier",
            "https://credentials.example.com/identity_credential",
            value!({
                "is_over_65": true,
                "address": {"street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"},
            }),
        ),
        (
            "rfc9901-sd-jwt/sdJwtRfcAppendixA3SdJwtKbCompactSerialization.txt",
            "https://verifier.example.org",
            "urn:eudi:pid:de:1",
            value!({"age_equal_or_over": {"18": true}, "nationalities": ["DE"]}),
        ),
    ] {
        let key = issuer_key();
        let trust = ["--trust-key", &key, "--at", IN_2025];
        let binding = ["--audience", audience, "--nonce", "1234567890"];
        let judged = judge(&scratch, &vector(file), &[&trust[..], &binding].concat());
        assert_eq!(outcome(&judged), (0, "accepted", None), "{:#}", judged.1);
        let document = &judged.1["documents"][0];
        assert_eq!((&document["docType"], &document["trustedBy"]), (&value!(vct), &value!("key")));
        assert_eq!((&document["elements"], &document["elementsAre"]), (&elements, &value!("current")));
        assert_eq!(
            (&judged.1["asked"], &judged.1["hint"], &document["failedElements"]),
            (&Value::Null, &Value::Null, &value!([]))
        );
        assert_eq!(check(&judged.1, "key_binding")["outcome"], "passed");
        // Without audience or nonce nothing is decided, and no claim is shown.
        for (more, code) in [
            (&binding[..2], "sdjwt_nonce_missing"),
            (&binding[2..], "sdjwt_audience_missing"),
            (&[], "sdjwt_audience_missing"),
        ] {
            let judged = judge(&scratch, &vector(file), &[&trust[..], more].concat());
            assert_eq!(outcome(&judged), (2, "undecided", Some(code)));
            assert_eq!(
                (&judged.1["documents"][0]["elements"], &judged.1["documents"][0]["elementsAre"]),
                (&value!({}), &value!("none"))
            );
        }
        for (binding, code) in [
            (["--audience", "https://evil.example", "--nonce", "1234567890"], "sdjwt_kb_audience"),
            (["--audience", audience, "--nonce", "1234567891"], "sdjwt_kb_nonce"),
        ] {
            let judged = judge(&scratch, &vector(file), &[&trust[..], &binding].concat());
            assert_eq!(outcome(&judged), (1, "refused", Some(code)));
        }
        let judged = judge(
            &scratch,
            &vector(file),
            &[&["--trust-key", &key, "--at", "2030-01-01T00:00:00Z"][..], &binding].concat(),
        );
        assert_eq!(outcome(&judged), (1, "refused", Some("jwt_time")));
        assert_eq!(check(&judged.1, "validity")["where"], "exp");
        assert_eq!(judged.1["documents"][0]["elementsAre"], "lapsed");
    }
}

#[test]
fn std_m25_a_credential_as_issued_is_judged_without_key_binding() {
    let scratch = Scratch::new("sd-jwt-issued");
    let (file, key) = (vector("sd-jwt-vc-draft/example_issuance.txt"), issuer_key());
    let judged = judge(&scratch, &file, &["--trust-key", &key, "--at", IN_2025]);
    assert_eq!(outcome(&judged), (0, "accepted", None), "{:#}", judged.1);
    assert_eq!(judged.1["documents"][0]["elements"]["email"], "johndoe@example.com");
    assert_eq!(check(&judged.1, "key_binding")["outcome"], "not_done");
    // Who says a nonce wants a presentation.
    let judged = judge(&scratch, &file, &["--trust-key", &key, "--at", IN_2025, "--nonce", "1"]);
    assert_eq!(outcome(&judged), (1, "refused", Some("sdjwt_key_binding_missing")));
    let judged = judge(&scratch, &file, &["--at", IN_2025]);
    assert_eq!(outcome(&judged), (1, "refused", Some("jws_x5c")), "neither a chain nor a key");
}

/// A credential of the test State's identity card with `x5c`, and its presentation.
struct Issued {
    root: Identity,
    credential: String,
    presentation: String,
}

impl Issued {
    fn make(vct: &str) -> Self {
        let mut rng = SeededRng::new(3);
        let root = Identity::make(Profile::Iaca, "Root", None, NOON, &mut rng);
        let signer = Identity::make(Profile::DocumentSigner, "Signer", Some(&root), NOON, &mut rng);
        let holder = SigningKey::make(&mut rng);
        let jwk = holder.public().to_jose().unwrap().to_value().to_text();
        let claims = format!(
            r#"{{"vct":"{vct}","iat":{0},"exp":{1},"cnf":{{"jwk":{jwk}}},"given_name":"Aynur\u202e","big":9007199254740993,"height":1.5}}"#,
            NOON.unix(),
            NOON.unix() + 86_400
        );
        let name = ClaimPath { steps: [ClaimKey::Name { name: "given_name".into() }].into() };
        let chain = [signer.certificate.der()];
        let disclosable = [name.clone()];
        let claims = Json::parse(&claims, LIMIT).unwrap();
        let template =
            Template { typ: TYP, alg: Alg::Es256, chain: &chain, claims, disclosable: &disclosable, decoys: 1 };
        let unsigned = UnsignedSdJwt::make(&template, &mut rng).unwrap();
        let credential = unsigned.finish(&signer.key.sign(&[unsigned.to_be_signed()]));
        let binding = Binding { audience: "verifier", nonce: "nonce", at: NOON, transaction_data_hashes: &[] };
        let unsigned = StoredSdJwt::read(&credential, LIMIT).unwrap().present(&[name], &binding).unwrap();
        let signature = holder.sign(&[unsigned.to_be_signed()]);
        let presentation = unsigned.finish(&signature, &binding).unwrap();
        Self { root, credential, presentation }
    }
}

#[test]
fn std_m25_a_chain_leads_to_a_root_of_the_type() {
    let scratch = Scratch::new("sd-jwt-chain");
    let issued = Issued::make(VCT);
    let root = scratch.write("root.pem", issued.root.certificate.to_pem().as_bytes());
    let file = scratch.write("presentation.txt", format!("\n{}\r\n", issued.presentation).as_bytes());
    let binding = ["--audience", "verifier", "--nonce", "nonce", "--at", AT];
    let with = |trust: &str| judge(&scratch, &file, &[&["--trust", trust][..], &binding].concat());
    let judged = with(&root);
    assert_eq!(outcome(&judged), (0, "accepted", None), "{:#}", judged.1);
    let document = &judged.1["documents"][0];
    assert_eq!(document["elements"], value!({"given_name": "Aynur\u{202e}", "big": "9007199254740993", "height": 1.5}));
    assert!(document["trustedBy"].as_str().unwrap().starts_with("anchor:"));
    assert_eq!(document["issuer"], "Signer");
    assert_eq!(outcome(&with(&format!("{root}={VCT}"))), (0, "accepted", None));
    assert_eq!(outcome(&with(&format!("{root}=urn:other"))), (1, "refused", Some("cert_untrusted")));
    assert_eq!(outcome(&judge(&scratch, &file, &binding)), (2, "undecided", Some("trust_missing")));
    // For people: every check by name, and nothing that could move the cursor.
    let output = run(&scratch, &[&["verify", &file, "--kind", "sd-jwt", "--trust", &root][..], &binding].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("ACCEPTED") && text.contains("[ok  ] key_binding") && text.contains("given_name = Aynur\u{fffd}"),
        "{text}"
    );
}

#[test]
fn neg_d14_d15_altered_presentations_are_refused() {
    let scratch = Scratch::new("sd-jwt-altered");
    let issued = Issued::make(VCT);
    let root = scratch.write("root.pem", issued.root.certificate.to_pem().as_bytes());
    let arguments = ["--trust", &root, "--audience", "verifier", "--nonce", "nonce", "--at", AT];
    let parts: Vec<&str> = issued.presentation.split('~').collect();
    let [jwt, disclosure, kb] = parts.as_slice() else { panic!("parts") };
    for (text, code) in [
        (format!("{jwt}~{kb}"), "sdjwt_kb_hash"),
        (format!("{jwt}~{disclosure}~"), "sdjwt_key_binding_missing"),
        (format!("{jwt}~{disclosure}~{disclosure}~{kb}"), "sdjwt_duplicate_digest"),
        (format!("{jwt}~{disclosure}=~{kb}"), "sdjwt_base64"),
        (format!("{jwt}~ {disclosure}~{kb}"), "sdjwt_base64"),
        ((*jwt).to_owned(), "sdjwt_form"),
        (issued.credential.replacen('.', "..", 1), "jws_form"),
        (String::new(), "sdjwt_form"),
        ("\u{fffd}~".into(), "jws_form"),
    ] {
        let file = scratch.write("altered.txt", text.as_bytes());
        let judged = judge(&scratch, &file, &arguments);
        assert_eq!(outcome(&judged), (1, "refused", Some(code)), "{text}");
        let shown = judged.1["documents"].as_array().unwrap().iter().all(|document| document["elements"] == value!({}));
        assert!(shown, "{:#}", judged.1);
    }
    let file = scratch.write("large.txt", &vec![b'~'; (5 << 20) + 1]);
    assert_eq!(outcome(&judge(&scratch, &file, &arguments)), (1, "refused", Some("input_too_large")));
}

#[test]
fn neg_t05_another_kind_of_input_is_named() {
    let scratch = Scratch::new("sd-jwt-hints");
    let issued = Issued::make(VCT);
    let sd_jwt = scratch.write("sd-jwt.txt", issued.credential.as_bytes());
    let (_, verdict) = json(&scratch, &["verify", &sd_jwt, "--kind", "device-response", "--json"]);
    assert!(verdict["hint"].as_str().unwrap().contains("--kind sd-jwt"), "{verdict:#}");
    let mdoc = vector("iso18013-5-annex-d/DEVICE_RESPONSE.hex");
    assert!(judge(&scratch, &mdoc, &[]).1["hint"].as_str().unwrap().contains("another --kind"));
    let token = scratch.write("token.json", br#"{"pid": ["eyJ"]}"#);
    assert!(judge(&scratch, &token, &[]).1["hint"].as_str().unwrap().contains("vp_token"));
}

#[test]
fn neg_t01_arguments_of_another_kind_exit_64() {
    let scratch = Scratch::new("sd-jwt-usage");
    let file = vector("sd-jwt-vc-draft/example_issuance.txt");
    for arguments in [
        ["--kind", "sd-jwt", "--transcript", &file],
        ["--kind", "sd-jwt", "--reader-key", "{}"],
        ["--kind", "sd-jwt", "--asked", &file],
        ["--kind", "device-response", "--nonce", "1"],
        ["--kind", "issuer-signed", "--audience", "1"],
        ["--kind", "device-request", "--nonce", "1"],
    ] {
        let output = run(&scratch, &[&["verify", &file][..], &arguments].concat());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(64), 0), "{arguments:?}");
    }
}
