//! `@sd-jwt`: what we issue and present it accepts, what it issues and presents we accept.
use rid_interop::{PeerError, Peers};
use rid_wire::base64;
use serde_json::{Value, json};

use super::peers;
use crate::sdjwt::{AUDIENCE, NONCE, SdJwtExchange};

impl SdJwtExchange {
    fn npm_issues(&self, peers: &mut Peers) -> String {
        let der = self.world.signer.certificate.der();
        let digits = base64::encode_url(der).replace('-', "+").replace('_', "/");
        let padding = "=".repeat(digits.len().next_multiple_of(4) - digits.len());
        let answer = peers.call(&json!({
            "command": "sdjwt-issue",
            "claims": self.claims(),
            "frame": {
                "_sd": ["given_name", "family_name", "height", "address", "none"],
                "_sd_decoy": 2,
                "address": { "_sd": ["street"] },
                "nationalities": { "_sd": [0, 1] },
                "age_equal_or_over": { "_sd": ["18", "65"] },
            },
            "signerKey": self.private_issuer_key(),
            "x5c": [format!("{digits}{padding}")],
        }));
        answer.unwrap()["sdJwt"].as_str().unwrap().to_owned()
    }

    fn npm_presents(&self, peers: &mut Peers, credential: &str) -> String {
        let answer = peers.call(&json!({
            "command": "sdjwt-present",
            "sdJwt": credential,
            "frame": {
                "given_name": true,
                "address": { "locality": true },
                // Decoys are counted, too.
                "nationalities": { "0": true, "1": true, "2": true, "3": true },
                "age_equal_or_over": { "18": true },
            },
            "holderKey": self.private_holder_key(),
            "audience": AUDIENCE,
            "nonce": NONCE,
        }));
        answer.unwrap()["presentation"].as_str().unwrap().to_owned()
    }

    fn npm_verifies(&self, peers: &mut Peers, sd_jwt: &str, bound: bool) -> Result<Value, PeerError> {
        let mut command = json!({ "command": "sdjwt-verify", "sdJwt": sd_jwt, "issuerKey": self.issuer_key() });
        if bound {
            command["audience"] = json!(AUDIENCE);
            command["nonce"] = json!(NONCE);
        }
        Ok(peers.call(&command)?["claims"].clone())
    }
}

#[test]
fn interop_npm_sdjwt_we_issue_and_present_they_verify() {
    let Some(mut peers) = peers() else { return };
    let mut exchange = SdJwtExchange::make(11);
    let credential = exchange.we_issue();
    assert_eq!(exchange.npm_verifies(&mut peers, &credential, false).unwrap(), exchange.claims());
    let presentation = exchange.we_present(&credential);
    assert_eq!(exchange.npm_verifies(&mut peers, &presentation, true).unwrap(), exchange.presented_claims());
}

#[test]
fn interop_npm_sdjwt_they_issue_and_present_we_verify() {
    let Some(mut peers) = peers() else { return };
    let mut exchange = SdJwtExchange::make(12);
    let (theirs, ours) = (exchange.npm_issues(&mut peers), exchange.we_issue());
    exchange.we_receive(&theirs);
    for (credential, issuer) in [(&theirs, "@sd-jwt"), (&ours, "ours")] {
        exchange.accepted(&exchange.npm_presents(&mut peers, credential), issuer);
    }
}

#[test]
fn interop_npm_sdjwt_they_issue_we_present_they_verify() {
    let Some(mut peers) = peers() else { return };
    let exchange = SdJwtExchange::make(13);
    let presentation = exchange.we_present(&exchange.npm_issues(&mut peers));
    assert_eq!(exchange.npm_verifies(&mut peers, &presentation, true).unwrap(), exchange.presented_claims());
    exchange.accepted(&presentation, "@sd-jwt");
}

/// A peer that accepts says nothing unless it can also refuse.
#[test]
fn interop_npm_sdjwt_altered_presentations_are_refused() {
    let Some(mut peers) = peers() else { return };
    let mut exchange = SdJwtExchange::make(14);
    let credential = exchange.we_issue();
    let presentation = exchange.we_present(&credential);
    for altered in crate::python::altered(&presentation) {
        assert!(exchange.we_verify(&altered).evidence.is_none(), "{altered}");
        assert!(exchange.npm_verifies(&mut peers, &altered, true).is_err(), "{altered}");
    }
}
