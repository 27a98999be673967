//! Reads a person's records from a register extract.
use alloc::{string::String, vec::Vec};

use rid_wire::{FullDate, Timestamp, cbor::Encoder, json::Value};

use crate::IssueError;

/// A person's record for one kind of credential.
#[derive(Clone)]
pub struct PersonRecord {
    /// The kind, named by the docType of its mdoc.
    pub kind: String,
    /// The elements.
    pub elements: Vec<RecordElement>,
}

/// One element of a record.
#[derive(Clone)]
pub struct RecordElement {
    /// The namespace.
    pub namespace: String,
    /// The identifier.
    pub identifier: String,
    /// The value, encoded as CBOR.
    pub value: Vec<u8>,
}

/// Length of the largest register extract, in bytes.
const MAX_RECORD: usize = 1 << 20;

/// The fictitious sample citizen of `sample/`, with one record for each kind.
///
/// # Errors
/// [`IssueError::Sample`]; a test proves that the embedded files are valid.
pub fn sample_citizen() -> Result<Vec<PersonRecord>, IssueError> {
    person_records(include_str!("../sample/citizen.json"), &|name| match name {
        "portrait.jpg" => Some(include_bytes!("../sample/portrait.jpg")),
        "signature.jpg" => Some(include_bytes!("../sample/signature.jpg")),
        _ => None,
    })
}

/// Reads a register extract: `{docType: {namespace: {element: value}}}`. Values are JSON, except `{"full-date":
/// "..."}`, `{"tdate": "..."}` and `{"file": "..."}` (read with `file`) for the types that JSON lacks.
///
/// # Errors
/// [`IssueError::Sample`].
pub fn person_records(
    text: &str,
    file: &dyn Fn(&str) -> Option<&'static [u8]>,
) -> Result<Vec<PersonRecord>, IssueError> {
    let Ok(Value::Object(kinds)) = Value::parse(text, MAX_RECORD) else { return Err(IssueError::Sample) };
    let mut records = Vec::with_capacity(kinds.len());
    for (kind, namespaces) in kinds {
        let Value::Object(namespaces) = namespaces else { return Err(IssueError::Sample) };
        let mut elements = Vec::new();
        for (namespace, members) in namespaces {
            let Value::Object(members) = members else { return Err(IssueError::Sample) };
            for (identifier, value) in members {
                let mut encoder = Encoder::new();
                encode(&mut encoder, &value, file)?;
                elements.push(RecordElement { namespace: namespace.clone(), identifier, value: encoder.finish() });
            }
        }
        records.push(PersonRecord { kind, elements });
    }
    Ok(records)
}

fn encode(
    encoder: &mut Encoder,
    value: &Value,
    file: &dyn Fn(&str) -> Option<&'static [u8]>,
) -> Result<(), IssueError> {
    match value {
        Value::Array(items) => {
            encoder.array(items.len());
            for item in items {
                encode(encoder, item, file)?;
            }
        }
        Value::Bool(value) => {
            encoder.boolean(*value);
        }
        Value::Float(_) => return Err(IssueError::Sample),
        Value::Integer(value) => {
            encoder.int(*value);
        }
        Value::Null => {
            encoder.null();
        }
        Value::Object(members) => match members.as_slice() {
            [(name, Value::String(text))] if name == "full-date" => {
                FullDate::parse(text).map_err(|_| IssueError::Sample)?;
                encoder.tag(1004).text(text);
            }
            [(name, Value::String(text))] if name == "tdate" => {
                Timestamp::parse_tdate(text).map_err(|_| IssueError::Sample)?;
                encoder.tag(0).text(text);
            }
            [(name, Value::String(text))] if name == "file" => {
                encoder.bytes(file(text).ok_or(IssueError::Sample)?);
            }
            members => {
                encoder.map(members.len());
                for (name, value) in members {
                    encoder.text(name);
                    encode(encoder, value, file)?;
                }
            }
        },
        Value::String(text) => {
            encoder.text(text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeSet, vec, vec::Vec};

    use rid_wire::cbor::{Decoder, Limits};

    use super::*;

    fn element<'a>(records: &'a [PersonRecord], kind: &str, identifier: &str) -> &'a [u8] {
        let record = records.iter().find(|record| record.kind == kind).expect("the kind");
        let element = record.elements.iter().find(|element| element.identifier == identifier).expect("the element");
        &element.value
    }

    #[test]
    fn sample_citizen_is_valid() {
        let records = sample_citizen().expect("the embedded sample");
        let kinds: Vec<&str> = records.iter().map(|record| record.kind.as_str()).collect();
        assert_eq!(kinds, ["az.gov.rid.pid.1", "org.iso.18013.5.1.mDL"]);
        for record in &records {
            let names: BTreeSet<_> = record.elements.iter().map(|e| (&e.namespace, &e.identifier)).collect();
            assert_eq!(names.len(), record.elements.len(), "each element once");
            for element in &record.elements {
                let mut decoder = Decoder::new(&element.value, Limits::ONLINE).expect("within limits");
                decoder.skip().expect("one well-formed value");
                decoder.finish().expect("no bytes after it");
            }
            let portrait = element(&records, &record.kind, "portrait");
            assert!(portrait.windows(3).any(|window| window == [0xff, 0xd8, 0xff]), "a JPEG");
        }
        let letters = |bytes: &[u8]| {
            let text = core::str::from_utf8(bytes.get(1..).unwrap_or_default());
            text.is_ok_and(|text| text.chars().any(|c| "əğıöüçşƏĞİÖÜÇŞ".contains(c)))
        };
        assert!(
            records.iter().flat_map(|r| &r.elements).filter(|e| letters(&e.value)).count() > 3,
            "Azerbaijani letters"
        );
    }

    #[test]
    fn malformed_register_extract_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"d": []}"#,
            r#"{"d": {"n": []}}"#,
            r#"{"d": {"n": {"e": 1.5}}}"#,
            r#"{"d": {"n": {"e": {"full-date": "2026-02-30"}}}}"#,
            r#"{"d": {"n": {"e": {"file": "none.jpg"}}}}"#,
        ] {
            assert!(matches!(person_records(text, &|_| None), Err(IssueError::Sample)), "{text}");
        }
        let one = person_records(r#"{"d": {"n": {"e": {"full-date": "2026-02-28"}}}}"#, &|_| None).expect("valid");
        let expected = [&[0xd9, 0x03, 0xec, 0x6a][..], b"2026-02-28"].concat();
        assert_eq!(one.iter().flat_map(|r| &r.elements).map(|e| e.value.clone()).collect::<Vec<_>>(), vec![expected]);
    }
}
