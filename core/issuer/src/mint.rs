//! Mints credentials in answer to enrolment requests. How a format is built is in its own file.
mod mdoc;

use alloc::{string::String, vec::Vec};

use rid_crypto::{CryptoRng, SigningKey, constant_time_eq, x509::Certificate};
use rid_flow::enrolment::{EnrolmentAnswer, EnrolmentError, EnrolmentRequest};
use rid_wire::{Code, Timestamp};

use crate::PersonRecord;

/// A reason for which nothing was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum IssueError {
    /// The enrolment request, its audience or its challenge is refused.
    Enrolment(#[from] EnrolmentError),
    /// The credential cannot be built; the code is the reason.
    Credential(Code),
    /// The register has no record of this kind.
    UnknownKind,
    /// The document signer's certificate does not cover the rounded `signed` (neg-B10).
    CertificateWindow,
    /// The embedded sample is malformed.
    Sample,
}

impl IssueError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Enrolment(e) => e.code(),
            Self::Credential(code) => code,
            Self::UnknownKind => Code::new("unknown_credential_configuration"),
            Self::CertificateWindow => Code::new("issuer_certificate_window"),
            Self::Sample => Code::new("sample_invalid"),
        }
    }
}

/// The key and certificate of a document signer.
pub struct IssuerKey {
    /// The key.
    pub key: SigningKey,
    /// Its certificate.
    pub certificate: Certificate,
}

/// The issuer's input to one enrolment.
pub struct Order<'a> {
    /// The challenge that was sent for it.
    pub challenge: &'a [u8],
    /// The person's records in the register.
    pub records: &'a [PersonRecord],
    /// The technical validity in days.
    pub validity_days: u32,
    /// The time of issuing.
    pub now: Timestamp,
}

/// An issuer that answers enrolment requests.
pub struct Issuer {
    signer: IssuerKey,
    audience: String,
}

impl Issuer {
    /// Makes an issuer with this document signer and audience.
    #[must_use]
    pub fn new(signer: IssuerKey, audience: String) -> Self {
        Self { signer, audience }
    }

    /// Answers an enrolment request: checks audience, challenge and proofs, and mints one credential for each key.
    /// `signed` and validFrom are 00:00Z of today, validUntil is 00:00Z after `validity_days` days (neg-N05).
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn answer(&self, request: &[u8], order: &Order<'_>, rng: &mut dyn CryptoRng) -> Result<Vec<u8>, IssueError> {
        let request = EnrolmentRequest::parse(request)?;
        let meant = request.audience == self.audience && constant_time_eq(&request.challenge, order.challenge);
        if !meant {
            return Err(EnrolmentError::Invalid.into());
        }
        let validity = self.validity(order.validity_days, order.now)?;
        let mut kinds = Vec::with_capacity(request.kinds.len());
        for (kind, keys) in &request.kinds {
            let record = order.records.iter().find(|r| r.kind == *kind).ok_or(IssueError::UnknownKind)?;
            let mut credentials = Vec::with_capacity(keys.len());
            for key in keys {
                credentials.push(self.mint(record, &key.public, validity, rng)?);
            }
            kinds.push((kind.clone(), credentials));
        }
        Ok(EnrolmentAnswer { id: request.id, kinds }.encode())
    }

    /// The same validity for everyone on one day (neg-N05). The document signer's certificate must cover it (neg-B10).
    fn validity(&self, days: u32, now: Timestamp) -> Result<Validity, IssueError> {
        let signed = now.day_start();
        let certificate = &self.signer.certificate;
        if signed < certificate.not_before() || now > certificate.not_after() {
            return Err(IssueError::CertificateWindow);
        }
        Ok(Validity { signed, until: signed.plus_days(i64::from(days)) })
    }
}

/// The technical validity of a credential, which begins when it is signed.
#[derive(Clone, Copy)]
pub struct Validity {
    /// The time of signing.
    pub signed: Timestamp,
    /// The last second.
    pub until: Timestamp,
}
