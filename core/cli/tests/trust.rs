//! `--trust`: types, bundles, and the certificates it accepts.
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

const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crypto/tests/certificates");

/// The verdict on the issuer's part of Annex D, and stderr.
fn annex_d(scratch: &Scratch, trust: &[&str]) -> (i32, Option<String>, String) {
    let capture = vector("isomdl/issuer_signed.cbor");
    let mut arguments = vec!["verify", &capture, "--kind", "issuer-signed", "--json", "--at", "2021-01-01T00:00:00Z"];
    arguments.extend(trust.iter().flat_map(|root| ["--trust", *root]));
    let output = run(scratch, &arguments);
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let code = verdict["code"].as_str().map(String::from);
    (output.status.code().unwrap(), code, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn neg_f30_root_signs_for_the_types_after_its_name() {
    let scratch = Scratch::new("trust-types");
    let iaca = vector("iso18013-5-annex-d-intermediate/d52_iaca.hex");
    for (types, exit, code) in [
        ("", 0, None),
        ("=mdl", 0, None),
        ("=org.iso.18013.5.1.mDL", 0, None),
        ("=pid,mdl", 0, None),
        ("=pid", 1, Some("cert_untrusted")),
        ("=org.example.library.1,pid", 1, Some("cert_untrusted")),
    ] {
        let seen = annex_d(&scratch, &[&format!("{iaca}{types}")]);
        assert_eq!((seen.0, seen.1.as_deref()), (exit, code), "{types}");
    }
    // The same for a document signer that is trusted itself.
    let leaf = vector("iso18013-5-annex-d/DS_CERT.hex");
    for (types, exit, code) in [("=mdl", 0, None), ("=pid", 1, Some("cert_untrusted"))] {
        let seen = annex_d(&scratch, &[&format!("{leaf}{types}")]);
        assert_eq!((seen.0, seen.1.as_deref()), (exit, code), "{types}");
    }
    // Another root of the right type does not matter.
    let other = vector("iso18013-5-annex-d-intermediate/d54_readerRoot.hex");
    assert_eq!(annex_d(&scratch, &[&format!("{iaca}=pid"), &other]).1.as_deref(), Some("cert_untrusted"));
    for wrong in ["=mld", "=", "=mdl,", "=pid mdl"] {
        let (exit, _, text) = annex_d(&scratch, &[&format!("{iaca}{wrong}")]);
        assert_eq!(exit, 64, "{wrong}");
        assert!(text.contains("neither a kind (pid, mdl) nor a document type"), "{text}");
    }
    // A file whose name has this ending is used as a file.
    let named = scratch.path("root=pid");
    std::fs::copy(&iaca, &named).unwrap();
    assert_eq!(annex_d(&scratch, &[named.to_str().unwrap()]).0, 0);
}

#[test]
fn neg_f34_bundle_is_used_without_its_unreadable_certificate() {
    let scratch = Scratch::new("trust-bundle");
    let text = std::fs::read_to_string(vector("iso18013-5-annex-d-intermediate/d52_iaca.hex")).unwrap();
    let iaca = rid_crypto::x509::Certificate::parse(&rid_wire::hex::decode(text.trim()).unwrap()).unwrap().to_pem();
    let rsa = std::fs::read_to_string(format!("{CERTIFICATES}/rsa2048.pem")).unwrap();
    let bundle = scratch.write("bundle.pem", format!("{rsa}{iaca}").as_bytes());
    let (exit, _, warning) = annex_d(&scratch, &[&bundle]);
    assert_eq!(exit, 0);
    assert_eq!(warning, format!("warning: {bundle}: certificate 1 is not used: cert_alg\n"));
    let nothing = scratch.write("rsa.pem", rsa.as_bytes());
    let (exit, _, text) = annex_d(&scratch, &[&nothing]);
    assert_eq!(exit, 64, "{text}");
}

/// neg-F33: on the command line, as a reader of other issuers would.
#[test]
fn field_name_string_type_is_accepted_by_rid_verify() {
    let scratch = Scratch::new("trust-names");
    let (capture, root) = (vector("field/name-string-type.is.hex"), vector("field/name-string-type.pem"));
    let common = ["verify", &capture, "--kind", "issuer-signed", "--json", "--at", "2026-10-01T00:00:00Z"];
    let (exit, verdict) = json(&scratch, &[&common[..], &["--trust", &root]].concat());
    assert_eq!((exit, verdict["verdict"].as_str()), (0, Some("accepted")), "{verdict:#}");
}

/// neg-F32: a root with keyCertSign is only an anchor, even if the chain consists of it.
#[test]
fn neg_f32_root_is_not_pinned() {
    let scratch = Scratch::new("trust-pin");
    let leaf = vector("iso18013-5-annex-d/DS_CERT.hex");
    assert_eq!(annex_d(&scratch, &[&leaf]).0, 0, "a document signer is trusted itself");
    let text = std::fs::read_to_string(vector("isomdl/issuer_signed.cbor")).unwrap().to_lowercase();
    let (signer, iaca) = (
        std::fs::read_to_string(&leaf).unwrap(),
        std::fs::read_to_string(vector("iso18013-5-annex-d-intermediate/d52_iaca.hex")).unwrap(),
    );
    // The chain in the unprotected header is the root: 59 and its length precede the certificate.
    let chained = |der: &str| format!("59{:04x}{}", der.trim().len() / 2, der.trim());
    assert!(text.contains(&chained(&signer)));
    let forged = scratch.write("forged.hex", text.replace(&chained(&signer), &chained(&iaca)).as_bytes());
    let root = vector("iso18013-5-annex-d-intermediate/d52_iaca.hex");
    let arguments = ["verify", &forged, "--kind", "issuer-signed", "--json", "--at", "2021-01-01T00:00:00Z"];
    let (exit, verdict) = json(&scratch, &[&arguments[..], &["--trust", &root]].concat());
    assert_eq!((exit, verdict["code"].as_str()), (1, Some("cert_untrusted")), "{verdict:#}");
}
