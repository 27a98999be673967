//! Reports why a wallet or verifier would refuse an item. It runs their own parsers and checks, so that the codes are
//! the same.
use rid_crypto::{PublicKey, x509::Certificate};
use rid_flow::enrolment::{EnrolmentAnswer, EnrolmentRequest};
use rid_mdoc::{
    MdocError,
    engagement::Engagement,
    issuer_signed::UnverifiedIssuerSigned,
    mso::Mso,
    request::UnverifiedRequest,
    response::UnverifiedResponse,
    session::{SessionData, SessionEstablishment},
    transcript::Transcript,
    verify::{DeviceAuthInput, Strictness, check, verify_document, verify_issuer_signed},
};
use rid_trust::{Check, Environment, Outcome, TrustStore};
use rid_wire::{
    Code, Timestamp,
    cbor::{self, CborError, Encoder, Limits, Value},
    cose::{self, Mac0, Sign1},
};

use super::{
    decoder::Decoder,
    item::{number, well_formed},
    kind::Kind,
};

const LIMITS: Limits = Limits::ONLINE;

/// Reports everything for which a reader refuses `bytes`, an item without tag 24. Trust and the current time are not
/// judged.
pub(crate) fn refusals(decoder: &mut Decoder, kind: Kind, bytes: &[u8]) {
    let refused: Option<Code> = match kind {
        Kind::Cbor | Kind::Item | Kind::NameSpaces => None,
        Kind::DeviceAuthentication | Kind::ReaderAuthentication => None,
        Kind::CoseKey => check_key(bytes).err(),
        Kind::DeviceAuth => check_device_auth(bytes).err().map(MdocError::code),
        Kind::DeviceRequest => UnverifiedRequest::parse(bytes, LIMITS).err().map(MdocError::code),
        Kind::DeviceResponse => return check_response(decoder, bytes),
        Kind::DocRequest => UnverifiedRequest::parse(&request_of(bytes), LIMITS).err().map(MdocError::code),
        Kind::Document => return check_response(decoder, &response_of(bytes)),
        // Parsed as received over NFC: a QR code must hold everything that a handover message could hold.
        Kind::Engagement => Engagement::parse_nfc(bytes).err().map(MdocError::code),
        Kind::EnrolmentAnswer => return check_answer(decoder, bytes),
        Kind::EnrolmentRequest => EnrolmentRequest::parse(bytes).err().map(|error| error.code()),
        Kind::IssuerSigned => return check_issuer_signed(decoder, bytes, kind.name(), Strictness::Verifier),
        Kind::ItemsRequest => {
            let mut request = Encoder::new();
            request.map(1).text("itemsRequest").tagged(bytes);
            UnverifiedRequest::parse(&request_of(&request.finish()), LIMITS).err().map(MdocError::code)
        }
        Kind::Mac0 => read_whole(bytes, |reader| Ok(Mac0::read(reader).map(drop)?)).err().map(MdocError::code),
        Kind::Mso => check_mso(bytes).err().map(MdocError::code),
        Kind::SessionData => SessionData::parse(bytes, LIMITS).err().map(|error| error.code()),
        Kind::SessionEstablishment => SessionEstablishment::parse(bytes, LIMITS).err().map(|error| error.code()),
        Kind::Sign1 if is_issuer_auth(bytes) => {
            let mut issuer_signed = Encoder::new();
            issuer_signed.map(1).text("issuerAuth").raw(bytes);
            return check_issuer_signed(decoder, &issuer_signed.finish(), kind.name(), Strictness::Verifier);
        }
        Kind::Sign1 => read_whole(bytes, |reader| Ok(Sign1::read(reader).map(drop)?)).err().map(MdocError::code),
        Kind::Transcript => Transcript::received(bytes, LIMITS).err().map(MdocError::code),
    };
    if let Some(code) = refused {
        decoder.problem(code, kind.name(), None);
    }
}

/// Checks the whole, and then the parts of each document, so that an error in one does not hide another.
fn check_response(decoder: &mut Decoder, bytes: &[u8]) {
    let response = match UnverifiedResponse::parse(bytes, LIMITS) {
        Ok(response) => response,
        Err(error) => return decoder.problem(error.code(), Kind::DeviceResponse.name(), None),
    };
    if response.status != 0 {
        decoder.problem(MdocError::ResponseStatus.code(), Kind::DeviceResponse.name(), None);
    }
    let input = DeviceAuthInput { transcript: None, reader_key: None };
    for (at, document) in response.documents.iter().flatten().enumerate() {
        let issuer_signed = document.issuer_signed.as_ref().ok();
        let Some((trust, time)) = itself(issuer_signed) else { return };
        let report = verify_document(document, &mut trust.message(time), &input);
        let (device, issuer): (Vec<Check>, Vec<Check>) = report
            .checks
            .into_iter()
            .partition(|found| [check::KEY_AUTHORIZATIONS, check::DEVICE_AUTHENTICATION].contains(&found.code));
        note_failures(decoder, &issuer, &format!("documents[{at}].issuerSigned"));
        note_failures(decoder, &device, &format!("documents[{at}].deviceSigned"));
    }
}

/// Checks that a verifier, or a wallet on receipt, makes of an IssuerSigned.
fn check_issuer_signed(decoder: &mut Decoder, bytes: &[u8], what: &str, strictness: Strictness) {
    match UnverifiedIssuerSigned::parse_for_verdict(bytes, LIMITS) {
        Ok(parsed) => {
            let Some((trust, at)) = itself(Some(&parsed)) else { return };
            let report = verify_issuer_signed(&parsed, None, &mut trust.message(at), strictness);
            note_failures(decoder, &report.checks, what);
        }
        Err(error) => decoder.problem(error.code(), placed(what, error.place("issuerAuth").as_deref()), None),
    }
}

/// The failed checks. That of the signature is last, because another fault may be its cause.
fn note_failures(decoder: &mut Decoder, checks: &[Check], what: &str) {
    // Trust and the current time are not judged.
    let judged = |found: &Check| found.code != check::TRUST && found.code != check::VALIDITY;
    let failed = checks.iter().filter(|found| found.outcome == Outcome::Failed && judged(found));
    let (signature, others): (Vec<&Check>, Vec<&Check>) =
        failed.partition(|found| found.code == check::ISSUER_SIGNATURE);
    for found in others.into_iter().chain(signature) {
        let code = found.reason.unwrap_or(found.code);
        decoder.problem(code, placed(what, found.place.as_deref()), None);
    }
}

fn placed(what: &str, place: Option<&str>) -> String {
    place.map_or_else(|| what.to_owned(), |place| format!("{what}: {place}"))
}

/// Trusts only the certificate of the signer, at a time when it is valid, to check signature and signing time with it.
fn itself(issuer_signed: Option<&UnverifiedIssuerSigned<'_>>) -> Option<(TrustStore, Timestamp)> {
    let store = TrustStore::new(Environment::Production, Vec::new()).ok()?;
    let at = issuer_signed.map_or(EPOCH, certified_at);
    let chain = issuer_signed.and_then(|issuer_signed| issuer_signed.issuer_auth.header.x5chain.as_ref().ok());
    let leaf = chain.and_then(|chain| Certificate::parse(chain.first()?).ok());
    Some(match leaf {
        Some(leaf) => {
            let at = at.max(leaf.not_before()).min(leaf.not_after());
            (store.pin_leaf(leaf), at)
        }
        None => (store, at),
    })
}

const EPOCH: Timestamp = Timestamp::from_unix(0);

/// The start of validity of a credential, at which its times are judged against each other.
fn certified_at(issuer_signed: &UnverifiedIssuerSigned<'_>) -> Timestamp {
    let payload = issuer_signed.issuer_auth.attached().map_err(MdocError::from);
    let validity = payload.and_then(Mso::parse).map(|mso| mso.validity);
    validity.map_or(EPOCH, |validity| validity.signed.max(validity.valid_from))
}

/// Whether the payload of a COSE_Sign1 is an MSO.
fn is_issuer_auth(bytes: &[u8]) -> bool {
    let Ok(mut reader) = cbor::Decoder::new(bytes, LIMITS) else { return false };
    Sign1::read(&mut reader).is_ok_and(|auth| auth.attached().is_ok_and(|payload| Mso::parse(payload).is_ok()))
}

fn check_mso(bytes: &[u8]) -> Result<(), MdocError> {
    let mut tagged = Encoder::new();
    tagged.tagged(bytes);
    Mso::parse(&tagged.finish()).map(drop)
}

fn check_answer(decoder: &mut Decoder, bytes: &[u8]) {
    let answer = match EnrolmentAnswer::parse(bytes) {
        Ok(answer) => answer,
        Err(error) => return decoder.problem(error.code(), Kind::EnrolmentAnswer.name(), None),
    };
    for (kind, credentials) in answer.kinds.iter().enumerate() {
        for (at, credential) in credentials.1.iter().enumerate() {
            check_issuer_signed(decoder, credential, &format!("kinds[{kind}].credentials[{at}]"), Strictness::Receipt);
        }
    }
}

/// Checks that a public key is a point of its curve. Of a private key only the public part is checked.
fn check_key(bytes: &[u8]) -> Result<(), Code> {
    let value = well_formed(bytes).map_err(|(error, _)| error.code())?;
    if number(&value, 1).is_some_and(|kty| !matches!(kty, Value::Uint(1 | 2))) {
        // A key of another type, which nothing here reads.
        return Err(rid_crypto::CryptoError::AlgUnsupported.code());
    }
    let public = [1, -1, -2, -3].into_iter().filter_map(|label| number(&value, label).map(|value| (label, value)));
    let public: Vec<(i64, &Value<'_>)> = public.collect();
    let mut encoder = Encoder::new();
    encoder.map(public.len());
    for (label, value) in public {
        encoder.int(label);
        match value {
            Value::Bool(value) => encoder.boolean(*value),
            Value::Bytes(value) => encoder.bytes(value),
            Value::Uint(value) => encoder.uint(*value),
            _ => encoder.null(),
        };
    }
    let encoded = encoder.finish();
    let mut reader = cbor::Decoder::new(&encoded, LIMITS).map_err(CborError::code)?;
    let key = cose::Key::read(&mut reader).map_err(|error| error.code())?;
    PublicKey::from_cose(&key).map(drop).map_err(|error| error.code())
}

fn check_device_auth(bytes: &[u8]) -> Result<(), MdocError> {
    let mut found = 0_usize;
    read_whole(bytes, |reader| {
        reader.map(|reader, key| {
            match key.as_text() {
                Some("deviceSignature") => drop(Sign1::read(reader)?),
                Some("deviceMac") => drop(Mac0::read(reader)?),
                _ => return Ok(()),
            }
            found = found.saturating_add(1);
            Ok::<_, MdocError>(())
        })?;
        Ok(())
    })?;
    if found == 1 { Ok(()) } else { Err(MdocError::DeviceAuthMissing) }
}

fn read_whole<'a>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut cbor::Decoder<'a>) -> Result<(), MdocError>,
) -> Result<(), MdocError> {
    let mut reader = cbor::Decoder::new(bytes, LIMITS)?;
    read(&mut reader)?;
    Ok(reader.finish()?)
}

/// Wraps one DocRequest in a DeviceRequest.
fn request_of(doc_request: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.map(2).text("version").text("1.0").text("docRequests").array(1).raw(doc_request);
    encoder.finish()
}

/// Wraps one Document in a DeviceResponse.
fn response_of(document: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.map(3).text("version").text("1.0").text("documents").array(1).raw(document).text("status").uint(0);
    encoder.finish()
}
