//! From reports on SD-JWT VC to verdicts.
use alloc::{format, string::String, vec, vec::Vec};

use rid_claims::{ClaimKey, ClaimPath, ClaimValue, CredentialType, Format};
use rid_profile::display;
use rid_sdjwt::{
    Claims, UnverifiedSdJwt,
    key_binding::KeyBindingInput,
    verify::{Expected, HolderReport, IssuerReport, IssuerVerified, check, verify_presented},
};
use rid_trust::{Check, MessageTrust};
use rid_wire::{Timestamp, cbor::Limits};

use super::{
    Words, bare, check as response, conclude, decide_with, overall, refused_whole, status::judge_status, trusted_by,
};
use crate::{
    online::{Bound, JudgeInput, Way},
    view::{DisclosedElement, DisclosedElements, DocumentVerdict, Verdict},
};

/// Claims that are about the credential and not about the person. Checks speak of them.
const ABOUT_CREDENTIAL: [&str; 9] = ["aka_vcts", "cnf", "exp", "iat", "iss", "nbf", "status", "vct", "vct#integrity"];

/// Judges the presentation of an SD-JWT VC in an online answer. Its KB-JWT must name the audience of the channel
/// (OpenID4VP 1.0, B.3.6).
pub(crate) fn judge_online(text: &str, bound: &Bound<'_>, input: &JudgeInput<'_>, at: Timestamp) -> Verdict {
    let environment = input.trust.environment();
    let words = Words { profile: input.profile, locales: input.locales, asked: None };
    let audience = match bound.way {
        Way::Api { origin } => format!("origin:{origin}"),
        Way::Post { client_id, .. } => client_id.into(),
    };
    let (audience, nonce, max_age) = (Some(audience.as_str()), Some(bound.nonce), Some(bound.max_age));
    let binding = KeyBindingInput { audience, nonce, max_age };
    let parsed = match UnverifiedSdJwt::parse(text, Limits::ONLINE.max_bytes) {
        Ok(parsed) => parsed,
        Err(error) => return refused_whole(environment, response::FORM, error.code(), error.place()),
    };
    let mut trust = input.trust.message(at);
    let report = verify_presented(&parsed, &Expected::default(), &binding, &mut trust);
    let document = document_of_presentation(report, &words, input.status_list, &mut trust);
    overall(environment, vec![Check::passed(response::FORM)], vec![document])
}

/// The verdict on a presentation with key binding.
pub(crate) fn document_of_presentation(
    mut report: HolderReport,
    words: &Words<'_>,
    status_list: Option<&[u8]>,
    trust: &mut MessageTrust<'_>,
) -> DocumentVerdict {
    let evidence = report.evidence.as_ref().map(|evidence| evidence.issuer());
    with_status(&mut report.checks, evidence, status_list, trust);
    document(report.vct.as_deref(), report.checks, evidence, words)
}

/// The verdict on a credential without key binding, which is not done and does not matter.
pub(crate) fn document_of_credential(
    report: IssuerReport,
    words: &Words<'_>,
    status_list: Option<&[u8]>,
    trust: &mut MessageTrust<'_>,
) -> DocumentVerdict {
    let mut checks = report.checks;
    with_status(&mut checks, report.evidence.as_ref(), status_list, trust);
    // The status of the credential is the last check.
    checks.insert(checks.len().saturating_sub(1), Check::not_done(check::KEY_BINDING, None));
    document(report.vct.as_deref(), checks, report.evidence.as_ref(), words)
}

fn with_status(
    checks: &mut [Check],
    evidence: Option<&IssuerVerified>,
    status_list: Option<&[u8]>,
    trust: &mut MessageTrust<'_>,
) {
    let Some(evidence) = evidence else { return };
    let reference = evidence.status().map(|reference| (reference.uri.as_str(), reference.index));
    judge_status(checks, reference, evidence.trust(), status_list, trust);
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
        disclosed(evidence.claims(), words)
    });
    conclude(verdict, &credential_type, decision, code, disclosed, words)
}

/// One element for each claim of the top level.
fn disclosed(claims: &Claims, words: &Words<'_>) -> DisclosedElements {
    let about_person = claims.members().iter().filter(|(name, _)| !ABOUT_CREDENTIAL.contains(&name.as_str()));
    let issuer_signed = about_person.map(|(name, claim)| {
        let value = ClaimValue::from_json(&claim.to_value());
        DisclosedElement {
            path: ClaimPath { steps: [ClaimKey::Name { name: name.clone() }].into() },
            label: name.clone(),
            spoken: name.clone(),
            text: display(None, &value, words.locales),
            value,
            portrait: false,
            image: None,
            warning: None,
        }
    });
    DisclosedElements { issuer_signed: issuer_signed.collect(), ..DisclosedElements::default() }
}
