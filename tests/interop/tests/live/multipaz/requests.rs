//! Requests with reader authentication, in both directions.
use rid_mdoc::{
    reader_auth::{self, ReaderAuth},
    request::{self, DocRequestToSend, UnverifiedRequest},
};
use rid_wire::{base64, cbor::Limits};
use serde_json::{Value, json};

use super::{Peer, der, expected_elements};
use crate::{
    exchange::{Exchange, bytes},
    world::{MDL, World, asked_items, asked_json, now},
};

impl Exchange {
    fn we_ask(&self, signed: bool) -> Vec<u8> {
        let items_request_bytes = asked_items().encode();
        let reader = &self.world.reader;
        let reader_auth = signed.then(|| {
            let message = reader_auth::to_be_signed(&self.transcript, &items_request_bytes);
            reader_auth::encode(&reader.key.sign(&[&message]), std::slice::from_ref(&reader.certificate))
        });
        request::encode(&[DocRequestToSend { items_request_bytes, reader_auth }])
    }

    fn multipaz_is_asked(&self, request: &[u8]) -> Value {
        json!({
            "deviceRequest": base64::encode_url(request),
            "transcript": base64::encode_url(self.transcript.as_bytes()),
            "root": der(&self.world.reader_root.certificate),
        })
    }

    fn multipaz_asks(&self, peer: Peer, authentication: &str) -> Vec<u8> {
        let transcript = base64::encode_url(self.transcript.as_bytes());
        let asked = json!({"transcript": transcript, "elements": asked_json(), "authentication": authentication});
        bytes(&peer.call("request", asked).unwrap()["deviceRequest"])
    }
}

/// Changes the last byte of `needle`.
fn changed(request: &[u8], needle: &[u8]) -> Vec<u8> {
    let at = request.windows(needle.len()).position(|window| window == needle).unwrap();
    let mut changed = request.to_vec();
    changed[at + needle.len() - 1] ^= 1;
    changed
}

/// Changes the last byte, which in a request for one document is part of the signature.
fn signature_changed(request: &[u8]) -> Vec<u8> {
    let mut changed = request.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    changed
}

#[test]
fn std_m43_multipaz_knows_our_reader() {
    let Some(peer) = Peer::start() else { return };
    let exchange = Exchange::make(51);
    let said = peer.call("judge-request", exchange.multipaz_is_asked(&exchange.we_ask(true))).unwrap();
    let asked = &said["docRequests"][0];
    assert_eq!((&asked["docType"], &asked["elements"]), (&json!(MDL), &expected_elements()));
    assert!(asked["reader"].as_str().unwrap().contains("CN=Test Reader"), "{asked}");
    assert_eq!(asked["untrusted"], Value::Null);
    // Without a signature the reader is unknown, which is not an error.
    let said = peer.call("judge-request", exchange.multipaz_is_asked(&exchange.we_ask(false))).unwrap();
    assert_eq!(
        (&said["docRequests"][0]["elements"], &said["docRequests"][0]["reader"]),
        (&expected_elements(), &Value::Null)
    );
}

#[test]
fn std_m43_multipaz_refuses_our_request_once_it_is_changed() {
    let Some(peer) = Peer::start() else { return };
    let exchange = Exchange::make(52);
    let request = exchange.we_ask(true);
    let elsewhere = Exchange { world: World::make(52), ..Exchange::make(53) };
    for (name, given) in [
        ("the signature", exchange.multipaz_is_asked(&signature_changed(&request))),
        ("an element", exchange.multipaz_is_asked(&changed(&request, b"age_over_18"))),
        ("the transcript", elsewhere.multipaz_is_asked(&request)),
    ] {
        let said = peer.refuses("judge-request", given);
        assert!(said.contains("Error verifying reader authentication"), "{name}: {said}");
    }
    let mut unknown = exchange.multipaz_is_asked(&request);
    unknown["root"] = der(&World::make(54).reader_root.certificate);
    let said = peer.call("judge-request", unknown).unwrap();
    assert!(said["docRequests"][0]["untrusted"].is_string(), "{said}");
}

/// Our view of a request of multipaz: its elements and its reader.
fn we_read(exchange: &Exchange, request: &[u8], trust: &rid_trust::TrustStore) -> ReaderAuth {
    let parsed = UnverifiedRequest::parse(request, Limits::ONLINE).unwrap();
    let [asked] = parsed.doc_requests.as_slice() else { panic!("{}", parsed.doc_requests.len()) };
    reader_auth::verify(asked, &exchange.transcript, &mut trust.message(now()))
}

#[test]
fn std_m43_we_know_the_reader_of_multipaz() {
    let Some(peer) = Peer::start() else { return };
    let exchange = Exchange::make(55);
    // `all` is a member of the second edition: version 1.1, and we ignore it.
    for authentication in ["each", "all"] {
        let request = exchange.multipaz_asks(peer, authentication);
        let parsed = UnverifiedRequest::parse(&request, Limits::ONLINE).unwrap();
        assert_eq!(parsed.doc_requests[0].items, asked_items());
        match we_read(&exchange, &request, &peer.readers()) {
            ReaderAuth::Verified(reader) => assert_eq!(reader.name, "Multipaz Reader"),
            other => panic!("{authentication}: {other:?}"),
        }
    }
    assert_eq!(we_read(&exchange, &exchange.multipaz_asks(peer, "none"), &peer.readers()), ReaderAuth::Absent);
}

#[test]
fn std_m43_we_refuse_a_request_of_multipaz_once_it_is_changed() {
    let Some(peer) = Peer::start() else { return };
    let exchange = Exchange::make(56);
    let request = exchange.multipaz_asks(peer, "each");
    for (name, said) in [
        ("the signature", we_read(&exchange, &signature_changed(&request), &peer.readers())),
        ("an element", we_read(&exchange, &changed(&request, b"age_over_18"), &peer.readers())),
        ("the transcript", we_read(&Exchange::make(57), &request, &peer.readers())),
    ] {
        assert!(
            matches!(said, ReaderAuth::Invalid(code) if code.as_str() == "reader_auth_invalid"),
            "{name}: {said:?}"
        );
    }
    let said = we_read(&exchange, &request, &exchange.world.readers());
    assert!(matches!(said, ReaderAuth::Unknown(code) if code.as_str() == "cert_untrusted"), "{said:?}");
}
