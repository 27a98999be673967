//! The history as a file for others: JSON lines, each with the hash of the line before (`spec/history.md`). The
//! hashes show that the lines belong together. They prove nothing about who wrote them.
mod verify;

#[cfg(test)]
mod tests;

use rid_claims::ClaimKey;
use rid_crypto::sha256;
use rid_flow::{History, HistoryContent, HistoryElement, HistoryEventType, HistoryOutcome};
use rid_trust::{Environment, Party, PartyBasis};
use rid_wire::{Code, Timestamp, base64, hex, json::Value};

use crate::{WalletError, view::HistoryCheck};

pub use verify::{ExportError, ExportVerdict, verify_export};

/// Names the form; a later one has another number.
const FORMAT: &str = "rid-history-2";

/// The file: a first line about it, one line for each place of the history, a last line.
pub(crate) fn export(
    rows: &[History],
    check: &HistoryCheck,
    made: Timestamp,
    environment: Environment,
) -> Result<String, WalletError> {
    let too_large = || WalletError::Unsupported { code: Code::new("input_too_large") };
    let entries = rows.iter().map(entry).collect::<Option<Vec<_>>>().ok_or_else(too_large)?;
    let count = Value::Integer(i64::try_from(rows.len()).map_err(|_| too_large())?);
    let first_broken = check.first_broken.and_then(|seq| i64::try_from(seq).ok()).map_or(Value::Null, Value::Integer);
    let head = vec![
        ("environment".into(), text(environment_name(environment))),
        ("firstBroken".into(), first_broken),
        ("format".into(), text(FORMAT)),
        ("made".into(), text(&made.to_tdate())),
        ("whole".into(), Value::Bool(check.whole)),
    ];
    let mut file = Value::Object(head).canonical();
    let mut before = hash(&file);
    for mut members in entries.into_iter().chain([vec![("rows".into(), count)]]) {
        members.push(("before".into(), Value::String(before)));
        let line = Value::Object(members).canonical();
        before = hash(&line);
        file.push('\n');
        file.push_str(&line);
    }
    file.push('\n');
    Ok(file)
}

fn hash(line: &str) -> String {
    base64::encode_url(&sha256(&[line.as_bytes()]))
}

fn entry(row: &History) -> Option<Vec<(String, Value)>> {
    let seq = Value::Integer(i64::try_from(row.seq.0).ok()?);
    let (state, mut rest) = match &row.content {
        HistoryContent::Damaged => ("damaged", Vec::new()),
        HistoryContent::Deleted { at } => ("deleted", vec![("deletedAt", text(&at.to_tdate()))]),
        HistoryContent::Kept(draft) => {
            let members = vec![
                ("at", text(&draft.at.to_tdate())),
                ("elements", Value::Array(draft.elements.iter().map(element).collect())),
                ("event", text(&hex::encode(&draft.id.0))),
                ("outcome", text(outcome_name(draft.outcome))),
                ("peer", draft.peer.as_ref().map_or(Value::Null, party)),
                ("reason", text(&draft.reason)),
                ("type", text(event_name(draft.event))),
            ];
            ("kept", members)
        }
    };
    rest.extend([("imported", Value::Bool(row.imported)), ("seq", seq), ("state", text(state))]);
    Some(rest.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn element(element: &HistoryElement) -> Value {
    let step = |step: &ClaimKey| match step {
        ClaimKey::Every => Value::Null,
        ClaimKey::Index { position } => Value::Integer((*position).into()),
        ClaimKey::Name { name } => text(name),
    };
    object([
        ("format", text(element.credential_type.format.as_str())),
        ("path", Value::Array(element.path.steps.iter().map(step).collect())),
        ("retained", Value::Bool(element.retained)),
        ("type", text(&element.credential_type.id)),
    ])
}

fn party(party: &Party) -> Value {
    let optional = |member: &Option<String>| member.as_deref().map_or(Value::Null, text);
    let (basis, id) = match &party.basis {
        PartyBasis::Certificate { key } => ("certificate", hex::encode(key)),
        PartyBasis::ClientId { id } => ("client_id", id.clone()),
        PartyBasis::Origin { origin } => ("origin", origin.clone()),
    };
    object([
        ("basis", text(basis)),
        ("country", optional(&party.country)),
        ("id", text(&id)),
        ("name", text(&party.name)),
        ("organization", optional(&party.organization)),
    ])
}

const fn environment_name(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => "production",
        Environment::Test => "test",
    }
}

const fn event_name(event: HistoryEventType) -> &'static str {
    match event {
        HistoryEventType::Deletion => "deletion",
        HistoryEventType::Issuance => "issuance",
        HistoryEventType::Presentation => "presentation",
        HistoryEventType::SignIn => "sign_in",
    }
}

const fn outcome_name(outcome: HistoryOutcome) -> &'static str {
    match outcome {
        HistoryOutcome::Failed => "failed",
        HistoryOutcome::Finished => "finished",
        HistoryOutcome::Refused => "refused",
        HistoryOutcome::Started => "started",
        HistoryOutcome::UnknownDelivery => "unknown_delivery",
    }
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}
