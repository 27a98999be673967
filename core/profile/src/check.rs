//! Checks values against the profile.
use alloc::vec::Vec;

use rid_claims::ClaimPath;
use rid_wire::{Code, FullDate, Timestamp, cbor::Value};

use crate::{Element, ElementType, Kind, pattern::Pattern};

/// The consequence of a finding for issuing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The value must not be issued.
    Reject,
    /// The rule is an assumption: issue the value and report it to the register.
    Warn,
}

/// A value that breaks a rule of the profile. The finding does not contain the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct RuleFinding {
    /// The consequence.
    pub severity: Severity,
    /// The code: `element_unknown`, `element_type`, `element_value` or `element_date`.
    pub code: Code,
}

impl RuleFinding {
    const fn reject(code: &'static str) -> Self {
        Self { severity: Severity::Reject, code: Code::new(code) }
    }
}

/// A check of the profile file, with the consequence of a failure.
#[derive(Clone, Debug)]
pub(crate) struct ValueCheck {
    pub(crate) rule: Rule,
    pub(crate) severity: Severity,
}

#[derive(Clone, Debug)]
pub(crate) enum Rule {
    /// A date that exists, not before `earliest` and, unless `future`, not after today.
    Date { earliest: FullDate, future: bool },
    /// One of these numbers.
    Number { allowed: Vec<u64> },
    /// One of these patterns.
    Text { patterns: Vec<Pattern> },
}

impl Kind {
    /// Checks one value before it is issued: the element is known, its CBOR type is right, the rule of the profile
    /// holds. The caller may issue a value that fails a pattern if the register vouches for it.
    ///
    /// # Errors
    /// [`RuleFinding`].
    pub fn check(&self, path: &ClaimPath, value: &Value<'_>, today: FullDate) -> Result<(), RuleFinding> {
        let element = self.element(path).ok_or(RuleFinding::reject("element_unknown"))?;
        if !element.value_type.matches(value) {
            return Err(RuleFinding::reject("element_type"));
        }
        match &element.check {
            Some(check) => check.apply(element, value, today),
            None => Ok(()),
        }
    }

    /// Returns true if a received value has the type in the profile (neg-Q06). An element that the profile does not
    /// know may have any type.
    #[must_use]
    pub fn type_fits(&self, path: &ClaimPath, value: &Value<'_>) -> bool {
        self.element(path).is_none_or(|element| element.value_type.matches(value))
    }
}

impl ElementType {
    /// Returns true if a value has this type. Dates must exist.
    #[must_use]
    pub fn matches(self, value: &Value<'_>) -> bool {
        match self {
            Self::Array => matches!(value, Value::Array(_)),
            Self::Bool => matches!(value, Value::Bool(_)),
            Self::Bytes => matches!(value, Value::Bytes(_)),
            Self::FullDate => matches!(value, Value::Tag(1004, _)) && date(value).is_some(),
            Self::Map => matches!(value, Value::Map(_)),
            Self::TdateOrFullDate => date(value).is_some(),
            Self::Text => matches!(value, Value::Text(_)),
            Self::Uint => matches!(value, Value::Uint(_)),
        }
    }
}

impl ValueCheck {
    fn apply(&self, element: &Element, value: &Value<'_>, today: FullDate) -> Result<(), RuleFinding> {
        let finding = |code| RuleFinding { severity: self.severity, code: Code::new(code) };
        match value {
            // One of several values (nationalities).
            Value::Array(items) => items.iter().try_for_each(|item| self.apply(element, item, today)),
            // The member with the element's name (birth_date of ISO/IEC 23220-2).
            Value::Map(entries) => {
                let own = |key: &Value<'_>| matches!(key, Value::Text(name) if *name == element.identifier);
                match entries.iter().find(|(key, _)| own(key)) {
                    Some((_, member)) if !matches!(member, Value::Map(_) | Value::Array(_)) => {
                        self.apply(element, member, today)
                    }
                    _ => Err(finding("element_value")),
                }
            }
            value => match &self.rule {
                Rule::Date { earliest, future } => match date(value) {
                    Some(day) if day >= *earliest && (*future || day <= today) => Ok(()),
                    _ => Err(finding("element_date")),
                },
                Rule::Number { allowed } => match value {
                    Value::Uint(number) if allowed.contains(number) => Ok(()),
                    _ => Err(finding("element_value")),
                },
                Rule::Text { patterns } => match value {
                    Value::Text(text) if patterns.iter().any(|p| p.fits(text)) => Ok(()),
                    _ => Err(finding("element_value")),
                },
            },
        }
    }
}

/// The day of a `full-date` or `tdate`.
fn date(value: &Value<'_>) -> Option<FullDate> {
    let Value::Tag(tag, inner) = value else { return None };
    let Value::Text(text) = inner.as_ref() else { return None };
    match tag {
        0 => Timestamp::parse_tdate(text).ok().map(|(time, _)| time.date()),
        1004 => FullDate::parse(text).ok(),
        _ => None,
    }
}
