use rid_crypto::{Curve, PublicKey, SignatureAlgorithm, sha256, verify};
use rid_flow::{HistoryKind, HistoryOutcome};
use rid_trust::Environment;
use rid_wire::{Code, Timestamp, base64, hex, json::Value};

use super::{FORMAT, TYPE, jwk, kind_name, outcome_name, to_be_signed};

/// Largest file read.
pub(super) const MAX_FILE: usize = 64 << 20;
/// Integers beyond it are read differently by different readers of JSON (RFC 8785, 3.2.2.3).
const MAX_INTEGER: u64 = (1 << 53) - 1;
const KINDS: [HistoryKind; 4] =
    [HistoryKind::Deletion, HistoryKind::Issuance, HistoryKind::Presentation, HistoryKind::SignIn];
const OUTCOMES: [HistoryOutcome; 5] = [
    HistoryOutcome::Failed,
    HistoryOutcome::Finished,
    HistoryOutcome::Refused,
    HistoryOutcome::Started,
    HistoryOutcome::UnknownDelivery,
];

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
        judge_entry(entry)?;
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

/// What an entry says is of the form, whoever signed it.
fn judge_entry(entry: &Value) -> Result<(), ExportError> {
    let is_flag = |value: &Value| matches!(value, Value::Bool(_));
    let is_time = |value: &Value| value.as_str().is_some_and(|text| Timestamp::parse_rfc3339(text).is_ok());
    let is_text = |value: &Value| value.as_str().is_some();
    let is_one_of = |value: &Value, names: &[&str]| value.as_str().is_some_and(|name| names.contains(&name));
    let is_element = |value: &Value| {
        members(value, ["element", "kind", "namespace", "retained"]).is_ok_and(
            |[element, kind, namespace, retained]| {
                [element, kind, namespace].into_iter().all(is_text) && is_flag(retained)
            },
        )
    };
    let fits = match entry.member("state").and_then(Value::as_str) {
        Some("damaged") => members(entry, ["imported", "seq", "state"]).is_ok_and(|[imported, ..]| is_flag(imported)),
        Some("deleted") => members(entry, ["deletedAt", "imported", "seq", "state"])
            .is_ok_and(|[at, imported, ..]| is_time(at) && is_flag(imported)),
        Some("kept") => {
            let [at, elements, event, imported, kind, outcome, peer, verified, reason, ..] = members(
                entry,
                [
                    "at",
                    "elements",
                    "event",
                    "imported",
                    "kind",
                    "outcome",
                    "peer",
                    "peerVerified",
                    "reason",
                    "seq",
                    "state",
                ],
            )?;
            let elements = matches!(elements, Value::Array(elements) if elements.iter().all(is_element));
            let event = event.as_str().is_some_and(|id| id.len() == 32 && hex::decode(id).is_ok());
            elements
                && event
                && is_time(at)
                && [imported, verified].into_iter().all(is_flag)
                && [peer, reason].into_iter().all(is_text)
                && is_one_of(kind, &KINDS.map(kind_name))
                && is_one_of(outcome, &OUTCOMES.map(outcome_name))
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(ExportError::Form) }
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
