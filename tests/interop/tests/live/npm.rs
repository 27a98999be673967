//! `@owf/mdoc` and `@auth0/mdl`: they accept what we issue and present, and we accept what they issue and present.
mod sdjwt;

use rid_interop::{PeerError, Peers, selftest};
use rid_verifier::{capture::judge_issuer_signed, view::Decision};
use rid_wire::base64;
use serde_json::{Value, json};

use crate::{
    available,
    exchange::{Exchange, accepted, bytes},
    world::{MDL, asked_json, expected_json, jwk, licence, licence_json, private_jwk, profile, validity},
};

const PEERS: [&str; 2] = ["auth0", "owf"];

impl Exchange {
    fn peer_issues(&self, peers: &mut Peers, peer: &str) -> Vec<u8> {
        let validity = validity();
        let signer = &self.world.signer;
        let answer = peers.call(&json!({
            "command": format!("{peer}-issue"),
            "docType": MDL,
            "namespaces": licence_json(),
            "deviceKey": jwk(&self.device.public()),
            "signerKey": private_jwk(&signer.key.public(), signer.key.dangerous_scalar().expose()),
            "signerChain": signer.certificate.to_pem(),
            "validity": {
                "signed": validity.signed.to_tdate(),
                "validFrom": validity.valid_from.to_tdate(),
                "validUntil": validity.valid_until.to_tdate(),
            },
        }));
        bytes(&answer.unwrap()["issuerSigned"])
    }

    fn peer_presents(&self, peers: &mut Peers, peer: &str, issuer_signed: &[u8], mac: bool) -> Vec<u8> {
        let mut request = json!({
            "command": format!("{peer}-present"),
            "documents": [{"docType": MDL, "issuerSigned": base64::encode_url(issuer_signed), "elements": asked_json()}],
            "deviceKey": self.device_jwk(),
            "transcript": base64::encode_url(self.transcript.as_bytes()),
        });
        if mac {
            request["readerKey"] = jwk(&self.reader.public());
        }
        bytes(&peers.call(&request).unwrap()["deviceResponse"])
    }

    fn peer_verifies(&self, peers: &mut Peers, peer: &str, response: &[u8]) -> Result<Value, PeerError> {
        peers.call(&json!({
            "command": format!("{peer}-verify"),
            "deviceResponse": base64::encode_url(response),
            "transcript": base64::encode_url(self.transcript.as_bytes()),
            "roots": self.world.iaca.certificate.to_pem(),
            "readerKey": self.reader_jwk(),
        }))
    }
}

/// The peers, or the reason why there are none.
pub(crate) fn peers() -> Option<Peers> {
    available(Peers::start())
}

#[test]
fn interop_npm_peers_agree_with_each_other() {
    available(selftest());
}

#[test]
fn interop_npm_we_issue_and_present_they_verify() {
    let Some(mut peers) = peers() else { return };
    let mut exchange = Exchange::make(1);
    let issuer_signed = exchange.world.mint(&exchange.device.public());
    for mac in [false, true] {
        let response = exchange.we_present(&issuer_signed, mac);
        for peer in PEERS {
            let verdict = exchange.peer_verifies(&mut peers, peer, &response).unwrap();
            assert_eq!(verdict["failed"], json!([]), "{peer}, MAC: {mac}");
            assert_eq!(verdict["documents"], json!([{"docType": MDL, "elements": expected_json()}]), "{peer}");
        }
    }
}

#[test]
fn interop_npm_we_issue_they_present_we_verify() {
    let Some(mut peers) = peers() else { return };
    let mut exchange = Exchange::make(2);
    let issuer_signed = exchange.world.mint(&exchange.device.public());
    for peer in PEERS {
        for mac in [false, true] {
            let response = exchange.peer_presents(&mut peers, peer, &issuer_signed, mac);
            accepted(&exchange.we_verify(&response), &format!("{peer}, MAC: {mac}"));
        }
    }
}

#[test]
fn interop_npm_they_issue_and_present_we_verify() {
    let Some(mut peers) = peers() else { return };
    let exchange = Exchange::make(3);
    for issuer in PEERS {
        let issuer_signed = exchange.peer_issues(&mut peers, issuer);
        let (trust, profile) = (exchange.world.issuers(), profile());
        let verdict = judge_issuer_signed(&issuer_signed, &exchange.judge_with(&trust, &profile));
        assert_eq!(
            (verdict.decision, verdict.code),
            (Decision::Accepted, None),
            "{issuer}: {:?}",
            verdict.documents[0].checks
        );
        assert_eq!(verdict.documents[0].elements.current().unwrap().issuer_signed.len(), licence().len());
        for presenter in PEERS {
            for mac in [false, true] {
                let response = exchange.peer_presents(&mut peers, presenter, &issuer_signed, mac);
                accepted(&exchange.we_verify(&response), &format!("{issuer}, {presenter}, MAC: {mac}"));
            }
        }
    }
}

#[test]
fn interop_npm_they_issue_we_present_they_verify() {
    let Some(mut peers) = peers() else { return };
    let exchange = Exchange::make(4);
    for issuer in PEERS {
        let issuer_signed = exchange.peer_issues(&mut peers, issuer);
        for mac in [false, true] {
            let response = exchange.we_present(&issuer_signed, mac);
            for verifier in PEERS {
                let verdict = exchange.peer_verifies(&mut peers, verifier, &response).unwrap();
                assert_eq!(verdict["failed"], json!([]), "{issuer}, {verifier}, MAC: {mac}");
                assert_eq!(verdict["documents"], json!([{"docType": MDL, "elements": expected_json()}]), "{verifier}");
            }
        }
    }
}

/// Both refuse, each for its own reasons. Acceptance by a peer means nothing unless it can also refuse.
#[test]
fn interop_npm_altered_data_is_refused_by_all() {
    let Some(mut peers) = peers() else { return };
    let mut exchange = Exchange::make(5);
    let issuer_signed = exchange.world.mint(&exchange.device.public());
    let good = exchange.we_present(&issuer_signed, false);
    let after = |needle: &[u8]| good.windows(needle.len()).rposition(|window| window == needle).unwrap() + needle.len();
    let value = after("Əliyev".as_bytes());
    // The name, the head of the array, the protected header, `{}`, nil, the head of the signature.
    let signature = after(b"deviceSignature") + 9;
    for (name, at) in [("an element", value), ("the device's signature", signature)] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        let ours = exchange.we_verify(&changed);
        assert_eq!(ours.decision, Decision::Refused, "{name}");
        for peer in PEERS {
            let said_no = match exchange.peer_verifies(&mut peers, peer, &changed) {
                Ok(verdict) => verdict["valid"] == json!(false),
                Err(PeerError::Refused(_)) => true,
                Err(error) => panic!("{error}"),
            };
            assert!(said_no, "{peer} accepts {name} changed");
        }
    }
}
