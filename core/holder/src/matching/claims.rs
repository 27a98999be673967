//! The claims of a stored credential as DCQL selects them.
use alloc::vec::Vec;

use rid_claims::{ClaimKey, ClaimPath, ClaimValue};
use rid_openid::dcql::CandidateClaims;

use crate::format::NamedClaim;

/// The claims of a credential of any format. Each is disclosed as a whole, so it is a leaf.
pub(super) struct HeldClaims<'a>(pub(super) &'a [NamedClaim]);

impl CandidateClaims for HeldClaims<'_> {
    fn select(&self, path: &ClaimPath) -> Vec<ClaimPath> {
        let mut selected: Vec<ClaimPath> = Vec::new();
        for claim in self.0 {
            let Some(beginning) = claim.path.steps.get(..path.steps.len()) else { continue };
            let fits = beginning.iter().zip(&path.steps).all(|(own, asked)| is_selected(own, asked));
            // The leaves of one parent are neighbours.
            if fits && selected.last().is_none_or(|last| last.steps != beginning) {
                selected.push(ClaimPath { steps: beginning.to_vec() });
            }
        }
        selected
    }

    fn leaves(&self, exact: &ClaimPath) -> Vec<ClaimPath> {
        let below = self.0.iter().filter(|claim| claim.path.steps.starts_with(&exact.steps));
        below.map(|claim| claim.path.clone()).collect()
    }

    fn value(&self, exact: &ClaimPath) -> Option<ClaimValue> {
        self.0.iter().find(|claim| claim.path == *exact).map(|claim| claim.value.clone())
    }
}

fn is_selected(own: &ClaimKey, asked: &ClaimKey) -> bool {
    own == asked || matches!((own, asked), (ClaimKey::Index { .. }, ClaimKey::Every))
}
