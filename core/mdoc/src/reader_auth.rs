//! Reader authentication (18013-5, 9.1.1.4; std-M43): made by readers, verified by holders, never silently ignored.
use alloc::{string::String, vec::Vec};

use rid_crypto::x509::Certificate;
use rid_trust::TrustStore;
use rid_wire::{Code, Timestamp};

use crate::{request::DocRequest, transcript::Transcript};

/// Evidence: the request was signed, over this transcript, by a reader whose chain leads to a reader root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderIdentity {
    name: Option<String>,
    organization: Option<String>,
    country: Option<String>,
}

impl ReaderIdentity {
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

/// What reader authentication of one doc request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderAuth {
    /// No readerAuth (neg-C10).
    Absent,
    /// Signature, chain or binding wrong; the code names it (neg-C08: `reader_auth_invalid`, or the certificate's).
    Invalid(Code),
    /// Signed and well-formed, but the chain leads to no reader root here (`cert_untrusted`, `trust_missing`).
    Unknown(Code),
    /// Verified.
    Verified(ReaderIdentity),
}

/// `Sig_structure` parts over ReaderAuthenticationBytes for a request: sign the concatenation with ES256.
/// `ReaderAuthentication = ["ReaderAuthentication", SessionTranscript, ItemsRequestBytes]`, detached.
#[must_use]
pub fn to_be_signed(transcript: &Transcript, items_request_bytes: &[u8]) -> Vec<u8> {
    todo!()
}

/// ReaderAuthenticationBytes (tag 24).
#[must_use]
pub fn reader_authentication_bytes(transcript: &Transcript, items_request_bytes: &[u8]) -> Vec<u8> {
    todo!()
}

/// The encoded readerAuth from a raw ES256 signature and the chain (leaf first, without the root).
#[must_use]
pub fn encode(signature: &[u8; 64], chain: &[Certificate]) -> Vec<u8> {
    todo!()
}

/// Verifies the readerAuth of one doc request. The signature is checked even when the chain is unknown, so that a wrong
/// signature is always `Invalid`.
#[must_use]
pub fn verify(
    doc_request: &DocRequest<'_>,
    transcript: &Transcript,
    trust: &TrustStore,
    at: Timestamp,
) -> ReaderAuth {
    todo!()
}
