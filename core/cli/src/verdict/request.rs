//! The verdict on a reader's request, for people and for machines (`spec/verify.md`).
use rid_claims::CredentialType;
use rid_holder::shown;
use rid_profile::{Locale, Profile};
use rid_trust::{Environment, Party};
use rid_verifier::capture_request::{RequestVerdict, RequestedDocument};
use serde_json::{Map, Value, json};

use super::{
    decision,
    json::checks,
    people::{kind_name, known_label, line, name, render_checks},
    profile, write_out,
};
use crate::failure::Failure;

/// Prints the verdict on a request. `hint` says what refused input is instead.
pub(crate) fn print_request(
    verdict: &RequestVerdict,
    hint: Option<&str>,
    json: bool,
    languages: &[Locale],
) -> Result<(), Failure> {
    let text = match json {
        true => format!("{:#}\n", to_json(verdict, hint)),
        false => render(verdict, hint, &profile()?, languages),
    };
    write_out(&text)
}

fn to_json(verdict: &RequestVerdict, hint: Option<&str>) -> Value {
    json!({
        "verdict": decision(verdict.decision),
        "code": verdict.code.map(|code| code.as_str()),
        "checks": checks(&verdict.checks),
        "documents": verdict.documents.iter().map(document).collect::<Vec<_>>(),
        "hint": hint,
    })
}

fn document(document: &RequestedDocument) -> Value {
    json!({
        "docType": document.items.doc_type,
        "verdict": decision(document.decision),
        "code": document.code.map(|code| code.as_str()),
        "reader": document.reader.as_ref().map(reader),
        "checks": checks(&document.checks),
        "elements": elements(document),
    })
}

fn reader(reader: &Party) -> Value {
    json!({"name": shown_name(reader), "organization": reader.organization, "country": reader.country})
}

/// The name that a wallet shows. It is never blank.
fn shown_name(reader: &Party) -> String {
    shown::party(reader).name
}

fn elements(document: &RequestedDocument) -> Value {
    let mut namespaces = Map::new();
    for (namespace, identifier, retain) in document.elements() {
        let members = namespaces.entry(namespace).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(members) = members {
            members.insert(identifier.into(), json!({"intentToRetain": retain}));
        }
    }
    Value::Object(namespaces)
}

/// Ends with a line break.
fn render(verdict: &RequestVerdict, hint: Option<&str>, profile: &Profile, languages: &[Locale]) -> String {
    let mut text = String::new();
    let code = verdict.code.map(|code| format!(" ({code})")).unwrap_or_default();
    let test = if verdict.environment == Environment::Test { "   TEST ROOTS" } else { "" };
    line(&mut text, &format!("Verdict: {}{code}{test}", decision(verdict.decision).to_uppercase()));
    render_checks(&mut text, &verdict.checks);
    for document in &verdict.documents {
        render_document(&mut text, document, profile, languages);
    }
    if let Some(hint) = hint {
        line(&mut text, &format!("\nHint: {hint}"));
    }
    text
}

fn render_document(text: &mut String, document: &RequestedDocument, profile: &Profile, languages: &[Locale]) {
    let kind = profile.kind(&CredentialType::mdoc(&document.items.doc_type));
    line(text, &format!("\n{}  {}", name(&document.items.doc_type), kind_name(kind, languages)));
    let code = document.code.map(|code| format!(" ({code})")).unwrap_or_default();
    line(text, &format!("  {}{code}", decision(document.decision).to_uppercase()));
    match &document.reader {
        Some(reader) => {
            let parts = [&reader.organization, &reader.country].map(|part| name(part.as_deref().unwrap_or("-")));
            line(text, &format!("  asked by: {}, {}", name(&shown_name(reader)), parts.join(", ")));
        }
        None => line(text, "  asked by: a reader that is not verified"),
    }
    render_checks(text, &document.checks);
    for (namespace, identifier, retain) in document.elements() {
        let label = known_label(kind, namespace, identifier, languages);
        let kept = if retain { "  [the reader intends to retain it]" } else { "" };
        line(text, &format!("  {} / {}{kept}", name(namespace), name(identifier)));
        if let Some(label) = label {
            line(text, &format!("      {label}"));
        }
    }
}
