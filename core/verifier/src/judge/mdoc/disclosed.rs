//! Disclosed elements as a view: labels and display text of the profile, warnings, and the answers to the ages asked
//! for.
use alloc::{format, string::String, vec::Vec};

use rid_claims::{ClaimPath, ClaimValue, CredentialType};
use rid_mdoc::{
    age,
    verify::{DeviceItem, IssuerVerified},
};
use rid_profile::{ImageFormat, Kind, display};
use rid_wire::{
    Code,
    cbor::{Limits, Value},
};

use super::{super::Words, Question, completeness::ages_asked};
use crate::view::{AgeAnswer, DisclosedElement, DisclosedElements};

/// A value has another type than the profile says.
const ELEMENT_TYPE: Code = Code::new("element_type");

/// All elements of a document that there is evidence for.
pub(crate) fn disclosed(
    evidence: &IssuerVerified<'_>,
    device: &[DeviceItem<'_>],
    words: &Words<'_>,
) -> DisclosedElements {
    let kind = words.profile.kind(&CredentialType::mdoc(evidence.doc_type()));
    let issuer = evidence.items().iter();
    let issuer_signed: Vec<DisclosedElement> = issuer
        .filter_map(|i| element(kind, ClaimPath::element(i.namespace(), i.identifier()), i.value_bytes(), words))
        .collect();
    let device_signed: Vec<DisclosedElement> = device
        .iter()
        .filter_map(|i| element(kind, ClaimPath::element(i.namespace(), i.identifier()), i.value_bytes(), words))
        .collect();
    let elements: Vec<&DisclosedElement> = issuer_signed.iter().chain(&device_signed).collect();
    let ages = match words.asked {
        Some(asked) => age_answers(evidence.doc_type(), asked, &elements, words),
        None => Vec::new(),
    };
    DisclosedElements { issuer_signed, device_signed, ages }
}

/// The answer to each age asked for, by the nearest attested age.
fn age_answers(doc_type: &str, asked: &Question, elements: &[&DisclosedElement], words: &Words<'_>) -> Vec<AgeAnswer> {
    let kind = words.profile.kind(&CredentialType::mdoc(doc_type));
    let answers = ages_asked(doc_type, asked).filter_map(|(namespace, identifier, wanted)| {
        let attested = attested_ages(namespace, elements);
        let nearest = age::nearest(wanted, &attested)?;
        let (_, over) = attested.into_iter().find(|(age, _)| *age == nearest)?;
        let asked = ClaimPath::element(namespace, identifier);
        let (label, spoken) = labels(kind, &asked, words);
        let known = kind.and_then(|kind| kind.element(&asked));
        Some(AgeAnswer {
            asked,
            label,
            spoken,
            over,
            text: display(known, &ClaimValue::Flag { value: over }, words.locales),
            attested: ClaimPath::element(namespace, &format!("age_over_{nearest:02}")),
        })
    });
    answers.collect()
}

fn attested_ages(namespace: &str, elements: &[&DisclosedElement]) -> Vec<(u8, bool)> {
    let ages = elements.iter().filter_map(|element| {
        let (of, identifier) = element.path.as_element()?;
        match &element.value {
            ClaimValue::Flag { value } if of == namespace => Some((age::age_over(identifier)?, *value)),
            _ => None,
        }
    });
    ages.collect()
}

/// One element with its display text. Its bytes were checked when they were parsed, so a value that cannot be read
/// does not occur.
fn element(kind: Option<&Kind>, path: ClaimPath, value: &[u8], words: &Words<'_>) -> Option<DisclosedElement> {
    let value = Value::parse(value, Limits::ONLINE).ok()?;
    let known = kind.and_then(|kind| kind.element(&path));
    let fits = kind.is_none_or(|kind| kind.type_fits(&path, &value));
    let value = ClaimValue::from_cbor(&value);
    let (label, spoken) = labels(kind, &path, words);
    let portrait = fits && known.is_some_and(|known| known.portrait);
    let image = match &value {
        ClaimValue::Binary { bytes } => Some(ImageFormat::of(bytes.expose())),
        _ => None,
    };
    Some(DisclosedElement {
        path,
        label,
        spoken,
        text: display(known.filter(|_| fits), &value, words.locales),
        value,
        portrait,
        image: image.filter(|format| portrait || *format != ImageFormat::Other),
        warning: (!fits).then_some(ELEMENT_TYPE),
    })
}

/// The label and its spoken form; the identifier for an element that the profile does not know.
fn labels(kind: Option<&Kind>, path: &ClaimPath, words: &Words<'_>) -> (String, String) {
    match kind.and_then(|kind| kind.element(path)) {
        Some(known) => {
            (known.label_for(path).resolve(words.locales).into(), known.spoken_for(path).resolve(words.locales).into())
        }
        None => {
            let name = path.name().unwrap_or_default();
            (name.into(), name.into())
        }
    }
}
