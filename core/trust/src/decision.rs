//! The evidence of a positive trust decision.
use alloc::string::String;

use rid_crypto::{
    PublicKey, sha256,
    x509::{Certificate, VerifiedPath},
};
use rid_wire::Timestamp;

use crate::SignerRules;

/// The basis of a decision about an issuer, which determines the certificate checks that were done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A path to an anchor. Profile, EKU and country were checked.
    Anchor,
    /// A trusted leaf certificate. Only its validity was checked.
    Leaf,
    /// A trusted key. No certificate was checked.
    Key,
}

/// Evidence: this key may sign credentials of the requested document type at the requested time.
#[derive(Clone)]
pub struct IssuerTrust {
    pub(crate) key: PublicKey,
    pub(crate) basis: Basis,
    pub(crate) validity: Option<(Timestamp, Timestamp)>,
    pub(crate) country: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) anchor_fingerprint: Option<[u8; 32]>,
    pub(crate) required_country: Option<String>,
    pub(crate) lacks_hints: bool,
    pub(crate) malformed_hint: bool,
}

impl IssuerTrust {
    /// The signer of a credential whose chain was decided on when the wallet received it. Only for a copy from the
    /// wallet's own storage: nothing is checked here.
    #[must_use]
    pub fn decided_on_receipt(leaf: &Certificate) -> Self {
        Self::of_key(leaf.public_key())
    }

    pub(crate) fn of_key(key: &PublicKey) -> Self {
        Self {
            key: key.clone(),
            basis: Basis::Key,
            validity: None,
            country: None,
            state: None,
            name: None,
            anchor_fingerprint: None,
            required_country: None,
            lacks_hints: false,
            malformed_hint: false,
        }
    }

    pub(crate) fn of_leaf(leaf: &Certificate) -> Self {
        Self {
            validity: Some((leaf.not_before(), leaf.not_after())),
            name: leaf.subject().common_name().map(String::from),
            basis: Basis::Leaf,
            anchor_fingerprint: Some(sha256(&[leaf.der()])),
            malformed_hint: leaf.has_malformed_hint(),
            ..Self::of_key(leaf.public_key())
        }
    }

    pub(crate) fn of_path(path: &VerifiedPath<'_>, rules: Option<&SignerRules>) -> Self {
        let subject = path.leaf().subject();
        Self {
            country: subject.country().map(String::from),
            state: subject.state().map(String::from),
            basis: Basis::Anchor,
            anchor_fingerprint: Some(sha256(&[path.anchor().der()])),
            required_country: rules.and_then(|rules| rules.country.clone()),
            lacks_hints: !path.leaf().has_issuer_hints(),
            ..Self::of_leaf(path.leaf())
        }
    }

    /// The key that must have signed.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The basis of the decision.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// The validity period of the document signer's certificate; `None` for a trusted key.
    #[must_use]
    pub fn validity(&self) -> Option<(Timestamp, Timestamp)> {
        self.validity
    }

    /// The country of the document signer's certificate, if a path was checked.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// The state of the document signer's certificate, if a path was checked.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The country that the profile fixes for signers of this credential type, if a path was checked.
    #[must_use]
    pub fn required_country(&self) -> Option<&str> {
        self.required_country.as_deref()
    }

    /// Returns true if a path was checked and the document signer's certificate lacks the CRL distribution points or
    /// the issuer alternative name, which ISO 18013-5 Annex B requires.
    #[must_use]
    pub fn lacks_hints(&self) -> bool {
        self.lacks_hints
    }

    /// Returns true if an optional extension of the document signer's certificate is malformed, so that revocation
    /// cannot be determined.
    #[must_use]
    pub fn malformed_hint(&self) -> bool {
        self.malformed_hint
    }

    /// The common name of the document signer, if a certificate was used.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The SHA-256 of the DER of the anchor or pinned leaf.
    #[must_use]
    pub fn anchor_fingerprint(&self) -> Option<[u8; 32]> {
        self.anchor_fingerprint
    }
}
