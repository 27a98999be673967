//! Checks an exported history without a wallet.
use rid_trust::Environment;
use rid_wire::{Code, Timestamp, json::Value};

use super::{FORMAT, hash};

/// Largest file read.
const MAX_FILE: usize = 64 << 20;

/// What a consistent export says of itself. Anybody can write one: nothing in it tells whose history it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportVerdict {
    /// Places in it.
    pub rows: u64,
    /// Whether the history was whole when it was written.
    pub whole: bool,
    /// The first place that was not.
    pub first_broken: Option<u64>,
    /// When it was written.
    pub made: Timestamp,
    /// Whose roots the wallet had loaded; a test is shown.
    pub environment: Environment,
}

/// Why an export is not consistent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum ExportError {
    /// The hash of the line before does not fit: a line was altered, taken out or put in; `line` is the first after
    /// it, from 1.
    Chain {
        /// Where.
        line: u64,
    },
    /// Not an export, or of another form.
    Form,
    /// Places are missing, doubled or out of order: `seq` is the first.
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
            Self::Chain { .. } => "export_chain",
            Self::Form => "export_form",
            Self::Sequence { .. } => "export_sequence",
        })
    }
}

/// Checks that the lines of an export belong together: their form, the chain of hashes, the places.
///
/// # Errors
/// [`ExportError`].
pub fn verify_export(file: &str) -> Result<ExportVerdict, ExportError> {
    if file.len() > MAX_FILE {
        return Err(ExportError::Form);
    }
    let mut lines = file.lines();
    let first = lines.next().ok_or(ExportError::Form)?;
    let mut verdict = head(first)?;
    let (mut before, mut line, mut end) = (hash(first), 1_u64, None);
    for text in lines {
        line = line.saturating_add(1);
        let value = parse(text)?;
        if end.is_some() {
            return Err(ExportError::Form);
        }
        if value.member("before").and_then(Value::as_str) != Some(&before) {
            return Err(ExportError::Chain { line });
        }
        before = hash(text);
        match (value.member("rows"), value.member("seq")) {
            (Some(rows), None) => end = Some(number(rows)?),
            (None, Some(seq)) => {
                verdict.rows = verdict.rows.saturating_add(1);
                if number(seq)? != verdict.rows {
                    return Err(ExportError::Sequence { seq: verdict.rows });
                }
                let known = ["damaged", "deleted", "kept"];
                if !value.member("state").and_then(Value::as_str).is_some_and(|state| known.contains(&state)) {
                    return Err(ExportError::Form);
                }
            }
            _ => return Err(ExportError::Form),
        }
    }
    match end {
        Some(rows) if rows == verdict.rows => Ok(verdict),
        Some(_) => Err(ExportError::Sequence { seq: verdict.rows.saturating_add(1) }),
        // The end is missing.
        None => Err(ExportError::Form),
    }
}

fn head(line: &str) -> Result<ExportVerdict, ExportError> {
    let head = parse(line)?;
    let environment = match (string(&head, "format"), string(&head, "environment")) {
        (Some(FORMAT), Some("production")) => Environment::Production,
        (Some(FORMAT), Some("test")) => Environment::Test,
        _ => return Err(ExportError::Form),
    };
    let made = string(&head, "made").and_then(|made| Timestamp::parse_rfc3339(made).ok()).ok_or(ExportError::Form)?;
    let first_broken = match head.member("firstBroken") {
        Some(Value::Null) => None,
        Some(seq) => Some(number(seq)?),
        None => return Err(ExportError::Form),
    };
    match head.member("whole") {
        Some(Value::Bool(whole)) if *whole == first_broken.is_none() => {
            Ok(ExportVerdict { rows: 0, whole: *whole, first_broken, made, environment })
        }
        _ => Err(ExportError::Form),
    }
}

fn parse(line: &str) -> Result<Value, ExportError> {
    Value::parse(line, MAX_FILE).map_err(|_| ExportError::Form)
}

fn string<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.member(name).and_then(Value::as_str)
}

fn number(value: &Value) -> Result<u64, ExportError> {
    match value {
        Value::Integer(number) => u64::try_from(*number).map_err(|_| ExportError::Form),
        _ => Err(ExportError::Form),
    }
}
