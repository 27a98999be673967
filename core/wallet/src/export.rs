//! The history as a file for others: JSON, signed as a JWS (RFC 7515) with the payload detached and canonical (RFC 8785).
//!
//! ```json
//! {"history": {…}, "protected": "…", "signature": "…"}
//! ```
//!
//! What is signed is `protected ‖ "." ‖ base64url(canonical form of history)`; the protected header names ES256 and the public key.
use rid_crypto::{Curve, PublicKey, SignatureAlgorithm, sha256, verify};
use rid_flow::{History, HistoryContent, HistoryKind, HistoryOutcome, ports::KeyInfo};
use rid_trust::Environment;
use rid_wire::{Code, Timestamp, base64, json::Value};

use crate::{WalletError, view::HistoryCheckView};

/// Names the form; a later one has another number.
const FORMAT: &str = "rid-history-1";
const TYPE: &str = "rid-history+jws";
/// Largest file read.
const MAX_FILE: usize = 64 << 20;
/// Integers beyond it are read differently by different readers of JSON (RFC 8785, 3.2.2.3).
const MAX_INTEGER: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests;

/// What an export says when it checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportVerdict {
    /// Rows in it.
    pub rows: u64,
    /// Whether the history was whole when it was written.
    pub whole: bool,
    /// The first place that was not.
    pub first_broken: Option<u64>,
    /// When it was written.
    pub made: Timestamp,
    /// Whose roots the wallet had loaded; a test is shown.
    pub environment: Environment,
    /// The uncompressed point of the key that signed it.
    pub public_key: Vec<u8>,
}

impl ExportVerdict {
    /// Thumbprint of the key (RFC 7638), base64url. Whoever saw it when the file was made knows it is that file and no other's:
    /// anybody can sign a history of their own with a key of their own.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        jwk(&self.public_key)
            .map_or_else(|_| String::new(), |jwk| base64::encode_url(&sha256(&[jwk.canonical().as_bytes()])))
    }
}

/// Why an export was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// Not an export, or of a later form.
    #[error("export_form")]
    Form,
    /// Altered after it was signed.
    #[error("export_signature")]
    Signature,
    /// Places are missing, doubled or out of order: `seq` is the first.
    #[error("export_sequence")]
    Sequence {
        /// Where.
        seq: u64,
    },
}

impl ExportError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Form => "export_form",
            Self::Sequence { .. } => "export_sequence",
            Self::Signature => "export_signature",
        })
    }
}

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

/// Checks an export: its form, its signature by the key it names, its places. Nothing in the file is left unsigned.
///
/// # Errors
/// [`ExportError`].
pub fn verify_export(file: &str) -> Result<ExportVerdict, ExportError> {
    let file = Value::parse(file, MAX_FILE).map_err(|_| ExportError::Form)?;
    let [history, protected, signature] = members(&file, ["history", "protected", "signature"])?;
    let (protected, signature) = (string(protected)?, decode(signature)?);
    let header = String::from_utf8(base64::decode_url(protected).map_err(|_| ExportError::Form)?);
    let header = Value::parse(&header.map_err(|_| ExportError::Form)?, MAX_FILE).map_err(|_| ExportError::Form)?;
    let [algorithm, key, kind] = members(&header, ["alg", "jwk", "typ"])?;
    let [crv, kty, x, y] = members(key, ["crv", "kty", "x", "y"])?;
    let (x, y) = (decode(x)?, decode(y)?);
    if x.len() != 32 || y.len() != 32 {
        return Err(ExportError::Form);
    }
    let point = [vec![4], x, y].concat();
    let public = PublicKey::from_sec1(Curve::P256, &point).map_err(|_| ExportError::Form)?;
    let known = [(algorithm, "ES256"), (kind, TYPE), (kty, "EC"), (crv, "P-256")];
    if !is_exact(history) || known.iter().any(|(value, wanted)| value.as_str() != Some(wanted)) {
        return Err(ExportError::Form);
    }
    verify(&public, SignatureAlgorithm::Es256, &[&to_be_signed(protected, history)], &signature)
        .map_err(|_| ExportError::Signature)?;
    judge(history, public.to_bytes())
}

/// What a signed history says.
fn judge(history: &Value, public_key: Vec<u8>) -> Result<ExportVerdict, ExportError> {
    let names = ["entries", "environment", "firstBroken", "format", "made", "whole"];
    let [entries, environment, first_broken, format, made, whole] = members(history, names)?;
    let environment = match (format.as_str(), environment.as_str()) {
        (Some(FORMAT), Some("production")) => Environment::Production,
        (Some(FORMAT), Some("test")) => Environment::Test,
        _ => return Err(ExportError::Form),
    };
    let made = Timestamp::parse_rfc3339(string(made)?).map_err(|_| ExportError::Form)?;
    let Value::Array(entries) = entries else { return Err(ExportError::Form) };
    let mut rows = 0_u64;
    for entry in entries {
        rows = rows.saturating_add(1);
        if !matches!(entry.member("seq"), Some(Value::Integer(seq)) if u64::try_from(*seq) == Ok(rows)) {
            return Err(ExportError::Sequence { seq: rows });
        }
    }
    let first_broken = match first_broken {
        Value::Null => None,
        Value::Integer(seq) => Some(u64::try_from(*seq).map_err(|_| ExportError::Form)?),
        _ => return Err(ExportError::Form),
    };
    // It says both, and both say the same.
    let whole = match whole {
        Value::Bool(whole) if *whole == first_broken.is_none() => *whole,
        _ => return Err(ExportError::Form),
    };
    Ok(ExportVerdict { rows, whole, first_broken, made, environment, public_key })
}

/// The members of an object that has these and no others.
fn members<'a, const N: usize>(value: &'a Value, names: [&str; N]) -> Result<[&'a Value; N], ExportError> {
    match value {
        Value::Object(members) if members.len() == N => {}
        _ => return Err(ExportError::Form),
    }
    let found: Option<Vec<&Value>> = names.iter().map(|name| value.member(name)).collect();
    found.and_then(|found| found.try_into().ok()).ok_or(ExportError::Form)
}

fn string(value: &Value) -> Result<&str, ExportError> {
    value.as_str().ok_or(ExportError::Form)
}

fn decode(value: &Value) -> Result<Vec<u8>, ExportError> {
    base64::decode_url(string(value)?).map_err(|_| ExportError::Form)
}

/// Whether every number in it has one canonical form: a fraction would be signed as nothing at all.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Float(_) => false,
        Value::Integer(number) => number.unsigned_abs() <= MAX_INTEGER,
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.iter().all(|(_, value)| is_exact(value)),
        Value::Bool(_) | Value::Null | Value::String(_) => true,
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
