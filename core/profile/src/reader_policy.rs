//! The policy for unknown readers.
/// The treatment of requests from unknown readers, most lenient first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReaderRule {
    /// The user is asked, and the view says that the reader is not verified.
    Allow,
    /// The user is asked with a warning.
    Warn,
    /// The document is blocked and answered as if it were not held.
    Enforce,
}

/// The rule for each class of unknown readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderPolicy {
    /// Readers without reader authentication, or with one that cannot be checked (neg-C10, neg-C34).
    pub anonymous: ReaderRule,
    /// Readers with a valid signature whose certificate leads to no known reader root.
    pub untrusted: ReaderRule,
    /// Readers with a wrong signature, or a certificate that may not sign requests at this time (neg-C08).
    pub forged: ReaderRule,
}

impl ReaderPolicy {
    /// The default policy: warns of unknown readers and discloses nothing to forged ones.
    pub const USUAL: Self =
        Self { anonymous: ReaderRule::Warn, untrusted: ReaderRule::Warn, forged: ReaderRule::Enforce };

    /// For each class, the stricter rule of the two.
    #[must_use]
    pub fn at_least(self, floor: Self) -> Self {
        Self {
            anonymous: self.anonymous.max(floor.anonymous),
            untrusted: self.untrusted.max(floor.untrusted),
            forged: self.forged.max(floor.forged),
        }
    }
}
