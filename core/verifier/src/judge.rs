//! From reports to verdicts: the decision, its code, and the words of the profile.
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use rid_mdoc::verify::{DocumentReport, IssuerReport, IssuerVerified, check as mdoc_check};
use rid_profile::{ClaimPath, ClaimValue, Kind, Locale, Profile};
use rid_trust::{Basis, Check, Environment, IssuerTrust, Outcome};
use rid_wire::{Code, cbor::Value, hex};

use crate::view::{Decision, DocumentVerdict, ElementView, Verdict};

/// The names of the checks on a response as a whole.
pub(crate) mod check {
    use rid_wire::Code;

    /// The response is one well-formed DeviceResponse (or IssuerSigned).
    pub(crate) const FORM: Code = Code::new("response_form");
    /// Its version is spoken here.
    pub(crate) const VERSION: Code = Code::new("response_version");
    /// Its status is 0.
    pub(crate) const STATUS: Code = Code::new("response_status");
    /// It carries documents.
    pub(crate) const DOCUMENTS: Code = Code::new("documents_returned");
    /// Every document asked for was returned.
    pub(crate) const ALL_RETURNED: Code = Code::new("all_documents_returned");
    /// Document types and elements returned were asked for.
    pub(crate) const ASKED_EQUALS_ANSWERED: Code = Code::new("asked_equals_answered");
}

/// Where words come from.
pub(crate) struct Words<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) locales: &'a [Locale],
}

/// The verdict on a document with device authentication.
pub(crate) fn document_of_report(doc_type: &str, report: DocumentReport<'_>, words: &Words<'_>) -> DocumentVerdict {
    let mut verdict = bare(doc_type, report.checks, report.failed_elements, words);
    (verdict.decision, verdict.code) = decide_with(&verdict.checks, report.evidence.is_some());
    if let Some(evidence) = &report.evidence {
        with_issuer(&mut verdict, evidence.issuer(), words);
        let kind = words.profile.kind(doc_type);
        verdict.device_elements = evidence
            .device_items()
            .iter()
            .filter_map(|item| element(kind, item.namespace(), item.identifier(), item.value_bytes(), words))
            .collect();
    }
    verdict
}

/// The verdict on an IssuerSigned alone: device checks are not done and do not hinder.
pub(crate) fn document_of_issuer_report(report: IssuerReport<'_>, words: &Words<'_>) -> DocumentVerdict {
    let doc_type = report.doc_type.as_deref().unwrap_or_default();
    let mut checks = report.checks;
    let (decision, code) = decide_with(&checks, report.evidence.is_some());
    checks.push(Check::not_done(mdoc_check::KEY_AUTHORIZATIONS, None));
    checks.push(Check::not_done(mdoc_check::DEVICE_AUTHENTICATION, None));
    let mut verdict = bare(doc_type, checks, report.failed_elements, words);
    (verdict.decision, verdict.code) = (decision, code);
    if let Some(evidence) = &report.evidence {
        with_issuer(&mut verdict, evidence, words);
    }
    verdict
}

/// A whole that was refused before any document could be judged.
pub(crate) fn refused_whole(environment: Environment, failed: Code, reason: Code) -> Verdict {
    Verdict {
        decision: Decision::Refused,
        code: Some(reason),
        environment,
        checks: vec![Check::failed(failed, reason)],
        documents: Vec::new(),
        not_returned: Vec::new(),
    }
}

/// The whole takes the worst of the response's own checks and of its documents.
pub(crate) fn overall(
    environment: Environment,
    checks: Vec<Check>,
    documents: Vec<DocumentVerdict>,
    not_returned: Vec<String>,
) -> Verdict {
    let (mut decision, mut code) = decide(&checks);
    for document in &documents {
        if rank(document.decision) > rank(decision) {
            (decision, code) = (document.decision, document.code);
        }
    }
    Verdict { decision, code, environment, checks, documents, not_returned }
}

/// Refused when a check failed; else undecided when one lacks its input or could not be decided; else accepted.
pub(crate) fn decide(checks: &[Check]) -> (Decision, Option<Code>) {
    if let Some(failed) = checks.iter().find(|c| c.outcome == Outcome::Failed) {
        return (Decision::Refused, failed.reason.or(Some(failed.code)));
    }
    let missing =
        checks.iter().find(|c| c.outcome == Outcome::Unknown || (c.outcome == Outcome::NotDone && c.reason.is_some()));
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

/// The key under which the profile keeps the words of a value.
fn value_key(value: &ClaimValue) -> String {
    match value {
        ClaimValue::Flag { value } => value.to_string(),
        other => other.plain(),
    }
}

const fn rank(decision: Decision) -> u8 {
    match decision {
        Decision::Accepted => 0,
        Decision::Undecided => 1,
        Decision::Refused => 2,
    }
}

fn bare(doc_type: &str, checks: Vec<Check>, failed: Vec<(String, String)>, words: &Words<'_>) -> DocumentVerdict {
    let label = words.profile.kind(doc_type).map_or(doc_type, |kind| kind.name.resolve(words.locales));
    DocumentVerdict {
        doc_type: doc_type.into(),
        label: label.into(),
        decision: Decision::Refused,
        code: None,
        trusted_by: None,
        issuer: None,
        checks,
        elements: Vec::new(),
        device_elements: Vec::new(),
        failed_elements: failed.iter().map(|(n, i)| ClaimPath::element(n, i)).collect(),
    }
}

fn with_issuer(verdict: &mut DocumentVerdict, evidence: &IssuerVerified<'_>, words: &Words<'_>) {
    let kind = words.profile.kind(evidence.doc_type());
    verdict.trusted_by = Some(trusted_by(evidence.trust()));
    verdict.issuer = evidence.trust().name().map(String::from);
    verdict.elements = evidence
        .items()
        .iter()
        .filter_map(|item| element(kind, item.namespace(), item.identifier(), item.value_bytes(), words))
        .collect();
}

fn trusted_by(trust: &IssuerTrust) -> String {
    let fingerprint = trust.anchor_fingerprint().map(|f| hex::encode(&f)).unwrap_or_default();
    match trust.basis() {
        Basis::Anchor => format!("anchor:{fingerprint}"),
        Basis::Key => "key".to_string(),
        Basis::Leaf => format!("leaf:{fingerprint}"),
    }
}

/// One element with its words. Its bytes were checked when they were parsed, so a value that cannot be read does not occur.
fn element(
    kind: Option<&Kind>,
    namespace: &str,
    identifier: &str,
    value: &[u8],
    words: &Words<'_>,
) -> Option<ElementView> {
    let limits = rid_wire::cbor::Limits::ONLINE;
    let value = ClaimValue::from_cbor(&Value::parse(value, limits).ok()?);
    let known = kind.and_then(|kind| kind.element(namespace, identifier));
    let (label, spoken, text, portrait) = match known {
        Some(element) => (
            element.label_for(identifier).resolve(words.locales).into(),
            element.spoken_for(identifier).resolve(words.locales).into(),
            element.value_text(&value_key(&value)).map(|text| String::from(text.resolve(words.locales)).into()),
            element.portrait,
        ),
        None => (String::from(identifier), String::from(identifier), None, false),
    };
    Some(ElementView { path: ClaimPath::element(namespace, identifier), label, spoken, value, text, portrait })
}
