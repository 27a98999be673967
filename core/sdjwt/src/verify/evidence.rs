//! The evidence that verification returns: claims can be read only from it. Only the modules that check create it.
use alloc::{string::String, vec::Vec};

use rid_crypto::PublicKey;
use rid_trust::IssuerTrust;
use rid_wire::Timestamp;

use crate::{Claims, StatusReference, Validity};

/// Evidence: trust, issuer signature and the digest of every disclosure hold. It does not depend on the time: see the
/// checks.
#[derive(Clone)]
pub struct IssuerVerified {
    pub(super) vct: String,
    pub(super) other_types: Vec<String>,
    pub(super) integrity: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) holder_key: Option<PublicKey>,
    pub(super) validity: Validity,
    pub(super) status: Option<StatusReference>,
    pub(super) trust: IssuerTrust,
    pub(super) claims: Claims,
}

impl IssuerVerified {
    /// The type (`vct`).
    #[must_use]
    pub fn vct(&self) -> &str {
        &self.vct
    }

    /// Further types that the credential is of (`aka_vcts`).
    #[must_use]
    pub fn other_types(&self) -> &[String] {
        &self.other_types
    }

    /// The integrity of the type metadata (`vct#integrity`), for [`crate::metadata::Resolver::new`].
    #[must_use]
    pub fn metadata_integrity(&self) -> Option<&str> {
        self.integrity.as_deref()
    }

    /// The issuer identifier (`iss`), if the certificate names it or the caller expected it.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The holder's key (`cnf`).
    #[must_use]
    pub fn holder_key(&self) -> Option<&PublicKey> {
        self.holder_key.as_ref()
    }

    /// The times.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The reference to a status list.
    #[must_use]
    pub fn status(&self) -> Option<&StatusReference> {
        self.status.as_ref()
    }

    /// The trust decision.
    #[must_use]
    pub fn trust(&self) -> &IssuerTrust {
        &self.trust
    }

    /// The disclosed claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

/// Evidence: the holder's key of an issuer-verified credential signed exactly this presentation for this audience and
/// nonce.
#[derive(Clone)]
pub struct HolderBound {
    pub(super) issuer: IssuerVerified,
    pub(super) audience: String,
    pub(super) nonce: String,
    pub(super) bound_at: Timestamp,
    pub(super) transaction_data_hashes: Vec<String>,
}

impl HolderBound {
    /// The issuer's part.
    #[must_use]
    pub fn issuer(&self) -> &IssuerVerified {
        &self.issuer
    }

    /// The audience.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// SHA-256 in base64url of each transaction that the holder confirmed. The caller compares them with those of its
    /// request.
    #[must_use]
    pub fn transaction_data_hashes(&self) -> &[String] {
        &self.transaction_data_hashes
    }

    /// The time of the presentation by the holder's clock.
    #[must_use]
    pub fn bound_at(&self) -> Timestamp {
        self.bound_at
    }
}

rid_wire::closed_debug!(HolderBound, IssuerVerified);
