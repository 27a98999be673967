//! What is held, as far as a question needs it: the claims of each credential that was looked up.
use alloc::{string::String, vec::Vec};

use rid_claims::{CredentialId, CredentialType, PrivateText, ReusePolicy};
use rid_flow::{HeldCredential, Holdings};
use rid_wire::{Code, Timestamp};

use crate::format::{self, Checked, NamedClaim};

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
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Which credential.
    pub credential: CredentialId,
    /// Its type.
    pub credential_type: CredentialType,
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
    /// The use of the copies.
    pub reuse: ReusePolicy,
    /// Its claims, or why no copy of it can be presented (`credential_unavailable`, `storage_corrupt`).
    pub claims: Result<Vec<NamedClaim>, Code>,
    /// The bytes that the claims were read from.
    pub(crate) checked: Option<Checked>,
}

impl Held {
    /// What a look-up found, with the claims of each copy. Validity is judged by the later of the clock and the
    /// latest signature: a clock that says less than an issuer's signature is wrong, and must not make anything valid
    /// again (neg-K19).
    #[must_use]
    pub fn read(found: &Holdings, now: Timestamp) -> Vec<Self> {
        let at = found.latest_signed.map_or(now, |signed| signed.max(now));
        found.credentials.iter().map(|held| Self::of(held, at, now)).collect()
    }

    fn of(HeldCredential { summary, copy }: &HeldCredential, at: Timestamp, now: Timestamp) -> Self {
        let validity = if at < summary.valid_from {
            Validity::NotYetValid
        } else if at > summary.valid_until {
            Validity::Expired
        } else {
            Validity::Valid
        };
        let claims = copy.as_ref().map_err(|error| error.code());
        let claims = claims.and_then(|bytes| format::names(bytes, &summary.credential_type, now));
        let checked = copy.as_ref().ok().filter(|_| claims.is_ok()).map(|bytes| Checked::of(bytes));
        Self {
            credential: summary.id.clone(),
            credential_type: summary.credential_type.clone(),
            issuer: summary.issuer.clone(),
            subject: summary.subject.clone(),
            validity,
            valid_until: summary.valid_until,
            copies_left: summary.copies_left,
            reuse: summary.reuse,
            claims,
            checked,
        }
    }
}
