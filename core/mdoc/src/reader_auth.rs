//! Reader authentication (18013-5, 9.1.1.4; std-M43): made by readers, verified by holders, never silently ignored.
use alloc::{string::String, vec::Vec};

use rid_crypto::{
    CryptoError, SignatureAlgorithm, sha256,
    x509::{Certificate, X509Error},
};
use rid_trust::{MessageTrust, ReaderTrust, TrustError, parse_chain};
use rid_wire::{
    Code,
    cbor::Writer,
    cose::{CoseError, Sign1, protected_header, sig_structure},
};

use crate::{MdocError, request::DocRequest, transcript::Transcript};

/// Evidence: the request was signed, over this transcript, by a reader whose chain leads to a reader root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderIdentity {
    key_fingerprint: [u8; 32],
    name: Option<String>,
    organization: Option<String>,
    country: Option<String>,
}

impl ReaderIdentity {
    fn of(reader: &ReaderTrust) -> Self {
        Self {
            key_fingerprint: sha256(&[&reader.key().to_spki()]),
            name: reader.name().map(String::from),
            organization: reader.organization().map(String::from),
            country: reader.country().map(String::from),
        }
    }

    /// SHA-256 of the reader's SubjectPublicKeyInfo. It alone recognises a reader: anybody can have the same names.
    #[must_use]
    pub const fn key_fingerprint(&self) -> &[u8; 32] {
        &self.key_fingerprint
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
    let payload = reader_authentication_bytes(transcript, items_request_bytes);
    let mut message = sig_structure(&protected_header(SignatureAlgorithm::Es256.cose()), &[], payload.len());
    message.extend_from_slice(&payload);
    message
}

/// ReaderAuthenticationBytes (tag 24).
#[must_use]
pub fn reader_authentication_bytes(transcript: &Transcript, items_request_bytes: &[u8]) -> Vec<u8> {
    let mut head = Writer::new();
    head.array(3).text("ReaderAuthentication");
    let mut tagged = Writer::new();
    tagged.tag(24).bytes_of(&[&head.finish(), transcript.as_bytes(), items_request_bytes]);
    tagged.finish()
}

/// The encoded readerAuth from a raw ES256 signature and the chain (leaf first, without the root).
#[must_use]
pub fn encode(signature: &[u8; 64], chain: &[Certificate]) -> Vec<u8> {
    let chain: Vec<&[u8]> = chain.iter().map(Certificate::der).collect();
    Sign1::encode(SignatureAlgorithm::Es256.cose(), &chain, None, signature)
}

/// Verifies the readerAuth of one doc request. The signature is checked even when the chain is unknown, so that a wrong
/// signature is always `Invalid`.
#[must_use]
pub fn verify(doc_request: &DocRequest<'_>, transcript: &Transcript, trust: &mut MessageTrust<'_>) -> ReaderAuth {
    let Some(reader_auth) = &doc_request.reader_auth else {
        return ReaderAuth::Absent;
    };
    let chain = match verify_signature(reader_auth, transcript, doc_request.items_request_bytes.outer) {
        Ok(chain) => chain,
        Err(error) => return ReaderAuth::Invalid(error.code()),
    };
    match trust.reader(&chain) {
        Ok(reader) => ReaderAuth::Verified(ReaderIdentity::of(&reader)),
        Err(error) if leads_nowhere(error) => ReaderAuth::Unknown(error.code()),
        Err(error) => ReaderAuth::Invalid(error.code()),
    }
}

/// Checks the signature with the key of the chain's leaf, which is not trusted yet, and returns the chain.
fn verify_signature(
    reader_auth: &Sign1<'_>,
    transcript: &Transcript,
    items_request_bytes: &[u8],
) -> Result<Vec<Certificate>, MdocError> {
    let chain = parse_chain(reader_auth.chain()?)?;
    let leaf = chain.first().ok_or(CoseError::X5chain)?;
    let alg = SignatureAlgorithm::from_cose(reader_auth.header.alg)?;
    reader_auth.detached()?;
    let payload = reader_authentication_bytes(transcript, items_request_bytes);
    let prefix = sig_structure(&reader_auth.header.protected, &[], payload.len());
    let verified = rid_crypto::verify(leaf.public_key(), alg, &[&prefix, &payload], &reader_auth.signature);
    verified.map_err(|error| match error {
        CryptoError::AlgUnsupported => error.into(),
        _ => MdocError::ReaderAuthInvalid,
    })?;
    Ok(chain)
}

/// Whether the chain may be in order and only its root is none of ours.
const fn leads_nowhere(error: TrustError) -> bool {
    matches!(error, TrustError::Certificate(X509Error::Untrusted) | TrustError::Missing | TrustError::Scope)
}
