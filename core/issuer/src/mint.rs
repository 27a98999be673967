use alloc::{string::String, vec::Vec};

use rid_crypto::{CryptoRng, SigningKey, x509::Certificate};
use rid_flow::enrolment::EnrolmentError;
use rid_mdoc::MdocError;
use rid_wire::{Code, Timestamp};

use crate::PersonRecord;

/// Why nothing was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The enrolment request, or its audience or challenge.
    #[error("{0}")]
    Enrolment(#[from] EnrolmentError),
    /// The structures.
    #[error("{0}")]
    Mdoc(#[from] MdocError),
    /// The register has nothing of this document type.
    #[error("unknown_credential_configuration")]
    UnknownKind,
    /// The document signer's certificate does not cover the rounded `signed` (neg-B10).
    #[error("issuer_certificate_window")]
    CertificateWindow,
    /// The embedded sample is malformed.
    #[error("sample_invalid")]
    Sample,
}

impl IssueError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Enrolment(e) => e.code(),
            Self::Mdoc(e) => e.code(),
            Self::UnknownKind => Code::new("unknown_credential_configuration"),
            Self::CertificateWindow => Code::new("issuer_certificate_window"),
            Self::Sample => Code::new("sample_invalid"),
        }
    }
}

/// A document signer: key and certificate.
pub struct IssuerKey {
    /// The key.
    pub key: SigningKey,
    /// Its certificate.
    pub certificate: Certificate,
}

/// An issuer that answers enrolment requests.
pub struct Issuer {
    signer: IssuerKey,
    audience: String,
}

impl Issuer {
    /// An issuer with this document signer and audience.
    #[must_use]
    pub fn new(signer: IssuerKey, audience: String) -> Self {
        Self { signer, audience }
    }

    /// Answers an enrolment request: checks audience, challenge and proofs, mints one credential per key with `signed`,
    /// validFrom and validUntil rounded to the day (neg-N05: `signed` = validFrom = 00:00Z of today, validUntil = 00:00Z after
    /// `validity_days` days).
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn answer(
        &self,
        request: &[u8],
        challenge: &[u8],
        records: &[PersonRecord],
        validity_days: u32,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, IssueError> {
        todo!()
    }
}
