use alloc::string::String;

use rid_crypto::{
    PublicKey, sha256,
    x509::{Certificate, VerifiedPath},
};
use rid_wire::Timestamp;

/// What an issuer decision rests on, and so which certificate checks were done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A path to an anchor: profile, EKU, country checked.
    Anchor,
    /// The very leaf certificate was trusted: only its validity was checked.
    Leaf,
    /// A bare key was trusted: no certificate check was done.
    Key,
}

/// Evidence: this key may sign credentials of the document type asked about, at the time asked about.
#[derive(Clone)]
pub struct IssuerTrust {
    pub(crate) key: PublicKey,
    pub(crate) basis: Basis,
    pub(crate) validity: Option<(Timestamp, Timestamp)>,
    pub(crate) country: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) anchor_fingerprint: Option<[u8; 32]>,
}

impl IssuerTrust {
    pub(crate) fn of_key(key: &PublicKey) -> Self {
        Self {
            key: key.clone(),
            basis: Basis::Key,
            validity: None,
            country: None,
            state: None,
            name: None,
            anchor_fingerprint: None,
        }
    }

    pub(crate) fn of_leaf(leaf: &Certificate) -> Self {
        Self {
            validity: Some((leaf.not_before(), leaf.not_after())),
            name: leaf.subject().common_name().map(String::from),
            basis: Basis::Leaf,
            anchor_fingerprint: Some(sha256(&[leaf.der()])),
            ..Self::of_key(leaf.public_key())
        }
    }

    pub(crate) fn of_path(path: &VerifiedPath<'_>) -> Self {
        let subject = path.leaf().subject();
        Self {
            country: subject.country().map(String::from),
            state: subject.state().map(String::from),
            basis: Basis::Anchor,
            anchor_fingerprint: Some(sha256(&[path.anchor().der()])),
            ..Self::of_leaf(path.leaf())
        }
    }

    /// The key that must have signed.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What the decision rests on.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// Validity of the document signer's certificate; `None` when a bare key was trusted.
    #[must_use]
    pub fn validity(&self) -> Option<(Timestamp, Timestamp)> {
        self.validity
    }

    /// Country of the document signer's certificate (only when a path was checked).
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// State of the document signer's certificate (only when a path was checked).
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Common name of the document signer, if a certificate was used.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// SHA-256 of the anchor's (or pinned leaf's) DER.
    #[must_use]
    pub fn anchor_fingerprint(&self) -> Option<[u8; 32]> {
        self.anchor_fingerprint
    }
}

/// Evidence: this key belongs to a registered reader.
#[derive(Clone)]
pub struct ReaderTrust {
    pub(crate) key: PublicKey,
    pub(crate) name: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) country: Option<String>,
}

impl ReaderTrust {
    pub(crate) fn of_leaf(leaf: &Certificate) -> Self {
        let subject = leaf.subject();
        Self {
            key: leaf.public_key().clone(),
            name: subject.common_name().map(String::from),
            organization: subject.organization().map(String::from),
            country: subject.country().map(String::from),
        }
    }

    /// The key that must have signed the request.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Common name in the reader's certificate.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Organisation in the reader's certificate.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }

    /// Country in the reader's certificate.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }
}
