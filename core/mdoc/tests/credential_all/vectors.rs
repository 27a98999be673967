//! Data of others: Annex D verified and, if its keys allow, reproduced; the examples of other implementations.
use rid_crypto::{AgreementKey, Curve, x509::Certificate};
use rid_kit::{hex_vector, vector};
use rid_mdoc::{
    MDL_NAMESPACE,
    device_auth::{derive_mac_key, device_authentication_bytes, mac_tag},
    issuer_signed::UnverifiedIssuerSigned,
    mso::Mso,
    response::{DeviceAuth, UnverifiedResponse},
    transcript::Transcript,
    verify::{DeviceAuthInput, Strictness, check, verify_issuer_signed},
};
use rid_trust::{Environment, Outcome, TrustStore};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, ItemType, Limits},
    cose::{mac_structure, protected_header, sig_structure},
    hex,
};

use crate::{
    forge::{anchored, see_with},
    node::Node,
};

fn annex_d(name: &str) -> Vec<u8> {
    hex_vector(&format!("iso18013-5-annex-d/{name}.hex"))
}

fn intermediate(name: &str) -> Vec<u8> {
    hex_vector(&format!("iso18013-5-annex-d-intermediate/{name}.hex"))
}

fn transcript() -> Transcript {
    Transcript::received(&annex_d("SESSION_TRANSCRIPT_BYTES"), Limits::PROXIMITY).expect("a transcript")
}

fn key(name: &str) -> AgreementKey {
    AgreementKey::from_scalar(Curve::P256, &annex_d(name)).expect("a scalar")
}

fn tdate(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a time")
}

#[test]
fn std_m45_annex_d_verified() {
    let root = Certificate::parse(&intermediate("d52_iaca")).expect("a root");
    let (transcript, reader_key) = (transcript(), key("EPHEMERAL_READER_KEY_D"));
    let input = DeviceAuthInput { transcript: Some(&transcript), reader_key: Some(&reader_key) };
    let seen =
        |at: &str| see_with(&annex_d("DEVICE_RESPONSE"), &anchored(&root), &input, tdate(at)).expect("a response");
    let in_2021 = seen("2021-01-01T00:00:00Z");
    assert_eq!(in_2021.code(), "accepted");
    for check in &in_2021.checks {
        let undone = [check::ISSUER_COUNTRY, check::CERTIFICATE_REVOCATION, check::CREDENTIAL_STATUS];
        let expected = if undone.contains(&check.code) { Outcome::NotDone } else { Outcome::Passed };
        assert_eq!(check.outcome, expected, "{}", check.code);
    }
    let elements = in_2021.elements.expect("evidence");
    assert_eq!(elements.len(), 6);
    let portrait = elements.iter().find(|(_, identifier, _)| identifier == "portrait").expect("a portrait");
    assert!(portrait.2.ends_with(&annex_d("DEVICE_RESPONSE_PORTRAIT_DATA")));
    let privileges = elements.iter().find(|(_, identifier, _)| identifier == "driving_privileges").expect("privileges");
    assert_eq!(privileges.2, intermediate("d21"));
    // The certificate ends before the MSO.
    assert_eq!(seen("2021-10-02T00:00:00Z").code(), "cert_expired");
}

#[test]
fn std_m45_annex_d_sig_structure_reproduced() {
    let bytes = annex_d("DEVICE_RESPONSE");
    let response = UnverifiedResponse::parse(&bytes, Limits::PROXIMITY).expect("a response");
    let documents = response.documents.expect("documents");
    let signed = documents[0].issuer_signed.as_ref().expect("issuerSigned");
    assert_eq!(signed.issuer_auth_bytes, intermediate("d52_issuerAuthCBOR"));
    let payload = signed.issuer_auth.attached().expect("a payload");
    let prefix = sig_structure(&signed.issuer_auth.header.protected, &[], payload.len());
    assert_eq!([prefix.as_slice(), payload].concat(), intermediate("d52_sigStructure"));
    let mso = Mso::parse(payload).expect("an MSO");
    assert!(mso.device_key == key("STATIC_DEVICE_KEY_D").public());
    assert_eq!(signed.namespaces.len(), 1);
    assert_eq!(signed.namespaces[0].0, MDL_NAMESPACE);
}

#[test]
fn std_m46_annex_d_device_mac_reproduced() {
    let transcript = transcript();
    let signed = device_authentication_bytes(&transcript, "org.iso.18013.5.1.mDL", &[0xd8, 0x18, 0x41, 0xa0]);
    assert_eq!(signed, intermediate("d53_deviceAuthDeviceAuthenticationBytes"));
    let prefix = mac_structure(&protected_header(5), &[], signed.len());
    assert_eq!([prefix.as_slice(), &signed].concat(), intermediate("d53_deviceAuthMacStructure"));

    let secret = key("STATIC_DEVICE_KEY_D").agree(&key("EPHEMERAL_READER_KEY_D").public()).expect("one curve");
    let tag = mac_tag(&derive_mac_key(&secret, &transcript), &signed);
    let mut expected = Node::parse(&intermediate("d53_deviceAuth"));
    assert_eq!(expected.get("deviceMac").at(3), &Node::Bytes(tag.to_vec()));
    let bytes = annex_d("DEVICE_RESPONSE");
    let response = UnverifiedResponse::parse(&bytes, Limits::PROXIMITY).expect("a response");
    let documents = response.documents.expect("documents");
    let DeviceAuth::Mac(mac) = &documents[0].device_signed.as_ref().expect("deviceSigned").auth else {
        panic!("a MAC")
    };
    assert_eq!(mac.tag, tag.as_slice());
}

/// The response and transcript of an example of @auth0/mdl.
fn auth0(number: u8) -> (Vec<u8>, Transcript) {
    let text = String::from_utf8(vector(&format!("auth0-mdl/example{number}.json"))).expect("an example");
    let example: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let bytes = |name: &str| hex::decode(example[name].as_str().expect("a text")).expect("hexadecimal");
    let transcript = Transcript::received(&bytes("sessionTranscriptBytes_hex"), Limits::ONLINE).expect("a transcript");
    (bytes("deviceResponse_hex"), transcript)
}

/// The bytes of a member, or of its first element if it is an array.
fn member<'a>(map: &'a [u8], name: &str) -> &'a [u8] {
    let mut found: &[u8] = &[];
    let mut decoder = Decoder::new(map, Limits::ONLINE).expect("small enough");
    let read = decoder.map(|decoder, key| -> Result<(), CborError> {
        if key.as_text() == Some(name) {
            match decoder.peek()? {
                ItemType::Array => decoder.array(|decoder, _| decoder.skip().map(|bytes| found = bytes)).map(|_| ())?,
                _ => found = decoder.skip()?,
            }
        }
        Ok(())
    });
    read.expect("a map");
    found
}

fn auth0_store() -> TrustStore {
    let pem = vector("auth0-mdl/issuer.pem");
    let mut certificates = Certificate::parse_pem_or_der(&pem).expect("a certificate");
    TrustStore::new(Environment::Test, Vec::new()).expect("a store").pin_leaf(certificates.remove(0))
}

#[test]
fn neg_b16_auth0_examples() {
    let at = tdate("2024-01-01T00:00:00Z");
    for (number, first, issuer) in [
        (1, "cose_payload", None),
        (2, "cose_payload", None),
        (3, "mdoc_digest_mismatch", Some("mdoc_digest_mismatch")),
        (4, "device_key_unauthorized", None),
    ] {
        let (response, transcript) = auth0(number);
        let input = DeviceAuthInput { transcript: Some(&transcript), reader_key: None };
        let seen = see_with(&response, &auth0_store(), &input, at).expect("a response");
        assert_eq!(seen.code(), first, "{number}");
        // std-M46: the payload of deviceSignature must be detached; other faults do not matter.
        let device = seen.check(check::DEVICE_AUTHENTICATION);
        assert_eq!(device.reason.map(rid_wire::Code::as_str), Some("cose_payload"), "{number}");
        if number == 3 {
            assert_eq!(seen.failed_elements, [(MDL_NAMESPACE.to_string(), "family_name".to_string())]);
        }
        // The bytes as received, including heads such as `b9 0003`.
        let issuer_signed = member(member(&response, "documents"), "issuerSigned");
        let parsed = UnverifiedIssuerSigned::parse(issuer_signed, Limits::ONLINE).expect("issuerSigned");
        let report = verify_issuer_signed(&parsed, None, &mut auth0_store().message(at), Strictness::Verifier);
        assert_eq!(report.first_failure().map(rid_wire::Code::as_str), issuer, "{number}");
        assert_eq!(report.evidence.is_some(), issuer.is_none(), "{number}");
    }
}

#[test]
fn std_m45_isomdl_issuer_signed_is_annex_d() {
    let root = Certificate::parse(&intermediate("d52_iaca")).expect("a root");
    let bytes = hex_vector("isomdl/issuer_signed.cbor");
    let parsed = UnverifiedIssuerSigned::parse(&bytes, Limits::ONLINE).expect("issuerSigned");
    let at = tdate("2021-01-01T00:00:00Z");
    let report = verify_issuer_signed(&parsed, None, &mut anchored(&root).message(at), Strictness::Receipt);
    assert_eq!(report.first_failure(), None);
    assert_eq!(report.evidence.expect("evidence").items().len(), 6);
}

#[test]
fn neg_b15_isomdl_response() {
    // Only the structure is valid: no x5chain, no MSO, a salt of one byte.
    let bytes = hex_vector("isomdl/device_response.cbor");
    let input = DeviceAuthInput { transcript: None, reader_key: None };
    let seen = see_with(&bytes, &auth0_store(), &input, tdate("2021-01-01T00:00:00Z")).expect("a response");
    assert_eq!(seen.code(), "cose_x5chain");
    assert_eq!(seen.check(check::DIGESTS).reason.map(rid_wire::Code::as_str), Some("mdoc_salt_short"));
}
