//! Reader authentication (18013-5, 9.1.1.4; std-M43): made by readers, verified by holders.
use alloc::vec::Vec;

use rid_crypto::{
    CryptoError, SignatureAlgorithm,
    x509::{Certificate, X509Error},
};
use rid_trust::{MessageTrust, Party, TrustError, parse_chain};
use rid_wire::{
    Code,
    cbor::Encoder,
    cose::{ChainFault, CoseError, Sign1, protected_header, sig_structure},
};

use crate::{
    MdocError,
    request::{DocRequest, UncheckedAuth, UnverifiedRequest},
    transcript::Transcript,
};

/// The result of reader authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderAuth {
    /// The request has no readerAuth (neg-C10).
    Absent,
    /// The signature is wrong; the code names the check (neg-C08).
    Invalid(Code),
    /// The signature is valid, but its certificate may not sign requests at this time; the code names the check
    /// (neg-C08).
    Forbidden(Code),
    /// The algorithm, curve or form is not supported, so the signature counts as absent (neg-C34).
    Unchecked(Code),
    /// The signature is valid, but the chain leads to no known reader root (`cert_untrusted`, `trust_missing`).
    Unknown(Code),
    /// The signature and its chain are verified.
    Verified(Party),
}

/// The parts of the `Sig_structure` over ReaderAuthenticationBytes: sign their concatenation with ES256.
/// `ReaderAuthentication = ["ReaderAuthentication", SessionTranscript, ItemsRequestBytes]`, detached.
#[must_use]
pub fn to_be_signed(transcript: &Transcript, items_request_bytes: &[u8]) -> Vec<u8> {
    let payload = reader_authentication_bytes(transcript, items_request_bytes);
    let mut message = sig_structure(&protected_header(SignatureAlgorithm::Es256.cose()), &[], payload.len());
    message.extend_from_slice(&payload);
    message
}

/// Encodes ReaderAuthenticationBytes (tag 24).
#[must_use]
pub fn reader_authentication_bytes(transcript: &Transcript, items_request_bytes: &[u8]) -> Vec<u8> {
    let mut head = Encoder::new();
    head.array(3).text("ReaderAuthentication");
    let mut tagged = Encoder::new();
    tagged.tag(24).bytes_of(&[&head.finish(), transcript.as_bytes(), items_request_bytes]);
    tagged.finish()
}

/// Encodes a readerAuth from a raw ES256 signature and the chain (leaf first, without the root).
#[must_use]
pub fn encode(signature: &[u8; 64], chain: &[Certificate]) -> Vec<u8> {
    let chain: Vec<&[u8]> = chain.iter().map(Certificate::der).collect();
    Sign1::encode(SignatureAlgorithm::Es256.cose(), &chain, None, signature)
}

/// Encodes ReaderAuthenticationAllBytes (second edition; tag 24): `["ReaderAuthenticationAll", SessionTranscript, [+
/// ItemsRequestBytes], DeviceRequestInfoBytes / null]`.
#[must_use]
pub fn reader_authentication_all_bytes(transcript: &Transcript, request: &UnverifiedRequest<'_>) -> Vec<u8> {
    let (mut head, mut items) = (Encoder::new(), Encoder::new());
    head.array(4).text("ReaderAuthenticationAll").raw(transcript.as_bytes());
    items.array(request.doc_requests.len());
    for doc_request in &request.doc_requests {
        items.raw(doc_request.items_request_bytes.outer);
    }
    match &request.info {
        Some(info) => items.raw(info.bytes),
        None => items.null(),
    };
    let mut tagged = Encoder::new();
    tagged.tag(24).bytes_of(&[&head.finish(), &items.finish()]);
    tagged.finish()
}

/// Verifies the readerAuth of one doc request.
#[must_use]
pub fn verify(doc_request: &DocRequest<'_>, transcript: &Transcript, trust: &mut MessageTrust<'_>) -> ReaderAuth {
    let Some(reader_auth) = &doc_request.reader_auth else { return ReaderAuth::Absent };
    let payload = reader_authentication_bytes(transcript, doc_request.items_request_bytes.outer);
    verify_over(reader_auth, &payload, trust)
}

/// Verifies readerAuthAll, which covers every doc request. One wrong signature makes the result invalid; otherwise a
/// signature that verifies identifies the reader.
#[must_use]
pub fn verify_all(
    request: &UnverifiedRequest<'_>,
    transcript: &Transcript,
    trust: &mut MessageTrust<'_>,
) -> ReaderAuth {
    if request.reader_auth_all.is_empty() {
        return ReaderAuth::Absent;
    }
    let payload = reader_authentication_all_bytes(transcript, request);
    let all = request.reader_auth_all.iter().map(|one| verify_over(one, &payload, trust));
    all.fold(ReaderAuth::Absent, ReaderAuth::or)
}

impl ReaderAuth {
    /// Combines two results for one document. The order of precedence is invalid, forbidden, verified, unknown,
    /// unchecked, absent; of two equal results the first is kept.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    /// Whether a signature was refused, whoever asks.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::Forbidden(_))
    }

    const fn weight(&self) -> u8 {
        match self {
            Self::Absent => 0,
            Self::Unchecked(_) => 1,
            Self::Unknown(_) => 2,
            Self::Verified(_) => 3,
            Self::Forbidden(_) => 4,
            Self::Invalid(_) => 5,
        }
    }
}

/// Verifies a signature over a detached payload, even if the chain is unknown, so that a wrong signature is always
/// `Invalid`.
fn verify_over(reader_auth: &UncheckedAuth<'_>, payload: &[u8], trust: &mut MessageTrust<'_>) -> ReaderAuth {
    let reader_auth = match reader_auth {
        Ok(reader_auth) => reader_auth,
        Err(error) => return ReaderAuth::Unchecked(error.code()),
    };
    let chain = match signing_chain(reader_auth) {
        Ok(chain) => chain,
        Err(error) => return ReaderAuth::Unchecked(error.code()),
    };
    match verify_signature(reader_auth, &chain, payload) {
        Ok(()) => {}
        Err(MdocError::Crypto(error)) => return ReaderAuth::Unchecked(error.code()),
        Err(error) => return ReaderAuth::Invalid(error.code()),
    }
    match trust.reader(&chain) {
        Ok(reader) => ReaderAuth::Verified(reader),
        Err(error) if leads_nowhere(error) => ReaderAuth::Unknown(error.code()),
        Err(TrustError::Certificate(error @ (X509Error::Alg | X509Error::Budget))) => {
            ReaderAuth::Unchecked(error.code())
        }
        Err(error) => ReaderAuth::Forbidden(error.code()),
    }
}

/// Reads the certificates of a signature, leaf first, untrusted.
fn signing_chain(reader_auth: &Sign1<'_>) -> Result<Vec<Certificate>, MdocError> {
    Ok(parse_chain(reader_auth.chain()?)?)
}

/// Checks the signature with the key of the leaf. [`MdocError::Crypto`] if the algorithm does not fit this key.
fn verify_signature(reader_auth: &Sign1<'_>, chain: &[Certificate], payload: &[u8]) -> Result<(), MdocError> {
    let leaf = chain.first().ok_or(CoseError::X5chain(ChainFault::Missing))?;
    let alg = SignatureAlgorithm::from_cose(reader_auth.header.alg)?;
    reader_auth.detached()?;
    let prefix = sig_structure(&reader_auth.header.protected, &[], payload.len());
    let verified = rid_crypto::verify(leaf.public_key(), alg, &[&prefix, payload], &reader_auth.signature);
    verified.map_err(|error| match error {
        CryptoError::AlgUnsupported => error.into(),
        _ => MdocError::ReaderAuthInvalid,
    })
}

/// Returns true if the chain only lacks a known root.
const fn leads_nowhere(error: TrustError) -> bool {
    matches!(error, TrustError::Certificate(X509Error::Untrusted) | TrustError::Missing | TrustError::Scope)
}
