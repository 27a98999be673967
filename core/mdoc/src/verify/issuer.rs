//! Verifies the issuer's part: chain, signature, MSO, digests.
use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use rid_crypto::{CryptoError, DigestAlgorithm, PublicKey, SignatureAlgorithm, x509::Certificate};
use rid_trust::{Basis, Check, IssuerTrust, MessageTrust, Outcome, TrustError, parse_chain};
use rid_wire::{
    ClockTolerance, Code, Timestamp,
    cbor::{CborError, Decoder, Limits},
    cose::{CoseError, Sign1, sig_structure},
};

use super::{IssuerReport, IssuerVerified, Strictness, VerifiedItem, check, warning};
use crate::{
    MdocError,
    issuer_signed::UnverifiedIssuerSigned,
    mso::{Digests, MsoParts, ValidityInfo, is_wide},
};

/// The signer's certificate lacks extensions that no decision depends on.
const CERT_INCOMPLETE: Code = Code::new("cert_incomplete");
/// Such an extension is unreadable (neg-F34).
const CERT_EXTENSION_MALFORMED: Code = Code::new("cert_extension_malformed");

/// Verifies the issuer's part. `doc_type` is that of the document; with `None` that of the MSO is used and not
/// compared.
#[must_use]
pub fn verify_issuer_signed<'a>(
    issuer_signed: &UnverifiedIssuerSigned<'a>,
    doc_type: Option<&str>,
    trust: &mut MessageTrust<'_>,
    strictness: Strictness,
) -> IssuerReport<'a> {
    judge(issuer_signed, doc_type, trust, strictness).0
}

/// The report on an IssuerSigned that could not be parsed: the check that the error belongs to fails, the others are
/// not done.
#[must_use]
pub fn refuse_issuer_signed(error: MdocError) -> IssuerReport<'static> {
    let at_fault = match error {
        MdocError::DigestIdDuplicate | MdocError::ElementDuplicate | MdocError::SaltShort | MdocError::TooMany => {
            check::DIGESTS
        }
        _ => check::ISSUER_AUTH_FORM,
    };
    let checks = ALL.into_iter().map(|code| match code {
        _ if code == at_fault => refused(code, error),
        _ => Check::not_done(code, None),
    });
    IssuerReport { checks: checks.collect(), evidence: None, failed_elements: Vec::new(), doc_type: None }
}

fn refused(code: Code, error: MdocError) -> Check {
    Check::failed(code, error.code()).with_place(error.place("issuerAuth"))
}

/// The issuer's checks in order.
const ALL: [Code; 15] = [
    check::ISSUER_AUTH_FORM,
    check::TRUST,
    check::CERTIFICATE_PROFILE,
    check::ISSUER_COUNTRY,
    check::CERTIFICATE_REVOCATION,
    check::ISSUER_SIGNATURE,
    check::MSO_FORM,
    check::MSO_VERSION,
    check::DIGEST_ALGORITHM,
    check::DOC_TYPE,
    check::VALIDITY_INFO,
    check::SIGNED_IN_CERTIFICATE,
    check::VALIDITY,
    check::DIGESTS,
    check::CREDENTIAL_STATUS,
];

/// Verifies as [`verify_issuer_signed`] does, and returns the MSO, if readable, for the checks of the device.
pub(super) fn judge<'a>(
    issuer_signed: &UnverifiedIssuerSigned<'a>,
    doc_type: Option<&str>,
    message: &mut MessageTrust<'_>,
    strictness: Strictness,
) -> (IssuerReport<'a>, Option<MsoParts<'a>>) {
    let form = Form::read(&issuer_signed.issuer_auth);
    let trust = form.trust(doc_type, message);
    let time = (message.at(), message.store().clock_tolerance());
    report(issuer_signed, doc_type, form, trust, time, strictness)
}

/// Verifies with the leaf's own key: the chain was decided on when the wallet received the credential.
pub(super) fn judge_stored<'a>(
    issuer_signed: &UnverifiedIssuerSigned<'a>,
    doc_type: &str,
    at: Timestamp,
) -> IssuerReport<'a> {
    let form = Form::read(&issuer_signed.issuer_auth);
    let leaf = form.chain.as_ref().ok().and_then(|chain| chain.first());
    let trust = leaf.map(|leaf| Ok(IssuerTrust::decided_on_receipt(leaf)));
    report(issuer_signed, Some(doc_type), form, trust, (at, ClockTolerance::default()), Strictness::Verifier).0
}

/// Runs the checks in order, after the decision on the chain.
fn report<'a>(
    issuer_signed: &UnverifiedIssuerSigned<'a>,
    doc_type: Option<&str>,
    form: Form<'a>,
    trust: Option<Result<IssuerTrust, TrustError>>,
    (at, tolerance): (Timestamp, ClockTolerance),
    strictness: Strictness,
) -> (IssuerReport<'a>, Option<MsoParts<'a>>) {
    let mso = form.mso.as_ref().ok();
    let trusted = trust.as_ref().and_then(|decision| decision.as_ref().ok());
    let validity = mso.and_then(|mso| mso.validity.as_ref().ok());
    let mut failed_elements = Vec::new();
    let checks = vec![
        form.check(trusted),
        check_trust(trust.as_ref(), at).with_place(form.misordered(trust.as_ref())),
        check_profile(trusted),
        check_country(trusted, issuer_signed),
        check_revocation(trusted),
        form.check_signature(trusted, &issuer_signed.issuer_auth),
        form.check_mso(strictness),
        check_part(check::MSO_VERSION, mso.map(|mso| &mso.version)),
        check_part(check::DIGEST_ALGORITHM, mso.map(|mso| &mso.digest_algorithm)),
        check_doc_type(doc_type, mso),
        check_validity_info(mso.map(|mso| &mso.validity), at, tolerance, strictness),
        check_signed_in_certificate(validity, trusted),
        check_validity(validity, at, tolerance),
        check_digests(issuer_signed, mso, strictness, &mut failed_elements),
        Check::not_done(check::CREDENTIAL_STATUS, None),
    ];
    let evidence = match (mso, validity, trusted) {
        (Some(mso), Some(validity), Some(trust)) if hold(&checks) => Some(IssuerVerified {
            doc_type: mso.doc_type.clone(),
            device_key: mso.device_key.clone(),
            validity: *validity,
            status: mso.status.clone().unwrap_or_default(),
            trust: trust.clone(),
            items: verified_items(issuer_signed),
        }),
        _ => None,
    };
    let doc_type = mso.map(|mso| mso.doc_type.clone());
    (IssuerReport { checks, evidence, failed_elements, doc_type }, form.mso.ok())
}

/// Returns true if claims may be read: every check that does not depend on the time holds. The checks of trust and
/// country may be skipped only if a leaf or key is trusted directly, that of docType only if the caller gave none.
fn hold(checks: &[Check]) -> bool {
    checks.iter().all(|check| match check.code {
        check::TRUST | check::CERTIFICATE_PROFILE | check::ISSUER_COUNTRY | check::DOC_TYPE => {
            check.outcome != Outcome::Failed
        }
        check::VALIDITY_INFO | check::SIGNED_IN_CERTIFICATE | check::VALIDITY => true,
        check::CERTIFICATE_REVOCATION | check::CREDENTIAL_STATUS => check.outcome != Outcome::Failed,
        _ => check.outcome == Outcome::Passed,
    })
}

fn verified_items<'a>(issuer_signed: &UnverifiedIssuerSigned<'a>) -> Vec<VerifiedItem<'a>> {
    let count = issuer_signed.namespaces.iter().map(|(_, items)| items.len()).sum();
    let mut verified = Vec::with_capacity(count);
    for (namespace, items) in &issuer_signed.namespaces {
        verified.extend(items.iter().map(|item| VerifiedItem {
            namespace: namespace.clone(),
            identifier: item.identifier,
            value: item.value,
        }));
    }
    verified
}

/// The parts of issuerAuth, each as a value or an error.
struct Form<'a> {
    chain: Result<Vec<Certificate>, MdocError>,
    payload: Result<&'a [u8], MdocError>,
    mso: Result<MsoParts<'a>, MdocError>,
}

impl<'a> Form<'a> {
    fn read(auth: &Sign1<'a>) -> Self {
        let payload = match &auth.payload {
            Some(Cow::Borrowed(payload)) => Ok(*payload),
            Some(Cow::Owned(_)) => Err(CborError::Indefinite.into()),
            None => Err(CoseError::Payload.into()),
        };
        Self { chain: read_chain(auth), payload, mso: payload.and_then(MsoParts::parse) }
    }

    /// If a key is trusted directly, the certificates of the chain need not be readable.
    fn check(&self, trusted: Option<&IssuerTrust>) -> Check {
        let by_key = trusted.is_some_and(|trust| trust.basis() == Basis::Key);
        let chain = self.chain.as_ref().err().filter(|error| !(by_key && matches!(error, MdocError::Trust(_))));
        match chain.or(self.payload.as_ref().err()) {
            Some(error) => refused(check::ISSUER_AUTH_FORM, *error),
            None => Check::passed(check::ISSUER_AUTH_FORM),
        }
    }

    /// Runs after the signature check: a damaged MSO is reported as a forged signature first.
    fn check_mso(&self, strictness: Strictness) -> Check {
        const SHORT_KEY: MdocError = MdocError::Crypto(CryptoError::KeyInvalid);
        let mso = match (&self.payload, &self.mso) {
            (Err(_), _) => return Check::not_done(check::MSO_FORM, None),
            (_, Err(error)) => return refused(check::MSO_FORM, *error),
            (_, Ok(mso)) => mso,
        };
        match (strictness, mso.is_key_short, &mso.status) {
            (Strictness::Receipt, true, _) => {
                refused(check::MSO_FORM, SHORT_KEY).with_place(Some("MobileSecurityObject.deviceKeyInfo".into()))
            }
            (Strictness::Receipt, _, Err(error)) => refused(check::MSO_FORM, *error),
            (Strictness::Verifier, true, _) => Check::passed_with(check::MSO_FORM, warning::KEY_COORDINATE_SHORT),
            _ => Check::passed(check::MSO_FORM),
        }
    }

    /// The place of the fault if the trust decision failed because the leaf is not the first certificate.
    fn misordered(&self, trust: Option<&Result<IssuerTrust, TrustError>>) -> Option<String> {
        let (Some(Err(_)), Ok([first, second, ..])) = (trust, self.chain.as_deref()) else { return None };
        let misordered = first.is_ca() && second.issuer().der() == first.subject().der();
        misordered.then(|| "issuerAuth.unprotected.x5chain[0]".into())
    }

    /// Returns `None` if there is no chain. If no document type is readable, the decision is that for an unknown type.
    fn trust(&self, doc_type: Option<&str>, message: &mut MessageTrust<'_>) -> Option<Result<IssuerTrust, TrustError>> {
        let chain = match &self.chain {
            Ok(chain) => chain,
            Err(MdocError::Trust(_)) => return message.by_key(None).map(Ok),
            Err(_) => return None,
        };
        let doc_type = match doc_type {
            Some(doc_type) => doc_type,
            None => self.mso.as_ref().map_or("", |mso| mso.doc_type.as_ref()),
        };
        Some(message.issuer(chain, doc_type))
    }

    /// Checks with the trusted key, or else with the leaf's own, so that a forgery is reported as such.
    fn check_signature(&self, trusted: Option<&IssuerTrust>, auth: &Sign1<'_>) -> Check {
        let leaf = || self.chain.as_ref().ok().and_then(|chain| chain.first()).map(Certificate::public_key);
        let (Some(key), Ok(payload)) = (trusted.map(IssuerTrust::key).or_else(leaf), self.payload) else {
            return Check::not_done(check::ISSUER_SIGNATURE, None);
        };
        match verify_signature(key, auth, payload) {
            Ok(()) => Check::passed(check::ISSUER_SIGNATURE),
            Err(error) => Check::failed(check::ISSUER_SIGNATURE, error.code()),
        }
    }
}

fn read_chain(auth: &Sign1<'_>) -> Result<Vec<Certificate>, MdocError> {
    Ok(parse_chain(auth.chain()?)?)
}

fn verify_signature(key: &PublicKey, auth: &Sign1<'_>, payload: &[u8]) -> Result<(), MdocError> {
    let alg = SignatureAlgorithm::from_cose(auth.header.alg)?;
    let prefix = sig_structure(&auth.header.protected, &[], payload.len());
    Ok(rid_crypto::verify(key, alg, &[&prefix, payload], &auth.signature)?)
}

fn check_trust(decision: Option<&Result<IssuerTrust, TrustError>>, at: Timestamp) -> Check {
    match decision {
        None => Check::not_done(check::TRUST, None),
        // A bare key is trusted: there is no chain to check.
        Some(Ok(trust)) if trust.basis() == Basis::Key => Check::not_done(check::TRUST, None),
        Some(Ok(_)) => Check::passed(check::TRUST).at(at),
        Some(Err(TrustError::Missing)) => Check::not_done(check::TRUST, Some(TrustError::Missing.code())),
        Some(Err(error)) => Check::failed(check::TRUST, error.code()).at(at),
    }
}

/// The search for a path applies the profile. Without a path this check has no result, and the trust check gives the
/// reason.
fn check_profile(trusted: Option<&IssuerTrust>) -> Check {
    match trusted.map(IssuerTrust::basis) {
        Some(Basis::Anchor) if trusted.is_some_and(IssuerTrust::lacks_hints) => {
            Check::passed_with(check::CERTIFICATE_PROFILE, CERT_INCOMPLETE)
        }
        Some(Basis::Anchor) => Check::passed(check::CERTIFICATE_PROFILE),
        _ => Check::not_done(check::CERTIFICATE_PROFILE, None),
    }
}

/// Not done yet. Unknown if an extension that may name the revocation list is unreadable.
fn check_revocation(trusted: Option<&IssuerTrust>) -> Check {
    match trusted {
        Some(trust) if trust.malformed_hint() => {
            Check::unknown(check::CERTIFICATE_REVOCATION, CERT_EXTENSION_MALFORMED)
        }
        _ => Check::not_done(check::CERTIFICATE_REVOCATION, None),
    }
}

/// If a path was checked, compares the country of the certificate with the one that the profile fixes (neg-F30) and
/// with a disclosed `issuing_country` (neg-F13), and the state of the certificate, if any, with `issuing_jurisdiction`
/// (ISO 3166-2).
fn check_country(trusted: Option<&IssuerTrust>, issuer_signed: &UnverifiedIssuerSigned<'_>) -> Check {
    let Some(trust) = trusted.filter(|trust| trust.basis() == Basis::Anchor) else {
        return Check::not_done(check::ISSUER_COUNTRY, None);
    };
    let mut outcome = match trust.required_country() {
        None => Check::not_done(check::ISSUER_COUNTRY, None),
        Some(required) if trust.country().is_some_and(|country| country.eq_ignore_ascii_case(required)) => {
            Check::passed(check::ISSUER_COUNTRY)
        }
        Some(_) => return Check::failed(check::ISSUER_COUNTRY, MdocError::IssuerCountry.code()),
    };
    for (_, items) in &issuer_signed.namespaces {
        let value = |identifier| items.iter().find(|item| item.identifier == identifier).map(|item| item.value);
        let Some(country) = value("issuing_country") else { continue };
        let country_fits = text(country).is_some_and(|country| trust.country() == Some(&*country));
        let state_fits = match (value("issuing_jurisdiction"), trust.state()) {
            (Some(jurisdiction), Some(state)) => text(jurisdiction).is_some_and(|text| {
                text == state
                    || trust.country().is_some_and(|c| text.strip_prefix(c) == Some(&*alloc::format!("-{state}")))
            }),
            _ => true,
        };
        if !(country_fits && state_fits) {
            return Check::failed(check::ISSUER_COUNTRY, MdocError::IssuerCountry.code());
        }
        outcome = Check::passed(check::ISSUER_COUNTRY);
    }
    outcome
}

fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    let mut decoder = Decoder::new(value, Limits { max_bytes: value.len(), ..Limits::ONLINE }).ok()?;
    decoder.text().ok()
}

/// The check of an MSO member that keeps its own error.
fn check_part<T>(code: Code, part: Option<&Result<T, MdocError>>) -> Check {
    match part {
        None => Check::not_done(code, None),
        Some(Ok(_)) => Check::passed(code),
        Some(Err(error)) => refused(code, *error),
    }
}

fn check_doc_type(doc_type: Option<&str>, mso: Option<&MsoParts<'_>>) -> Check {
    match (doc_type, mso) {
        (Some(doc_type), Some(mso)) if mso.doc_type == doc_type => Check::passed(check::DOC_TYPE),
        (Some(_), Some(_)) => Check::failed(check::DOC_TYPE, MdocError::DocTypeMismatch.code()),
        _ => Check::not_done(check::DOC_TYPE, None),
    }
}

/// Checks validityInfo (neg-B10). validFrom may be before `signed`, because issuers round the two differently. On
/// receipt, a `signed` ahead of the clock is a contradiction. For a verifier it is one only if validFrom is not ahead;
/// otherwise the document is not yet valid (neg-F35).
fn check_validity_info(
    validity: Option<&Result<ValidityInfo, MdocError>>,
    at: Timestamp,
    tolerance: ClockTolerance,
    strictness: Strictness,
) -> Check {
    let part = check_part(check::VALIDITY_INFO, validity);
    let Some(Ok(validity)) = validity else { return part };
    let begun = strictness == Strictness::Receipt || !tolerance.is_ahead(validity.valid_from, at);
    let signed_ahead = begun && tolerance.is_ahead(validity.signed, at);
    let contradicts = validity.valid_from > validity.valid_until || signed_ahead;
    match (contradicts, validity.fraction, strictness) {
        (true, ..) | (_, true, Strictness::Receipt) => {
            Check::failed(check::VALIDITY_INFO, MdocError::Validity.code()).at(at)
        }
        (_, true, Strictness::Verifier) => Check { reason: Some(warning::TDATE_FRACTION), ..part }.at(at),
        _ => part.at(at),
    }
}

fn check_signed_in_certificate(validity: Option<&ValidityInfo>, trusted: Option<&IssuerTrust>) -> Check {
    let (Some(validity), Some((from, until))) = (validity, trusted.and_then(IssuerTrust::validity)) else {
        return Check::not_done(check::SIGNED_IN_CERTIFICATE, None);
    };
    let inside = (from..=until).contains(&validity.signed);
    match inside {
        true => Check::passed(check::SIGNED_IN_CERTIFICATE),
        false => Check::failed(check::SIGNED_IN_CERTIFICATE, MdocError::Validity.code()),
    }
}

fn check_validity(validity: Option<&ValidityInfo>, at: Timestamp, tolerance: ClockTolerance) -> Check {
    match validity {
        None => Check::not_done(check::VALIDITY, None),
        Some(validity) if tolerance.is_ahead(validity.valid_from, at) => {
            Check::failed(check::VALIDITY, MdocError::NotYetValid.code()).at(at)
        }
        Some(validity) if at > validity.valid_until => Check::failed(check::VALIDITY, MdocError::Expired.code()).at(at),
        Some(_) => Check::passed(check::VALIDITY).at(at),
    }
}

/// Checks the digest of every returned item over its bytes as received.
fn check_digests(
    issuer_signed: &UnverifiedIssuerSigned<'_>,
    mso: Option<&MsoParts<'_>>,
    strictness: Strictness,
    failed: &mut Vec<(String, String)>,
) -> Check {
    if let Some(error) = issuer_signed.items_error {
        return refused(check::DIGESTS, error);
    }
    let Some(MsoParts { digests, digest_algorithm: Ok(algorithm), .. }) = mso else {
        return Check::not_done(check::DIGESTS, None);
    };
    let mut first = None;
    for (namespace, items) in &issuer_signed.namespaces {
        for item in items {
            if let Err(error) = check_digest(digests, *algorithm, namespace, item) {
                first = first.or(Some(error));
                failed.push((namespace.to_string(), item.identifier.to_string()));
            }
        }
    }
    let mut items = issuer_signed.namespaces.iter().flat_map(|(_, items)| items);
    let wide = digests.has_wide_id() || items.any(|item| is_wide(item.digest_id));
    match (first, wide, strictness) {
        (Some(error), ..) => Check::failed(check::DIGESTS, error.code()),
        (None, true, Strictness::Receipt) => Check::failed(check::DIGESTS, MdocError::DigestIdRange.code()),
        (None, true, Strictness::Verifier) => Check::passed_with(check::DIGESTS, warning::DIGEST_ID_WIDE),
        (None, false, _) => Check::passed(check::DIGESTS),
    }
}

fn check_digest(
    digests: &Digests<'_>,
    algorithm: DigestAlgorithm,
    namespace: &str,
    item: &crate::issuer_signed::UnverifiedItem<'_>,
) -> Result<(), MdocError> {
    let signed = digests.find(namespace, item.digest_id).ok_or(MdocError::DigestMissing)?;
    let digest = algorithm.digest(&[item.bytes.outer]);
    if digest.equals(signed) { Ok(()) } else { Err(MdocError::DigestMismatch) }
}
