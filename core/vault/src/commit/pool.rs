//! Which copy of a credential is presented next, and whether it is used up (methods A to D of the EUDI ARF, topic 10).
use rid_claims::ReusePolicy;
use rid_flow::{CopyId, VerifierId};
use rid_wire::Timestamp;

use crate::{CredentialMeta, rows::encode::credential::CopyUse};

/// What is to be done for one presentation.
pub(crate) struct Choice {
    /// `None`: the pool is empty.
    pub(crate) copy: Option<CopyId>,
    /// The copy is used up by this presentation.
    pub(crate) consumed: bool,
    /// Copies whose time is over: they are deleted too.
    pub(crate) over: Vec<CopyId>,
}

/// Chooses, and counts the use in the meta data. Whether a chosen copy is really there is for the caller to see.
pub(crate) fn choose(meta: &mut CredentialMeta, verifier: Option<VerifierId>, at: Option<Timestamp>) -> Choice {
    let (copy, consumed, over) = match (meta.summary.reuse, verifier) {
        (ReusePolicy::Once, _) => (first_unused(meta), true, Vec::new()),
        (ReusePolicy::Limited { seconds }, _) => {
            let over = retire(meta, seconds, at);
            let running = meta.uses.iter().position(|used| used.since.is_some());
            (running.or_else(|| first_unused(meta)), false, over)
        }
        (ReusePolicy::PerVerifier, Some(verifier)) => {
            let bound = meta.uses.iter().position(|used| used.verifier == Some(verifier));
            (bound.or_else(|| first_unused(meta)), false, Vec::new())
        }
        // Nobody to keep it for: once.
        (ReusePolicy::PerVerifier, None) => (first_unused(meta), true, Vec::new()),
        (ReusePolicy::Rotate, _) => {
            let least = meta.uses.iter().map(|used| used.uses).min();
            (meta.uses.iter().position(|used| Some(used.uses) == least), false, Vec::new())
        }
    };
    let Some(used) = copy.and_then(|at| meta.uses.get_mut(at)) else {
        recount(meta);
        return Choice { copy: None, consumed: false, over };
    };
    used.uses = used.uses.saturating_add(1);
    used.since = used.since.or(at).or(Some(Timestamp::from_unix(0)));
    if meta.summary.reuse == ReusePolicy::PerVerifier {
        used.verifier = verifier;
    }
    let chosen = used.copy.clone();
    if consumed {
        meta.uses.retain(|used| used.copy != chosen);
    }
    recount(meta);
    Choice { copy: Some(chosen), consumed, over }
}

/// A new copy.
pub(crate) fn note(meta: &mut CredentialMeta, copy: CopyId) {
    meta.uses.push(CopyUse { copy, uses: 0, since: None, verifier: None });
}

/// A copy that cannot be read is shown to nobody.
pub(crate) fn forget(meta: &mut CredentialMeta, copy: &CopyId) {
    meta.uses.retain(|used| used.copy != *copy);
    recount(meta);
}

/// Takes out the copies whose time is over. A clock that went back does not make it longer.
fn retire(meta: &mut CredentialMeta, seconds: u32, at: Option<Timestamp>) -> Vec<CopyId> {
    let is_over = |used: &CopyUse| {
        used.since.is_some_and(|since| {
            at.is_none_or(|at| at < since || at.unix().saturating_sub(since.unix()) >= i64::from(seconds))
        })
    };
    let over = meta.uses.iter().filter(|used| is_over(used)).map(|used| used.copy.clone()).collect();
    meta.uses.retain(|used| !is_over(used));
    over
}

fn first_unused(meta: &CredentialMeta) -> Option<usize> {
    meta.uses.iter().position(|used| used.uses == 0)
}

pub(crate) fn recount(meta: &mut CredentialMeta) {
    let fresh = meta.uses.iter().filter(|used| meta.summary.reuse == ReusePolicy::Rotate || used.uses == 0).count();
    meta.summary.copies_left = u32::try_from(fresh).unwrap_or(u32::MAX);
}

impl CredentialMeta {
    /// Whether a copy can be presented to this verifier at that time (`None`: nobody known).
    #[must_use]
    pub fn can_present(&self, verifier: Option<VerifierId>, now: Timestamp) -> bool {
        match self.summary.reuse {
            ReusePolicy::PerVerifier => {
                self.uses.iter().any(|used| used.uses == 0 || (verifier.is_some() && used.verifier == verifier))
            }
            _ => !self.is_exhausted(now),
        }
    }

    /// Whether nothing of it can be shown any more to anybody at that time. A verifier that has a copy of its own may
    /// still be served while others are not.
    #[must_use]
    pub fn is_exhausted(&self, now: Timestamp) -> bool {
        match self.summary.reuse {
            ReusePolicy::Once => self.summary.copies_left == 0,
            ReusePolicy::Limited { seconds } => !self.uses.iter().any(|used| {
                used.since
                    .is_none_or(|since| now >= since && now.unix().saturating_sub(since.unix()) < i64::from(seconds))
            }),
            ReusePolicy::PerVerifier | ReusePolicy::Rotate => self.uses.is_empty(),
        }
    }
}
