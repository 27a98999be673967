//! A limit on signature checks.
use alloc::vec::Vec;

use super::{Certificate, X509Error};

/// Limits the signature checks for the chains of one message (neg-C35). Results are remembered, so a chain that occurs
/// again costs nothing.
pub struct SignatureBudget {
    /// Fingerprints of certificate and issuer, and whether the issuer signed it.
    done: Vec<([u8; 32], [u8; 32], bool)>,
}

impl SignatureBudget {
    /// The most signature checks for one message.
    pub const MOST: usize = 12;

    /// A full budget for one message.
    #[must_use]
    pub const fn new() -> Self {
        Self { done: Vec::new() }
    }

    /// The number of signatures checked so far.
    #[must_use]
    pub fn spent(&self) -> usize {
        self.done.len()
    }

    /// Checks whether `issuer` signed `certificate`.
    pub(super) fn check(&mut self, certificate: &Certificate, issuer: &Certificate) -> Result<(), X509Error> {
        let (child, parent) = (certificate.fingerprint(), issuer.fingerprint());
        let known = self.done.iter().find(|(known, by, _)| (known, by) == (&child, &parent));
        let holds = match known {
            Some((_, _, holds)) => *holds,
            None if self.done.len() >= Self::MOST => return Err(X509Error::Budget),
            None => {
                let holds = certificate.verify_signature_by(issuer).is_ok();
                self.done.push((child, parent, holds));
                holds
            }
        };
        if holds { Ok(()) } else { Err(X509Error::Untrusted) }
    }
}

impl Default for SignatureBudget {
    fn default() -> Self {
        Self::new()
    }
}
