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
