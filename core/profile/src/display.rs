//! The text of a value for people, in one of the three languages.
use alloc::{format, string::String, string::ToString, vec::Vec};

use rid_claims::{ClaimValue, PrivateText};
use rid_wire::{FullDate, Timestamp, hex};

use crate::{Element, ImageFormat, Locale, Localized, model::text_of};

/// Bytes up to this length are displayed as hexadecimal digits, longer ones as their length.
const MOST_DIGITS: usize = 16;

/// The text of a value in the first wanted language: dates as DD.MM.YYYY, yes and no in words, members of maps with
/// the labels of the profile. It is never empty. `element` is `None` for an element that the profile does not know, and
/// for a value of another type than the profile's.
#[must_use]
pub fn display(element: Option<&Element>, value: &ClaimValue, locales: &[Locale]) -> PrivateText {
    let locale = locales.first().copied().unwrap_or(Locale::Az);
    let values = element.map(|element| element.values.as_slice()).unwrap_or_default();
    Display { element, locale }.text(value, values, false).into()
}

struct Display<'p> {
    element: Option<&'p Element>,
    locale: Locale,
}

impl Display<'_> {
    /// `is_member`: the value is the member of a map, so a map or list in it gets parentheses.
    fn text(&self, value: &ClaimValue, values: &[(String, Localized)], is_member: bool) -> String {
        if let Some(text) = key(value).and_then(|key| text_of(values, &key)) {
            return text.resolve(&[self.locale]).into();
        }
        let text = match value {
            ClaimValue::BigNumber { digits } => digits.expose().into(),
            ClaimValue::Binary { bytes } => self.bytes(bytes.expose()),
            ClaimValue::Date { text } => date(text.expose()),
            ClaimValue::Entries { entries } => {
                let members = entries.iter().map(|entry| self.member(&entry.key, &entry.value));
                enclosed(is_member, &members.collect::<Vec<_>>().join(", "))
            }
            ClaimValue::Flag { value: true } => self.word("Bəli", "Yes", "Да"),
            ClaimValue::Flag { value: false } => self.word("Xeyr", "No", "Нет"),
            ClaimValue::Items { items } => {
                let is_plain = matches!(items.as_slice(), [item] if key(item).is_some());
                let texts = items.iter().map(|item| self.text(item, values, false));
                enclosed(is_member && !is_plain, &texts.collect::<Vec<_>>().join("; "))
            }
            // A view has no bytes of a portrait.
            ClaimValue::Nothing if self.element.is_some_and(|element| element.portrait) => self.picture(),
            ClaimValue::Nothing => String::new(),
            ClaimValue::Number { value } => value.to_string(),
            ClaimValue::Real { value } => value.to_string(),
            ClaimValue::Text { text } => text.expose().into(),
        };
        if text.trim().is_empty() {
            self.word("Məlumat yoxdur", "No information", "Нет данных")
        } else {
            text
        }
    }

    /// The member that is named as its element (`birth_date`) needs no label of its own.
    fn member(&self, name: &ClaimValue, value: &ClaimValue) -> String {
        let name = self.text(name, &[], true);
        let part = self.element.and_then(|element| element.part(&name));
        let text = self.text(value, part.map(|part| part.values.as_slice()).unwrap_or_default(), true);
        if self.element.is_some_and(|element| element.identifier == name) {
            return text;
        }
        let label = part.map_or(name.as_str(), |part| part.label.resolve(&[self.locale]));
        format!("{label}: {text}")
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        match bytes.len() {
            _ if ImageFormat::of(bytes) != ImageFormat::Other => self.picture(),
            length if length <= MOST_DIGITS => hex::encode(bytes),
            length => format!("{length} {}", self.word("bayt", "bytes", "Б")),
        }
    }

    fn picture(&self) -> String {
        self.word("Şəkil", "Picture", "Изображение")
    }

    fn word(&self, az: &str, en: &str, ru: &str) -> String {
        match self.locale {
            Locale::Az => az,
            Locale::En => en,
            Locale::Ru => ru,
        }
        .into()
    }
}

/// The key under which the profile keeps the text of a value.
fn key(value: &ClaimValue) -> Option<String> {
    match value {
        ClaimValue::Flag { value } => Some(value.to_string()),
        ClaimValue::Number { value } => Some(value.to_string()),
        ClaimValue::Text { text } => Some(text.expose().into()),
        _ => None,
    }
}

fn enclosed(is_enclosed: bool, text: &str) -> String {
    if is_enclosed { format!("({text})") } else { text.into() }
}

/// A text that is no date is displayed as it is.
fn date(text: &str) -> String {
    let day = |day: FullDate| {
        let text = day.to_string();
        let parts: Vec<&str> = text.splitn(3, '-').collect();
        parts.into_iter().rev().collect::<Vec<_>>().join(".")
    };
    if let Ok(date) = FullDate::parse(text) {
        return day(date);
    }
    match (Timestamp::parse_tdate(text), text.get(11..16)) {
        (Ok((time, _)), Some(minute)) => format!("{} {minute} UTC", day(time.date())),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests;
