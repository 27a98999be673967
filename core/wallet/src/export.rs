//! The history as a file for others: JSON, signed as a JWS (RFC 7515) with the payload detached and canonical (RFC 8785).
//!
//! ```json
//! {"history": {…}, "protected": "…", "signature": "…"}
//! ```
//!
//! What is signed is `protected ‖ "." ‖ base64url(canonical form of history)`; the protected header names ES256 and the public key.
mod verify;

#[cfg(test)]
mod tests;

use rid_flow::{History, HistoryContent, HistoryKind, HistoryOutcome, ports::KeyInfo};
use rid_trust::Environment;
use rid_wire::{Code, Timestamp, base64, json::Value};

use crate::{WalletError, view::HistoryCheckView};

pub use verify::{ExportError, ExportVerdict, verify_export};

/// Names the form; a later one has another number.
const FORMAT: &str = "rid-history-1";
const TYPE: &str = "rid-history+jws";

/// An export before its signature.
pub(crate) struct Unsigned {
    history: Value,
    protected: String,
    to_be_signed: Vec<u8>,
}

impl Unsigned {
    pub(crate) fn new(
        rows: &[History],
        check: &HistoryCheckView,
        made: Timestamp,
        key: &KeyInfo,
        environment: Environment,
    ) -> Result<Self, WalletError> {
        let too_large = || WalletError::Unsupported { code: Code::new("input_too_large") };
        let entries = rows.iter().map(entry).collect::<Option<Vec<_>>>().ok_or_else(too_large)?;
        let history = object([
            ("entries", Value::Array(entries)),
            (
                "environment",
                text(match environment {
                    Environment::Production => "production",
                    Environment::Test => "test",
                }),
            ),
            (
                "firstBroken",
                check.first_broken.and_then(|seq| i64::try_from(seq).ok()).map_or(Value::Null, Value::Integer),
            ),
            ("format", text(FORMAT)),
            ("made", text(&made.to_tdate())),
            ("whole", Value::Bool(check.whole)),
        ]);
        let header = object([("alg", text("ES256")), ("jwk", jwk(&key.public)?), ("typ", text(TYPE))]);
        let protected = base64::encode_url(header.canonical().as_bytes());
        let to_be_signed = to_be_signed(&protected, &history);
        Ok(Self { history, protected, to_be_signed })
    }

    pub(crate) fn to_be_signed(&self) -> Vec<u8> {
        self.to_be_signed.clone()
    }

    pub(crate) fn finish(self, signature: &[u8; 64]) -> Result<String, WalletError> {
        let file = object([
            ("history", self.history),
            ("protected", Value::String(self.protected)),
            ("signature", Value::String(base64::encode_url(signature))),
        ]);
        Ok(file.canonical())
    }
}

fn to_be_signed(protected: &str, history: &Value) -> Vec<u8> {
    format!("{protected}.{}", base64::encode_url(history.canonical().as_bytes())).into_bytes()
}

fn entry(row: &History) -> Option<Value> {
    let seq = Value::Integer(i64::try_from(row.seq.0).ok()?);
    let (state, mut rest) = match &row.content {
        HistoryContent::Damaged => ("damaged", Vec::new()),
        HistoryContent::Deleted { at } => ("deleted", vec![("deletedAt", text(&at.to_tdate()))]),
        HistoryContent::Kept(draft) => {
            let element = |(kind, namespace, identifier, retained): &(String, String, String, bool)| {
                object([
                    ("element", text(identifier)),
                    ("kind", text(kind)),
                    ("namespace", text(namespace)),
                    ("retained", Value::Bool(*retained)),
                ])
            };
            let members = vec![
                ("at", text(&draft.at.to_tdate())),
                ("elements", Value::Array(draft.elements.iter().map(element).collect())),
                ("event", text(&rid_wire::hex::encode(&draft.id.0))),
                ("kind", text(kind_name(draft.kind))),
                ("outcome", text(outcome_name(draft.outcome))),
                ("peer", text(&draft.peer)),
                ("peerVerified", Value::Bool(draft.peer_verified)),
                ("reason", text(&draft.reason)),
            ];
            ("kept", members)
        }
    };
    rest.extend([("imported", Value::Bool(row.imported)), ("seq", seq), ("state", text(state))]);
    Some(Value::Object(rest.into_iter().map(|(name, value)| (name.into(), value)).collect()))
}

const fn kind_name(kind: HistoryKind) -> &'static str {
    match kind {
        HistoryKind::Deletion => "deletion",
        HistoryKind::Issuance => "issuance",
        HistoryKind::Presentation => "presentation",
        HistoryKind::SignIn => "sign_in",
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

fn jwk(public: &[u8]) -> Result<Value, WalletError> {
    let wrong = || WalletError::Unsupported { code: Code::new("key_unavailable") };
    let coordinates = public.strip_prefix(&[4]).filter(|rest| rest.len() == 64).ok_or_else(wrong)?;
    let (x, y) = coordinates.split_at_checked(32).ok_or_else(wrong)?;
    Ok(object([
        ("crv", text("P-256")),
        ("kty", text("EC")),
        ("x", text(&base64::encode_url(x))),
        ("y", text(&base64::encode_url(y))),
    ]))
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}
