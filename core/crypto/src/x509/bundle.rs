//! Files with several certificates.
use alloc::vec::Vec;

use super::{Certificate, X509Error, der, pem};

/// The certificates of one file. An unreadable one does not make the others unusable (neg-F34); the caller warns of it.
pub struct Bundle {
    /// The readable certificates in order; at least one.
    pub certificates: Vec<Certificate>,
    /// The unreadable certificates: position in the file, counted from 1, and the reason.
    pub unreadable: Vec<(usize, X509Error)>,
}

impl Bundle {
    /// Reads PEM (one `CERTIFICATE` block or more) or one DER certificate.
    ///
    /// # Errors
    /// [`X509Error::Form`] if the file is neither; the error of the first certificate if none is readable.
    pub fn parse(bytes: &[u8]) -> Result<Self, X509Error> {
        let parsed = if bytes.first() == Some(&der::SEQUENCE) {
            Vec::from([Certificate::parse(bytes)])
        } else {
            pem::read(bytes)?.iter().map(|block| Certificate::parse(block.as_deref().unwrap_or_default())).collect()
        };
        let mut bundle = Self { certificates: Vec::new(), unreadable: Vec::new() };
        for (place, certificate) in (1..).zip(parsed) {
            match certificate {
                Ok(certificate) => bundle.certificates.push(certificate),
                Err(error) => bundle.unreadable.push((place, error)),
            }
        }
        match bundle.unreadable.first() {
            Some((_, error)) if bundle.certificates.is_empty() => Err(*error),
            _ => Ok(bundle),
        }
    }
}

impl Certificate {
    /// Parses PEM (one `CERTIFICATE` block or more) or DER, and fails if any certificate is unreadable. For roots see
    /// [`Bundle`].
    ///
    /// # Errors
    /// As [`Certificate::parse`].
    pub fn parse_pem_or_der(bytes: &[u8]) -> Result<Vec<Self>, X509Error> {
        let bundle = Bundle::parse(bytes)?;
        bundle.unreadable.first().map_or(Ok(bundle.certificates), |(_, error)| Err(*error))
    }
}
