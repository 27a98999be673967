//! `transaction_data` and `verifier_info` of a request (OpenID4VP 1.0, 5.1 and 8.4).
use alloc::{string::String, vec::Vec};

use rid_wire::{base64, json::Value};

use super::VpError;
use crate::dcql::Query;

/// Most entries, and longest entry in bytes.
const MAX_ENTRIES: usize = 16;
const MAX_BYTES: usize = 65_536;

/// One transaction to confirm.
#[derive(Clone, PartialEq)]
pub struct TransactionData {
    /// The text as received. The presentation holds its SHA-256.
    pub text: String,
    /// The type.
    pub kind: String,
    /// The credential queries of which one must confirm it, as positions.
    pub credentials: Vec<usize>,
    /// All members.
    pub members: Value,
}

/// A statement of others about the verifier. It is kept as received: nothing of it is verified.
#[derive(Clone, PartialEq)]
pub struct VerifierInfo {
    /// The format.
    pub format: String,
    /// The statement: an object or a text.
    pub data: Value,
    /// The credential queries that it is about, as positions; all if it names none.
    pub credentials: Vec<usize>,
}

fn positions(value: &Value, query: &Query) -> Option<Vec<usize>> {
    let Value::Array(names) = value else { return None };
    let position = |name: &Value| query.credentials.iter().position(|known| Some(known.id.as_str()) == name.as_str());
    if names.is_empty() { None } else { names.iter().map(position).collect() }
}

impl TransactionData {
    /// Reads all entries. One that is malformed, of an unknown type, for another credential, or with another hash than
    /// SHA-256 refuses the request (neg-G17).
    pub(super) fn read(value: &Value, query: &Query, types: &[&str]) -> Result<Vec<Self>, VpError> {
        let Value::Array(entries) = value else { return Err(VpError::TransactionData) };
        if entries.is_empty() || entries.len() > MAX_ENTRIES {
            return Err(VpError::TransactionData);
        }
        let read = |entry: &Value| Self::read_one(entry.as_str()?, query, types);
        entries.iter().map(|entry| read(entry).ok_or(VpError::TransactionData)).collect()
    }

    fn read_one(text: &str, query: &Query, types: &[&str]) -> Option<Self> {
        let json = String::from_utf8(base64::decode_url(text).ok()?).ok()?;
        let members = Value::parse(&json, MAX_BYTES).ok()?;
        let kind = members.member("type")?.as_str().filter(|kind| types.contains(kind))?;
        let takes_sha256 = match members.member("transaction_data_hashes_alg") {
            None => true,
            Some(Value::Array(names)) => names.iter().any(|name| name.as_str() == Some("sha-256")),
            Some(_) => false,
        };
        if !takes_sha256 {
            return None;
        }
        let credentials = positions(members.member("credential_ids")?, query)?;
        Some(Self { text: text.into(), kind: kind.into(), credentials, members })
    }
}

impl VerifierInfo {
    /// Reads all entries.
    pub(super) fn read(value: Option<&Value>, query: &Query) -> Result<Vec<Self>, VpError> {
        let form = VpError::Form("verifier_info");
        let entries = match value {
            None => return Ok(Vec::new()),
            Some(Value::Array(entries)) if (1..=MAX_ENTRIES).contains(&entries.len()) => entries,
            Some(_) => return Err(form),
        };
        let read = |entry: &Value| {
            let data = entry.member("data").filter(|data| matches!(data, Value::Object(_) | Value::String(_)))?;
            let credentials = match entry.member("credential_ids") {
                None => (0..query.credentials.len()).collect(),
                Some(names) => positions(names, query)?,
            };
            Some(Self { format: entry.member("format")?.as_str()?.into(), data: data.clone(), credentials })
        };
        entries.iter().map(|entry| read(entry).ok_or(form)).collect()
    }
}

rid_wire::closed_debug!(TransactionData, VerifierInfo);
