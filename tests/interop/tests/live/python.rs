//! `sd-jwt` of the authors of the standard: what we issue and present it accepts, what it issues and presents we
//! accept. It never looks at times, `typ` or certificates.
use std::path::Path;

use rid_crypto::PublicKey;
use rid_interop::{PeerError, Python};
use rid_kit::vector_path;
use rid_sdjwt::{UnverifiedSdJwt, verify::verify_signed};
use serde_json::{Value, json};

use crate::{
    available,
    sdjwt::{AUDIENCE, NONCE, SdJwtExchange, value, verify_under},
};

fn peer() -> Option<Python> {
    available(Python::start(Path::new(env!("CARGO_TARGET_TMPDIR"))))
}

impl SdJwtExchange {
    fn python_presents(&self, peer: &mut Python, credential: &str) -> String {
        let answer = peer.call(&json!({
            "command": "present",
            "sdJwt": credential,
            "disclose": {
                "given_name": true,
                "address": { "street": false },
                // Decoys are counted, too.
                "nationalities": [true, true, true, true],
                "age_equal_or_over": { "18": true },
            },
            "holderKey": self.private_holder_key(),
            "audience": AUDIENCE,
            "nonce": NONCE,
        }));
        answer.unwrap()["presentation"].as_str().unwrap().to_owned()
    }

    fn python_verifies(&self, peer: &mut Python, sd_jwt: &str, bound: bool) -> Result<Value, PeerError> {
        let mut command = json!({ "command": "verify", "sdJwt": sd_jwt, "issuerKey": self.issuer_key() });
        if bound {
            command["audience"] = json!(AUDIENCE);
            command["nonce"] = json!(NONCE);
        }
        Ok(peer.call(&command)?["claims"].clone())
    }
}

/// A presentation with a disclosure altered or left out, and with a signature altered.
pub(crate) fn altered(presentation: &str) -> Vec<String> {
    let parts: Vec<&str> = presentation.split('~').collect();
    let [issuer, disclosures @ .., kb] = parts.as_slice() else { panic!("parts") };
    let join = |issuer: &str, disclosures: &[&str], kb: &str| [&[issuer], disclosures, &[kb]].concat().join("~");
    let spoiled = |jwt: &str| {
        let (input, signature) = jwt.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        format!("{input}.{first}{}", signature.get(1..).unwrap())
    };
    let (_, fewer) = disclosures.split_first().unwrap();
    vec![
        join(&spoiled(issuer), disclosures, kb),
        join(issuer, disclosures, &spoiled(kb)),
        join(issuer, fewer, kb),
        join(issuer, &[fewer, disclosures.get(..1).unwrap()].concat(), kb),
    ]
}

#[test]
fn interop_python_we_issue_and_present_they_verify() {
    let Some(mut peer) = peer() else { return };
    let mut exchange = SdJwtExchange::make(21);
    let credential = exchange.we_issue();
    assert_eq!(exchange.python_verifies(&mut peer, &credential, false).unwrap(), exchange.claims());
    let presentation = exchange.we_present(&credential);
    assert_eq!(exchange.python_verifies(&mut peer, &presentation, true).unwrap(), exchange.presented_claims());
    for altered in altered(&presentation) {
        assert!(exchange.we_verify(&altered).evidence.is_none(), "{altered}");
        assert!(exchange.python_verifies(&mut peer, &altered, true).is_err(), "{altered}");
    }
}

#[test]
fn interop_python_we_issue_they_present_we_verify() {
    let Some(mut peer) = peer() else { return };
    let mut exchange = SdJwtExchange::make(22);
    let credential = exchange.we_issue();
    exchange.accepted(&exchange.python_presents(&mut peer, &credential), "sd-jwt");
}

/// The sources of the examples of RFC 9901 and of SD-JWT VC, issued and presented as their authors do.
#[test]
fn interop_python_they_issue_and_present_the_published_specifications_we_verify() {
    let Some(mut peer) = peer() else { return };
    let key = std::fs::read_to_string(vector_path("rfc9901-sd-jwt/sdJwtRfcIssuerKey.json")).unwrap();
    let key = PublicKey::from_jwk(&key).unwrap();
    let mut seen = 0;
    for (folder, settings) in [("rfc9901-sd-jwt", "spec_settings.yml"), ("sd-jwt-vc-draft", "settings.yml")] {
        let folder = vector_path(folder);
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with("_specification.yml") && !name.contains("json_serialization"))
            .collect();
        names.sort();
        for name in names {
            let answer = peer.call(&json!({
                "command": "generate", "folder": folder, "settings": settings, "specification": name,
            }));
            let answer = answer.unwrap();
            let text = |member: &str| answer[member].as_str().unwrap().to_owned();
            for (text, expected) in [(text("issuance"), "claims"), (text("presentation"), "presented")] {
                // The claims of a presentation without its KB-JWT are those of the issuer's part.
                let parsed = UnverifiedSdJwt::parse(&text, 1 << 20).unwrap();
                let signed = verify_signed(&parsed, &key, &header_typ(&text).unwrap()).unwrap();
                assert_eq!(value(&signed.claims().to_value()), answer[expected], "{name}");
            }
            if let (Some(audience), Some("dc+sd-jwt")) =
                (answer["audience"].as_str(), header_typ(&text("issuance")).as_deref())
            {
                let nonce = answer["nonce"].as_str().unwrap();
                let claims = verify_under(key.clone(), &text("presentation"), audience, nonce);
                assert_eq!(claims, answer["presented"], "{name}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 15, "{seen} specifications");
}

/// The `typ` of the issuer's JWT.
fn header_typ(text: &str) -> Option<String> {
    let header = text.split('.').next()?;
    let header: Value = serde_json::from_slice(&rid_wire::base64::decode_url(header).ok()?).ok()?;
    header["typ"].as_str().map(str::to_owned)
}
