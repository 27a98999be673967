//! A sentence and a next step for each stable code, from `codes.json`.
use alloc::string::{String, ToString};

use rid_wire::json::Value;

use crate::Locale;

/// Largest file of sentences, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// What to tell a person about a code. It never holds text about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// What happened, one sentence or two.
    pub what: String,
    /// What to do next.
    pub next: String,
}

/// The sentences for a stable code (`spec/errors.md`) in the first wanted language. A code that is not listed gets
/// general sentences:
/// use [`is_described`] to tell it apart.
#[must_use]
pub fn describe(code: &str, locales: &[Locale]) -> Description {
    let locale = locales.first().copied().unwrap_or(Locale::Az);
    found(code, locale).or_else(|| found("internal", locale)).unwrap_or_default()
}

/// Whether the code has sentences of its own.
#[must_use]
pub fn is_described(code: &str) -> bool {
    found(code, Locale::En).is_some()
}

impl Default for Description {
    fn default() -> Self {
        Self { what: "The app made an error.".into(), next: "Update the app.".into() }
    }
}

fn found(code: &str, locale: Locale) -> Option<Description> {
    let file = Value::parse(include_str!("../codes.json"), MOST_BYTES).ok()?;
    let Value::Array(groups) = file.member("codes")? else { return None };
    let names = |group: &Value| match group.member("codes") {
        Some(Value::Array(codes)) => codes.iter().any(|one| one.as_str() == Some(code)),
        _ => false,
    };
    let group = groups.iter().find(|group| names(group))?;
    let next = match group.member("then") {
        Some(own) => own,
        None => file.member("next")?.member(group.member("next")?.as_str()?)?,
    };
    Some(Description { what: text(group.member("what")?, locale)?, next: text(next, locale)? })
}

fn text(texts: &Value, locale: Locale) -> Option<String> {
    let language = match locale {
        Locale::Az => "az",
        Locale::En => "en",
        Locale::Ru => "ru",
    };
    texts.member(language)?.as_str().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of the tables of `spec/errors.md`.
    fn listed() -> impl Iterator<Item = &'static str> {
        let rows = include_str!("../../../spec/errors.md").lines().filter_map(|line| line.strip_prefix("| `"));
        rows.filter_map(|row| row.split('`').next())
    }

    #[test]
    fn each_code_has_sentences_in_three_languages() {
        for code in listed() {
            for locale in [Locale::Az, Locale::En, Locale::Ru] {
                let Description { what, next } =
                    found(code, locale).unwrap_or_else(|| panic!("{code} is not in codes.json"));
                for sentence in [what, next] {
                    assert!(sentence.ends_with('.') && sentence.chars().count() >= 10, "{code}: {sentence}");
                }
            }
        }
    }

    #[test]
    fn codes_json_holds_no_code_twice_and_no_unknown_one() {
        let known: alloc::vec::Vec<_> = listed().collect();
        let file = Value::parse(include_str!("../codes.json"), MOST_BYTES).unwrap();
        let Some(Value::Array(groups)) = file.member("codes") else { panic!("no codes") };
        let mut seen = alloc::collections::BTreeSet::new();
        for group in groups {
            let Some(Value::Array(codes)) = group.member("codes") else { panic!("a group without codes") };
            for code in codes.iter().filter_map(Value::as_str) {
                assert!(known.contains(&code), "{code} is not in spec/errors.md");
                assert!(seen.insert(code), "{code} twice");
            }
        }
    }

    #[test]
    fn an_unknown_code_gets_general_sentences() {
        assert!(!is_described("no_such_code") && is_described("pin_wrong"));
        assert_eq!(describe("no_such_code", &[Locale::Ru]), describe("internal", &[Locale::Ru]));
        assert_eq!(describe("pin_not_set", &[Locale::En]).what, "No PIN is set.");
    }
}
