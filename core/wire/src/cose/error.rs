//! The reasons for which COSE is refused.
use alloc::{format, string::String};

use crate::{Code, cbor::CborError};

/// A reason for which a COSE structure was refused. Blame: the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum CoseError {
    /// The protected header has no `alg` (label 1; neg-B12).
    AlgUnprotected,
    /// The `alg` is not one that this profile allows (std-M45).
    AlgUnsupported,
    /// The CBOR inside is refused.
    Cbor(#[from] CborError),
    /// The member `crit` is malformed, unprotected, or names a label that is not processed here (neg-B14).
    CritUnknown,
    /// A label is in both headers.
    HeaderDuplicate,
    /// The key is malformed or does not fit the algorithm.
    KeyInvalid,
    /// Payload attached where it must be detached, or the reverse (neg-B16).
    Payload,
    /// The signature or MAC does not verify (neg-B11, neg-B21).
    SignatureInvalid,
    /// The `kid` (label 4) is not a byte string.
    Kid {
        /// True if it is in the protected header.
        protected: bool,
        /// The fault of its CBOR.
        error: CborError,
    },
    /// The `x5chain` (label 33) is missing, empty, malformed or in the protected header (neg-B15).
    X5chain(ChainFault),
}

/// A fault of an `x5chain` (RFC 9360, 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// The certificate at this position is empty, not a byte string, or beyond the longest chain.
    Entry(usize),
    /// There is no chain.
    Missing,
    /// The chain is in the protected header.
    Protected,
    /// The chain is neither a byte string nor an array, or it is empty.
    Shape,
    /// The label is this text instead of the integer 33.
    TextLabel(&'static str),
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
            Self::Kid { error, .. } => return error.code(),
            Self::X5chain(_) => "cose_x5chain",
        })
    }

    /// The place in the structure, as a path of header members; `None` if the code alone identifies it.
    #[must_use]
    pub fn place(self) -> Option<String> {
        Some(match self {
            Self::Kid { protected: true, .. } => "protected.kid".into(),
            Self::Kid { protected: false, .. } => "unprotected.kid".into(),
            Self::X5chain(ChainFault::Entry(index)) => format!("unprotected.x5chain[{index}]"),
            Self::X5chain(ChainFault::Missing) => "unprotected".into(),
            Self::X5chain(ChainFault::Protected) => "protected.x5chain".into(),
            Self::X5chain(ChainFault::Shape) => "unprotected.x5chain".into(),
            Self::X5chain(ChainFault::TextLabel(label)) => format!("unprotected.\"{label}\""),
            _ => return None,
        })
    }
}
