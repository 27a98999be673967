use alloc::string::String;

use rid_crypto::CryptoError;
use rid_trust::TrustError;
use rid_wire::{Code, cbor::CborError, cose::CoseError};

/// Why an mdoc structure was refused. Blame: whoever made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MdocError {
    /// CBOR of the part that the path of the standard's names leads to.
    #[error("{1}")]
    At(&'static str, CborError),
    /// CBOR.
    #[error("{0}")]
    Cbor(#[from] CborError),
    /// COSE.
    #[error("{0}")]
    Cose(#[from] CoseError),
    /// Cryptography.
    #[error("{0}")]
    Crypto(#[from] CryptoError),
    /// Trust.
    #[error("{0}")]
    Trust(#[from] TrustError),
    /// A credential without any element, at issuing and on receipt.
    #[error("credential_empty")]
    CredentialEmpty,
    /// The device signature or MAC does not verify over this transcript.
    #[error("device_auth_invalid")]
    DeviceAuthInvalid,
    /// deviceSigned absent, or both or neither of deviceSignature and deviceMac.
    #[error("device_auth_missing")]
    DeviceAuthMissing,
    /// The MSO's device key is not the key expected (neg-B18).
    #[error("device_key_mismatch")]
    DeviceKeyMismatch,
    /// deviceKeyInfo does not authorise a device-signed element.
    #[error("device_key_unauthorized")]
    DeviceKeyUnauthorized,
    /// `digestAlgorithm` unknown (neg-B07).
    #[error("mdoc_digest_alg")]
    DigestAlg,
    /// A digestID twice in a namespace (neg-B04).
    #[error("mdoc_digest_id_duplicate")]
    DigestIdDuplicate,
    /// A digestID of 2^31 or more, on receipt.
    #[error("mdoc_digest_id_range")]
    DigestIdRange,
    /// A digest differs (neg-B01, neg-B08).
    #[error("mdoc_digest_mismatch")]
    DigestMismatch,
    /// No digest in the MSO for an item (neg-B06).
    #[error("mdoc_digest_missing")]
    DigestMissing,
    /// docType of document and MSO differ (neg-B03).
    #[error("mdoc_doctype_mismatch")]
    DocTypeMismatch,
    /// An element identifier twice in a namespace.
    #[error("mdoc_element_duplicate")]
    ElementDuplicate,
    /// Engagement malformed or of no known version.
    #[error("engagement_invalid")]
    Engagement,
    /// validUntil has passed (neg-B09).
    #[error("mdoc_expired")]
    Expired,
    /// issuing_country or issuing_jurisdiction differs from the document signer's (neg-F13).
    #[error("issuer_country_mismatch")]
    IssuerCountry,
    /// validFrom is ahead (neg-B09).
    #[error("mdoc_not_yet_valid")]
    NotYetValid,
    /// Nothing was returned.
    #[error("not_returned")]
    NotReturned,
    /// readerAuth does not verify (neg-C08).
    #[error("reader_auth_invalid")]
    ReaderAuthInvalid,
    /// An element is asked for twice, or in several Unicode forms.
    #[error("request_duplicate")]
    RequestDuplicate,
    /// deviceRequestInfo is malformed; the request is read without it.
    #[error("request_info_invalid")]
    RequestInfo,
    /// `documents: []`.
    #[error("response_empty")]
    ResponseEmpty,
    /// DeviceResponse status is not 0.
    #[error("response_status")]
    ResponseStatus,
    /// `random` under 16 bytes (neg-B20).
    #[error("mdoc_salt_short")]
    SaltShort,
    /// More items or namespaces than the limits (neg-B24).
    #[error("mdoc_too_many")]
    TooMany,
    /// Validity times malformed or contradictory (neg-B10).
    #[error("mdoc_validity_invalid")]
    Validity,
    /// A version nobody here speaks (neg-B23 for the MSO).
    #[error("mdoc_version")]
    Version,
}

impl MdocError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::At(_, e) | Self::Cbor(e) => return e.code(),
            Self::Cose(e) => return e.code(),
            Self::Crypto(e) => return e.code(),
            Self::Trust(e) => return e.code(),
            Self::CredentialEmpty => "credential_empty",
            Self::DeviceAuthInvalid => "device_auth_invalid",
            Self::DeviceAuthMissing => "device_auth_missing",
            Self::DeviceKeyMismatch => "device_key_mismatch",
            Self::DeviceKeyUnauthorized => "device_key_unauthorized",
            Self::DigestAlg => "mdoc_digest_alg",
            Self::DigestIdDuplicate => "mdoc_digest_id_duplicate",
            Self::DigestIdRange => "mdoc_digest_id_range",
            Self::DigestMismatch => "mdoc_digest_mismatch",
            Self::DigestMissing => "mdoc_digest_missing",
            Self::DocTypeMismatch => "mdoc_doctype_mismatch",
            Self::ElementDuplicate => "mdoc_element_duplicate",
            Self::Engagement => "engagement_invalid",
            Self::Expired => "mdoc_expired",
            Self::IssuerCountry => "issuer_country_mismatch",
            Self::NotYetValid => "mdoc_not_yet_valid",
            Self::NotReturned => "not_returned",
            Self::ReaderAuthInvalid => "reader_auth_invalid",
            Self::RequestDuplicate => "request_duplicate",
            Self::RequestInfo => "request_info_invalid",
            Self::ResponseEmpty => "response_empty",
            Self::ResponseStatus => "response_status",
            Self::SaltShort => "mdoc_salt_short",
            Self::TooMany => "mdoc_too_many",
            Self::Validity => "mdoc_validity_invalid",
            Self::Version => "mdoc_version",
        })
    }

    /// Where it is, as a path of the standard's names; `structure` is the COSE structure that was read.
    #[must_use]
    pub fn place(self, structure: &str) -> Option<String> {
        match self {
            Self::At(path, _) => Some(path.into()),
            Self::Cose(error) => error.place().map(|place| alloc::format!("{structure}.{place}")),
            _ => None,
        }
    }

    /// The same error, of this part, if it is one of CBOR as such.
    pub(crate) fn at(self, path: &'static str) -> Self {
        match self {
            Self::Cbor(error) => Self::At(path, error),
            other => other,
        }
    }
}
