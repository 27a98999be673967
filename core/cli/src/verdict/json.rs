//! The JSON of a verdict. Its form is stable (see `rid verify --help` and `spec/verify.md`).
use rid_claims::{ClaimKey, ClaimPath, ClaimValue, PrivateText};
use rid_trust::Check;
use rid_verifier::view::{AgeAnswer, DisclosedElement, DisclosedElements, DocumentElements, DocumentVerdict, Verdict};
use rid_wire::base64;
use serde_json::{Map, Value, json};

use super::{Report, decision, outcome};
use crate::asked;

/// The largest integer that JSON numbers hold exactly: 2^53.
const MAX_EXACT: u64 = 1 << 53;

/// The verdict with its question and hint.
pub(super) fn report(report: &Report<'_>) -> Value {
    let mut json = to_json(report.verdict);
    if let Value::Object(members) = &mut json {
        members.insert("asked".into(), report.asked.map_or(Value::Null, asked::to_json));
        members.insert("hint".into(), report.hint.map_or(Value::Null, Value::from));
    }
    json
}

/// The whole verdict.
pub(crate) fn to_json(verdict: &Verdict) -> Value {
    json!({
        "verdict": decision(verdict.decision),
        "code": verdict.code.map(|code| code.as_str()),
        "checks": checks(&verdict.checks),
        "documents": verdict.documents.iter().map(document).collect::<Vec<_>>(),
        "notReturned": verdict.not_returned,
        "documentErrors": verdict.document_errors.iter()
            .map(|error| json!({"docType": error.kind, "code": error.code})).collect::<Vec<_>>(),
    })
}

fn document(document: &DocumentVerdict) -> Value {
    let none = DisclosedElements::default();
    let disclosed = document.elements.current_or_lapsed().unwrap_or(&none);
    json!({
        "docType": document.kind,
        "verdict": decision(document.decision),
        "code": document.code.map(|code| code.as_str()),
        "trustedBy": document.trusted_by,
        "issuer": document.issuer,
        "checks": checks(&document.checks),
        "elementsAre": match document.elements {
            DocumentElements::Current { .. } => "current",
            DocumentElements::Lapsed { .. } => "lapsed",
            DocumentElements::NoEvidence => "none",
        },
        "elements": elements(&disclosed.issuer_signed),
        "deviceElements": elements(&disclosed.device_signed),
        "ages": disclosed.ages.iter().map(age).collect::<Vec<_>>(),
        "images": about(disclosed, |element| Some(element.image?.as_str())),
        "warnings": about(disclosed, |element| Some(element.warning?.as_str())),
        "notReturned": document.not_returned.iter().map(path).collect::<Vec<_>>(),
        "errors": document.errors.iter().filter_map(|error| {
            let (namespace, identifier) = error.path.as_element()?;
            Some(json!([namespace, identifier, error.code]))
        }).collect::<Vec<_>>(),
        "failedElements": document.failed_elements.iter().map(path).collect::<Vec<_>>(),
    })
}

/// The steps of a path: of an mdoc the namespace and the element.
pub(crate) fn path(path: &ClaimPath) -> Value {
    let step = |step: &ClaimKey| match step {
        ClaimKey::Every => Value::Null,
        ClaimKey::Index { position } => (*position).into(),
        ClaimKey::Name { name } => name.as_str().into(),
    };
    path.steps.iter().map(step).collect()
}

fn age(age: &AgeAnswer) -> Value {
    json!({"asked": path(&age.asked), "over": age.over, "attested": path(&age.attested)})
}

/// Path and warning of the elements that have a warning.
fn about(disclosed: &DisclosedElements, word: impl Fn(&DisclosedElement) -> Option<&'static str>) -> Value {
    let elements = disclosed.issuer_signed.iter().chain(&disclosed.device_signed);
    let words = elements.filter_map(|element| {
        let Value::Array(mut words) = path(&element.path) else { return None };
        words.push(word(element)?.into());
        Some(Value::Array(words))
    });
    words.collect()
}

pub(super) fn checks(checks: &[Check]) -> Value {
    let check = |check: &Check| {
        json!({
            "code": check.code.as_str(),
            "outcome": outcome(check.outcome),
            "reason": check.reason.map(|reason| reason.as_str()),
            "as_of": check.as_of.map(|time| time.to_tdate()),
            "where": check.place,
        })
    };
    checks.iter().map(check).collect()
}

fn elements(elements: &[DisclosedElement]) -> Value {
    let mut namespaces = Map::new();
    for element in elements {
        if let [ClaimKey::Name { name }] = element.path.steps.as_slice() {
            namespaces.insert(name.clone(), value(&element.value));
        }
        let Some((namespace, identifier)) = element.path.as_element() else { continue };
        let members = namespaces.entry(namespace).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(members) = members {
            members.insert(identifier.into(), value(&element.value));
        }
    }
    Value::Object(namespaces)
}

/// Byte strings as base64url, dates as text, integers beyond 2^53 as strings, maps with other keys than text as pairs.
pub(crate) fn value(claim: &ClaimValue) -> Value {
    match claim {
        ClaimValue::BigNumber { digits } => digits.expose().into(),
        ClaimValue::Binary { bytes } => base64::encode_url(bytes.expose()).into(),
        ClaimValue::Date { text } | ClaimValue::Text { text } => text.expose().into(),
        ClaimValue::Entries { entries } => {
            let named: Option<Map<String, Value>> = entries
                .iter()
                .map(|entry| Some((text_key(&entry.key)?.expose().into(), value(&entry.value))))
                .collect();
            match named {
                Some(members) => Value::Object(members),
                None => entries.iter().map(|entry| json!([value(&entry.key), value(&entry.value)])).collect(),
            }
        }
        ClaimValue::Flag { value } => (*value).into(),
        ClaimValue::Items { items } => items.iter().map(value).collect(),
        ClaimValue::Nothing => Value::Null,
        ClaimValue::Number { value } if value.unsigned_abs() > MAX_EXACT => value.to_string().into(),
        ClaimValue::Number { value } => (*value).into(),
        ClaimValue::Real { value } => (*value).into(),
    }
}

const fn text_key(key: &ClaimValue) -> Option<&PrivateText> {
    match key {
        ClaimValue::Text { text } => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rid_wire::{
        cbor::{Limits, Value as Cbor},
        hex,
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn std_m44_values_have_one_json_form() {
        let cases = [
            ("1b0020000000000000", json!(9_007_199_254_740_992_u64)),
            ("1b0020000000000001", json!("9007199254740993")),
            ("3b001fffffffffffff", json!(-9_007_199_254_740_992_i64)),
            ("3b0020000000000000", json!("-9007199254740993")),
            ("1bffffffffffffffff", json!("18446744073709551615")),
            ("3bffffffffffffffff", json!("-18446744073709551616")),
            ("43fffefd", json!("__79")),
            ("d903ec6a323032302d30312d3032", json!("2020-01-02")),
            ("c074323032302d30312d30325430303a30303a30305a", json!("2020-01-02T00:00:00Z")),
            ("d903ec05", json!(5)),
            ("a0", json!({})),
            ("a2616101616202", json!({"a": 1, "b": 2})),
            ("a26161010203", json!([["a", 1], [2, 3]])),
            ("a1416b81f5", json!([["aw", [true]]])),
            ("a16164d903ec6a323032302d30312d3032", json!({"d": "2020-01-02"})),
            ("f6", json!(null)),
            ("f7", json!(null)),
            ("f97e00", json!(null)),
            ("f97c00", json!(null)),
            ("f93e00", json!(1.5)),
            ("7f61616162ff", json!("ab")),
        ];
        for (encoded, expected) in cases {
            let bytes = hex::decode(encoded).unwrap();
            let parsed = Cbor::parse(&bytes, Limits::ONLINE).unwrap();
            assert_eq!(value(&ClaimValue::from_cbor(&parsed)), expected, "{encoded}");
        }
    }
}
