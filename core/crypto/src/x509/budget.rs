//! A limit on signature checks.
use alloc::vec::Vec;

use super::{Certificate, SignatureMemory, Signed, X509Error};

/// Limits the signature checks for the chains of one message (neg-C35). Results are remembered, so a chain that occurs
/// again costs nothing.
pub struct SignatureBudget<'m> {
    /// The pairs checked, and whether the issuer signed the certificate.
    done: Vec<(Signed, bool)>,
    memory: Option<&'m dyn SignatureMemory>,
}

impl<'m> SignatureBudget<'m> {
    /// The most signature checks for one message.
    pub const MOST: usize = 12;

    /// A full budget for one message.
    #[must_use]
    pub const fn new() -> Self {
        Self { done: Vec::new(), memory: None }
    }

    /// A full budget that asks a memory first. What the memory knows counts like a check, so that it changes no
    /// verdict.
    #[must_use]
    pub const fn with_memory(memory: Option<&'m dyn SignatureMemory>) -> Self {
        Self { done: Vec::new(), memory }
    }

    /// The number of signatures checked so far.
    #[must_use]
    pub fn spent(&self) -> usize {
        self.done.len()
    }

    /// Checks whether `issuer` signed `certificate`. The caller has established that `issuer` is an anchor, or that its
    /// own signature was checked under one: only such pairs reach the memory.
    pub(super) fn check(&mut self, certificate: &Certificate, issuer: &Certificate) -> Result<(), X509Error> {
        let pair = (certificate.fingerprint(), issuer.fingerprint());
        let known = self.done.iter().find(|(known, _)| *known == pair);
        let holds = match known {
            Some((_, holds)) => *holds,
            None if self.done.len() >= Self::MOST => return Err(X509Error::Budget),
            None => {
                let holds = self.recalled(&pair) || self.verified(pair, certificate, issuer);
                self.done.push((pair, holds));
                holds
            }
        };
        if holds { Ok(()) } else { Err(X509Error::Untrusted) }
    }

    fn recalled(&self, pair: &Signed) -> bool {
        self.memory.is_some_and(|memory| memory.knows(pair))
    }

    fn verified(&self, pair: Signed, certificate: &Certificate, issuer: &Certificate) -> bool {
        let holds = certificate.verify_signature_by(issuer).is_ok();
        if let Some(memory) = self.memory.filter(|_| holds) {
            memory.learn(pair);
        }
        holds
    }
}

impl Default for SignatureBudget<'_> {
    fn default() -> Self {
        Self::new()
    }
}
