//! A memory of verified certificate signatures.
use alloc::collections::BTreeSet;

/// The fingerprints of a certificate and of the certificate whose key signed it.
pub type Signed = ([u8; 32], [u8; 32]);

/// Remembers across messages which certificates were signed by which, and nothing else: whether a path, a time or a
/// purpose is acceptable is decided at each use. A reader or server gives one to its trust store.
pub trait SignatureMemory: Send + Sync {
    /// Returns true if [`Self::learn`] was called for this pair. A memory may forget.
    fn knows(&self, pair: &Signed) -> bool;
    /// Takes a pair whose signature was verified under an anchor.
    fn learn(&self, pair: Signed);
}

/// A bounded set of verified pairs, for an implementation of [`SignatureMemory`]. It forgets pairs that are no longer
/// used.
#[derive(Default)]
pub struct KnownSignatures {
    recent: BTreeSet<Signed>,
    /// The pairs that were recent before the last change of generations.
    older: BTreeSet<Signed>,
}

impl KnownSignatures {
    /// The most pairs that are kept (64 bytes each).
    pub const MOST: usize = 1024;

    /// An empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { recent: BTreeSet::new(), older: BTreeSet::new() }
    }

    /// Returns true if the pair is in the set, and keeps it there for longer.
    pub fn knows(&mut self, pair: &Signed) -> bool {
        if self.recent.contains(pair) {
            return true;
        }
        let known = self.older.contains(pair);
        if known {
            self.learn(*pair);
        }
        known
    }

    /// Adds a pair.
    pub fn learn(&mut self, pair: Signed) {
        if self.recent.len() >= Self::MOST / 2 && !self.recent.contains(&pair) {
            self.older = core::mem::take(&mut self.recent);
        }
        self.recent.insert(pair);
    }

    /// The number of pairs, at most [`Self::MOST`].
    #[must_use]
    pub fn len(&self) -> usize {
        self.recent.union(&self.older).count()
    }

    /// Returns true if nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty() && self.older.is_empty()
    }
}
