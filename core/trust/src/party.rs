//! The other side of an exchange: who asks for data, or who issued it.
use alloc::string::String;

use rid_crypto::{PublicKey, sha256, x509::Certificate};

/// A reader, relying party or issuer whose identity was verified. Its names are only for display: compare parties with
/// [`Party::is`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The name: of a certificate the common name, otherwise the organisation; it may be empty.
    pub name: String,
    /// The organisation.
    pub organization: Option<String>,
    /// The country (ISO 3166-1 alpha-2).
    pub country: Option<String>,
    /// What was verified.
    pub basis: PartyBasis,
}

/// The identifier by which a party is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartyBasis {
    /// A certificate with a path to an anchor.
    Certificate {
        /// SHA-256 of the SubjectPublicKeyInfo. Any certificate can carry the same names.
        key: [u8; 32],
    },
    /// A client identifier that the protocol verified (OpenID4VP).
    ClientId {
        /// The identifier with its prefix.
        id: String,
    },
    /// A web origin that the platform vouches for.
    Origin {
        /// The origin (RFC 6454).
        origin: String,
    },
}

impl Party {
    /// The subject of a verified certificate.
    pub(crate) fn of_leaf(leaf: &Certificate) -> Self {
        let subject = leaf.subject();
        let organization = subject.organization().map(String::from);
        Self {
            name: subject.common_name().map(String::from).or_else(|| organization.clone()).unwrap_or_default(),
            organization,
            country: subject.country().map(String::from),
            basis: PartyBasis::of_key(leaf.public_key()),
        }
    }

    /// Returns true if both are the same party, whatever their names are.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.basis == other.basis
    }

    /// A fixed-length identifier that names this party over all its visits.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        match &self.basis {
            PartyBasis::Certificate { key } => sha256(&[b"rid-party-key\0", key]),
            PartyBasis::ClientId { id } => sha256(&[b"rid-party-client-id\0", id.as_bytes()]),
            PartyBasis::Origin { origin } => sha256(&[b"rid-party-origin\0", origin.as_bytes()]),
        }
    }
}

impl PartyBasis {
    /// The basis for the holder of a certified key.
    #[must_use]
    pub fn of_key(key: &PublicKey) -> Self {
        Self::Certificate { key: sha256(&[&key.to_spki()]) }
    }
}
