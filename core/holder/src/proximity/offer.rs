//! Which credentials can answer a document request, and which elements of each would leave.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::cmp::Reverse;

use rid_claims::{ClaimPath, ClaimValue};
use rid_mdoc::age;
use rid_profile::Kind;
use rid_wire::Code;

use super::state::{Requested, RequestedDocument};
use crate::{
    consent::{Candidate, OfferedElement, Unavailable},
    format::NamedClaim,
    held::{Held, Validity},
    matching::{lacking, offered_element},
};

/// No credential of the type is held.
const NOT_HELD: Code = Code::new("not_held");
/// A credential is held, and nothing of the elements asked for is in it.
const ELEMENTS_NOT_HELD: Code = Code::new("elements_not_held");
/// An age beyond the cap.
const AGE_LIMIT: Code = Code::new("request_age_limit");
/// A credential that has expired, beside one that is valid.
const EXPIRED: Code = Code::new("mdoc_expired");

/// What can answer one document request.
pub(super) struct Offer {
    /// Best first.
    pub(super) candidates: Vec<Candidate>,
    pub(super) unavailable: Vec<Unavailable>,
}

impl Offer {
    /// Valid ones come before those that are not valid now, then those that answer more, then those that are valid
    /// longer. Expired ones are not offered while a valid one is there.
    pub(super) fn new<'h>(
        document: &RequestedDocument,
        held: impl Iterator<Item = &'h Held>,
        kind: Option<&Kind>,
    ) -> Self {
        let mut offer = Self { candidates: Vec::new(), unavailable: Vec::new() };
        for one in held {
            match &one.claims {
                Err(reason) => offer.unavailable.push(unavailable(one, *reason)),
                Ok(elements) => {
                    let offered = offered(document, elements, kind);
                    if offered.iter().all(|element| element.withheld.is_some()) {
                        offer.unavailable.push(unavailable(one, ELEMENTS_NOT_HELD));
                    } else {
                        offer.candidates.push(candidate(one, offered));
                    }
                }
            }
        }
        offer.leave_out_expired();
        offer.candidates.sort_by_key(|one| (one.validity, Reverse(answered(one)), Reverse(one.valid_until)));
        offer
    }

    /// Why nothing can answer; `None` when something can.
    pub(super) fn blocked(&self) -> Option<Code> {
        let reason = || self.unavailable.first().map_or(NOT_HELD, |one| one.reason);
        self.candidates.is_empty().then(reason)
    }

    fn leave_out_expired(&mut self) {
        if !self.candidates.iter().any(|one| one.validity == Validity::Valid) {
            return;
        }
        let (expired, rest) = self.candidates.drain(..).partition(|one| one.validity == Validity::Expired);
        self.candidates = rest;
        let expired: Vec<Candidate> = expired;
        self.unavailable.extend(expired.into_iter().map(|one| Unavailable {
            credential: one.credential,
            issuer: one.issuer,
            subject: one.subject,
            reason: EXPIRED,
            missing: Vec::new(),
        }));
    }
}

fn unavailable(held: &Held, reason: Code) -> Unavailable {
    let (issuer, subject) = (held.issuer.clone(), held.subject.clone());
    Unavailable { credential: held.credential.clone(), issuer, subject, reason, missing: Vec::new() }
}

fn candidate(held: &Held, elements: Vec<OfferedElement>) -> Candidate {
    Candidate {
        credential: held.credential.clone(),
        credential_type: held.credential_type.clone(),
        issuer: held.issuer.clone(),
        subject: held.subject.clone(),
        validity: held.validity,
        valid_until: held.valid_until,
        copies_left: held.copies_left,
        reuse: held.reuse,
        elements,
    }
}

/// How many of the elements asked for it answers.
fn answered(candidate: &Candidate) -> usize {
    candidate.elements.iter().filter(|element| element.withheld.is_none()).map(|element| element.asked.len()).sum()
}

/// The elements that would leave, and those that cannot, in the order of the request. Requests for ages that one
/// attested age answers are one line: it leaves for all of them or for none (neg-C31).
fn offered(document: &RequestedDocument, held: &[NamedClaim], kind: Option<&Kind>) -> Vec<OfferedElement> {
    let paths: BTreeSet<&ClaimPath> = held.iter().map(|claim| &claim.path).collect();
    let resolve = |asked: &Requested| if asked.over_limit { None } else { resolve(asked, held, &paths) };
    let resolved: Vec<Option<ClaimPath>> = document.elements.iter().map(resolve).collect();
    let mut offered: Vec<OfferedElement> = Vec::new();
    let mut lines: BTreeMap<(ClaimPath, bool), usize> = BTreeMap::new();
    for (place, (asked, answer)) in document.elements.iter().zip(&resolved).enumerate() {
        let own = asked.path();
        let (path, withheld) = match answer {
            Some(path) => (path.clone(), None),
            // Beyond the cap, but another age is answered by this very element.
            None if asked.over_limit && resolved.contains(&Some(own.clone())) => (own, None),
            None => (own, Some(if asked.over_limit { AGE_LIMIT } else { NOT_HELD })),
        };
        // Of one path the reason is always the same one: it depends on the age that is asked for.
        let line = *lines.entry((path.clone(), withheld.is_some())).or_insert(offered.len());
        match offered.get_mut(line) {
            Some(known) => {
                known.asked.push(place);
                known.intent_to_retain |= asked.intent_to_retain;
            }
            None => {
                let intent_to_retain = asked.intent_to_retain;
                let offer = if withheld.is_none() { offered_element(path, held, kind) } else { lacking(path, kind) };
                offered.push(OfferedElement { asked: [place].into(), intent_to_retain, withheld, ..offer });
            }
        }
    }
    offered
}

/// The element that answers: the one asked for, or for an age the nearest that is attested (std-M48).
fn resolve(asked: &Requested, held: &[NamedClaim], paths: &BTreeSet<&ClaimPath>) -> Option<ClaimPath> {
    let own = asked.path();
    let Some(wanted) = age::age_over(&asked.identifier) else {
        return paths.contains(&own).then_some(own);
    };
    let attested = held.iter().filter_map(|claim| {
        let (namespace, identifier) = claim.path.as_element()?;
        let ClaimValue::Flag { value } = claim.value else { return None };
        (namespace == asked.namespace).then_some((age::age_over(identifier)?, value, &claim.path))
    });
    let attested: Vec<(u8, bool, &ClaimPath)> = attested.collect();
    let ages: Vec<(u8, bool)> = attested.iter().map(|(age, value, _)| (*age, *value)).collect();
    let nearest = age::nearest(wanted, &ages)?;
    attested.into_iter().find(|(age, ..)| *age == nearest).map(|(.., path)| path.clone())
}
