//! Decides on the certificate chains of one message.
use alloc::{string::String, vec::Vec};

use rid_crypto::{
    sha256,
    x509::{self, Certificate, PathPolicy, SignatureBudget, X509Error, verify_path},
};
use rid_wire::{ClockTolerance, Timestamp};

use crate::{Anchor, IssuerTrust, Party, Role, TrustError, TrustStore};

/// The extended key usage of reader authentication (18013-5, Annex B).
const READER: &str = "1.0.18013.5.1.6";

/// Decides on the chains of one message. They share one time and one budget of signature checks, and a repeated chain
/// costs no check (neg-C35).
pub struct MessageTrust<'s> {
    store: &'s TrustStore,
    at: Timestamp,
    budget: SignatureBudget<'s>,
}

impl TrustStore {
    /// Starts to decide on the chains of one message at the time `at`.
    #[must_use]
    pub fn message(&self, at: Timestamp) -> MessageTrust<'_> {
        MessageTrust { store: self, at, budget: SignatureBudget::with_memory(self.memory()) }
    }
}

impl<'s> MessageTrust<'s> {
    /// The store behind the decisions.
    #[must_use]
    pub const fn store(&self) -> &'s TrustStore {
        self.store
    }

    /// The time of the check.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The number of certificate signatures checked so far.
    #[must_use]
    pub fn signatures_checked(&self) -> usize {
        self.budget.spent()
    }

    /// The decision for a pinned key, if any: the key in the leaf, otherwise the first. It needs no chain.
    #[must_use]
    pub fn by_key(&self, leaf: Option<&Certificate>) -> Option<IssuerTrust> {
        let keys = &self.store.pinned_keys;
        let of_leaf = leaf.and_then(|leaf| keys.iter().find(|key| *key == leaf.public_key()));
        of_leaf.or_else(|| keys.first()).map(IssuerTrust::of_key)
    }

    /// Decides on a document signer's chain for a credential type: by pinned key, then by pinned leaf, then by anchors.
    ///
    /// # Errors
    /// [`TrustError`]; `trust_missing` only if the store has nothing that could vouch for an issuer.
    pub fn issuer(&mut self, chain: &[Certificate], credential_type: &str) -> Result<IssuerTrust, TrustError> {
        let leaf = chain.first().ok_or(X509Error::Untrusted)?;
        if let Some(trusted) = self.by_key(Some(leaf)) {
            return Ok(trusted);
        }
        let mut pinned = self.store.pinned_leaves.iter();
        if pinned.any(|pinned| pinned.certificate.der() == leaf.der() && pinned.allows(credential_type)) {
            leaf.check_validity(self.at, self.tolerance())?;
            return Ok(IssuerTrust::of_leaf(leaf));
        }
        let rules = self.store.rules(credential_type);
        let policy = PathPolicy {
            purposes: rules.map(|rules| rules.purposes.as_slice()),
            same_country: true,
            ..self.policy(rules.map_or(0, |rules| rules.intermediates))
        };
        let fitting = self.store.of_role(Role::Issuer).filter(|anchor| anchor.allows(credential_type));
        let fitting: Vec<&Certificate> = fitting.map(|anchor| &anchor.certificate).collect();
        match verify_path(chain, &fitting, &policy, &mut self.budget) {
            Ok(path) => Ok(IssuerTrust::of_path(&path, rules)),
            Err(error) => Err(self.refusal(error, chain, Role::Issuer)),
        }
    }

    /// Decides on a reader's chain (EKU 1.0.18013.5.1.6) and names the reader.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn reader(&mut self, chain: &[Certificate]) -> Result<Party, TrustError> {
        let purposes = [String::from(READER)];
        let policy = PathPolicy { purposes: Some(&purposes), ..self.policy(self.store.reader_intermediates) };
        let anchors: Vec<&Certificate> = self.store.of_role(Role::Reader).map(|anchor| &anchor.certificate).collect();
        match verify_path(chain, &anchors, &policy, &mut self.budget) {
            Ok(path) => Ok(Party::of_leaf(path.leaf())),
            Err(error) => Err(self.refusal(error, chain, Role::Reader)),
        }
    }

    /// Decides on the chain of the signer of a status list: it leads to the very root on which the trust in the
    /// credential's issuer rests (std-M60).
    ///
    /// # Errors
    /// [`TrustError`]. An issuer that is trusted by key or leaf has no root, so no list counts.
    pub fn status_issuer(&mut self, chain: &[Certificate], issuer: &IssuerTrust) -> Result<(), TrustError> {
        let is_root = |anchor: &&Anchor| Some(sha256(&[anchor.certificate.der()])) == issuer.anchor_fingerprint();
        let roles = self.store.of_role(Role::Issuer).chain(self.store.of_role(Role::StatusIssuer));
        let roots: Vec<&Certificate> = roles.filter(is_root).map(|anchor| &anchor.certificate).collect();
        if roots.is_empty() {
            return Err(TrustError::Missing);
        }
        let policy = self.policy(self.store.reader_intermediates);
        Ok(verify_path(chain, &roots, &policy, &mut self.budget).map(drop)?)
    }

    fn policy(&self, intermediates: usize) -> PathPolicy<'static> {
        PathPolicy { at: self.at, tolerance: self.tolerance(), purposes: None, intermediates, same_country: false }
    }

    fn tolerance(&self) -> ClockTolerance {
        self.store.clock_tolerance()
    }

    /// Makes `cert_untrusted` more exact: the role has no anchor, or only an anchor of another role has the issuer's
    /// name (neg-F05). Comparing names suffices here, because it only explains a refusal.
    fn refusal(&self, error: X509Error, chain: &[Certificate], role: Role) -> TrustError {
        if error != X509Error::Untrusted || chain.is_empty() {
            return error.into();
        }
        if self.store.of_role(role).next().is_none() && (role != Role::Issuer || self.store.pinned_leaves.is_empty()) {
            return TrustError::Missing;
        }
        let named = |own: bool| {
            self.store.anchors.iter().filter(move |anchor| (anchor.role == role) == own).any(|anchor| {
                chain.iter().any(|certificate| certificate.issuer().matches(anchor.certificate.subject()))
            })
        };
        if named(false) && !named(true) { TrustError::Scope } else { error.into() }
    }
}

/// Parses the certificates of a peer's chain, which must not exceed the limit.
///
/// # Errors
/// [`TrustError::Certificate`]: `cert_budget` for more than three, otherwise as [`Certificate::parse`].
pub fn parse_chain<D: AsRef<[u8]>>(chain: &[D]) -> Result<Vec<Certificate>, TrustError> {
    if chain.len() > x509::MAX_CHAIN {
        return Err(X509Error::Budget.into());
    }
    Ok(chain.iter().map(|der| Certificate::parse(der.as_ref())).collect::<Result<_, _>>()?)
}
