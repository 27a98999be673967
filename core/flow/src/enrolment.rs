//! The enrolment door: the two messages between a wallet and an issuer, however they travel (a file, a test, OpenID4VCI).
//!
//! Request: `{1: "rid-enrolment-1", 2: id bstr, 3: audience tstr, 4: challenge bstr, 5: [+ {1: kind tstr, 2: [+ {1: COSE_Key, 2: proof bstr}]}]}`.
//! Answer: `{1: "rid-enrolment-answer-1", 2: id bstr, 3: [+ {1: kind tstr, 2: [+ credential bstr]}]}`; one credential for each key, in the order of the keys.
//! A proof is a raw ES256 signature by the key over [`proof_message`].
use alloc::{string::String, vec::Vec};

use rid_wire::{Code, cbor::CborError};

/// Why an enrolment message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// Not the message expected.
    #[error("{0}")]
    Cbor(#[from] CborError),
    /// A proof of possession is wrong, a key occurs twice or is no P-256 key.
    #[error("invalid_proof")]
    Proof,
    /// Another version, audience, challenge or limit (at most 16 kinds, 100 keys each).
    #[error("enrolment_invalid")]
    Invalid,
}

impl EnrolmentError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Cbor(e) => e.code(),
            Self::Proof => Code::new("invalid_proof"),
            Self::Invalid => Code::new("enrolment_invalid"),
        }
    }
}

/// One key with its proof of possession.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenKey {
    /// Public key, uncompressed SEC1 P-256.
    pub public: Vec<u8>,
    /// Raw ES256 signature over [`proof_message`].
    pub proof: Vec<u8>,
}

/// What a wallet asks an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentRequest {
    /// Drawn at random by the wallet; 16 bytes.
    pub id: [u8; 16],
    /// The issuer meant.
    pub audience: String,
    /// The issuer's challenge.
    pub challenge: Vec<u8>,
    /// Document types with their keys, one credential copy each.
    pub kinds: Vec<(String, Vec<ProvenKey>)>,
}

/// What an issuer answers.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentAnswer {
    /// The request's id.
    pub id: [u8; 16],
    /// Document types with one credential per key, in the order of the keys.
    pub kinds: Vec<(String, Vec<Vec<u8>>)>,
}

impl EnrolmentRequest {
    /// Encodes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }

    /// Parses and checks form, limits, that no key occurs twice, and every proof.
    ///
    /// # Errors
    /// [`EnrolmentError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnrolmentError> {
        todo!()
    }
}

impl EnrolmentAnswer {
    /// Encodes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }

    /// Parses form and limits.
    ///
    /// # Errors
    /// [`EnrolmentError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnrolmentError> {
        todo!()
    }
}

/// The message a key signs to prove possession: `["rid-enrolment-proof-1", id, audience, challenge, kind, COSE_Key]`.
#[must_use]
pub fn proof_message(id: &[u8; 16], audience: &str, challenge: &[u8], kind: &str, public: &[u8]) -> Vec<u8> {
    todo!()
}
