/// How a request of a reader that is not known is treated, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReaderRule {
    /// The person is asked; the view says that the reader is not verified.
    Allow,
    /// The person is asked with a warning.
    Warn,
    /// The document is blocked and answered like one not held.
    Enforce,
}

/// The rule for each class of readers that are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderPolicy {
    /// No reader authentication, or one that cannot be checked (neg-C10, neg-C34).
    pub anonymous: ReaderRule,
    /// A valid signature whose certificate leads to no reader root here.
    pub untrusted: ReaderRule,
    /// A wrong signature, or a certificate that may not sign requests now (neg-C08).
    pub forged: ReaderRule,
}

impl ReaderPolicy {
    /// Warns of readers that are not known, and gives nothing to forged ones.
    pub const USUAL: Self =
        Self { anonymous: ReaderRule::Warn, untrusted: ReaderRule::Warn, forged: ReaderRule::Enforce };

    /// The stricter rule of the two for each class.
    #[must_use]
    pub fn at_least(self, floor: Self) -> Self {
        Self {
            anonymous: self.anonymous.max(floor.anonymous),
            untrusted: self.untrusted.max(floor.untrusted),
            forged: self.forged.max(floor.forged),
        }
    }
}
