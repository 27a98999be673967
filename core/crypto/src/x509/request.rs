use rid_wire::Timestamp;

use crate::PublicKey;

/// The certificate profile to be written (ISO 18013-5 Annex B).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Document signer: EKU 1.0.18013.5.1.2 (critical), digitalSignature.
    DocumentSigner,
    /// IACA root: CA, path length 0, keyCertSign and cRLSign, issuer alternative name, CRL distribution point.
    Iaca,
    /// Reader authentication leaf: EKU 1.0.18013.5.1.6 (critical), digitalSignature.
    Reader,
    /// Reader root: CA, path length 0.
    ReaderRoot,
}

/// What is written into a certificate.
#[derive(Clone, Debug)]
pub struct CertificateRequest<'a> {
    /// Profile.
    pub profile: Profile,
    /// Subject common name (UTF-8).
    pub common_name: &'a str,
    /// Subject organisation (UTF-8), if any.
    pub organization: Option<&'a str>,
    /// Country, alpha-2.
    pub country: &'a str,
    /// Subject key.
    pub key: &'a PublicKey,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
}
