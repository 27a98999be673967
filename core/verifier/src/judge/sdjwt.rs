//! From reports on SD-JWT VC to verdicts.
use alloc::{string::String, vec, vec::Vec};

use rid_claims::{ClaimKey, ClaimPath, ClaimValue, CredentialType, Format};
use rid_sdjwt::{
    Claims, UnverifiedSdJwt,
    key_binding::KeyBindingInput,
    verify::{Expected, HolderReport, IssuerReport, IssuerVerified, check, verify_presented},
};
use rid_trust::{Check, MessageTrust};
use rid_wire::cbor::Limits;

use super::{Words, bare, check as response, conclude, decide_with, overall, refused_whole, trusted_by};
use crate::view::{DisclosedElement, DisclosedElements, DocumentVerdict, Verdict};

/// Claims that are about the credential and not about the person. Checks speak of them.
const ABOUT_CREDENTIAL: [&str; 9] = ["aka_vcts", "cnf", "exp", "iat", "iss", "nbf", "status", "vct", "vct#integrity"];

/// Judges a presentation, which must hold a KB-JWT. Malformed input gives a refused verdict with its code.
pub(crate) fn judge_presented(
    text: &str,
    binding: &KeyBindingInput<'_>,
    words: &Words<'_>,
    trust: &mut MessageTrust<'_>,
) -> Verdict {
    let environment = trust.store().environment();
    let parsed = match UnverifiedSdJwt::parse(text, Limits::ONLINE.max_bytes) {
        Ok(parsed) => parsed,
        Err(error) => return refused_whole(environment, response::FORM, error.code(), error.place()),
    };
    let report = verify_presented(&parsed, &Expected::default(), binding, trust);
    overall(environment, vec![Check::passed(response::FORM)], vec![document_of_presentation(report, words)])
}

/// The verdict on a presentation with key binding.
pub(crate) fn document_of_presentation(report: HolderReport, words: &Words<'_>) -> DocumentVerdict {
    let evidence = report.evidence.as_ref().map(|evidence| evidence.issuer());
    document(report.vct.as_deref(), report.checks, evidence, words)
}

/// The verdict on a credential without key binding, which is not done and does not matter.
pub(crate) fn document_of_credential(report: IssuerReport, words: &Words<'_>) -> DocumentVerdict {
    let mut checks = report.checks;
    // The status of the credential is the last check.
    checks.insert(checks.len().saturating_sub(1), Check::not_done(check::KEY_BINDING, None));
    document(report.vct.as_deref(), checks, report.evidence.as_ref(), words)
}

fn document(
    vct: Option<&str>,
    checks: Vec<Check>,
    evidence: Option<&IssuerVerified>,
    words: &Words<'_>,
) -> DocumentVerdict {
    let credential_type = CredentialType { format: Format::SdJwt, id: vct.unwrap_or_default().into() };
    let mut verdict = bare(&credential_type, checks, Vec::new(), words);
    let (decision, code) = decide_with(&verdict.checks, evidence.is_some());
    let disclosed = evidence.map(|evidence| {
        verdict.trusted_by = Some(trusted_by(evidence.trust()));
        verdict.issuer = evidence.trust().name().or(evidence.issuer()).map(String::from);
        disclosed(evidence.claims())
    });
    conclude(verdict, &credential_type, decision, code, disclosed, words)
}

/// One element for each claim of the top level.
fn disclosed(claims: &Claims) -> DisclosedElements {
    let about_person = claims.members().iter().filter(|(name, _)| !ABOUT_CREDENTIAL.contains(&name.as_str()));
    let issuer_signed = about_person.map(|(name, claim)| DisclosedElement {
        path: ClaimPath { steps: [ClaimKey::Name { name: name.clone() }].into() },
        label: name.clone(),
        spoken: name.clone(),
        value: ClaimValue::from_json(&claim.to_value()),
        text: None,
        portrait: false,
        image: None,
        warning: None,
    });
    DisclosedElements { issuer_signed: issuer_signed.collect(), ..DisclosedElements::default() }
}
