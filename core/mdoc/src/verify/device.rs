//! Verifies the device's part: key authorizations, and the signature or MAC over the transcript.
use alloc::vec::Vec;

use rid_crypto::{AgreementKey, PublicKey, SignatureAlgorithm, verify_hmac_sha256};
use rid_trust::{Check, MessageTrust, Outcome};
use rid_wire::{
    Code,
    cbor::{Limits, Tagged},
    cose::{self, CoseError, Mac0, Sign1, mac_structure, sig_structure},
};

use super::{DeviceAuthInput, DeviceBound, DeviceItem, DocumentReport, Strictness, check, issuer, warning};
use crate::{
    MdocError,
    device_auth::{MAC_ALG, derive_mac_key, device_authentication_bytes},
    engagement::Engagement,
    mso::MsoParts,
    response::{DeviceAuth, DeviceElement, UnverifiedDeviceSigned, UnverifiedDocument},
    transcript::Transcript,
};

/// Verifies one document: the issuer's part, key authorizations, and the device signature or MAC.
#[must_use]
pub fn verify_document<'a>(
    document: &UnverifiedDocument<'a>,
    trust: &mut MessageTrust<'_>,
    input: &DeviceAuthInput<'_>,
) -> DocumentReport<'a> {
    let (report, mso) = match &document.issuer_signed {
        Ok(signed) => issuer::judge(signed, Some(&document.doc_type), trust, Strictness::Verifier),
        Err(error) => (issuer::refuse_issuer_signed(*error), None),
    };
    let authorizations = check_authorizations(&document.device_signed, mso.as_ref());
    let authentication = check_authentication(document, mso.as_ref(), input);
    let bound = [&authorizations, &authentication].iter().all(|check| check.outcome == Outcome::Passed);
    let evidence = match (report.evidence, &document.device_signed) {
        (Some(issuer), Ok(device)) if bound => Some(DeviceBound { issuer, device_items: device_items(device) }),
        _ => None,
    };
    let mut checks = report.checks;
    // The status of the credential is the last check.
    let last = checks.len().saturating_sub(1);
    checks.splice(last..last, [authorizations, authentication]);
    DocumentReport { checks, evidence, failed_elements: report.failed_elements }
}

fn device_items<'a>(device: &UnverifiedDeviceSigned<'a>) -> Vec<DeviceItem<'a>> {
    let item = |(namespace, identifier, value): &DeviceElement<'a>| DeviceItem {
        namespace: namespace.clone(),
        identifier: identifier.clone(),
        value,
    };
    device.elements.iter().map(item).collect()
}

/// Checks that the issuer authorised the key for every device-signed element (18013-5, 9.1.2.4).
fn check_authorizations(device: &Result<UnverifiedDeviceSigned<'_>, MdocError>, mso: Option<&MsoParts<'_>>) -> Check {
    let (Ok(device), Some(mso)) = (device, mso) else {
        return Check::not_done(check::KEY_AUTHORIZATIONS, None);
    };
    let covers = |namespace: &str, identifier: &str| mso.key_authorizations.covers(namespace, identifier);
    if device.elements.iter().all(|(namespace, identifier, _)| covers(namespace, identifier)) {
        Check::passed(check::KEY_AUTHORIZATIONS)
    } else {
        Check::failed(check::KEY_AUTHORIZATIONS, MdocError::DeviceKeyUnauthorized.code())
    }
}

/// The reason for which device authentication was not done or failed.
enum Obstacle {
    Missing(Code),
    Refused(MdocError),
}

impl<E: Into<MdocError>> From<E> for Obstacle {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

const TRANSCRIPT_MISSING: Obstacle = Obstacle::Missing(Code::new("transcript_missing"));
const READER_KEY_MISSING: Obstacle = Obstacle::Missing(Code::new("reader_key_missing"));

fn check_authentication(
    document: &UnverifiedDocument<'_>,
    mso: Option<&MsoParts<'_>>,
    input: &DeviceAuthInput<'_>,
) -> Check {
    let outcome = match (&document.device_signed, mso) {
        (Err(error), _) => Err(Obstacle::Refused(*error)),
        // Without the device key nothing can be checked; the check of the MSO gives the reason.
        (Ok(_), None) => return Check::not_done(check::DEVICE_AUTHENTICATION, None),
        (Ok(device), Some(mso)) => authenticate(&document.doc_type, device, &mso.device_key, input),
    };
    match outcome {
        Ok(()) => {
            let is_short = input.transcript.is_some_and(has_short_key);
            let reason = is_short.then_some(warning::KEY_COORDINATE_SHORT);
            Check { reason, ..Check::passed(check::DEVICE_AUTHENTICATION) }
        }
        Err(Obstacle::Missing(input)) => Check::not_done(check::DEVICE_AUTHENTICATION, Some(input)),
        Err(Obstacle::Refused(error)) => {
            Check::failed(check::DEVICE_AUTHENTICATION, error.code()).with_place(error.place("deviceAuth"))
        }
    }
}

/// Returns true if EReaderKey or EDeviceKey of a transcript lacks leading zeros of a coordinate.
fn has_short_key(transcript: &Transcript) -> bool {
    let parts = transcript.parts();
    let reader = parts.e_reader_key.and_then(|bytes| read_key(bytes).ok());
    let engagement = parts.device_engagement.and_then(|bytes| Tagged::parse(bytes, Limits::PROXIMITY).ok());
    let engagement = engagement.and_then(|tagged| Engagement::parse_nfc(tagged.inner).ok());
    reader.is_some_and(|(_, is_short)| is_short) || engagement.is_some_and(|e| e.is_key_short())
}

fn authenticate(
    doc_type: &str,
    device: &UnverifiedDeviceSigned<'_>,
    device_key: &PublicKey,
    input: &DeviceAuthInput<'_>,
) -> Result<(), Obstacle> {
    let signed = |transcript| device_authentication_bytes(transcript, doc_type, device.namespaces_bytes.outer);
    match &device.auth {
        DeviceAuth::Signature(signature) => {
            signature.detached()?;
            let alg = SignatureAlgorithm::from_cose(signature.header.alg)?;
            if alg != device_key.algorithm() {
                return Err(CoseError::AlgUnsupported.into());
            }
            let transcript = input.transcript.ok_or(TRANSCRIPT_MISSING)?;
            verify_signature(device_key, alg, signature, &signed(transcript))
        }
        DeviceAuth::Mac(mac) => {
            mac.detached()?;
            if mac.header.alg != MAC_ALG {
                return Err(CoseError::AlgUnsupported.into());
            }
            let transcript = input.transcript.ok_or(TRANSCRIPT_MISSING)?;
            let reader_key = input.reader_key.ok_or(READER_KEY_MISSING)?;
            verify_mac(device_key, reader_key, transcript, mac, &signed(transcript))
        }
    }
}

fn verify_signature(
    key: &PublicKey,
    alg: SignatureAlgorithm,
    signature: &Sign1<'_>,
    signed: &[u8],
) -> Result<(), Obstacle> {
    let prefix = sig_structure(&signature.header.protected, &[], signed.len());
    rid_crypto::verify(key, alg, &[&prefix, signed], &signature.signature)
        .map_err(|_| MdocError::DeviceAuthInvalid.into())
}

fn verify_mac(
    device_key: &PublicKey,
    reader_key: &AgreementKey,
    transcript: &Transcript,
    mac: &Mac0<'_>,
    signed: &[u8],
) -> Result<(), Obstacle> {
    const INVALID: MdocError = MdocError::DeviceAuthInvalid;
    if transcript.parts().e_reader_key.is_some_and(|bytes| !holds_key(bytes, &reader_key.public())) {
        return Err(INVALID.into());
    }
    let secret = reader_key.agree(device_key).map_err(|_| INVALID)?;
    let key = derive_mac_key(&secret, transcript);
    let prefix = mac_structure(&mac.header.protected, &[], signed.len());
    verify_hmac_sha256(key.expose(), &[&prefix, signed], &mac.tag).map_err(|_| INVALID.into())
}

/// Returns true if EReaderKeyBytes hold this key. Null bytes (OpenID4VP) fit any key.
fn holds_key(bytes: &[u8], key: &PublicKey) -> bool {
    read_key(bytes).is_ok_and(|(received, _)| received == *key)
}

/// Reads EReaderKey; the flag is true if a coordinate lacks its leading zeros.
fn read_key(bytes: &[u8]) -> Result<(PublicKey, bool), MdocError> {
    let tagged = Tagged::parse(bytes, Limits::PROXIMITY)?;
    Ok(PublicKey::from_cose_padded(&cose::Key::read(&mut tagged.decoder())?)?)
}
