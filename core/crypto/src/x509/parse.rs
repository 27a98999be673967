use alloc::vec::Vec;

use rid_wire::Timestamp;

use super::{Name, X509Error};
use crate::PublicKey;

/// Key usage bits (RFC 5280, 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// digitalSignature.
    pub digital_signature: bool,
    /// keyCertSign.
    pub key_cert_sign: bool,
    /// cRLSign.
    pub crl_sign: bool,
    /// Any other bit is set.
    pub other: bool,
}

/// Extended key usages, as object identifiers in dotted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedKeyUsage {
    /// The listed purposes.
    pub purposes: Vec<alloc::string::String>,
    /// Whether the extension is critical.
    pub critical: bool,
}

/// One parsed certificate. Parsed is not trusted: see [`super::verify_path`].
#[derive(Clone)]
pub struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) tbs: core::ops::Range<usize>,
    pub(super) subject: Name,
    pub(super) issuer: Name,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) public_key: PublicKey,
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) extended_key_usage: Option<ExtendedKeyUsage>,
}

impl Certificate {
    /// Parses DER strictly.
    ///
    /// # Errors
    /// [`X509Error::Form`], [`X509Error::Alg`].
    pub fn parse(der: &[u8]) -> Result<Self, X509Error> {
        todo!()
    }

    /// Parses PEM (one `CERTIFICATE` block or more) or DER.
    ///
    /// # Errors
    /// As [`Certificate::parse`].
    pub fn parse_pem_or_der(bytes: &[u8]) -> Result<Vec<Self>, X509Error> {
        todo!()
    }

    /// The DER bytes as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// PEM text.
    #[must_use]
    pub fn to_pem(&self) -> alloc::string::String {
        todo!()
    }

    /// Subject.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// Issuer.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// First second of validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Last second of validity.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The subject's key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Key usage, if present.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.key_usage
    }

    /// Extended key usage, if present.
    #[must_use]
    pub fn extended_key_usage(&self) -> Option<&ExtendedKeyUsage> {
        self.extended_key_usage.as_ref()
    }

    /// Whether `at` lies in the validity, both ends included.
    ///
    /// # Errors
    /// [`X509Error::Expired`].
    pub fn check_validity(&self, at: Timestamp) -> Result<(), X509Error> {
        if at < self.not_before || at > self.not_after { Err(X509Error::Expired) } else { Ok(()) }
    }
}
