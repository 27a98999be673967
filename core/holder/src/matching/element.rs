//! One element of a candidate: its value, and an age that says less.
use alloc::vec::Vec;

use rid_claims::{ClaimPath, ClaimValue};
use rid_profile::Kind;

use crate::{
    consent::OfferedElement,
    format::{self, NamedClaim},
};

/// An element that leaves if the person agrees. The caller adds what it answers.
pub(crate) fn offered_element(path: ClaimPath, held: &[NamedClaim], kind: Option<&Kind>) -> OfferedElement {
    let portrait = is_portrait(kind, &path);
    let value = held.iter().find(|claim| !portrait && claim.path == path).map(|claim| claim.value.clone());
    let less_revealing = is_birth_date(&path).then(|| attested_age(held)).flatten();
    OfferedElement {
        value: value.unwrap_or(ClaimValue::Nothing),
        less_revealing,
        asked: Vec::new(),
        intent_to_retain: false,
        withheld: None,
        portrait,
        path,
    }
}

/// An element that cannot leave. The caller adds the reason.
pub(crate) fn lacking(path: ClaimPath, kind: Option<&Kind>) -> OfferedElement {
    offered_element(path, &[], kind)
}

/// Whether an element is the portrait of a kind.
pub(crate) fn is_portrait(kind: Option<&Kind>, path: &ClaimPath) -> bool {
    kind.map_or_else(|| format::is_portrait(path), |kind| kind.element(path).is_some_and(|known| known.portrait))
}

fn is_birth_date(path: &ClaimPath) -> bool {
    matches!(path.name(), Some("birth_date" | "birthdate"))
}

/// The age of 18 if it is attested, or else the lowest one.
fn attested_age(held: &[NamedClaim]) -> Option<ClaimPath> {
    let ages = held.iter().filter_map(|claim| match claim.value {
        ClaimValue::Flag { .. } => Some((format::age_of(&claim.path)?, &claim.path)),
        _ => None,
    });
    ages.min_by_key(|(age, _)| (*age != ADULT, *age)).map(|(_, path)| path.clone())
}

/// The age that most requests are about.
const ADULT: u8 = 18;
