//! Verifies the issuer's part: chain, signature, disclosures, claims.
use alloc::{string::String, vec, vec::Vec};

use rid_crypto::{PublicKey, verify_jws, x509::Certificate};
use rid_trust::{Basis, Check, IssuerTrust, MessageTrust, Outcome, TrustError, parse_chain};
use rid_wire::{Code, jose::JwsError};

use super::{Expected, IssuerReport, IssuerVerified, check, warning};
use crate::{
    Claims, SdJwtError, UnverifiedSdJwt, digest,
    disclosure::Disclosure,
    metadata::TypeMetadata,
    process::process,
    vc::{TYP, Vc},
};

/// The signer's certificate lacks extensions that no decision depends on.
const CERT_INCOMPLETE: Code = Code::new("cert_incomplete");
/// Such an extension is unreadable (neg-F34).
const CERT_EXTENSION_MALFORMED: Code = Code::new("cert_extension_malformed");

/// The recipient of a credential.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Recipient {
    /// The wallet. Exactly the expected type is taken, and the credential must be bound to a key.
    Holder,
    /// A verifier that asks for key binding. Another name of the type counts.
    Verifier,
    /// A verifier that asks for no key binding.
    Bearer,
}

/// Verifies a credential as issued, with all its disclosures, before a wallet keeps it (std-M14).
#[must_use]
pub fn verify_issued(
    sd_jwt: &UnverifiedSdJwt<'_>,
    expected: &Expected<'_>,
    trust: &mut MessageTrust<'_>,
) -> IssuerReport {
    judge(sd_jwt, expected, trust, Recipient::Holder).0
}

/// Verifies a credential or presentation without key binding. Whoever has the text can present it so; a KB-JWT at its
/// end is refused and must be verified by [`super::verify_presented`].
#[must_use]
pub fn verify_unbound(
    sd_jwt: &UnverifiedSdJwt<'_>,
    expected: &Expected<'_>,
    trust: &mut MessageTrust<'_>,
) -> IssuerReport {
    judge(sd_jwt, expected, trust, Recipient::Bearer).0
}

/// Verifies the issuer's part, and returns the holder's key, if readable, for the check of the key binding.
pub(super) fn judge(
    sd_jwt: &UnverifiedSdJwt<'_>,
    expected: &Expected<'_>,
    message: &mut MessageTrust<'_>,
    recipient: Recipient,
) -> (IssuerReport, Option<PublicKey>) {
    let (at, tolerance) = (message.at(), message.store().clock_tolerance());
    let chain = sd_jwt.jws.header.x5c.as_deref().map(parse_chain);
    let algorithm = digest::algorithm(&sd_jwt.payload);
    let claims = algorithm.and_then(|algorithm| process(&sd_jwt.payload, &sd_jwt.disclosures, algorithm));
    let vc = claims.as_ref().ok().map(Vc::read);
    let read = vc.as_ref().and_then(|vc| vc.as_ref().ok());
    let vct = sd_jwt.unverified_vct();
    let accepted = read.map(|vc| accepted_type(vc, expected, recipient));
    let alias = accepted.flatten().filter(|accepted| Some(*accepted) != vct);
    let trust = decide(chain.as_ref(), vct, alias, message);
    let trusted = trust.as_ref().and_then(|decision| decision.as_ref().ok());
    let leaf = chain.as_ref().and_then(|chain| chain.as_ref().ok()).and_then(|chain| chain.first());
    let validity =
        read.map(|vc| vc.validity.and_then(|validity| validity.check_form(at, tolerance).map(|()| validity)));
    let checks = vec![
        check_form(sd_jwt, chain.as_ref(), trusted, recipient),
        check_trust(trust.as_ref()).at(at),
        check_profile(trusted),
        check_country(trusted, claims.as_ref().ok()),
        check_revocation(trusted),
        check_signature(sd_jwt, trusted.map(IssuerTrust::key).or(leaf.map(Certificate::public_key))),
        outcome(check::DIGEST_ALGORITHM, algorithm),
        check_digests(sd_jwt, algorithm.is_ok(), claims.as_ref()),
        vc.as_ref().map_or(Check::not_done(check::CLAIMS_FORM, None), |vc| outcome(check::CLAIMS_FORM, vc.as_ref())),
        check_type(expected, accepted),
        check_name(read, expected, trusted, leaf),
        validity.map_or(Check::not_done(check::VALIDITY_INFO, None), |v| outcome(check::VALIDITY_INFO, v)).at(at),
        read.and_then(|vc| vc.validity.ok()).map_or(Check::not_done(check::VALIDITY, None), |validity| {
            outcome(check::VALIDITY, validity.check(at, tolerance)).at(at)
        }),
        check_metadata(expected.metadata, read, claims.as_ref().ok()),
        check_holder_key(read, expected, recipient),
        Check::not_done(check::CREDENTIAL_STATUS, None),
    ];
    let holder_key = read.and_then(|vc| vc.holder_key.as_ref().ok()).cloned().flatten();
    let evidence = match (read, claims.as_ref(), trusted) {
        (Some(vc), Ok(claims), Some(trust)) if hold(&checks) => Some(IssuerVerified {
            vct: vc.vct.clone(),
            other_types: vc.other_types.clone(),
            integrity: vc.integrity.clone(),
            issuer: vc.issuer.clone().filter(|_| has_passed(&checks, check::ISSUER_NAME)),
            holder_key: holder_key.clone(),
            validity: vc.validity.unwrap_or_default(),
            status: vc.status.clone(),
            trust: trust.clone(),
            claims: claims.clone(),
        }),
        _ => None,
    };
    (IssuerReport { checks, evidence, vct: vct.map(String::from) }, holder_key)
}

/// Returns true if claims may be read: every check that does not depend on the time holds.
fn hold(checks: &[Check]) -> bool {
    checks.iter().all(|check| match check.code {
        check::VALIDITY_INFO | check::VALIDITY => true,
        check::ISSUER_JWT_FORM
        | check::ISSUER_SIGNATURE
        | check::DIGEST_ALGORITHM
        | check::DIGESTS
        | check::CLAIMS_FORM => check.outcome == Outcome::Passed,
        _ => check.outcome != Outcome::Failed,
    })
}

fn has_passed(checks: &[Check], code: Code) -> bool {
    checks.iter().any(|check| check.code == code && check.outcome == Outcome::Passed)
}

/// The check of a part that keeps its own error.
fn outcome<T>(code: Code, part: Result<T, impl core::borrow::Borrow<SdJwtError>>) -> Check {
    match part {
        Ok(_) => Check::passed(code),
        Err(error) => {
            let error = *error.borrow();
            Check::failed(code, error.code()).with_place(error.place())
        }
    }
}

/// Decides on the chain for the type of the credential, and for the other name of the type if the caller accepts it
/// only by that: who may issue one type may not therefore issue another.
fn decide(
    chain: Option<&Result<Vec<Certificate>, TrustError>>,
    vct: Option<&str>,
    alias: Option<&str>,
    message: &mut MessageTrust<'_>,
) -> Option<Result<IssuerTrust, TrustError>> {
    let Some(Ok(chain)) = chain else { return message.by_key(None).map(Ok) };
    let decision = message.issuer(chain, vct.unwrap_or_default());
    Some(match (decision, alias) {
        (Ok(_), Some(alias)) => message.issuer(chain, alias),
        (decision, _) => decision,
    })
}

/// If a key is trusted directly, certificates need not be there or be readable.
fn check_form(
    sd_jwt: &UnverifiedSdJwt<'_>,
    chain: Option<&Result<Vec<Certificate>, TrustError>>,
    trusted: Option<&IssuerTrust>,
    recipient: Recipient,
) -> Check {
    let by_key = trusted.is_some_and(|trust| trust.basis() == Basis::Key);
    let chain = match chain {
        _ if by_key => Ok(()),
        None => Err(SdJwtError::Jws(JwsError::X5c)),
        Some(Err(error)) => Err(SdJwtError::Trust(*error)),
        Some(Ok(_)) => Ok(()),
    };
    let as_issued = match recipient {
        Recipient::Verifier => Ok(()),
        Recipient::Bearer | Recipient::Holder if !sd_jwt.has_key_binding() => Ok(()),
        Recipient::Bearer | Recipient::Holder => Err(SdJwtError::Form("")),
    };
    let typ = sd_jwt.jws.header.require_typ(TYP).map_err(SdJwtError::from);
    outcome(check::ISSUER_JWT_FORM, typ.and(as_issued).and(chain))
}

fn check_trust(decision: Option<&Result<IssuerTrust, TrustError>>) -> Check {
    match decision {
        None => Check::not_done(check::TRUST, Some(TrustError::Missing.code())),
        // A bare key is trusted: there is no chain to check.
        Some(Ok(trust)) if trust.basis() == Basis::Key => Check::not_done(check::TRUST, None),
        Some(Ok(_)) => Check::passed(check::TRUST),
        Some(Err(TrustError::Missing)) => Check::not_done(check::TRUST, Some(TrustError::Missing.code())),
        Some(Err(error)) => Check::failed(check::TRUST, error.code()),
    }
}

fn check_profile(trusted: Option<&IssuerTrust>) -> Check {
    match trusted.filter(|trust| trust.basis() == Basis::Anchor) {
        Some(trust) if trust.lacks_hints() => Check::passed_with(check::CERTIFICATE_PROFILE, CERT_INCOMPLETE),
        Some(_) => Check::passed(check::CERTIFICATE_PROFILE),
        None => Check::not_done(check::CERTIFICATE_PROFILE, None),
    }
}

/// Not done yet. Unknown if an extension that may name the revocation list is unreadable.
fn check_revocation(trusted: Option<&IssuerTrust>) -> Check {
    if trusted.is_some_and(IssuerTrust::malformed_hint) {
        return Check::unknown(check::CERTIFICATE_REVOCATION, CERT_EXTENSION_MALFORMED);
    }
    Check::not_done(check::CERTIFICATE_REVOCATION, None)
}

/// If a path was checked, compares the country of the certificate with the one that the profile fixes (neg-F30) and
/// with a disclosed `issuing_country` (neg-F13).
fn check_country(trusted: Option<&IssuerTrust>, claims: Option<&Claims>) -> Check {
    let Some(trust) = trusted.filter(|trust| trust.basis() == Basis::Anchor) else {
        return Check::not_done(check::ISSUER_COUNTRY, None);
    };
    let is_of = |country: &str| trust.country().is_some_and(|signer| signer.eq_ignore_ascii_case(country));
    let required = trust.required_country();
    let stated = claims.and_then(|claims| claims.member("issuing_country"));
    let stated_fits = stated.is_none_or(|stated| stated.as_str().is_some_and(is_of));
    match (required.is_none_or(is_of) && stated_fits, required.is_some() || stated.is_some()) {
        (false, _) => Check::failed(check::ISSUER_COUNTRY, SdJwtError::IssuerCountry.code()),
        (true, true) => Check::passed(check::ISSUER_COUNTRY),
        (true, false) => Check::not_done(check::ISSUER_COUNTRY, None),
    }
}

/// Checks with the trusted key, or else with the leaf's own, so that a forgery is reported as such.
fn check_signature(sd_jwt: &UnverifiedSdJwt<'_>, key: Option<&PublicKey>) -> Check {
    match key {
        None => Check::not_done(check::ISSUER_SIGNATURE, None),
        Some(key) => outcome(check::ISSUER_SIGNATURE, verify_jws(key, &sd_jwt.jws).map_err(SdJwtError::from)),
    }
}

fn check_digests(sd_jwt: &UnverifiedSdJwt<'_>, known: bool, claims: Result<&Claims, &SdJwtError>) -> Check {
    match claims {
        Err(_) if !known => Check::not_done(check::DIGESTS, None),
        Ok(_) if sd_jwt.disclosures.iter().any(Disclosure::has_short_salt) => {
            Check::passed_with(check::DIGESTS, warning::SALT_SHORT)
        }
        claims => outcome(check::DIGESTS, claims),
    }
}

/// The name by which the credential is of an expected type.
fn accepted_type<'v>(vc: &'v Vc, expected: &Expected<'_>, recipient: Recipient) -> Option<&'v str> {
    let is_expected = |name: &&str| expected.types.is_empty() || expected.types.contains(name);
    let others = vc.other_types.iter().map(String::as_str).filter(|_| recipient != Recipient::Holder);
    core::iter::once(vc.vct.as_str()).chain(others).find(is_expected)
}

fn check_type(expected: &Expected<'_>, accepted: Option<Option<&str>>) -> Check {
    match accepted {
        Some(Some(_)) if !expected.types.is_empty() => Check::passed(check::CREDENTIAL_TYPE),
        Some(None) => Check::failed(check::CREDENTIAL_TYPE, SdJwtError::VctMismatch.code()),
        _ => Check::not_done(check::CREDENTIAL_TYPE, None),
    }
}

/// If the signer's certificate has URIs or DNS names as alternative names, the `iss` must be one of these URIs, or an
/// HTTPS URL without port and user whose host is one of these DNS names (neg-D17). With `x5c` the issuer is the subject
/// of the certificate, so an `iss` that nothing names is only not compared.
fn check_name(
    vc: Option<&Vc>,
    expected: &Expected<'_>,
    trusted: Option<&IssuerTrust>,
    leaf: Option<&Certificate>,
) -> Check {
    let Some(vc) = vc else { return Check::not_done(check::ISSUER_NAME, None) };
    let by_certificate = leaf.filter(|_| trusted.is_some_and(|trust| trust.basis() != Basis::Key));
    let naming = by_certificate.filter(|leaf| has_names(leaf));
    let issuer = vc.issuer.as_deref();
    let is_expected = expected.issuer.is_none() || expected.issuer == issuer;
    let is_named = match (issuer, naming) {
        (Some(issuer), Some(leaf)) => names_issuer(leaf, issuer),
        _ => true,
    };
    match (is_expected && is_named, issuer.is_some() && (naming.is_some() || expected.issuer.is_some())) {
        (false, _) => Check::failed(check::ISSUER_NAME, SdJwtError::IssuerMismatch.code()),
        (true, true) => Check::passed(check::ISSUER_NAME),
        (true, false) => Check::not_done(check::ISSUER_NAME, None),
    }
}

fn has_names(leaf: &Certificate) -> bool {
    !leaf.alternative_uris().is_empty() || !leaf.alternative_hosts().is_empty()
}

fn names_issuer(leaf: &Certificate, issuer: &str) -> bool {
    let host = issuer.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    leaf.alternative_uris().iter().any(|uri| uri == issuer)
        || host.is_some_and(|host| leaf.alternative_hosts().iter().any(|name| name == host))
}

fn check_metadata(metadata: Option<&TypeMetadata>, vc: Option<&Vc>, claims: Option<&Claims>) -> Check {
    match (metadata, vc, claims) {
        (Some(metadata), Some(vc), Some(claims)) => outcome(check::TYPE_METADATA, metadata.check(&vc.vct, claims)),
        _ => Check::not_done(check::TYPE_METADATA, None),
    }
}

/// A wallet and a verifier of a presentation need a key; with an expected one it must be that (neg-D12).
fn check_holder_key(vc: Option<&Vc>, expected: &Expected<'_>, recipient: Recipient) -> Check {
    let Some(vc) = vc else { return Check::not_done(check::HOLDER_KEY, None) };
    match (&vc.holder_key, expected.holder_key) {
        (Err(error), _) => outcome::<()>(check::HOLDER_KEY, Err(*error)),
        (Ok(Some(key)), Some(expected)) if key != expected => {
            Check::failed(check::HOLDER_KEY, SdJwtError::DeviceKeyMismatch.code())
        }
        (Ok(Some(_)), _) => Check::passed(check::HOLDER_KEY),
        (Ok(None), None) if recipient == Recipient::Bearer => Check::not_done(check::HOLDER_KEY, None),
        (Ok(None), _) => Check::failed(check::HOLDER_KEY, SdJwtError::DeviceKeyMismatch.code()),
    }
}
