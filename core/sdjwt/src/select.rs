//! Finds claims by path (OpenID4VP 1.0, 7; SD-JWT VC, claim path).
use alloc::{collections::BTreeSet, vec::Vec};

use rid_claims::{ClaimKey, ClaimPath};

use crate::{Claim, Claims, SdJwtError, claims::Content};

/// A claim with the disclosures on its way: its own and those of its parents.
pub(crate) struct Found<'c> {
    pub(crate) path: Vec<ClaimKey>,
    pub(crate) claim: &'c Claim,
    pub(crate) disclosures: Vec<usize>,
    /// The length of the path to each claim that has a disclosure.
    disclosable: Vec<usize>,
}

/// A value without members and elements.
#[derive(Clone)]
pub struct Leaf<'c> {
    /// The exact path.
    pub path: ClaimPath,
    /// The value.
    pub claim: &'c Claim,
    /// The lengths of the beginnings of the path that are selectively disclosable. `[1, 2]` for `address`, `locality`
    /// if the address and the locality in it are; none if the value is always disclosed.
    pub disclosable: Vec<usize>,
}

impl Claims {
    /// The claims at this path, each with its exact path. A name selects in an object, a position or every element in
    /// an array; an element that lacks the name or position is left out.
    ///
    /// # Errors
    /// [`SdJwtError::ClaimUnknown`] if nothing is selected, or if a step does not fit the value.
    pub fn at(&self, path: &ClaimPath) -> Result<Vec<(ClaimPath, &Claim)>, SdJwtError> {
        let found = self.find(path)?;
        Ok(found.into_iter().map(|found| (ClaimPath { steps: found.path }, found.claim)).collect())
    }

    /// The exact paths of all values at and below this path. Consent shows these, and [`crate::present`] discloses no
    /// other (neg-G15).
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn leaves(&self, path: &ClaimPath) -> Result<Vec<ClaimPath>, SdJwtError> {
        let mut leaves = Vec::new();
        for found in self.find(path)? {
            each_leaf(found, &mut |leaf| leaves.push(ClaimPath { steps: leaf.path }));
        }
        Ok(leaves)
    }

    /// All values, in their order.
    #[must_use]
    pub fn every_leaf(&self) -> Vec<Leaf<'_>> {
        let mut leaves = Vec::new();
        each_leaf(self.top(), &mut |Found { path, claim, disclosable, .. }| {
            if !path.is_empty() {
                leaves.push(Leaf { path: ClaimPath { steps: path }, claim, disclosable });
            }
        });
        leaves
    }

    /// The exact paths of all values that leave with these: what is at and below the paths, what is in the same
    /// disclosures, and what is always disclosed.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn leaving(&self, paths: &[ClaimPath]) -> Result<Vec<ClaimPath>, SdJwtError> {
        let chosen = self.disclosures_for(paths)?;
        let mut leaving = Vec::new();
        each_leaf(self.top(), &mut |leaf| {
            if !leaf.path.is_empty() && leaf.disclosures.iter().all(|position| chosen.contains(position)) {
                leaving.push(ClaimPath { steps: leaf.path });
            }
        });
        Ok(leaving)
    }

    fn top(&self) -> Found<'_> {
        Found { path: Vec::new(), claim: &self.root, disclosures: Vec::new(), disclosable: Vec::new() }
    }

    /// The positions of the disclosures that disclose everything at and below these paths, and nothing else.
    pub(crate) fn disclosures_for(&self, paths: &[ClaimPath]) -> Result<BTreeSet<usize>, SdJwtError> {
        let mut chosen = BTreeSet::new();
        for path in paths {
            for found in self.find(path)? {
                each_leaf(found, &mut |leaf| chosen.extend(leaf.disclosures));
            }
        }
        Ok(chosen)
    }

    pub(crate) fn find(&self, path: &ClaimPath) -> Result<Vec<Found<'_>>, SdJwtError> {
        if path.steps.is_empty() {
            return Err(SdJwtError::ClaimUnknown);
        }
        let mut selected = alloc::vec![self.top()];
        for step in &path.steps {
            let mut next = Vec::new();
            for found in &selected {
                found.step(step, &mut next)?;
            }
            selected = next;
        }
        if selected.is_empty() { Err(SdJwtError::ClaimUnknown) } else { Ok(selected) }
    }
}

impl<'c> Found<'c> {
    /// Selects below this claim.
    fn step(&self, step: &ClaimKey, next: &mut Vec<Self>) -> Result<(), SdJwtError> {
        match (step, &self.claim.content) {
            (ClaimKey::Name { name }, Content::Object { members, .. }) => {
                let member = members.iter().find(|(known, _)| known == name);
                next.extend(member.map(|(_, claim)| self.below(step.clone(), claim)));
            }
            (ClaimKey::Index { position }, Content::Array { items, .. }) => {
                let item = usize::try_from(*position).ok().and_then(|position| items.get(position));
                next.extend(item.map(|claim| self.below(step.clone(), claim)));
            }
            (ClaimKey::Every, Content::Array { items, .. }) => {
                next.extend((0..).zip(items).map(|(position, claim)| self.below(ClaimKey::Index { position }, claim)));
            }
            _ => return Err(SdJwtError::ClaimUnknown),
        }
        Ok(())
    }

    fn below(&self, step: ClaimKey, claim: &'c Claim) -> Self {
        let mut path = self.path.clone();
        path.push(step);
        let mut disclosures = self.disclosures.clone();
        disclosures.extend(claim.disclosure);
        let mut disclosable = self.disclosable.clone();
        disclosable.extend(claim.disclosure.map(|_| path.len()));
        Self { path, claim, disclosures, disclosable }
    }
}

/// Calls `take` for every value below: scalars, and objects and arrays without content.
fn each_leaf<'c>(found: Found<'c>, take: &mut impl FnMut(Found<'c>)) {
    let claim = found.claim;
    if claim.members().is_empty() && claim.items().is_empty() {
        return take(found);
    }
    for (name, member) in claim.members() {
        each_leaf(found.below(ClaimKey::Name { name: name.clone() }, member), take);
    }
    for (position, item) in (0..).zip(claim.items()) {
        each_leaf(found.below(ClaimKey::Index { position }, item), take);
    }
}

rid_wire::closed_debug!(Leaf<'_>);
