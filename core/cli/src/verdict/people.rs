//! A verdict as text for the terminal.
use std::fmt::Write;

use rid_claims::{ClaimKey, ClaimPath, ClaimValue, CredentialType};
use rid_profile::{ImageFormat, Kind, Locale, Localized, Profile};
use rid_trust::{Check, Environment, Outcome};
use rid_verifier::view::{DisclosedElement, DocumentElements, DocumentVerdict};

use super::{Report, decision, outcome};

/// Renders the whole verdict; ends with a line break.
pub(super) fn render(report: &Report<'_>, profile: &Profile) -> String {
    let (verdict, languages) = (report.verdict, report.languages);
    let mut text = String::new();
    let code = verdict.code.map(|code| format!(" ({code})")).unwrap_or_default();
    let test = if verdict.environment == Environment::Test { "   TEST ROOTS" } else { "" };
    line(&mut text, &format!("Verdict: {}{code}{test}", decision(verdict.decision).to_uppercase()));
    render_checks(&mut text, &verdict.checks);
    for document in &verdict.documents {
        render_document(&mut text, document, profile, languages);
    }
    for doc_type in &verdict.not_returned {
        line(&mut text, &format!("\nNot returned: {}", name(doc_type)));
    }
    for error in &verdict.document_errors {
        line(&mut text, &format!("\nThe wallet says of {}: error {}", name(&error.kind), error.code));
    }
    if let Some(hint) = report.hint {
        line(&mut text, &format!("\nHint: {hint}"));
    }
    text
}

fn render_document(text: &mut String, document: &DocumentVerdict, profile: &Profile, languages: &[Locale]) {
    let kind = profile.kind(&CredentialType::mdoc(&document.kind));
    line(text, &format!("\n{}  {}", name(&document.kind), kind_name(kind, languages)));
    let code = document.code.map(|code| format!(" ({code})")).unwrap_or_default();
    line(text, &format!("  {}{code}", decision(document.decision).to_uppercase()));
    if let Some(issuer) = &document.issuer {
        let trusted_by = document.trusted_by.as_deref().unwrap_or("-");
        line(text, &format!("  issuer: {}   trusted by: {trusted_by}", name(issuer)));
    }
    render_checks(text, &document.checks);
    for path in &document.failed_elements {
        if let Some((namespace, identifier)) = path.as_element() {
            line(text, &format!("  altered: {} / {}", name(namespace), name(identifier)));
        }
    }
    for path in &document.not_returned {
        if let Some((namespace, identifier)) = path.as_element() {
            line(text, &format!("  not returned: {} / {}", name(namespace), name(identifier)));
        }
    }
    for error in &document.errors {
        if let Some((namespace, identifier)) = error.path.as_element() {
            let (namespace, identifier) = (name(namespace), name(identifier));
            line(text, &format!("  the wallet says of {namespace} / {identifier}: error {}", error.code));
        }
    }
    render_elements(text, &document.elements, kind, languages);
}

fn render_elements(text: &mut String, elements: &DocumentElements, kind: Option<&Kind>, languages: &[Locale]) {
    let disclosed = match elements {
        DocumentElements::Current { disclosed } => disclosed,
        DocumentElements::Lapsed { disclosed } => {
            line(text, "  The elements below are NOT CURRENT: do not rely on them.");
            disclosed
        }
        DocumentElements::NoEvidence => return,
    };
    for age in &disclosed.ages {
        let (Some((_, asked)), Some((_, attested))) = (age.asked.as_element(), age.attested.as_element()) else {
            continue;
        };
        let by = if asked == attested { String::new() } else { format!(" (attested by {})", name(attested)) };
        line(text, &format!("  {}: {}{by}", name(asked), if age.over { "yes" } else { "no" }));
    }
    for element in &disclosed.issuer_signed {
        render_element(text, element, kind, languages);
    }
    for element in &disclosed.device_signed {
        line(text, "  Signed by the device:");
        render_element(text, element, kind, languages);
    }
}

/// The name of a kind in each language. Empty if the profile does not have it.
pub(super) fn kind_name(kind: Option<&Kind>, languages: &[Locale]) -> String {
    kind.map_or_else(String::new, |kind| in_languages(&kind.name, languages))
}

/// The label of an element in each language. `None` if the profile does not have it.
pub(super) fn known_label(
    kind: Option<&Kind>,
    namespace: &str,
    identifier: &str,
    languages: &[Locale],
) -> Option<String> {
    let path = ClaimPath::element(namespace, identifier);
    let known = kind?.element(&path)?;
    Some(in_languages(&known.label_for(&path), languages))
}

fn in_languages(label: &Localized, languages: &[Locale]) -> String {
    languages.iter().map(|language| label.resolve(&[*language]).to_owned()).collect::<Vec<_>>().join(" / ")
}

pub(super) fn render_checks(text: &mut String, checks: &[Check]) {
    for check in checks {
        let sign = match check.outcome {
            Outcome::Passed => "ok  ",
            Outcome::Failed => "FAIL",
            Outcome::NotDone => "-   ",
            Outcome::Unknown => "?   ",
        };
        let reason = check.reason.map(|reason| format!("  {reason}")).unwrap_or_default();
        let place = check.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
        let as_of = check.as_of.map(|time| format!("  as of {time}")).unwrap_or_default();
        line(text, &format!("  [{sign}] {:<24} {}{reason}{place}{as_of}", check.code.as_str(), outcome(check.outcome)));
    }
}

fn render_element(text: &mut String, element: &DisclosedElement, kind: Option<&Kind>, languages: &[Locale]) {
    let known = element.path.as_element();
    let label = known.and_then(|(namespace, identifier)| known_label(kind, namespace, identifier, languages));
    let label = label.unwrap_or_else(|| name(&element.label));
    let Some(ClaimKey::Name { name: identifier }) = element.path.steps.last() else { return };
    let value = match &element.value {
        ClaimValue::Binary { bytes } => {
            let image = element.image.map(|format| format!(", {}", image(format))).unwrap_or_default();
            format!("({} bytes{image})", bytes.expose().len())
        }
        value => printable(&cut(value.plain(), MAX_VALUE)),
    };
    let words = match &element.value {
        ClaimValue::Flag { .. } | ClaimValue::Number { .. } | ClaimValue::Text { .. } => {
            let words = printable(&cut(element.text.expose().into(), MAX_VALUE));
            if words == value { String::new() } else { format!(" ({words})") }
        }
        _ => String::new(),
    };
    let warning = element.warning.map(|code| format!("   WARNING: {code}")).unwrap_or_default();
    line(text, &format!("  {label}\n      {} = {value}{words}{warning}", name(identifier)));
}

const fn image(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Jpeg2000 => "JPEG 2000",
        ImageFormat::Other => "neither JPEG nor JPEG 2000",
    }
}

/// The longest name (document type, namespace, element, issuer) and value that are shown, in characters.
const MAX_NAME: usize = 200;
const MAX_VALUE: usize = 4_000;

/// A name from outside, perhaps unsigned. It stays on one line and cannot imitate a line of this tool.
pub(super) fn name(text: &str) -> String {
    printable(&cut(text.into(), MAX_NAME))
}

fn cut(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text,
        Some((end, _)) => format!("{}… ({} characters)", text.get(..end).unwrap_or_default(), text.chars().count()),
    }
}

/// Foreign text without control characters: it cannot move the cursor, change direction, start a line or be invisible.
pub(crate) fn printable(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{ad}'
                    | '\u{61c}'
                    | '\u{180e}'
                    | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}'
                    | '\u{feff}'
                    | '\u{fff9}'..='\u{fffb}'
                    | '\u{e0000}'..='\u{e007f}'
            )
    };
    text.chars().map(|c| if hostile(c) { '\u{fffd}' } else { c }).collect()
}

pub(super) fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
