//! Checks ISO/IEC 18013-5 Annex D: values are reproduced if its keys allow it, otherwise verified.
use rid_crypto::{
    AeadKey, AgreementKey, Curve, PublicKey, Secret, SignatureAlgorithm, sha256, verify, x509::Certificate,
};
use rid_mdoc::{
    device_auth::{derive_mac_key, device_authentication_bytes, mac_tag},
    engagement::Engagement,
    issuer_signed::UnverifiedIssuerSigned,
    mso::Mso,
    reader_auth::{self, ReaderAuth},
    request::UnverifiedRequest,
    session::{Role, SessionCipher, SessionData, SessionEstablishment, Status, key_bytes},
    transcript::Transcript,
};
use rid_trust::{Anchor, Environment, Role as TrustRole, TrustStore};
use rid_wire::{
    Timestamp,
    cbor::{Decoder, Limits},
    cose::{Key, Mac0, Sign1, mac_structure, protected_header, sig_structure},
};

use crate::{
    Outcome,
    data::{annex_d, bytes, intermediate, json, of_hex},
    holds,
};

const LIMITS: Limits = Limits::PROXIMITY;
const MDL: &str = "org.iso.18013.5.1.mDL";

/// Judges a vector by its file name.
pub(crate) fn judge(path: &str) -> Outcome {
    let name = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or(path);
    match name {
        "DEVICE_ENGAGEMENT" | "d31" => engagement(&bytes(path)),
        "DEVICE_REQUEST" | "d411" | "request_d411" => request(&bytes(path)),
        "ITEMS_REQUEST" => holds("inside DEVICE_REQUEST", inside("DEVICE_REQUEST", path)),
        "DEVICE_RESPONSE_PORTRAIT_DATA" => holds("inside DEVICE_RESPONSE", inside("DEVICE_RESPONSE", path)),
        "E_DEVICE_KEY_BYTES" => {
            holds("key bytes reproduced", key_bytes(&key("EPHEMERAL_DEVICE_KEY_D").public()) == bytes(path))
        }
        "EPHEMERAL_DEVICE_KEY_D" | "EPHEMERAL_READER_KEY_D" | "STATIC_DEVICE_KEY_D" => private(name, &bytes(path)),
        "session_e_device_key" => holds("the same key", bytes(path) == annex_d("EPHEMERAL_DEVICE_KEY_D")),
        "session_shared_secret" => {
            holds("reproduced", shared(Role::Mdoc) == bytes(path) && shared(Role::Reader) == bytes(path))
        }
        "session_reader_session_key" => reader_session_key(&bytes(path)),
        "keys" => keys_of_both_sources(path),
        "cose_key_ec_p256" => cose_key(&bytes(path)),
        "cose_mac0_secret_key" | "cose_sign1_secret_key" => holds("the key is present", !bytes(path).is_empty()),
        "READER_AUTH" | "d54_readerAuth" => reader_authentication(&bytes(path)),
        "d54_ReaderAuthenticationBytes" => holds("reproduced", reader_authentication_bytes() == bytes(path)),
        "d54_ReaderSigStructure" => {
            let payload = reader_authentication_bytes();
            let prefix = sig_structure(&protected_header(SignatureAlgorithm::Es256.cose()), &[], payload.len());
            holds("reproduced", [prefix, payload].concat() == bytes(path))
        }
        "SESSION_ESTABLISHMENT" | "d51_sessionEstablishData" | "session_session_establishment" => {
            establishment(&bytes(path))
        }
        "SESSION_DATA" | "d51_sessionData" => session_data(&bytes(path)),
        "SESSION_TERMINATION" | "d51_sessionTermination" => {
            holds("reproduced", SessionData::encode(None, Some(Status::Termination)) == bytes(path))
        }
        "SESSION_TRANSCRIPT_BYTES" | "d51_sessionTranscriptData" | "session_session_transcript" => {
            transcript_of(&bytes(path))
        }
        "d52" | "d52_issuerAuthCBOR" => issuer_auth(&bytes(path)),
        "d52_sigStructure" => sig_structure_of_issuer(&bytes(path)),
        "d52_nfcHandoverSelect" => holds("in the transcript", in_transcript(path)),
        "d52_nfcHandoverRequest" => holds("in the transcript", in_transcript(path)),
        "d53_deviceAuth" | "d53_deviceAuthCBORdata" => device_auth(&bytes(path)),
        "d53_deviceAuthDeviceAuthenticationBytes" => holds("reproduced", device_authentication() == bytes(path)),
        "d53_deviceAuthMacStructure" => {
            let signed = device_authentication();
            let prefix = mac_structure(&protected_header(5), &[], signed.len());
            holds("reproduced", [prefix, signed].concat() == bytes(path))
        }
        other => match (other.strip_suffix("_X"), other.strip_suffix("_Y")) {
            (Some(name), _) => {
                holds("x of the key", key(&format!("{name}_D")).public().to_bytes()[1..33] == bytes(path))
            }
            (_, Some(name)) => {
                holds("y of the key", key(&format!("{name}_D")).public().to_bytes()[33..] == bytes(path))
            }
            _ => Err(format!("no way to read {other}")),
        },
    }
}

fn key(name: &str) -> AgreementKey {
    AgreementKey::from_scalar(Curve::P256, &annex_d(name)).expect("a scalar")
}

fn transcript() -> Transcript {
    Transcript::received(&annex_d("SESSION_TRANSCRIPT_BYTES"), LIMITS).expect("a transcript")
}

fn contains(outer: &[u8], inner: &[u8]) -> bool {
    outer.windows(inner.len()).any(|window| window == inner)
}

fn inside(outer: &str, path: &str) -> bool {
    contains(&annex_d(outer), &bytes(path))
}

fn in_transcript(path: &str) -> bool {
    contains(&annex_d("SESSION_TRANSCRIPT_BYTES"), &bytes(path))
}

fn shared(role: Role) -> Vec<u8> {
    let (device, reader) = (key("EPHEMERAL_DEVICE_KEY_D"), key("EPHEMERAL_READER_KEY_D"));
    let secret = match role {
        Role::Mdoc => device.agree(&reader.public()),
        Role::Reader => reader.agree(&device.public()),
    };
    secret.expect("one curve").expose().to_vec()
}

fn cipher(role: Role) -> SessionCipher {
    let (device, reader) = (key("EPHEMERAL_DEVICE_KEY_D"), key("EPHEMERAL_READER_KEY_D"));
    let secret = match role {
        Role::Mdoc => device.agree(&reader.public()),
        Role::Reader => reader.agree(&device.public()),
    };
    SessionCipher::derive(role, &secret.expect("one curve"), &transcript())
}

fn engagement(bytes: &[u8]) -> Outcome {
    let engagement = Engagement::parse(bytes).map_err(|error| error.code())?;
    holds("the ephemeral key", *engagement.e_device_key() == key("EPHEMERAL_DEVICE_KEY_D").public())?;
    let scanned = Engagement::parse_qr(&engagement.to_qr()).map_err(|error| error.code())?;
    holds("the QR carries the bytes", scanned.as_bytes() == bytes)
}

fn request(bytes: &[u8]) -> Outcome {
    let request = UnverifiedRequest::parse(bytes, LIMITS).map_err(|error| error.code())?;
    let root = Certificate::parse(&intermediate("d54_readerRoot")).map_err(|error| error.code())?;
    let anchor =
        Anchor { certificate: root, role: TrustRole::Reader, environment: Environment::Test, credential_types: None };
    let trust = TrustStore::new(Environment::Test, vec![anchor]).map_err(|error| error.code())?;
    let in_2021 = Timestamp::parse_rfc3339("2021-01-01T00:00:00Z").expect("a time");
    for doc_request in &request.doc_requests {
        let verified = reader_auth::verify(doc_request, &transcript(), &mut trust.message(in_2021));
        holds(&format!("reader authentication: {verified:?}"), matches!(verified, ReaderAuth::Verified(_)))?;
    }
    holds("one document", request.doc_requests.len() == 1)
}

fn private(name: &str, scalar: &[u8]) -> Outcome {
    let key = AgreementKey::from_scalar(Curve::P256, scalar).map_err(|error| error.code())?;
    let public = key.public().to_bytes();
    let point = [vec![4], annex_d(&with(name, "_X")), annex_d(&with(name, "_Y"))].concat();
    holds("its point", public == point)
}

fn with(name: &str, ending: &str) -> String {
    format!("{}{ending}", name.strip_suffix("_D").unwrap_or(name))
}

/// SKReader is never returned, so a message sealed with the vector's key must open.
fn reader_session_key(bytes: &[u8]) -> Outcome {
    let mut key = <[u8; 32]>::try_from(bytes).expect("32 bytes");
    let sealed = AeadKey::new(Secret::take(&mut key)).seal(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], &[], b"hello");
    let sealed = sealed.map_err(|error| error.code())?;
    holds("opens for the mdoc", cipher(Role::Mdoc).decrypt(&sealed) == Ok(b"hello".to_vec()))?;
    holds("the reader encrypts to the same bytes", cipher(Role::Reader).encrypt(b"hello") == Ok(sealed))
}

fn keys_of_both_sources(path: &str) -> Outcome {
    let keys = json(path);
    for (name, other) in [("d51_ephDeviceKey", "EPHEMERAL_DEVICE_KEY"), ("d51_ephReaderKey", "EPHEMERAL_READER_KEY")] {
        holds(name, of_hex(&keys[name]["d"]) == annex_d(&format!("{other}_D")))?;
        holds(name, of_hex(&keys[name]["x"]) == annex_d(&format!("{other}_X")))?;
    }
    Ok(())
}

fn cose_key(bytes: &[u8]) -> Outcome {
    let mut reader = Decoder::new(bytes, LIMITS).map_err(|error| error.code())?;
    let key = Key::read(&mut reader).map_err(|error| error.code())?;
    reader.finish().map_err(|error| error.code())?;
    Ok(PublicKey::from_cose(&key).map(|_| ()).map_err(|error| error.code())?)
}

fn reader_authentication_bytes() -> Vec<u8> {
    let device_request = annex_d("DEVICE_REQUEST");
    let request = UnverifiedRequest::parse(&device_request, LIMITS).expect("a request");
    reader_auth::reader_authentication_bytes(&transcript(), request.doc_requests[0].items_request_bytes.outer)
}

fn reader_authentication(bytes: &[u8]) -> Outcome {
    holds("inside DEVICE_REQUEST", contains(&annex_d("DEVICE_REQUEST"), bytes))?;
    let mut reader = Decoder::new(bytes, LIMITS).map_err(|error| error.code())?;
    let sign1 = Sign1::read(&mut reader).map_err(|error| error.code())?;
    sign1.detached().map_err(|error| error.code())?;
    let leaf = Certificate::parse(&sign1.chain().map_err(|error| error.code())?[0]).map_err(|error| error.code())?;
    let payload = reader_authentication_bytes();
    let prefix = sig_structure(&sign1.header.protected, &[], payload.len());
    let alg = SignatureAlgorithm::from_cose(sign1.header.alg).map_err(|error| error.code())?;
    verify(leaf.public_key(), alg, &[&prefix, &payload], &sign1.signature).map_err(|error| error.code())?;
    holds("READER_CERT", leaf.der() == annex_d("READER_CERT"))
}

fn establishment(bytes: &[u8]) -> Outcome {
    let establishment = SessionEstablishment::parse(bytes, LIMITS).map_err(|error| error.code())?;
    let request = cipher(Role::Mdoc).decrypt(&establishment.data).map_err(|error| error.code())?;
    holds("decrypts to DEVICE_REQUEST", request == annex_d("DEVICE_REQUEST"))?;
    let sealed = cipher(Role::Reader).encrypt(&request).map_err(|error| error.code())?;
    let reader_key = key("EPHEMERAL_READER_KEY_D").public();
    holds("reproduced", SessionEstablishment::encode(&key_bytes(&reader_key), &sealed) == bytes)
}

fn session_data(bytes: &[u8]) -> Outcome {
    let data = SessionData::parse(bytes, LIMITS).map_err(|error| error.code())?;
    let response =
        cipher(Role::Reader).decrypt(data.data.as_deref().unwrap_or_default()).map_err(|error| error.code())?;
    holds("decrypts to DEVICE_RESPONSE", response == annex_d("DEVICE_RESPONSE"))?;
    let sealed = cipher(Role::Mdoc).encrypt(&response).map_err(|error| error.code())?;
    holds("reproduced", SessionData::encode(Some(&sealed), None) == bytes)
}

fn transcript_of(bytes: &[u8]) -> Outcome {
    let received = Transcript::received(bytes, LIMITS).map_err(|error| error.code())?;
    let parts = received.parts();
    let (Some(engagement), Some(reader_key)) = (parts.device_engagement, parts.e_reader_key) else {
        return Err("engagement and reader key are there".into());
    };
    let (select, request) = (intermediate("d52_nfcHandoverSelect"), intermediate("d52_nfcHandoverRequest"));
    let engagement = Decoder::new(engagement, LIMITS).and_then(|mut reader| reader.tagged().map(|tagged| tagged.inner));
    let built = Transcript::nfc(engagement.map_err(|error| error.code())?, reader_key, &select, Some(&request));
    holds("reproduced", built.tagged() == bytes)?;
    holds("its hash", built.digest() == sha256(&[bytes]))
}

fn issuer_auth(bytes: &[u8]) -> Outcome {
    holds("inside DEVICE_RESPONSE", contains(&annex_d("DEVICE_RESPONSE"), bytes))?;
    let mut reader = Decoder::new(bytes, LIMITS).map_err(|error| error.code())?;
    let sign1 = Sign1::read(&mut reader).map_err(|error| error.code())?;
    let payload = sign1.attached().map_err(|error| error.code())?;
    let signer = Certificate::parse(&annex_d("DS_CERT")).map_err(|error| error.code())?;
    let prefix = sig_structure(&sign1.header.protected, &[], payload.len());
    let alg = SignatureAlgorithm::from_cose(sign1.header.alg).map_err(|error| error.code())?;
    verify(signer.public_key(), alg, &[&prefix, payload], &sign1.signature).map_err(|error| error.code())?;
    let mso = Mso::parse(payload).map_err(|error| error.code())?;
    holds("the device key", mso.device_key == key("STATIC_DEVICE_KEY_D").public())
}

fn sig_structure_of_issuer(bytes: &[u8]) -> Outcome {
    let signed = crate::data::bytes("isomdl/issuer_signed.cbor");
    let signed = UnverifiedIssuerSigned::parse(&signed, LIMITS).map_err(|error| error.code())?;
    let payload = signed.issuer_auth.attached().map_err(|error| error.code())?;
    let prefix = sig_structure(&signed.issuer_auth.header.protected, &[], payload.len());
    holds("reproduced", [prefix.as_slice(), payload].concat() == bytes)
}

fn device_authentication() -> Vec<u8> {
    // DeviceNameSpacesBytes of an empty map.
    device_authentication_bytes(&transcript(), MDL, &[0xd8, 0x18, 0x41, 0xa0])
}

fn device_auth(bytes: &[u8]) -> Outcome {
    let secret =
        key("STATIC_DEVICE_KEY_D").agree(&key("EPHEMERAL_READER_KEY_D").public()).map_err(|error| error.code())?;
    let tag = mac_tag(&derive_mac_key(&secret, &transcript()), &device_authentication());
    let mut same = false;
    let mut reader = Decoder::new(bytes, LIMITS).map_err(|error| error.code())?;
    let read = reader.map(|reader, key| {
        let mac = Mac0::read(reader)?;
        same = key.as_text() == Some("deviceMac") && mac.tag.as_ref() == tag;
        Ok::<(), rid_wire::cose::CoseError>(())
    });
    read.map_err(|error| error.code())?;
    holds("the MAC is reproduced", same)
}
