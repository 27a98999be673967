//! From reports to verdicts: the decision, its code, and which elements are current. The rules of a format are in its
//! own file.
pub(crate) mod mdoc;
pub(crate) mod sdjwt;
mod status;

use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use rid_claims::{ClaimPath, CredentialType};
use rid_profile::{Locale, Profile};
use rid_trust::{Basis, Check, Environment, IssuerTrust, Outcome};
use rid_wire::{Code, hex};

use crate::{
    ask::Asked,
    view::{Decision, DisclosedElements, DocumentElements, DocumentVerdict, Verdict},
};

/// Revocation of a certificate, the one check whose absence hinders nothing (spec/verify.md).
const CERTIFICATE_REVOCATION: Code = Code::new("certificate_revocation");

/// The names of the checks on a response as a whole.
pub(crate) mod check {
    use rid_wire::Code;

    /// The response is one well-formed DeviceResponse (or IssuerSigned).
    pub(crate) const FORM: Code = Code::new("response_form");
    /// Its version is supported.
    pub(crate) const VERSION: Code = Code::new("response_version");
    /// Its status is 0.
    pub(crate) const STATUS: Code = Code::new("response_status");
    /// It has documents.
    pub(crate) const DOCUMENTS: Code = Code::new("documents_returned");
    /// Every document asked for was returned, with an element.
    pub(crate) const ALL_DOCUMENTS: Code = Code::new("all_documents_returned");
    /// Every element asked for was returned, but for optional ones.
    pub(crate) const ALL_ELEMENTS: Code = Code::new("all_elements_returned");
    /// The values have the types that the profile says; another type is a warning.
    pub(crate) const ELEMENT_TYPES: Code = Code::new("element_types");
    /// Documents and elements returned were asked for, each once.
    pub(crate) const ASKED_EQUALS_ANSWERED: Code = Code::new("asked_equals_answered");
}

/// The profile with its texts, and the question if there is one.
pub(crate) struct Words<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) locales: &'a [Locale],
    pub(crate) asked: Option<&'a Asked>,
}

/// A verdict without a decision yet.
fn bare(
    credential_type: &CredentialType,
    checks: Vec<Check>,
    failed_elements: Vec<ClaimPath>,
    words: &Words<'_>,
) -> DocumentVerdict {
    let id = credential_type.id.as_str();
    let label = words.profile.kind(credential_type).map_or(id, |kind| kind.name.resolve(words.locales));
    DocumentVerdict {
        kind: id.into(),
        label: label.into(),
        decision: Decision::Refused,
        code: None,
        trusted_by: None,
        issuer: None,
        checks,
        elements: DocumentElements::NoEvidence,
        not_returned: Vec::new(),
        errors: Vec::new(),
        failed_elements,
    }
}

/// Sets the decision, checks the types of the elements, and marks the elements by the decision.
fn conclude(
    mut verdict: DocumentVerdict,
    credential_type: &CredentialType,
    decision: Decision,
    code: Option<Code>,
    disclosed: Option<DisclosedElements>,
    words: &Words<'_>,
) -> DocumentVerdict {
    (verdict.decision, verdict.code) = (decision, code);
    let known = words.profile.kind(credential_type).is_some();
    let types = match &disclosed {
        Some(disclosed) if known => {
            let mut elements = disclosed.issuer_signed.iter().chain(&disclosed.device_signed);
            let reason = elements.find_map(|element| element.warning);
            Check { reason, ..Check::passed(check::ELEMENT_TYPES) }
        }
        _ => Check::not_done(check::ELEMENT_TYPES, None),
    };
    verdict.checks.push(types);
    verdict.elements = match (disclosed, decision) {
        (Some(disclosed), Decision::Accepted) => DocumentElements::Current { disclosed },
        (Some(disclosed), _) => DocumentElements::Lapsed { disclosed },
        (None, _) => DocumentElements::NoEvidence,
    };
    verdict
}

/// A response that was refused before any document could be judged.
pub(crate) fn refused_whole(environment: Environment, failed: Code, reason: Code, place: Option<String>) -> Verdict {
    Verdict {
        decision: Decision::Refused,
        code: Some(reason),
        environment,
        checks: vec![Check::failed(failed, reason).with_place(place)],
        documents: Vec::new(),
        not_returned: Vec::new(),
        document_errors: Vec::new(),
    }
}

/// The decision is the worst of the response's own checks and of its documents. Where the response itself is refused,
/// the elements of no document are current.
pub(crate) fn overall(environment: Environment, checks: Vec<Check>, mut documents: Vec<DocumentVerdict>) -> Verdict {
    let (mut decision, mut code) = decide(&checks);
    if decision == Decision::Refused {
        for document in &mut documents {
            document.elements = core::mem::replace(&mut document.elements, DocumentElements::NoEvidence).lapse();
        }
    }
    for document in &documents {
        if rank(document.decision) > rank(decision) {
            (decision, code) = (document.decision, document.code);
        }
    }
    let (not_returned, document_errors) = (Vec::new(), Vec::new());
    Verdict { decision, code, environment, checks, documents, not_returned, document_errors }
}

/// Refused when a check failed, otherwise undecided when one lacks its input or could not be decided, otherwise
/// accepted.
pub(crate) fn decide(checks: &[Check]) -> (Decision, Option<Code>) {
    if let Some(failed) = checks.iter().find(|c| c.outcome == Outcome::Failed) {
        return (Decision::Refused, failed.reason.or(Some(failed.code)));
    }
    let missing = checks
        .iter()
        .filter(|c| c.code != CERTIFICATE_REVOCATION)
        .find(|c| c.outcome == Outcome::Unknown || (c.outcome == Outcome::NotDone && c.reason.is_some()));
    match missing {
        Some(check) => (Decision::Undecided, check.reason.or(Some(check.code))),
        None => (Decision::Accepted, None),
    }
}

/// As [`decide`]; without evidence nothing is ever accepted, whatever the list of checks says.
fn decide_with(checks: &[Check], evidence: bool) -> (Decision, Option<Code>) {
    match decide(checks) {
        (Decision::Accepted, _) if !evidence => (Decision::Refused, Some(Code::new("evidence_missing"))),
        decided => decided,
    }
}

const fn rank(decision: Decision) -> u8 {
    match decision {
        Decision::Accepted => 0,
        Decision::Undecided => 1,
        Decision::Refused => 2,
    }
}

fn trusted_by(trust: &IssuerTrust) -> String {
    let fingerprint = trust.anchor_fingerprint().map(|f| hex::encode(&f)).unwrap_or_default();
    match trust.basis() {
        Basis::Anchor => format!("anchor:{fingerprint}"),
        Basis::Key => "key".to_string(),
        Basis::Leaf => format!("leaf:{fingerprint}"),
    }
}
