use rid_wire::Timestamp;

use super::{Certificate, X509Error};

/// What a chain is checked against.
#[derive(Clone, Copy, Debug)]
pub struct PathPolicy<'a> {
    /// The time of the check.
    pub at: Timestamp,
    /// The extended key usage the leaf must carry (dotted); `None`: any purpose but TLS's (serverAuth, clientAuth) and anyExtendedKeyUsage.
    pub leaf_eku: Option<&'a str>,
    /// Whether country (and state, where both name one) of leaf and anchor must be equal (ISO 18013-5 Annex B).
    pub same_country: bool,
}

/// Evidence: the chain leads from the leaf to the anchor under the policy.
#[derive(Clone)]
pub struct VerifiedPath<'a> {
    leaf: &'a Certificate,
    anchor: &'a Certificate,
}

impl<'a> VerifiedPath<'a> {
    /// The leaf whose key may now be used.
    #[must_use]
    pub fn leaf(&self) -> &'a Certificate {
        self.leaf
    }

    /// The anchor the decision rests on.
    #[must_use]
    pub fn anchor(&self) -> &'a Certificate {
        self.anchor
    }
}

/// Builds and checks a path from `chain[0]` (leaf; intermediates in any order, at most 8) to one of the anchors, with at
/// most 100 signature checks. An anchor in the chain itself is never trusted for being there.
///
/// # Errors
/// The most telling [`X509Error`] of the attempt that came furthest.
pub fn verify_path<'a>(
    chain: &'a [Certificate],
    anchors: &[&'a Certificate],
    policy: &PathPolicy<'_>,
) -> Result<VerifiedPath<'a>, X509Error> {
    todo!()
}
