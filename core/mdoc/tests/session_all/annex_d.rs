//! Annex D: every value that its keys allow is reproduced byte for byte.
use rid_crypto::{AgreementKey, Curve, sha256};
use rid_kit::hex_vector;
use rid_mdoc::{
    engagement::{Ble, Engagement, RetrievalMethod},
    reader_auth,
    request::{self, DocRequestToSend, UnverifiedRequest},
    session::{Role, SessionCipher, SessionData, SessionEstablishment, Status, key_bytes},
    transcript::Transcript,
};
use rid_wire::cbor::Limits;

use crate::{annex_d, annex_d_key, annex_d_transcript, intermediate};

const LIMITS: Limits = Limits::PROXIMITY;

fn cipher(role: Role) -> SessionCipher {
    let (device, reader) = (annex_d_key("EPHEMERAL_DEVICE_KEY_D"), annex_d_key("EPHEMERAL_READER_KEY_D"));
    let secret = match role {
        Role::Mdoc => device.agree(&reader.public()),
        Role::Reader => reader.agree(&device.public()),
    };
    SessionCipher::derive(role, &secret.expect("one curve"), &annex_d_transcript())
}

#[test]
fn std_m40_engagement() {
    let bytes = annex_d("DEVICE_ENGAGEMENT");
    let engagement = Engagement::parse(&bytes).expect("an engagement");
    assert_eq!(engagement.version(), "1.0");
    assert!(*engagement.e_device_key() == annex_d_key("EPHEMERAL_DEVICE_KEY_D").public());
    let uuid = *b"\x45\xef\xef\x74\x2b\x2c\x48\x37\xa9\xa3\xb0\xe1\xd0\x5a\x69\x17";
    let ble = Ble { peripheral_server: None, central_client: Some(uuid) };
    assert_eq!(engagement.methods(), [RetrievalMethod::Ble(ble.clone())]);
    let built = Engagement::build(engagement.e_device_key(), &ble);
    assert_eq!(built.as_bytes(), bytes);
    assert_eq!(bytes, intermediate("d31"));
    assert!(Engagement::parse_qr(&built.to_qr()).is_ok_and(|parsed| parsed.as_bytes() == bytes));
}

#[test]
fn std_m40_key_bytes() {
    assert_eq!(key_bytes(&annex_d_key("EPHEMERAL_DEVICE_KEY_D").public()), annex_d("E_DEVICE_KEY_BYTES"));
}

#[test]
fn std_m42_shared_secret() {
    let device = annex_d_key("EPHEMERAL_DEVICE_KEY_D");
    let reader = annex_d_key("EPHEMERAL_READER_KEY_D");
    let expected = hex_vector("isomdl/session_shared_secret.cbor");
    assert_eq!(device.agree(&reader.public()).expect("one curve").expose(), expected);
    assert_eq!(reader.agree(&device.public()).expect("one curve").expose(), expected);
}

/// The intermediate values in `keys.json` are the same keys.
#[test]
fn std_m42_keys_of_both_sources() {
    let text = rid_kit::vector("iso18013-5-annex-d-intermediate/keys.json");
    let keys: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    for (name, other) in [("d51_ephDeviceKey", "EPHEMERAL_DEVICE_KEY"), ("d51_ephReaderKey", "EPHEMERAL_READER_KEY")] {
        let member = |member: &str| rid_wire::hex::decode(keys[name][member].as_str().expect("text")).expect("hex");
        assert_eq!(member("d"), annex_d(&format!("{other}_D")));
        let public = AgreementKey::from_scalar(Curve::P256, &member("d")).expect("a scalar").public();
        assert_eq!(public.to_bytes(), [vec![4], member("x"), member("y")].concat());
    }
}

#[test]
fn std_m41_nfc_handover() {
    let establishment = annex_d("SESSION_ESTABLISHMENT");
    let e_reader_key = SessionEstablishment::parse(&establishment, LIMITS).expect("valid").e_reader_key_bytes;
    // This is the engagement of the handover select message, not that of the QR code.
    let mut engagement = Vec::from(b"\xa2\x00\x631.0\x01\x82\x01");
    engagement.extend(annex_d("E_DEVICE_KEY_BYTES"));
    let select = intermediate("d52_nfcHandoverSelect");
    assert!(select.ends_with(&engagement));
    assert!(Engagement::parse(&engagement).is_ok_and(|engagement| engagement.methods().is_empty()));
    let request = intermediate("d52_nfcHandoverRequest");
    let transcript = Transcript::nfc(&engagement, e_reader_key, &select, Some(&request));
    assert_eq!(transcript.tagged(), annex_d("SESSION_TRANSCRIPT_BYTES"));
    assert_eq!(transcript.tagged(), intermediate("d51_sessionTranscriptData"));
    assert_eq!(transcript.digest(), sha256(&[&annex_d("SESSION_TRANSCRIPT_BYTES")]));
    assert!(transcript == annex_d_transcript());
    assert_eq!(transcript.parts(), annex_d_transcript().parts());
    assert_eq!(transcript.parts().e_reader_key, Some(e_reader_key));
}

#[test]
fn std_m42_session_establishment() {
    let bytes = annex_d("SESSION_ESTABLISHMENT");
    let establishment = SessionEstablishment::parse(&bytes, LIMITS).expect("valid");
    let reader_key = annex_d_key("EPHEMERAL_READER_KEY_D").public();
    assert!(establishment.e_reader_key == reader_key);
    let request = annex_d("DEVICE_REQUEST");
    assert_eq!(cipher(Role::Mdoc).decrypt(&establishment.data), Ok(request.clone()));
    let sealed = cipher(Role::Reader).encrypt(&request).expect("the first message");
    assert_eq!(SessionEstablishment::encode(&key_bytes(&reader_key), &sealed), bytes);
}

#[test]
fn std_m42_session_data() {
    let bytes = annex_d("SESSION_DATA");
    let data = SessionData::parse(&bytes, LIMITS).expect("valid");
    assert_eq!(data.status, None);
    let response = annex_d("DEVICE_RESPONSE");
    assert_eq!(cipher(Role::Reader).decrypt(data.data.as_deref().expect("data")), Ok(response.clone()));
    let sealed = cipher(Role::Mdoc).encrypt(&response).expect("the first message");
    assert_eq!(SessionData::encode(Some(&sealed), None), bytes);
}

/// SKReader is never returned, so a message sealed with the vector's key must open.
#[test]
fn std_m42_reader_session_key() {
    let mut key: [u8; 32] = hex_vector("isomdl/session_reader_session_key.cbor").try_into().expect("32 bytes");
    let key = rid_crypto::AeadKey::new(rid_crypto::Secret::take(&mut key));
    let sealed = key.seal(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], &[], b"hello").expect("short");
    assert_eq!(cipher(Role::Mdoc).decrypt(&sealed), Ok(b"hello".to_vec()));
    assert_eq!(cipher(Role::Reader).encrypt(b"hello"), Ok(sealed));
}

#[test]
fn std_m42_session_termination() {
    let bytes = annex_d("SESSION_TERMINATION");
    let expected = SessionData { data: None, status: Some(Status::Termination) };
    assert_eq!(SessionData::parse(&bytes, LIMITS), Ok(expected));
    assert_eq!(SessionData::encode(None, Some(Status::Termination)), bytes);
}

#[test]
fn std_m43_device_request() {
    let bytes = annex_d("DEVICE_REQUEST");
    let request = UnverifiedRequest::parse(&bytes, LIMITS).expect("valid");
    assert_eq!(request.version, "1.0");
    let [doc_request] = &request.doc_requests[..] else { panic!("one document") };
    assert_eq!(doc_request.items_request_bytes.inner, annex_d("ITEMS_REQUEST"));
    assert_eq!(doc_request.items.doc_type, rid_mdoc::MDL_DOC_TYPE);
    assert_eq!(doc_request.request_info, None);
    let [namespace] = &doc_request.items.namespaces[..] else { panic!("one namespace") };
    assert_eq!(namespace.namespace, rid_mdoc::MDL_NAMESPACE);
    let asked: Vec<_> = namespace.elements.iter().map(|e| (e.identifier.as_str(), e.intent_to_retain)).collect();
    let expected = [
        ("family_name", true),
        ("document_number", true),
        ("driving_privileges", true),
        ("issue_date", true),
        ("expiry_date", true),
        ("portrait", false),
    ];
    assert_eq!(asked, expected);
    let items_request_bytes = doc_request.items.encode();
    assert_eq!(items_request_bytes, doc_request.items_request_bytes.outer);
    let reader_auth = Some(annex_d("READER_AUTH"));
    assert_eq!(request::encode(&[DocRequestToSend { items_request_bytes, reader_auth }]), bytes);
}

#[test]
fn std_m43_reader_authentication_bytes() {
    let mut items_request_bytes = vec![0xd8, 0x18, 0x58, 0x93];
    items_request_bytes.extend(annex_d("ITEMS_REQUEST"));
    let transcript = annex_d_transcript();
    let bytes = reader_auth::reader_authentication_bytes(&transcript, &items_request_bytes);
    assert_eq!(bytes, intermediate("d54_ReaderAuthenticationBytes"));
    let to_be_signed = reader_auth::to_be_signed(&transcript, &items_request_bytes);
    assert_eq!(to_be_signed, intermediate("d54_ReaderSigStructure"));
}
