use alloc::{string::String, vec::Vec};

use rid_mdoc::build::ElementToIssue;
use rid_wire::{FullDate, Timestamp, cbor::Writer, json::Value};

use crate::IssueError;

/// What the register says of one person for one document type: encoded element values.
#[derive(Clone)]
pub struct PersonRecord {
    /// Document type.
    pub doc_type: String,
    /// Elements.
    pub elements: Vec<ElementToIssue>,
}

/// Largest register extract read, in bytes.
const MAX_RECORD: usize = 1 << 20;

/// The made-up sample citizen of `sample/`, one record per document type.
///
/// # Errors
/// [`IssueError::Sample`]; a test proves that the embedded files have none.
pub fn sample_citizen() -> Result<Vec<PersonRecord>, IssueError> {
    person_records(include_str!("../sample/citizen.json"), &|name| match name {
        "portrait.jpg" => Some(include_bytes!("../sample/portrait.jpg")),
        "signature.jpg" => Some(include_bytes!("../sample/signature.jpg")),
        _ => None,
    })
}

/// Reads a register extract: `{docType: {namespace: {element: value}}}`. Values are JSON, with `{"full-date": "..."}`,
/// `{"tdate": "..."}` and `{"file": "..."}` (looked up by `file`) where JSON has no type of its own.
///
/// # Errors
/// [`IssueError::Sample`].
pub fn person_records(
    text: &str,
    file: &dyn Fn(&str) -> Option<&'static [u8]>,
) -> Result<Vec<PersonRecord>, IssueError> {
    let Ok(Value::Object(kinds)) = Value::parse(text, MAX_RECORD) else { return Err(IssueError::Sample) };
    let mut records = Vec::with_capacity(kinds.len());
    for (doc_type, namespaces) in kinds {
        let Value::Object(namespaces) = namespaces else { return Err(IssueError::Sample) };
        let mut elements = Vec::new();
        for (namespace, members) in namespaces {
            let Value::Object(members) = members else { return Err(IssueError::Sample) };
            for (identifier, value) in members {
                let mut writer = Writer::new();
                encode(&mut writer, &value, file)?;
                elements.push(ElementToIssue { namespace: namespace.clone(), identifier, value: writer.finish() });
            }
        }
        records.push(PersonRecord { doc_type, elements });
    }
    Ok(records)
}

fn encode(writer: &mut Writer, value: &Value, file: &dyn Fn(&str) -> Option<&'static [u8]>) -> Result<(), IssueError> {
    match value {
        Value::Array(items) => {
            writer.array(items.len());
            for item in items {
                encode(writer, item, file)?;
            }
        }
        Value::Bool(value) => {
            writer.boolean(*value);
        }
        Value::Float(_) => return Err(IssueError::Sample),
        Value::Integer(value) => {
            writer.int(*value);
        }
        Value::Null => {
            writer.null();
        }
        Value::Object(members) => match members.as_slice() {
            [(name, Value::String(text))] if name == "full-date" => {
                FullDate::parse(text).map_err(|_| IssueError::Sample)?;
                writer.tag(1004).text(text);
            }
            [(name, Value::String(text))] if name == "tdate" => {
                Timestamp::parse_tdate(text).map_err(|_| IssueError::Sample)?;
                writer.tag(0).text(text);
            }
            [(name, Value::String(text))] if name == "file" => {
                writer.bytes(file(text).ok_or(IssueError::Sample)?);
            }
            members => {
                writer.map(members.len());
                for (name, value) in members {
                    writer.text(name);
                    encode(writer, value, file)?;
                }
            }
        },
        Value::String(text) => {
            writer.text(text);
        }
    }
    Ok(())
}
