use alloc::{format, string::String};

use crate::{Code, cbor::CborError};

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
    /// `kid` (label 4) is not a byte string; the flag says that it is in the protected header.
    #[error("{error}")]
    Kid {
        /// It is in the protected header.
        protected: bool,
        /// What is wrong with it.
        error: CborError,
    },
    /// `x5chain` (label 33) missing, empty, malformed or in the protected header (neg-B15).
    #[error("cose_x5chain")]
    X5chain(ChainFault),
}

/// What is wrong with an `x5chain` (RFC 9360, 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// The certificate at this position is empty, not a byte string, or one more than are read.
    Entry(usize),
    /// There is none.
    Missing,
    /// It is in the protected header.
    Protected,
    /// It is neither a byte string nor an array, or it is empty.
    Shape,
    /// Its label is this text instead of the integer 33.
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

    /// Where in the structure it is, as a path of header members; `None` where the code says it all.
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
