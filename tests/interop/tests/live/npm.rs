//! `@owf/mdoc` and `@auth0/mdl`: what we issue and present they accept, what they issue and present we accept.
use rid_crypto::{AgreementKey, Curve, SigningKey};
use rid_interop::{PeerError, Peers, selftest};
use rid_mdoc::{
    build::{Selection, UnsignedDocument, device_response},
    device_auth::{derive_mac_key, device_authentication_bytes, mac_tag, signature_to_be_signed},
    issuer_signed::UnverifiedIssuerSigned,
    transcript::Transcript,
};
use rid_verifier::{
    capture::{CaptureInput, judge_issuer_signed, judge_response},
    view::{Decision, Verdict},
};
use rid_wire::{
    base64,
    cbor::{Limits, Writer},
};
use serde_json::{Value, json};

use crate::world::{
    ASKED, MDL, World, asked_json, expected_json, jwk, licence, licence_json, now, private_jwk, profile, validity,
};

const PEERS: [&str; 2] = ["auth0", "owf"];
const ES256: i64 = -7;

/// What both sides of one exchange know.
struct Exchange {
    world: World,
    device: SigningKey,
    reader: AgreementKey,
    transcript: Transcript,
}

impl Exchange {
    fn make(seed: u64) -> Self {
        let mut world = World::make(seed);
        let device = SigningKey::make(&mut world.rng);
        let reader = AgreementKey::make(&mut world.rng);
        // As of OpenID4VP: nothing but a handover, here of no protocol that exists.
        let mut writer = Writer::new();
        writer.array(3).null().null().array(2).text("Interop").bytes(&seed.to_be_bytes().repeat(4));
        let transcript = Transcript::received(&writer.finish(), Limits::ONLINE).unwrap();
        Self { world, device, reader, transcript }
    }

    fn device_jwk(&self) -> Value {
        private_jwk(&self.device.public(), self.device.dangerous_scalar().expose())
    }

    fn reader_jwk(&self) -> Value {
        private_jwk(&self.reader.public(), self.reader.dangerous_scalar().unwrap().expose())
    }

    fn peer_issues(&self, peers: &mut Peers, peer: &str) -> Vec<u8> {
        let validity = validity();
        let signer = &self.world.signer;
        let answer = peers.call(&json!({
            "command": format!("{peer}-issue"),
            "docType": MDL,
            "namespaces": licence_json(),
            "deviceKey": jwk(&self.device.public()),
            "signerKey": private_jwk(&signer.key.public(), signer.key.dangerous_scalar().expose()),
            "signerChain": signer.pem(),
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
            "roots": self.world.iaca.pem(),
            "readerKey": self.reader_jwk(),
        }))
    }

    fn we_present(&self, issuer_signed: &[u8], mac: bool) -> Vec<u8> {
        let parsed = UnverifiedIssuerSigned::parse(issuer_signed, Limits::ONLINE).unwrap();
        let mut selection = Selection::new();
        for (namespace, identifier) in ASKED {
            match selection.iter_mut().find(|(known, _)| known == namespace) {
                Some((_, identifiers)) => identifiers.push(identifier.into()),
                None => selection.push((namespace.into(), vec![identifier.into()])),
            }
        }
        let unsigned = UnsignedDocument::select(MDL, &parsed, &selection, &Selection::new()).unwrap();
        let signed = device_authentication_bytes(&self.transcript, MDL, unsigned.device_namespaces());
        let document = if mac {
            let key = AgreementKey::from_scalar(Curve::P256, self.device.dangerous_scalar().expose()).unwrap();
            let secret = key.agree(&self.reader.public()).unwrap();
            unsigned.finish_mac(&mac_tag(&derive_mac_key(&secret, &self.transcript), &signed))
        } else {
            unsigned.finish_signature(ES256, &self.device.sign(&[&signature_to_be_signed(ES256, &signed)]))
        };
        device_response(&[document], &[])
    }

    fn we_verify(&self, response: &[u8]) -> Verdict {
        let (trust, profile) = (self.world.issuers(), profile());
        judge_response(response, &self.judge_with(&trust, &profile))
    }

    fn judge_with<'a>(
        &'a self,
        trust: &'a rid_trust::TrustStore,
        profile: &'a rid_profile::Profile,
    ) -> CaptureInput<'a> {
        CaptureInput {
            profile,
            locales: &[],
            trust,
            transcript: Some(&self.transcript),
            reader_key: Some(&self.reader),
            at: now(),
            limits: Limits::ONLINE,
        }
    }
}

fn bytes(text: &Value) -> Vec<u8> {
    base64::decode_url(text.as_str().expect("base64url")).expect("base64url")
}

/// The peers, or a word on why there are none.
fn peers() -> Option<Peers> {
    available(Peers::start())
}

fn available<T>(result: Result<T, PeerError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(PeerError::Skipped(reason)) if std::env::var_os("RID_INTEROP").is_none_or(|v| v != "required") => {
            eprintln!("skipped: {reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn accepted(verdict: &Verdict, name: &str) {
    let [document] = verdict.documents.as_slice() else { panic!("{name}: {:?}", verdict.checks) };
    assert_eq!((verdict.decision, verdict.code), (Decision::Accepted, None), "{name}: {:?}", document.checks);
    let mut disclosed: Vec<_> = document.elements.iter().filter_map(|element| element.path.as_element()).collect();
    let mut asked = ASKED.to_vec();
    disclosed.sort_unstable();
    asked.sort_unstable();
    assert_eq!(disclosed, asked, "{name}");
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
        assert_eq!(verdict.documents[0].elements.len(), licence().len());
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

/// Both refuse, for reasons of their own: that a peer accepts says nothing unless it can also say no.
#[test]
fn interop_npm_what_was_changed_nobody_accepts() {
    let Some(mut peers) = peers() else { return };
    let mut exchange = Exchange::make(5);
    let issuer_signed = exchange.world.mint(&exchange.device.public());
    let good = exchange.we_present(&issuer_signed, false);
    let after = |needle: &[u8]| good.windows(needle.len()).rposition(|window| window == needle).unwrap() + needle.len();
    let value = after("Əliyev".as_bytes());
    // The name, the array's head, the protected header, `{}`, nil, the signature's head.
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
