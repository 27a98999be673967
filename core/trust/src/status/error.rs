//! The reasons for which a status list says nothing.
use rid_crypto::CryptoError;
use rid_wire::{Code, cbor::CborError, cose::CoseError, jose::JwsError};

use crate::TrustError;

/// A reason for which a Status List Token was refused. The status is then unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum StatusError {
    /// The CBOR is refused.
    Cbor(#[from] CborError),
    /// The COSE structure is refused.
    Cose(#[from] CoseError),
    /// A member is missing or malformed, or `bits` is none of 1, 2, 4 and 8.
    Form,
    /// The index is beyond the list.
    Index,
    /// The JWS is refused.
    Jws(#[from] JwsError),
    /// The list is no zlib stream, or is larger than allowed when it is decompressed.
    List,
    /// The signature is wrong.
    Signature(#[from] CryptoError),
    /// The list is not valid at this time.
    Time,
    /// The chain of the signer does not lead to the root of the credential's issuer.
    Trust(#[from] TrustError),
    /// The token has another type.
    Type,
    /// The list is about another address (`sub`).
    Uri,
}

impl StatusError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Cbor(error) => return error.code(),
            Self::Cose(error) => return error.code(),
            Self::Form => "status_list_form",
            Self::Index => "status_list_index",
            Self::Jws(error) => return error.code(),
            Self::List => "status_list_compression",
            Self::Signature(_) => "status_list_signature",
            Self::Time => "status_list_time",
            Self::Trust(error) => return error.code(),
            Self::Type => "status_list_type",
            Self::Uri => "status_list_uri",
        })
    }
}
