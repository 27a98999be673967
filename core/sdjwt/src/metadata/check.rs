//! Compares claims with the rules of their type.
use alloc::vec::Vec;

use rid_claims::ClaimKey;

use super::{ClaimMetadata, DisclosureRule, TypeMetadata};
use crate::{Claim, Claims, SdJwtError, claims::Content};

impl TypeMetadata {
    /// Checks `mandatory` and `sd` of every claim. A claim that may have been left out is not a missing one.
    ///
    /// # Errors
    /// [`SdJwtError::Metadata`], also if this is the metadata of another type.
    pub fn check(&self, vct: &str, claims: &Claims) -> Result<(), SdJwtError> {
        let of_type = self.types.first().is_some_and(|first| first == vct);
        if of_type && self.claims.iter().all(|rule| rule.holds(claims)) { Ok(()) } else { Err(SdJwtError::Metadata) }
    }
}

impl ClaimMetadata {
    fn holds(&self, claims: &Claims) -> bool {
        let mut selected: Vec<&Claim> = [&claims.root].into();
        let mut may_be_hidden = false;
        for step in &self.path.steps {
            let mut next = Vec::new();
            for claim in selected {
                let found = below(claim, step);
                // A name that is there is not among the digests. Elements of an array may be.
                may_be_hidden |= claim.undisclosed() > 0 && (found.is_empty() || *step == ClaimKey::Every);
                next.extend(found);
            }
            selected = next;
        }
        let is_missing = selected.is_empty() && !may_be_hidden;
        let fits = |claim: &&Claim| match self.disclosure {
            DisclosureRule::Allowed => true,
            DisclosureRule::Always => claim.is_disclosable(),
            DisclosureRule::Never => !claim.is_disclosable(),
        };
        !(self.mandatory && is_missing) && selected.iter().all(fits)
    }
}

fn below<'c>(claim: &'c Claim, step: &ClaimKey) -> Vec<&'c Claim> {
    match (step, &claim.content) {
        (ClaimKey::Every, Content::Array { items, .. }) => items.iter().collect(),
        (ClaimKey::Index { position }, Content::Array { items, undisclosed: 0 }) => {
            usize::try_from(*position).ok().and_then(|position| items.get(position)).into_iter().collect()
        }
        (ClaimKey::Name { name }, Content::Object { .. }) => claim.member(name).into_iter().collect(),
        _ => Vec::new(),
    }
}
