//! A stored credential as the matcher sees it.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimKey, ClaimPath, ClaimValue, CredentialType};
use rid_crypto::x509::Certificate;

/// The claims of a stored credential. Each format implements it over its own form, so that nothing is decoded that no
/// query asks for.
pub trait CandidateClaims {
    /// The exact paths that a path selects (OpenID4VP 1.0, 7): names and positions only. It is empty if a step does not
    /// fit the value, or if nothing is left.
    fn select(&self, path: &ClaimPath) -> Vec<ClaimPath>;

    /// The exact paths of the values at and below an exact path. These are what consent lists (neg-G15).
    fn leaves(&self, exact: &ClaimPath) -> Vec<ClaimPath>;

    /// The value at an exact path. It is read only if a query restricts it.
    fn value(&self, exact: &ClaimPath) -> Option<ClaimValue>;
}

/// One credential that may answer.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The type.
    pub credential_type: &'a CredentialType,
    /// Further types that it is of (`aka_vcts`, or those that its type extends).
    pub other_types: &'a [String],
    /// The authority key identifiers of the certificates in its issuer's chain ([`authority_key_ids`]).
    pub authorities: &'a [Vec<u8>],
    /// Whether it is bound to a key of the holder.
    pub holder_bound: bool,
    /// The claims.
    pub claims: &'a dyn CandidateClaims,
}

impl<'a> Candidate<'a> {
    /// A credential of one type that is bound to a key, from an issuer without a certificate.
    #[must_use]
    pub fn new(credential_type: &'a CredentialType, claims: &'a dyn CandidateClaims) -> Self {
        Self { credential_type, other_types: &[], authorities: &[], holder_bound: true, claims }
    }
}

/// The authority key identifiers of a chain: the key identifier alone, not the encoded extension.
#[must_use]
pub fn authority_key_ids(chain: &[Certificate]) -> Vec<Vec<u8>> {
    chain.iter().filter_map(Certificate::authority_key_id).map(<[u8]>::to_vec).collect()
}

impl CandidateClaims for ClaimValue {
    fn select(&self, path: &ClaimPath) -> Vec<ClaimPath> {
        let mut selected = alloc::vec![(Vec::new(), self)];
        for step in &path.steps {
            let mut next = Vec::new();
            for (at, value) in selected {
                match (step, value) {
                    (ClaimKey::Name { name }, Self::Entries { .. }) => {
                        next.extend(member(value, name).map(|value| (below(&at, step.clone()), value)));
                    }
                    (ClaimKey::Index { position }, Self::Items { items }) => {
                        let item = usize::try_from(*position).ok().and_then(|position| items.get(position));
                        next.extend(item.map(|value| (below(&at, step.clone()), value)));
                    }
                    (ClaimKey::Every, Self::Items { items }) => {
                        let positions = (0..).map(|position| below(&at, ClaimKey::Index { position }));
                        next.extend(positions.zip(items));
                    }
                    _ => return Vec::new(),
                }
            }
            selected = next;
        }
        selected.into_iter().map(|(steps, _)| ClaimPath { steps }).collect()
    }

    fn leaves(&self, exact: &ClaimPath) -> Vec<ClaimPath> {
        let mut leaves = Vec::new();
        if let Some(value) = at(self, exact) {
            each_leaf(exact.steps.clone(), value, &mut leaves);
        }
        leaves
    }

    fn value(&self, exact: &ClaimPath) -> Option<ClaimValue> {
        at(self, exact).cloned()
    }
}

fn below(at: &[ClaimKey], step: ClaimKey) -> Vec<ClaimKey> {
    let mut path = at.to_vec();
    path.push(step);
    path
}

fn member<'v>(value: &'v ClaimValue, name: &str) -> Option<&'v ClaimValue> {
    let ClaimValue::Entries { entries } = value else { return None };
    let is_named = |key: &ClaimValue| matches!(key, ClaimValue::Text { text } if text.expose() == name);
    entries.iter().find(|entry| is_named(&entry.key)).map(|entry| &entry.value)
}

fn at<'v>(value: &'v ClaimValue, exact: &ClaimPath) -> Option<&'v ClaimValue> {
    exact.steps.iter().try_fold(value, |value, step| match (step, value) {
        (ClaimKey::Name { name }, _) => member(value, name),
        (ClaimKey::Index { position }, ClaimValue::Items { items }) => items.get(usize::try_from(*position).ok()?),
        _ => None,
    })
}

/// Members whose key is not a text have no path and are part of their parent.
fn each_leaf(at: Vec<ClaimKey>, value: &ClaimValue, leaves: &mut Vec<ClaimPath>) {
    match value {
        ClaimValue::Entries { entries } if !entries.is_empty() => {
            for entry in entries {
                if let ClaimValue::Text { text } = &entry.key {
                    each_leaf(below(&at, ClaimKey::Name { name: text.expose().into() }), &entry.value, leaves);
                }
            }
        }
        ClaimValue::Items { items } if !items.is_empty() => {
            for (position, item) in (0..).zip(items) {
                each_leaf(below(&at, ClaimKey::Index { position }), item, leaves);
            }
        }
        _ => leaves.push(ClaimPath { steps: at }),
    }
}
