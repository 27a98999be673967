use alloc::{string::String, vec::Vec};

use rid_crypto::{
    PublicKey,
    x509::{Certificate, PathPolicy, X509Error, verify_path},
};
use rid_wire::{ClockTolerance, Timestamp};

use crate::{IssuerTrust, ReaderTrust, TrustError};

/// The one document type whose signers ISO 18013-5 gives a purpose of their own.
const MDL_DOC_TYPE: &str = "org.iso.18013.5.1.mDL";
/// Extended key usage of document signers (18013-5, Annex B).
const DOCUMENT_SIGNER: &str = "1.0.18013.5.1.2";
/// Extended key usage of reader authentication (18013-5, Annex B).
const READER: &str = "1.0.18013.5.1.6";

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
    clock_tolerance: ClockTolerance,
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
        Ok(Self {
            environment,
            anchors,
            pinned_leaves: Vec::new(),
            pinned_keys: Vec::new(),
            clock_tolerance: ClockTolerance::default(),
        })
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

    /// Sets the one tolerance for `signed`, validFrom and notBefore of everything that is verified with this store.
    #[must_use]
    pub fn with_clock_tolerance(mut self, tolerance: ClockTolerance) -> Self {
        self.clock_tolerance = tolerance;
        self
    }

    /// The tolerance for clocks, 60 seconds unless it was set.
    #[must_use]
    pub fn clock_tolerance(&self) -> ClockTolerance {
        self.clock_tolerance
    }

    /// Whose roots these are.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// Decides on a document signer's chain for a document type. Pinned key first, then pinned leaf, then anchors.
    /// The caller has parsed the chain, so it is well-formed even where only a pinned key counts.
    ///
    /// # Errors
    /// [`TrustError`]; `trust_missing` only when nothing at all was given that could vouch for an issuer.
    pub fn issuer(&self, chain: &[Certificate], doc_type: &str, at: Timestamp) -> Result<IssuerTrust, TrustError> {
        let leaf = chain.first().ok_or(X509Error::Untrusted)?;
        if let Some(key) = self.pinned_key(leaf) {
            return Ok(IssuerTrust::of_key(key));
        }
        if self.pinned_leaves.iter().any(|pinned| pinned.der() == leaf.der()) {
            leaf.check_validity(at)?;
            return Ok(IssuerTrust::of_leaf(leaf));
        }
        let issuers: Vec<&Anchor> = self.of_role(Role::Issuer).collect();
        if issuers.is_empty() && self.pinned_leaves.is_empty() {
            return Err(TrustError::Missing);
        }
        let leaf_eku = (doc_type == MDL_DOC_TYPE).then_some(DOCUMENT_SIGNER);
        let policy = PathPolicy { at, leaf_eku, same_country: true };
        let fitting: Vec<&Certificate> =
            issuers.iter().filter(|anchor| anchor.allows(doc_type)).map(|anchor| &anchor.certificate).collect();
        match verify_path(chain, &fitting, &policy) {
            Ok(path) => Ok(IssuerTrust::of_path(&path)),
            Err(X509Error::Untrusted) => Err(self.scope_or_untrusted(chain, Role::Issuer, Some(doc_type), at)),
            Err(error) => Err(error.into()),
        }
    }

    /// Decides on a reader's chain (EKU 1.0.18013.5.1.6).
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn reader(&self, chain: &[Certificate], at: Timestamp) -> Result<ReaderTrust, TrustError> {
        if chain.is_empty() {
            return Err(X509Error::Untrusted.into());
        }
        let anchors: Vec<&Certificate> = self.of_role(Role::Reader).map(|anchor| &anchor.certificate).collect();
        if anchors.is_empty() {
            return Err(TrustError::Missing);
        }
        let policy = PathPolicy { at, leaf_eku: Some(READER), same_country: false };
        match verify_path(chain, &anchors, &policy) {
            Ok(path) => Ok(ReaderTrust::of_leaf(path.leaf())),
            Err(X509Error::Untrusted) => Err(self.scope_or_untrusted(chain, Role::Reader, None, at)),
            Err(error) => Err(error.into()),
        }
    }

    fn of_role(&self, role: Role) -> impl Iterator<Item = &Anchor> {
        self.anchors.iter().filter(move |anchor| anchor.role == role)
    }

    /// The pinned key the leaf carries, else the first.
    fn pinned_key(&self, leaf: &Certificate) -> Option<&PublicKey> {
        self.pinned_keys.iter().find(|key| *key == leaf.public_key()).or_else(|| self.pinned_keys.first())
    }

    /// An unknown root, or one that is known here for something else (neg-F05)?
    fn scope_or_untrusted(
        &self,
        chain: &[Certificate],
        role: Role,
        doc_type: Option<&str>,
        at: Timestamp,
    ) -> TrustError {
        let elsewhere: Vec<&Certificate> = self
            .anchors
            .iter()
            .filter(|anchor| anchor.role != role || doc_type.is_some_and(|doc_type| !anchor.allows(doc_type)))
            .map(|anchor| &anchor.certificate)
            .collect();
        // Only whether a path exists matters; any other finding about it means that it does.
        let policy = PathPolicy { at, leaf_eku: None, same_country: false };
        match verify_path(chain, &elsewhere, &policy) {
            Err(X509Error::Untrusted | X509Error::Budget) => X509Error::Untrusted.into(),
            _ => TrustError::Scope,
        }
    }
}

impl Anchor {
    fn allows(&self, doc_type: &str) -> bool {
        self.doc_types.as_ref().is_none_or(|allowed| allowed.iter().any(|allowed| allowed == doc_type))
    }
}
