//! What is held, as far as a question needs it: names of claims, and for ages the attested answer.
use alloc::{string::String, vec::Vec};
use core::fmt;

use rid_claims::{ClaimPath, CredentialId, PrivateText};
use rid_wire::{Code, Timestamp};

/// The technical validity of a credential, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validity {
    /// Valid now.
    Valid,
    /// Its validity has not begun.
    NotYetValid,
    /// Its validity is over.
    Expired,
}

/// One credential of a type asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which credential.
    pub credential: CredentialId,
    /// Issuer's name.
    pub issuer: String,
    /// Whose data it is, if not the holder's.
    pub subject: Option<PrivateText>,
    /// Whether it is valid now.
    pub validity: Validity,
    /// Last second of technical validity.
    pub valid_until: Timestamp,
    /// Copies left.
    pub copies_left: u32,
    /// Its claims, or why no copy of it can be presented (`credential_unavailable`, `storage_corrupt`).
    pub claims: Result<Vec<NamedClaim>, Code>,
}

/// One claim held.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedClaim {
    /// The path.
    pub path: ClaimPath,
    /// The attested answer, if the claim says whether the holder has reached an age.
    pub age: Option<bool>,
}

/// The answer is a claim: it is not printed.
impl fmt::Debug for NamedClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedClaim")
    }
}
