//! The question for machines: everything that a person sees, as data.
use rid_trust::Environment;
use rid_wallet::view::{
    AskedElement, CandidateCredential, ConsentRequest, RequestedDocument, RequestedElement, UnavailableCredential,
};
use serde_json::{Value, json};

use crate::{verdict::path_json as path, wallet::reuse};

/// The whole question.
pub(crate) fn to_json(request: &ConsentRequest) -> Value {
    let requester = &request.requester;
    json!({
        "environment": if request.environment == Environment::Test { "test" } else { "production" },
        "requester": {
            "name": requester.name, "organization": requester.organization, "country": requester.country,
            "verified": requester.verified, "reason": requester.reason.map(|reason| reason.as_str()),
            "identifier": requester.identifier, "app": requester.app,
        },
        "purpose": request.purpose, "whole": request.whole,
        "unanswerable": request.unanswerable.map(|code| code.as_str()),
        "warnings": request.warnings.iter().map(|warning| warning.as_str()).collect::<Vec<_>>(),
        "documents": request.documents.iter().map(document).collect::<Vec<_>>(),
        "useCases": request.use_cases.iter()
            .map(|case| json!({"mandatory": case.mandatory, "documentSets": case.document_sets})).collect::<Vec<_>>(),
    })
}

fn document(document: &RequestedDocument) -> Value {
    json!({
        "position": document.position, "format": document.format, "docType": document.kind, "name": document.name,
        "blocked": document.blocked.map(|code| code.as_str()), "suggested": document.suggested,
        "portraitBinds": document.portrait_binds, "multiple": document.multiple,
        "asked": document.asked.iter().map(asked).collect::<Vec<_>>(),
        "candidates": document.candidates.iter().map(candidate).collect::<Vec<_>>(),
        "unavailable": document.unavailable.iter().map(unavailable).collect::<Vec<_>>(),
    })
}

fn asked(asked: &AskedElement) -> Value {
    json!({
        "path": path(&asked.path), "label": asked.label, "retained": asked.retained,
        "statesRetention": asked.states_retention, "exceedsPurpose": asked.exceeds_purpose,
    })
}

fn candidate(candidate: &CandidateCredential) -> Value {
    json!({
        "credential": candidate.credential.0, "issuer": candidate.issuer, "copiesLeft": candidate.copies_left,
        "subject": candidate.subject.as_ref().map(|subject| subject.expose()),
        "validUntil": candidate.valid_until.to_tdate(), "reuse": reuse(candidate.reuse), "linkable": candidate.linkable,
        "elements": candidate.elements.iter().map(element).collect::<Vec<_>>(),
    })
}

fn element(element: &RequestedElement) -> Value {
    json!({
        "path": path(&element.path), "label": element.label, "retained": element.retained, "held": element.held,
        "sensitive": element.sensitive, "reason": element.reason.map(|reason| reason.as_str()),
        "answers": element.asked.iter().map(path).collect::<Vec<_>>(),
        "lessRevealing": element.less_revealing.as_ref().map(path),
    })
}

fn unavailable(one: &UnavailableCredential) -> Value {
    let missing = one.missing.iter();
    let missing = missing.map(|lacked| json!({"path": path(&lacked.path), "reason": lacked.reason.as_str()}));
    json!({"issuer": one.issuer, "reason": one.reason.as_str(), "missing": missing.collect::<Vec<_>>()})
}
