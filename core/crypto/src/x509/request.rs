//! The content of a certificate of the test PKI.
use rid_wire::Timestamp;

use crate::PublicKey;

/// The certificate profile (ISO 18013-5 Annex B).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A document signer: EKU 1.0.18013.5.1.2 (critical), digitalSignature.
    DocumentSigner,
    /// An IACA root: CA, path length 0, keyCertSign and cRLSign, issuer alternative name, CRL distribution point.
    Iaca,
    /// A reader: EKU 1.0.18013.5.1.6 (critical), digitalSignature.
    Reader,
    /// A reader root: CA, path length 0.
    ReaderRoot,
}

/// The content of a certificate.
#[derive(Clone, Debug)]
pub struct CertificateRequest<'a> {
    /// The profile.
    pub profile: Profile,
    /// The common name of the subject (UTF-8).
    pub common_name: &'a str,
    /// The organisation of the subject (UTF-8), if any.
    pub organization: Option<&'a str>,
    /// The country, alpha-2.
    pub country: &'a str,
    /// The public key of the subject.
    pub key: &'a PublicKey,
    /// The first second of validity.
    pub not_before: Timestamp,
    /// The last second of validity.
    pub not_after: Timestamp,
}
