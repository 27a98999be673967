//! multipaz, the strictest peer: responses, requests with reader authentication, and proximity sessions, against its
//! issuer, secure area, certificates and trust manager.
use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rid_crypto::x509::Certificate;
use rid_interop::{Multipaz, PeerError};
use rid_trust::{Role, TrustStore};
use rid_wire::base64;
use serde_json::{Value, json};

use crate::{
    available,
    exchange::bytes,
    world::{ASKED, MDL, NATIONAL, NS, licence, trust, validity},
};

mod requests;
mod responses;
mod sessions;

/// One virtual machine for all tests, because its start is slow. It ends with this process.
static PEER: OnceLock<Result<Mutex<Multipaz>, PeerError>> = OnceLock::new();

/// multipaz with its own issuer and reader.
#[derive(Clone, Copy)]
struct Peer(&'static Mutex<Multipaz>);

impl Peer {
    /// `None` if it cannot run. Every test prints the reason.
    fn start() -> Option<Self> {
        let start = || Multipaz::start(Path::new(env!("CARGO_TARGET_TMPDIR"))).map(Mutex::new);
        available(PEER.get_or_init(start).as_ref().map(Self).map_err(Clone::clone))
    }

    fn call(self, command: &str, mut request: Value) -> Result<Value, PeerError> {
        request["command"] = json!(command);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).call(&request)
    }

    /// The reason in its own words.
    fn refuses(self, command: &str, request: Value) -> String {
        match self.call(command, request) {
            Err(PeerError::Refused(words)) => words,
            other => panic!("{command} was not refused: {other:?}"),
        }
    }

    /// The root of its issuer or its reader.
    fn root(self, role: &str) -> Certificate {
        Certificate::parse(&bytes(&self.call("roots", json!({})).unwrap()[role])).unwrap()
    }

    fn issuers(self) -> Arc<TrustStore> {
        trust(&[(&self.root("issuer"), Role::Issuer)])
    }

    fn readers(self) -> Arc<TrustStore> {
        trust(&[(&self.root("reader"), Role::Reader)])
    }

    /// Issues the licence for a device key (JWK).
    fn issues(self, device_key: &Value) -> Vec<u8> {
        let validity = validity();
        let mut data = json!({});
        for element in licence() {
            data[&element.namespace][&element.identifier] = json!(base64::encode_url(&element.value));
        }
        let answer = self.call(
            "issue",
            json!({
                "docType": MDL,
                "data": data,
                "deviceKey": device_key,
                "validity": {
                    "signed": validity.signed.to_tdate(),
                    "validFrom": validity.valid_from.to_tdate(),
                    "validUntil": validity.valid_until.to_tdate(),
                },
            }),
        );
        bytes(&answer.unwrap()["issuerSigned"])
    }

    /// A credential in its wallet. `issue` gets the device key (JWK).
    fn holds(self, mac: bool, issue: impl FnOnce(&Value) -> Vec<u8>) -> String {
        let key = self.call("key", json!({"mac": mac})).unwrap();
        let credential = key["credential"].as_str().unwrap();
        let issuer_signed = base64::encode_url(&issue(&key["deviceKey"]));
        self.call("keep", json!({"credential": credential, "issuerSigned": issuer_signed})).unwrap();
        credential.into()
    }
}

/// The requested elements as it outputs the answer: encoded values.
fn expected_documents() -> Value {
    let mut elements = json!({NS: {}, NATIONAL: {}});
    for element in licence() {
        if ASKED.contains(&(&element.namespace, &element.identifier)) {
            elements[&element.namespace][&element.identifier] = json!(base64::encode_url(&element.value));
        }
    }
    json!([{"docType": MDL, "elements": elements, "errors": {}}])
}

/// The requested elements as it outputs a request.
fn expected_elements() -> Value {
    let mut elements = json!({NS: {}, NATIONAL: {}});
    for (namespace, identifier) in ASKED {
        elements[namespace][identifier] = json!(false);
    }
    elements
}

fn der(certificate: &Certificate) -> Value {
    json!(base64::encode_url(certificate.der()))
}
