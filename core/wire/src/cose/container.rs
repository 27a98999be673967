use alloc::{borrow::Cow, vec::Vec};

use crate::{
    Code,
    cbor::{CborError, Reader},
};

/// Why a COSE structure was refused. Blame: the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoseError {
    /// `alg` (label 1) is absent from the protected header (neg-B12).
    #[error("cose_alg_unprotected")]
    AlgUnprotected,
    /// `alg` is not one this profile allows (std-M45).
    #[error("cose_alg_unsupported")]
    AlgUnsupported,
    /// The CBOR itself.
    #[error("{0}")]
    Cbor(#[from] CborError),
    /// `crit` names a label nobody here understands, or is malformed or unprotected (neg-B14).
    #[error("cose_crit_unknown")]
    CritUnknown,
    /// A label stands in both headers.
    #[error("cose_header_duplicate")]
    HeaderDuplicate,
    /// The key is malformed or does not fit the algorithm.
    #[error("cose_key_invalid")]
    KeyInvalid,
    /// Payload attached where it must be detached, or the reverse (neg-B16).
    #[error("cose_payload")]
    Payload,
    /// The signature or MAC does not verify (neg-B11, neg-B21).
    #[error("cose_signature_invalid")]
    SignatureInvalid,
    /// `x5chain` (label 33) missing, empty, malformed or in the protected header (neg-B15).
    #[error("cose_x5chain")]
    X5chain,
}

impl CoseError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Cbor(e) => return e.code(),
            Self::AlgUnprotected => "cose_alg_unprotected",
            Self::AlgUnsupported => "cose_alg_unsupported",
            Self::CritUnknown => "cose_crit_unknown",
            Self::HeaderDuplicate => "cose_header_duplicate",
            Self::KeyInvalid => "cose_key_invalid",
            Self::Payload => "cose_payload",
            Self::SignatureInvalid => "cose_signature_invalid",
            Self::X5chain => "cose_x5chain",
        })
    }
}

/// The members of the two headers that this profile reads; others are checked and ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The protected header as received: the content of its byte string (empty for a zero-length one).
    pub protected: Cow<'a, [u8]>,
    /// `alg` of the protected header, if an integer.
    pub alg: i64,
    /// `x5chain` of the unprotected header, leaf first (one bstr or an array of them); `None` when absent.
    pub x5chain: Option<Vec<Cow<'a, [u8]>>>,
    /// `kid`, from either header.
    pub kid: Option<Cow<'a, [u8]>>,
}

/// `COSE_Sign1`, untagged or tag 18, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign1<'a> {
    /// Both headers.
    pub header: Header<'a>,
    /// The payload; `None` when detached (nil).
    pub payload: Option<Cow<'a, [u8]>>,
    /// The signature (raw r‖s for ECDSA).
    pub signature: Cow<'a, [u8]>,
}

/// `COSE_Mac0`, untagged or tag 17, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mac0<'a> {
    /// Both headers.
    pub header: Header<'a>,
    /// The payload; `None` when detached (nil).
    pub payload: Option<Cow<'a, [u8]>>,
    /// The MAC tag.
    pub tag: Cow<'a, [u8]>,
}

impl<'a> Sign1<'a> {
    /// Reads one `COSE_Sign1` with every header rule: `alg` protected, no unknown `crit`, no label twice, x5chain
    /// unprotected. Indefinite lengths are refused in the protected header.
    ///
    /// # Errors
    /// [`CoseError`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, CoseError> {
        todo!()
    }

    /// The payload.
    ///
    /// # Errors
    /// [`CoseError::Payload`] when detached.
    pub fn attached(&self) -> Result<&[u8], CoseError> {
        self.payload.as_deref().ok_or(CoseError::Payload)
    }

    /// Asserts a detached payload.
    ///
    /// # Errors
    /// [`CoseError::Payload`] when attached.
    pub fn detached(&self) -> Result<(), CoseError> {
        if self.payload.is_some() { Err(CoseError::Payload) } else { Ok(()) }
    }

    /// The certificate chain.
    ///
    /// # Errors
    /// [`CoseError::X5chain`] when absent.
    pub fn chain(&self) -> Result<&[Cow<'a, [u8]>], CoseError> {
        self.header.x5chain.as_deref().ok_or(CoseError::X5chain)
    }

    /// Encodes an untagged `COSE_Sign1` of our own: protected `{1: alg}`, optional x5chain, payload or nil.
    #[must_use]
    pub fn encode(alg: i64, x5chain: &[&[u8]], payload: Option<&[u8]>, signature: &[u8]) -> Vec<u8> {
        todo!()
    }
}

impl<'a> Mac0<'a> {
    /// Reads one `COSE_Mac0`, with the rules of [`Sign1::read`].
    ///
    /// # Errors
    /// [`CoseError`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, CoseError> {
        todo!()
    }

    /// Asserts a detached payload.
    ///
    /// # Errors
    /// [`CoseError::Payload`] when attached.
    pub fn detached(&self) -> Result<(), CoseError> {
        if self.payload.is_some() { Err(CoseError::Payload) } else { Ok(()) }
    }

    /// Encodes an untagged `COSE_Mac0` of our own with nil payload.
    #[must_use]
    pub fn encode(alg: i64, tag: &[u8]) -> Vec<u8> {
        todo!()
    }
}

/// The encoded protected header `{1: alg}` of our own structures.
#[must_use]
pub fn protected_header(alg: i64) -> Vec<u8> {
    todo!()
}

/// `["Signature1", protected, external_aad, payload]` (RFC 9052, 4.4), as the parts of one message: the payload is not
/// copied. `prefix` is everything before the payload's bytes; sign or verify over `[&prefix, payload]`.
#[must_use]
pub fn sig_structure(protected: &[u8], external_aad: &[u8], payload_len: usize) -> Vec<u8> {
    todo!()
}

/// `["MAC0", protected, external_aad, payload]` (RFC 9052, 6.3), as [`sig_structure`].
#[must_use]
pub fn mac_structure(protected: &[u8], external_aad: &[u8], payload_len: usize) -> Vec<u8> {
    todo!()
}
