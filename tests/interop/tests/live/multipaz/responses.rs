//! Responses in both directions, and how both sides judge altered ones.
use ciborium::Value as Cbor;
use rid_crypto::PublicKey;
use rid_verifier::{
    capture::{CaptureInput, judge_issuer_signed, judge_response},
    view::{Decision, Verdict},
};
use rid_wire::base64;
use serde_json::{Value, json};

use super::{Peer, der, expected_documents};
use crate::{
    exchange::{Exchange, accepted, bytes},
    world::{MDL, World, asked_json, jwk, licence, now, profile, validity},
};

/// A public key of a JWK.
fn public_key(jwk: &Value) -> PublicKey {
    let point = [vec![4], bytes(&jwk["x"]), bytes(&jwk["y"])].concat();
    PublicKey::from_sec1(rid_crypto::Curve::P256, &point).unwrap()
}

impl Exchange {
    fn multipaz_is_given(&self, response: &[u8]) -> Value {
        json!({
            "deviceResponse": base64::encode_url(response),
            "transcript": base64::encode_url(self.transcript.as_bytes()),
            "root": der(&self.world.iaca.certificate),
            "readerKey": self.reader_jwk(),
        })
    }

    fn multipaz_presents(&self, peer: Peer, credential: &str) -> Vec<u8> {
        let answer = peer.call(
            "present",
            json!({
                "credential": credential,
                "transcript": base64::encode_url(self.transcript.as_bytes()),
                "elements": asked_json(),
                "readerKey": jwk(&self.reader.public()),
            }),
        );
        bytes(&answer.unwrap()["deviceResponse"])
    }

    fn we_judge(&self, peer: Peer, response: &[u8]) -> Verdict {
        let (trust, profile) = (peer.issuers(), profile());
        judge_response(response, &self.judge_with(&trust, &profile))
    }
}

/// A place in a DeviceResponse and a change of it.
struct Change {
    name: &'static str,
    path: &'static [Step],
    /// The code that we give.
    code: &'static str,
    /// The answer of multipaz.
    words: &'static str,
}

enum Step {
    Key(&'static str),
    At(usize),
    /// Inside the bytes of tag 24.
    Inside,
}

use Step::{At, Inside, Key};

/// In the first document.
const CHANGES: [Change; 5] = [
    Change {
        name: "an element's value",
        path: &[
            Key("issuerSigned"),
            Key("nameSpaces"),
            Key("org.iso.18013.5.1.AZ"),
            At(0),
            Inside,
            Key("elementValue"),
        ],
        code: "mdoc_digest_mismatch",
        words: "Digest mismatch for data element fin",
    },
    Change {
        name: "an element's salt",
        path: &[Key("issuerSigned"), Key("nameSpaces"), Key("org.iso.18013.5.1.AZ"), At(0), Inside, Key("random")],
        code: "mdoc_digest_mismatch",
        words: "Digest mismatch for data element fin",
    },
    Change {
        name: "the issuer's signature",
        path: &[Key("issuerSigned"), Key("issuerAuth"), At(3)],
        code: "cose_signature_invalid",
        words: "Signature on MSO failed to verify",
    },
    Change {
        name: "the type of the document",
        path: &[Key("docType")],
        code: "mdoc_doctype_mismatch",
        words: "Mismatch between docType in document and MSO",
    },
    Change {
        name: "the device's signature or MAC",
        path: &[Key("deviceSigned"), Key("deviceAuth"), At(0), At(3)],
        code: "device_auth_invalid",
        words: "Device authentication",
    },
];

/// The response with the last byte at the path changed.
fn changed(response: &[u8], path: &[Step]) -> Vec<u8> {
    let mut whole: Cbor = ciborium::from_reader(response).unwrap();
    let document = [Key("documents"), At(0)];
    change(&mut whole, &document.iter().chain(path).collect::<Vec<_>>());
    encoded(&whole)
}

fn change(value: &mut Cbor, path: &[&Step]) {
    let Some((step, rest)) = path.split_first() else {
        match value {
            Cbor::Bytes(bytes) => *bytes.last_mut().unwrap() ^= 1,
            Cbor::Text(text) => {
                let last = text.pop().unwrap();
                text.push(if last == 'x' { 'y' } else { 'x' });
            }
            other => panic!("{other:?}"),
        }
        return;
    };
    match (step, value) {
        (Key(name), Cbor::Map(members)) => {
            let member = members.iter_mut().find(|(key, _)| key.as_text() == Some(name)).unwrap();
            change(&mut member.1, rest);
        }
        (At(place), Cbor::Array(items)) => change(&mut items[*place], rest),
        (At(place), Cbor::Map(members)) => change(&mut members[*place].1, rest),
        (Inside, Cbor::Tag(24, inner)) => {
            let mut item: Cbor = ciborium::from_reader(&**inner.as_bytes().unwrap()).unwrap();
            change(&mut item, rest);
            **inner = Cbor::Bytes(encoded(&item));
        }
        (_, other) => panic!("{other:?}"),
    }
}

fn encoded(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

#[test]
fn std_m44_m45_m46_multipaz_accepts_what_we_issue_and_present() {
    let Some(peer) = Peer::start() else { return };
    let mut exchange = Exchange::make(41);
    let issuer_signed = exchange.world.mint(&exchange.device.public());
    for mac in [false, true] {
        let response = exchange.we_present(&issuer_signed, mac);
        let verdict = peer.call("verify", exchange.multipaz_is_given(&response)).unwrap();
        assert_eq!((&verdict["status"], &verdict["documents"]), (&json!(0), &expected_documents()), "MAC: {mac}");
    }
}

#[test]
fn std_m44_m45_m46_multipaz_refuses_what_we_presented_once_it_is_changed() {
    let Some(peer) = Peer::start() else { return };
    let mut exchange = Exchange::make(42);
    let issuer_signed = exchange.world.mint(&exchange.device.public());
    for mac in [false, true] {
        let response = exchange.we_present(&issuer_signed, mac);
        for Change { name, path, words, .. } in CHANGES {
            let said = peer.refuses("verify", exchange.multipaz_is_given(&changed(&response, path)));
            assert!(said.contains(words), "{name}, MAC: {mac}: {said}");
        }
        let mut elsewhere = exchange.multipaz_is_given(&response);
        elsewhere["transcript"] = json!(base64::encode_url(Exchange::make(43).transcript.as_bytes()));
        let said = peer.refuses("verify", elsewhere);
        assert!(said.contains("Device authentication"), "{said}");
        let mut unknown = exchange.multipaz_is_given(&response);
        unknown["root"] = der(&World::make(44).iaca.certificate);
        let said = peer.refuses("verify", unknown);
        assert!(said.starts_with("issuer: "), "{said}");
        let mut late = exchange.multipaz_is_given(&response);
        late["at"] = json!(validity().valid_until.plus_days(1).to_tdate());
        let said = peer.refuses("verify", late);
        assert!(said.contains("MSO is not valid anymore"), "{said}");
    }
}

#[test]
fn std_m44_m45_m46_we_accept_what_multipaz_issues_and_presents() {
    let Some(peer) = Peer::start() else { return };
    let exchange = Exchange::make(45);
    for mac in [false, true] {
        let credential = peer.holds(mac, |key| peer.issues(key));
        let response = exchange.multipaz_presents(peer, &credential);
        accepted(&exchange.we_judge(peer, &response), &format!("MAC: {mac}"));
    }
}

#[test]
fn std_m44_m45_m46_we_refuse_what_multipaz_presented_once_it_is_changed() {
    let Some(peer) = Peer::start() else { return };
    let exchange = Exchange::make(46);
    for mac in [false, true] {
        let credential = peer.holds(mac, |key| peer.issues(key));
        let response = exchange.multipaz_presents(peer, &credential);
        for Change { name, path, code, .. } in CHANGES {
            let verdict = exchange.we_judge(peer, &changed(&response, path));
            let said = verdict.code.map(|code| code.as_str());
            assert_eq!((verdict.decision, said), (Decision::Refused, Some(code)), "{name}, MAC: {mac}");
            assert!(
                verdict.documents.iter().all(|document| document.elements.current_or_lapsed().is_none()),
                "{name}: elements are shown"
            );
        }
        let elsewhere = Exchange { reader: Exchange::make(46).reader, ..Exchange::make(47) };
        let verdict = elsewhere.we_judge(peer, &response);
        assert_eq!(verdict.code.map(|code| code.as_str()), Some("device_auth_invalid"), "MAC: {mac}");
        // We do not trust its issuer.
        let verdict = exchange.we_verify(&response);
        let said = verdict.code.map(|code| code.as_str());
        assert_eq!((verdict.decision, said), (Decision::Refused, Some("cert_untrusted")), "MAC: {mac}");
        let (trust, profile) = (peer.issuers(), profile());
        let late = CaptureInput { at: validity().valid_until.plus_days(1), ..exchange.judge_with(&trust, &profile) };
        let verdict = judge_response(&response, &late);
        let said = verdict.code.map(|code| code.as_str());
        assert_eq!((verdict.decision, said), (Decision::Refused, Some("mdoc_expired")), "MAC: {mac}");
    }
}

#[test]
fn std_m44_m45_m46_multipaz_presents_what_we_issued_and_we_accept() {
    let Some(peer) = Peer::start() else { return };
    let mut exchange = Exchange::make(48);
    for mac in [false, true] {
        let credential = peer.holds(mac, |key| exchange.world.mint(&public_key(key)));
        let response = exchange.multipaz_presents(peer, &credential);
        accepted(&exchange.we_verify(&response), &format!("MAC: {mac}"));
        let verdict = peer.call("verify", exchange.multipaz_is_given(&response)).unwrap();
        assert_eq!(verdict["documents"], expected_documents(), "MAC: {mac}");
    }
}

#[test]
fn std_m44_m45_m46_we_present_what_multipaz_issued_and_it_accepts() {
    let Some(peer) = Peer::start() else { return };
    let exchange = Exchange::make(49);
    let issuer_signed = peer.issues(&jwk(&exchange.device.public()));
    let (trust, profile) = (peer.issuers(), profile());
    let input = CaptureInput { at: now(), ..exchange.judge_with(&trust, &profile) };
    let verdict = judge_issuer_signed(&issuer_signed, &input);
    assert_eq!((verdict.decision, verdict.code), (Decision::Accepted, None), "{:?}", verdict.documents[0].checks);
    let disclosed = verdict.documents[0].elements.current().unwrap();
    assert_eq!((verdict.documents[0].kind.as_str(), disclosed.issuer_signed.len()), (MDL, licence().len()));
    for mac in [false, true] {
        let mut given = exchange.multipaz_is_given(&exchange.we_present(&issuer_signed, mac));
        given["root"] = der(&peer.root("issuer"));
        assert_eq!(peer.call("verify", given).unwrap()["documents"], expected_documents(), "MAC: {mac}");
    }
}

/// The data below the names.
fn at<'a>(value: &'a mut Cbor, names: &[&str]) -> &'a mut Cbor {
    names.iter().fold(value, |value, name| {
        let Cbor::Map(members) = value else { panic!("{value:?}") };
        &mut members.iter_mut().find(|(key, _)| key.as_text() == Some(name)).unwrap().1
    })
}

/// If the peer becomes stricter, the README must say so.
#[test]
fn std_m44_what_multipaz_lets_pass_we_refuse() {
    let Some(peer) = Peer::start() else { return };
    let mut exchange = Exchange::make(50);
    let issuer_signed = exchange.world.mint(&exchange.device.public());
    let response = exchange.we_present(&issuer_signed, false);
    let parsed: Cbor = ciborium::from_reader(&*response).unwrap();
    let no_documents = {
        let mut whole = parsed.clone();
        *at(&mut whole, &["documents"]) = Cbor::Array(vec![]);
        whole
    };
    let status_twice = {
        let mut whole = parsed.clone();
        whole.as_map_mut().unwrap().push((Cbor::Text("status".into()), Cbor::Integer(0.into())));
        whole
    };
    let item_twice = {
        let mut whole = parsed.clone();
        let document = &mut at(&mut whole, &["documents"]).as_array_mut().unwrap()[0];
        let items = at(document, &["issuerSigned", "nameSpaces", "org.iso.18013.5.1.AZ"]).as_array_mut().unwrap();
        items.push(items[0].clone());
        whole
    };
    for (name, whole, code) in [
        ("no documents", no_documents, "response_empty"),
        ("status twice", status_twice, "cbor_duplicate_key"),
        ("an item twice", item_twice, "mdoc_digest_id_duplicate"),
    ] {
        let bytes = encoded(&whole);
        let verdict = exchange.we_verify(&bytes);
        let said = verdict.code.map(|code| code.as_str());
        assert_eq!((verdict.decision, said), (Decision::Refused, Some(code)), "{name}");
        let theirs = peer.call("verify", exchange.multipaz_is_given(&bytes));
        assert!(theirs.is_ok(), "multipaz refuses now, take it out of the README: {name}: {theirs:?}");
    }
}
