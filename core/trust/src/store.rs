use alloc::{string::String, vec::Vec};

use rid_crypto::{PublicKey, x509::Certificate};
use rid_wire::{ClockTolerance, Timestamp};

use crate::{MessageTrust, RootWarning, TrustError};

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

/// What the profile fixes for the signers of one credential type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerRules {
    /// The credential type (the document type of an mdoc).
    pub credential_type: String,
    /// Purposes (extended key usages, dotted) of which the signer must have one.
    pub purposes: Vec<String>,
    /// Country of the signer, where the profile fixes it.
    pub country: Option<String>,
    /// Most intermediates between signer and root; ISO 18013-5 knows none.
    pub intermediates: usize,
}

/// The anchors of one wallet or reader, and the rules of the profile for what they sign.
pub struct TrustStore {
    environment: Environment,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) pinned_leaves: Vec<Certificate>,
    pub(crate) pinned_keys: Vec<PublicKey>,
    pub(crate) warnings: Vec<RootWarning>,
    signers: Vec<SignerRules>,
    pub(crate) reader_intermediates: usize,
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
            warnings: Vec::new(),
            signers: Vec::new(),
            reader_intermediates: 0,
            clock_tolerance: ClockTolerance::default(),
        })
    }

    /// Also trusts this very document-signer certificate, without a path (integrators' captures only). A certificate that
    /// asserts keyCertSign is never a signer of documents, so it is not taken (neg-F32).
    #[must_use]
    pub fn pin_leaf(mut self, leaf: Certificate) -> Self {
        if !leaf.key_usage().is_some_and(|usage| usage.key_cert_sign) {
            self.pinned_leaves.push(leaf);
        }
        self
    }

    /// Also trusts this issuer key, without a certificate (integrators' captures only).
    #[must_use]
    pub fn pin_key(mut self, key: PublicKey) -> Self {
        self.pinned_keys.push(key);
        self
    }

    /// Sets the rules of the profile. A credential type without rules takes any signer of documents, from any country.
    #[must_use]
    pub fn with_rules(mut self, signers: Vec<SignerRules>, reader_intermediates: usize) -> Self {
        self.signers = signers;
        self.reader_intermediates = reader_intermediates;
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

    /// Certificates of the roots that could not be read and are not used.
    #[must_use]
    pub fn warnings(&self) -> &[RootWarning] {
        &self.warnings
    }

    /// Starts to decide on the chains of one message, at the time `at`.
    #[must_use]
    pub fn message(&self, at: Timestamp) -> MessageTrust<'_> {
        MessageTrust::new(self, at)
    }

    pub(crate) fn of_role(&self, role: Role) -> impl Iterator<Item = &Anchor> {
        self.anchors.iter().filter(move |anchor| anchor.role == role)
    }

    pub(crate) fn rules(&self, credential_type: &str) -> Option<&SignerRules> {
        self.signers.iter().find(|rules| rules.credential_type == credential_type)
    }
}

impl Anchor {
    pub(crate) fn allows(&self, doc_type: &str) -> bool {
        self.doc_types.as_ref().is_none_or(|allowed| allowed.iter().any(|allowed| allowed == doc_type))
    }
}
