//! The trust anchors and their rules.
use alloc::{string::String, sync::Arc, vec::Vec};

use rid_crypto::{
    PublicKey,
    x509::{Certificate, SignatureMemory},
};
use rid_wire::{ClockTolerance, Code};

use crate::TrustError;

/// The origin of roots: the State or a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Real roots.
    Production,
    /// Test roots. Every view must say so.
    Test,
}

/// The role that an anchor vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Issuers of credentials (IACA).
    Issuer,
    /// Login providers.
    LoginProvider,
    /// Readers and relying parties.
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
    /// The role that it vouches for.
    pub role: Role,
    /// Its origin.
    pub environment: Environment,
    /// The credential types that it may sign for; `None` for all of its role.
    pub credential_types: Option<Vec<String>>,
}

/// The rules of the profile for the signers of one credential type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerRules {
    /// The credential type (the document type of an mdoc).
    pub credential_type: String,
    /// Extended key usages (dotted), of which the signer must have one.
    pub purposes: Vec<String>,
    /// The country of the signer, if the profile fixes it.
    pub country: Option<String>,
    /// Most intermediates between signer and root. ISO 18013-5 has none.
    pub intermediates: usize,
}

/// An unreadable certificate among the roots. It is not used, but the others are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootWarning {
    /// Its position: `issuer_roots[0], certificate 2`.
    pub root: String,
    /// The reason.
    pub code: Code,
}

/// A document signer that is trusted without a path.
pub(crate) struct PinnedLeaf {
    pub(crate) certificate: Certificate,
    credential_types: Option<Vec<String>>,
}

/// The anchors of one wallet or reader, and the profile's rules for their signers.
pub struct TrustStore {
    environment: Environment,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) pinned_leaves: Vec<PinnedLeaf>,
    pub(crate) pinned_keys: Vec<PublicKey>,
    pub(crate) warnings: Vec<RootWarning>,
    signers: Vec<SignerRules>,
    pub(crate) reader_intermediates: usize,
    clock_tolerance: ClockTolerance,
    memory: Option<Arc<dyn SignatureMemory>>,
}

impl TrustStore {
    /// Makes a store of these anchors.
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
            memory: None,
        })
    }

    /// Also trusts this document-signer certificate without a path. Only for integrators' captures. A certificate that
    /// asserts keyCertSign never signs documents, so it is ignored (neg-F32).
    #[must_use]
    pub fn pin_leaf(self, leaf: Certificate) -> Self {
        self.pin_leaf_for(leaf, None)
    }

    /// As [`Self::pin_leaf`], for these credential types alone; `None` for any.
    #[must_use]
    pub fn pin_leaf_for(mut self, certificate: Certificate, credential_types: Option<Vec<String>>) -> Self {
        if !certificate.key_usage().is_some_and(|usage| usage.key_cert_sign) {
            self.pinned_leaves.push(PinnedLeaf { certificate, credential_types });
        }
        self
    }

    /// Also trusts this issuer key without a certificate. Only for integrators' captures.
    #[must_use]
    pub fn pin_key(mut self, key: PublicKey) -> Self {
        self.pinned_keys.push(key);
        self
    }

    /// Sets the rules of the profile. A credential type without rules accepts any document signer from any country.
    #[must_use]
    pub fn with_rules(mut self, signers: Vec<SignerRules>, reader_intermediates: usize) -> Self {
        self.signers = signers;
        self.reader_intermediates = reader_intermediates;
        self
    }

    /// Sets the clock tolerance for `signed`, validFrom and notBefore in every verification with this store.
    #[must_use]
    pub fn with_clock_tolerance(mut self, tolerance: ClockTolerance) -> Self {
        self.clock_tolerance = tolerance;
        self
    }

    /// Remembers the certificate signatures that were verified, for a reader or server that meets the same signers
    /// again.
    /// Every other rule of a path is checked at each use, so no verdict depends on it.
    #[must_use]
    pub fn with_memory(mut self, memory: Arc<dyn SignatureMemory>) -> Self {
        self.memory = Some(memory);
        self
    }

    pub(crate) fn memory(&self) -> Option<&dyn SignatureMemory> {
        self.memory.as_deref()
    }

    /// The clock tolerance; the default is 60 seconds.
    #[must_use]
    pub fn clock_tolerance(&self) -> ClockTolerance {
        self.clock_tolerance
    }

    /// The origin of the roots.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// The unreadable certificates among the roots, which are not used.
    #[must_use]
    pub fn warnings(&self) -> &[RootWarning] {
        &self.warnings
    }

    pub(crate) fn of_role(&self, role: Role) -> impl Iterator<Item = &Anchor> {
        self.anchors.iter().filter(move |anchor| anchor.role == role)
    }

    pub(crate) fn rules(&self, credential_type: &str) -> Option<&SignerRules> {
        self.signers.iter().find(|rules| rules.credential_type == credential_type)
    }
}

impl Anchor {
    pub(crate) fn allows(&self, credential_type: &str) -> bool {
        allow(self.credential_types.as_deref(), credential_type)
    }
}

impl PinnedLeaf {
    pub(crate) fn allows(&self, credential_type: &str) -> bool {
        allow(self.credential_types.as_deref(), credential_type)
    }
}

fn allow(credential_types: Option<&[String]>, credential_type: &str) -> bool {
    credential_types.is_none_or(|allowed| allowed.iter().any(|allowed| allowed == credential_type))
}
