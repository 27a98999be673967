//! The sample citizen against the profile, and the value checks at issuing.
use super::*;
use crate::Presence;

const SAMPLE: &str = include_str!("../../../issuer/sample/citizen.json");

/// Encodes a value as the issuer does.
fn value(json: &json::Value) -> Value<'static> {
    match json {
        json::Value::Array(items) => Value::Array(items.iter().map(value).collect()),
        json::Value::Bool(flag) => Value::Bool(*flag),
        json::Value::Integer(number) => Value::Uint(u64::try_from(*number).unwrap()),
        json::Value::String(string) => text(string),
        json::Value::Object(members) => match members.as_slice() {
            [(name, json::Value::String(date))] if name == "full-date" => tagged(1004, date),
            [(name, json::Value::String(time))] if name == "tdate" => tagged(0, time),
            [(name, _)] if name == "file" => Value::Bytes(Cow::Borrowed(b"JPEG")),
            members => Value::Map(members.iter().map(|(name, member)| (text(name), value(member))).collect()),
        },
        other => panic!("{other:?}"),
    }
}

/// The elements of the sample: document type, namespace, element, value.
fn sample() -> Vec<(String, String, String, Value<'static>)> {
    let json::Value::Object(kinds) = json::Value::parse(SAMPLE, 1 << 20).unwrap() else { panic!("an object") };
    let mut all = Vec::new();
    for (doc_type, namespaces) in kinds {
        let json::Value::Object(namespaces) = namespaces else { panic!("an object") };
        for (namespace, elements) in namespaces {
            let json::Value::Object(elements) = elements else { panic!("an object") };
            for (identifier, json) in elements {
                all.push((doc_type.clone(), namespace.clone(), identifier, value(&json)));
            }
        }
    }
    all
}

#[test]
fn every_sample_element_is_known_and_fits() {
    let profile = profile();
    for (doc_type, namespace, identifier, value) in sample() {
        let kind = profile.kind(&CredentialType::mdoc(&doc_type)).unwrap();
        let finding = kind.check(&ClaimPath::element(&namespace, &identifier), &value, today());
        assert_eq!(finding, Ok(()), "{namespace}/{identifier}");
    }
}

#[test]
fn every_mandatory_element_is_in_the_sample() {
    let sample = sample();
    for kind in profile().kinds() {
        let has = |namespace: &str, identifier: &str| {
            sample.iter().any(|(d, n, i, _)| kind.doc_type.as_ref() == Some(d) && n == namespace && i == identifier)
        };
        for element in kind.elements.iter().filter(|e| e.presence == Presence::Mandatory && !e.identifier.is_empty()) {
            let numbered = element.identifier.strip_suffix("NN");
            match numbered {
                Some(stem) => {
                    let all = kind.age_over.iter().all(|age| has(&element.namespace, &format!("{stem}{age:02}")));
                    assert!(all, "{}", element.identifier);
                }
                None => assert!(has(&element.namespace, &element.identifier), "{}", element.identifier),
            }
        }
    }
}

#[test]
fn sample_is_consistent() {
    let sample = sample();
    let find = |wanted: &str| sample.iter().filter(|(_, _, i, _)| i == wanted).map(|(.., v)| v).collect::<Vec<_>>();
    assert_eq!(find("fin"), find("administrative_number"), "one person, one FİN");
    assert_eq!(find("family_name_unicode"), find("family_name_national_character"));
    assert_eq!(find("family_name_latin1"), find("family_name"));
    let born = FullDate::new(1990, 5, 17).unwrap();
    assert_eq!(find("birth_date")[1], &tagged(1004, "1990-05-17"));
    let ages = sample.iter().filter_map(|(_, _, i, v)| Some((i.strip_prefix("age_over_")?.parse::<i32>().ok()?, v)));
    for (age, value) in ages {
        assert_eq!(*value, Value::Bool(born.years_until(today()) >= age), "{age}");
    }
    let native: String =
        sample.iter().filter_map(|(.., v)| if let Value::Text(t) = v { Some(&**t) } else { None }).collect();
    assert!("əığşçöüƏŞ".chars().all(|letter| native.contains(letter)), "the letters of Azerbaijani");
}

#[test]
fn pictures_are_small_jpegs() {
    for jpeg in [
        &include_bytes!("../../../issuer/sample/portrait.jpg")[..],
        &include_bytes!("../../../issuer/sample/signature.jpg")[..],
    ] {
        assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]) && jpeg.ends_with(&[0xff, 0xd9]));
        assert!(jpeg.len() < 12 * 1024);
    }
}

fn finding(namespace: &str, identifier: &str, value: &Value<'_>) -> Option<(Severity, &'static str)> {
    let id = if namespace.starts_with(MDL) { "mdl" } else { "pid" };
    let kind = kind(&profile(), id);
    kind.check(&ClaimPath::element(namespace, identifier), value, today())
        .err()
        .map(|RuleFinding { severity, code }| (severity, code.as_str()))
}

#[test]
fn wrong_values_are_named() {
    use Severity::{Reject, Warn};
    let born = |date: Value<'static>| Value::Map(vec![(text("birth_date"), date)]);
    let nested = born(born(tagged(1004, "1990-05-17")));
    for (namespace, identifier, value, expected) in [
        (PID, "unheard", text("x"), (Reject, "element_unknown")),
        (MDL, "fin", text("7TEST5X"), (Reject, "element_unknown")),
        (PID, "fin", Value::Uint(7), (Reject, "element_type")),
        (MDL, "birth_date", text("1990-05-17"), (Reject, "element_type")),
        (MDL, "birth_date", tagged(0, "1990-05-17T00:00:00Z"), (Reject, "element_type")),
        (MDL, "birth_date", tagged(1004, "1990-02-30"), (Reject, "element_type")),
        (MDL, "birth_date", tagged(1004, "2026-11-24"), (Reject, "element_date")),
        (MDL, "birth_date", tagged(1004, "1899-12-31"), (Reject, "element_date")),
        (ISO_23220, "birth_date", born(tagged(1004, "2026-11-24")), (Reject, "element_date")),
        (ISO_23220, "birth_date", Value::Map(vec![]), (Reject, "element_value")),
        (ISO_23220, "birth_date", nested, (Reject, "element_value")),
        (ISO_23220, "issue_date", tagged(0, "2026-11-24T00:00:00Z"), (Reject, "element_date")),
        (PID, "fin", text("7TEST5"), (Reject, "element_value")),
        (PID, "fin", text("7TEST5XX"), (Reject, "element_value")),
        (PID, "fin", text("7TESTIX"), (Reject, "element_value")),
        (PID, "fin", text("7TESTOX"), (Reject, "element_value")),
        (PID, "fin", text("7test5x"), (Reject, "element_value")),
        (PID, "fin", text("7\u{422}EST5X"), (Reject, "element_value")),
        (PID, "fin", text("7TESTİX"), (Reject, "element_value")),
        (MDL, "administrative_number", text(""), (Reject, "element_value")),
        (ISO_23220, "document_number", text("AA123456"), (Reject, "element_value")),
        (MDL, "document_number", text("AA1234567"), (Warn, "element_value")),
        (ISO_23220, "family_name_unicode", text("Nümunə 2"), (Reject, "element_value")),
        (ISO_23220, "family_name_unicode", text("Nu\u{308}mune"), (Reject, "element_value")),
        (ISO_23220, "family_name_unicode", text(""), (Reject, "element_value")),
        (ISO_23220, "family_name_unicode", text(&"ə".repeat(151)), (Reject, "element_value")),
        (MDL, "family_name", text("Nümunəyeva"), (Reject, "element_value")),
        (ISO_23220, "sex", Value::Uint(3), (Reject, "element_value")),
        (ISO_23220, "nationality", text("AZE"), (Reject, "element_value")),
        (PID, "nationalities", Value::Array(vec![text("AZ"), text("az")]), (Reject, "element_value")),
    ] {
        assert_eq!(finding(namespace, identifier, &value), Some(expected), "{identifier} {value:?}");
    }
}

#[test]
fn right_values_pass() {
    for (namespace, identifier, value) in [
        (ISO_23220, "document_number", text("AB7654321")),
        (ISO_23220, "document_number", text("AZE12345678")),
        (ISO_23220, "document_number", text("12345678")),
        (ISO_23220, "expiry_date", tagged(0, "2036-11-24T00:00:00Z")),
        (ISO_23220, "family_name_unicode", text(&"ə".repeat(150))),
        (ISO_23220, "age_over_60", Value::Bool(false)),
        (MDL, "family_name", text("Gülöz-d'Or")),
        (MDL, "birth_date", tagged(1004, "2026-11-23")),
        (PID, "nationalities", Value::Array(vec![text("AZ"), text("QS")])),
    ] {
        assert_eq!(finding(namespace, identifier, &value), None, "{identifier} {value:?}");
    }
}
