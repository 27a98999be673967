//! The port of the vault.
use alloc::{boxed::Box, vec::Vec};

use async_trait::async_trait;
use rid_claims::{CredentialSummary, CredentialType};
use rid_wire::Timestamp;
use zeroize::Zeroizing;

use crate::{Changes, Committed, VerifierId, ports::StorageError};

/// Durable state as machines see it; the vault implements it over the Storage port.
#[async_trait]
pub trait Store: Send + Sync {
    /// One durable step, all or nothing.
    ///
    /// # Errors
    /// [`StorageError`]; then nothing was written.
    async fn commit(&self, changes: Changes) -> Result<Committed, StorageError>;

    /// Looks up what is held. It changes nothing.
    ///
    /// # Errors
    /// [`StorageError`]; a copy that cannot be read is no error of the whole.
    async fn lookup(&self, lookup: Lookup) -> Result<Holdings, StorageError>;
}

/// What is to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Types of credentials. A type that occurs again changes nothing.
    pub types: Vec<CredentialType>,
    /// For whom, if known: a copy that is kept for this verifier can be presented to it again.
    pub verifier: Option<VerifierId>,
    /// The time of the presentation.
    pub at: Timestamp,
}

/// What is held.
#[derive(Clone, PartialEq, Eq)]
pub struct Holdings {
    /// The credentials of the types asked for.
    pub credentials: Vec<HeldCredential>,
    /// The latest time that any stored credential was signed at: a clock that says less is wrong (neg-K19).
    pub latest_signed: Option<Timestamp>,
}

/// A credential, and one copy of it that can be presented.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldCredential {
    /// The stored credential.
    pub summary: CredentialSummary,
    /// The bytes of a copy, or why there is none: [`StorageError::Exhausted`], [`StorageError::Damaged`]. Nothing is
    /// used up.
    pub copy: Result<Zeroizing<Vec<u8>>, StorageError>,
}

rid_wire::closed_debug!(Holdings, HeldCredential);
