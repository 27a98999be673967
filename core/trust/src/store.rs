use alloc::{string::String, vec::Vec};

use rid_crypto::{PublicKey, x509::Certificate};
use rid_wire::Timestamp;

use crate::{IssuerTrust, ReaderTrust, TrustError};

/// Whether roots are the State's or a test's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Real roots.
    Production,
    /// Test roots: every view says so.
    Test,
}

/// The context an anchor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Issuers of credentials (IACA).
    Issuer,
    /// Readers.
    Reader,
    /// Issuers of status lists.
    StatusIssuer,
    /// Wallet providers.
    WalletProvider,
}

/// One trust anchor.
#[derive(Clone)]
pub struct Anchor {
    /// The root certificate.
    pub certificate: Certificate,
    /// What it may vouch for.
    pub role: Role,
    /// Whose it is.
    pub environment: Environment,
    /// Document types it may sign; `None`: any of its role.
    pub doc_types: Option<Vec<String>>,
}

/// The anchors of one wallet or reader.
pub struct TrustStore {
    environment: Environment,
    anchors: Vec<Anchor>,
    pinned_leaves: Vec<Certificate>,
    pinned_keys: Vec<PublicKey>,
}

impl TrustStore {
    /// Takes the roots.
    ///
    /// # Errors
    /// [`TrustError::Environment`] for a test root in a production store.
    pub fn new(environment: Environment, anchors: Vec<Anchor>) -> Result<Self, TrustError> {
        if environment == Environment::Production && anchors.iter().any(|a| a.environment == Environment::Test) {
            return Err(TrustError::Environment);
        }
        Ok(Self { environment, anchors, pinned_leaves: Vec::new(), pinned_keys: Vec::new() })
    }

    /// Also trusts this very document-signer certificate, without a path (integrators' captures only).
    #[must_use]
    pub fn pin_leaf(mut self, leaf: Certificate) -> Self {
        self.pinned_leaves.push(leaf);
        self
    }

    /// Also trusts this issuer key, without a certificate (integrators' captures only).
    #[must_use]
    pub fn pin_key(mut self, key: PublicKey) -> Self {
        self.pinned_keys.push(key);
        self
    }

    /// Whose roots these are.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// Decides on a document signer's chain for a document type. Pinned key first, then pinned leaf, then anchors.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn issuer(
        &self,
        chain: &[Certificate],
        doc_type: &str,
        at: Timestamp,
    ) -> Result<IssuerTrust, TrustError> {
        todo!()
    }

    /// Decides on a reader's chain (EKU 1.0.18013.5.1.6).
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn reader(&self, chain: &[Certificate], at: Timestamp) -> Result<ReaderTrust, TrustError> {
        todo!()
    }
}
