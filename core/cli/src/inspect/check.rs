//! What the strict readers say of an item: those of the wallet and the verifier themselves, so that names agree.
use rid_crypto::PublicKey;
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
};
use rid_wire::{
    Code,
    cbor::{CborError, Limits, Reader, Value, Writer},
    cose::{self, Mac0, Sign1},
};

use super::{
    decoder::{Decoder, number, well_formed},
    kind::Kind,
};

const LIMITS: Limits = Limits::ONLINE;

/// Notes everything that makes a reader refuse `bytes`, the item itself without a tag 24 around it. Nothing is verified.
pub(crate) fn check(decoder: &mut Decoder, kind: Kind, bytes: &[u8]) {
    let refused: Option<Code> = match kind {
        Kind::Cbor | Kind::Item | Kind::NameSpaces => None,
        Kind::DeviceAuthentication | Kind::ReaderAuthentication => None,
        Kind::CoseKey => check_key(bytes).err(),
        Kind::DeviceAuth => check_device_auth(bytes).err().map(MdocError::code),
        Kind::DeviceRequest => UnverifiedRequest::parse(bytes, LIMITS).err().map(MdocError::code),
        Kind::DeviceResponse => return check_response(decoder, bytes),
        Kind::DocRequest => UnverifiedRequest::parse(&request_of(bytes), LIMITS).err().map(MdocError::code),
        Kind::Document => return check_response(decoder, &response_of(bytes)),
        Kind::Engagement => Engagement::parse(bytes).err().map(MdocError::code),
        Kind::EnrolmentAnswer => return check_answer(decoder, bytes),
        Kind::EnrolmentRequest => EnrolmentRequest::parse(bytes).err().map(|error| error.code()),
        Kind::IssuerSigned => check_issuer_signed(bytes).err().map(MdocError::code),
        Kind::ItemsRequest => {
            let mut request = Writer::new();
            request.map(1).text("itemsRequest").tagged(bytes);
            UnverifiedRequest::parse(&request_of(&request.finish()), LIMITS).err().map(MdocError::code)
        }
        Kind::Mac0 => read_whole(bytes, |reader| Ok(Mac0::read(reader).map(drop)?)).err().map(MdocError::code),
        Kind::Mso => check_mso(bytes).err().map(MdocError::code),
        Kind::SessionData => SessionData::parse(bytes, LIMITS).err().map(|error| error.code()),
        Kind::SessionEstablishment => SessionEstablishment::parse(bytes, LIMITS).err().map(|error| error.code()),
        Kind::Sign1 => read_whole(bytes, |reader| Ok(Sign1::read(reader).map(drop)?)).err().map(MdocError::code),
        Kind::Transcript => Transcript::received(bytes, LIMITS).err().map(MdocError::code),
    };
    if let Some(code) = refused {
        decoder.problem(code, kind.name(), None);
    }
}

/// The whole, and each document's parts: an error of meaning in one does not hide another.
fn check_response(decoder: &mut Decoder, bytes: &[u8]) {
    let response = match UnverifiedResponse::parse(bytes, LIMITS) {
        Ok(response) => response,
        Err(error) => return decoder.problem(error.code(), Kind::DeviceResponse.name(), None),
    };
    let issuer_signed = issuer_signed_of(bytes).unwrap_or_default();
    for (at, document) in response.documents.iter().flatten().enumerate() {
        let found = match issuer_signed.get(at) {
            Some(Some(bytes)) => check_issuer_signed(bytes),
            _ => document.issuer_signed.as_ref().map(drop).map_err(|error| *error),
        };
        if let Err(error) = found {
            decoder.problem(error.code(), format!("documents[{at}].issuerSigned"), None);
        }
        if let Err(error) = &document.device_signed {
            decoder.problem(error.code(), format!("documents[{at}].deviceSigned"), None);
        }
    }
}

/// The bytes of issuerSigned of each document.
fn issuer_signed_of(bytes: &[u8]) -> Result<Vec<Option<&[u8]>>, CborError> {
    let mut found = Vec::new();
    Reader::new(bytes, LIMITS)?.map(|reader, key| {
        if key.as_text() == Some("documents") {
            reader.array(|reader, _| {
                let mut issuer_signed = None;
                reader.map(|reader, key| {
                    if key.as_text() == Some("issuerSigned") {
                        issuer_signed = Some(reader.skip()?);
                    }
                    Ok::<_, CborError>(())
                })?;
                found.push(issuer_signed);
                Ok::<_, CborError>(())
            })?;
        }
        Ok::<_, CborError>(())
    })?;
    Ok(found)
}

fn check_issuer_signed(bytes: &[u8]) -> Result<(), MdocError> {
    let issuer_signed = UnverifiedIssuerSigned::parse(bytes, LIMITS)?;
    Mso::parse(issuer_signed.issuer_auth.attached()?).map(drop)
}

fn check_mso(bytes: &[u8]) -> Result<(), MdocError> {
    let mut tagged = Writer::new();
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
            if let Err(error) = check_issuer_signed(credential) {
                decoder.problem(error.code(), format!("kinds[{kind}].credentials[{at}]"), None);
            }
        }
    }
}

/// A public key is a point of its curve. Of a key with a private part only the public one is looked at.
fn check_key(bytes: &[u8]) -> Result<(), Code> {
    let value = well_formed(bytes).map_err(|(error, _)| error.code())?;
    if number(&value, 1).is_some_and(|kty| !matches!(kty, Value::Uint(1 | 2))) {
        // Of another family: nothing here reads it.
        return Err(rid_crypto::CryptoError::AlgUnsupported.code());
    }
    let public = [1, -1, -2, -3].into_iter().filter_map(|label| number(&value, label).map(|value| (label, value)));
    let public: Vec<(i64, &Value<'_>)> = public.collect();
    let mut writer = Writer::new();
    writer.map(public.len());
    for (label, value) in public {
        writer.int(label);
        match value {
            Value::Bool(value) => writer.boolean(*value),
            Value::Bytes(value) => writer.bytes(value),
            Value::Uint(value) => writer.uint(*value),
            _ => writer.null(),
        };
    }
    let encoded = writer.finish();
    let mut reader = Reader::new(&encoded, LIMITS).map_err(CborError::code)?;
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
    read: impl FnOnce(&mut Reader<'a>) -> Result<(), MdocError>,
) -> Result<(), MdocError> {
    let mut reader = Reader::new(bytes, LIMITS)?;
    read(&mut reader)?;
    Ok(reader.finish()?)
}

/// A DeviceRequest around one DocRequest.
fn request_of(doc_request: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.map(2).text("version").text("1.0").text("docRequests").array(1).raw(doc_request);
    writer.finish()
}

/// A DeviceResponse around one Document.
fn response_of(document: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.map(3).text("version").text("1.0").text("documents").array(1).raw(document).text("status").uint(0);
    writer.finish()
}
