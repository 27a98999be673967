//! The reasons for which an mdoc structure is refused.
use alloc::string::String;

use rid_crypto::CryptoError;
use rid_trust::TrustError;
use rid_wire::{Code, cbor::CborError, cose::CoseError};

/// A reason for which an mdoc structure was refused. Blame: its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum MdocError {
    /// The CBOR of the part at this path of the standard's names is refused.
    At(&'static str, CborError),
    /// The CBOR is refused.
    Cbor(#[from] CborError),
    /// The COSE structure is refused.
    Cose(#[from] CoseError),
    /// A cryptographic check fails.
    Crypto(#[from] CryptoError),
    /// The trust decision is negative.
    Trust(#[from] TrustError),
    /// A part of a message of ISO/IEC TS 18013-7 Annex C is not base64url, or its first element is not `dcapi`.
    AnnexC,
    /// A credential has no elements, at issuing or on receipt.
    CredentialEmpty,
    /// The device signature or MAC does not verify over this transcript.
    DeviceAuthInvalid,
    /// The document has no deviceSigned, or not exactly one of deviceSignature and deviceMac.
    DeviceAuthMissing,
    /// The device key in the MSO is not the expected one (neg-B18).
    DeviceKeyMismatch,
    /// The device key is not authorised for a device-signed element.
    DeviceKeyUnauthorized,
    /// The `digestAlgorithm` is unknown (neg-B07).
    DigestAlg,
    /// A digestID occurs twice in a namespace (neg-B04).
    DigestIdDuplicate,
    /// A digestID is 2^31 or more, on receipt.
    DigestIdRange,
    /// A digest does not match (neg-B01, neg-B08).
    DigestMismatch,
    /// The MSO has no digest for an item (neg-B06).
    DigestMissing,
    /// The docType of the document and of the MSO differ (neg-B03).
    DocTypeMismatch,
    /// An element identifier occurs twice in a namespace.
    ElementDuplicate,
    /// The engagement is malformed or of an unknown version.
    Engagement,
    /// The time validUntil has passed (neg-B09).
    Expired,
    /// The issuing_country or issuing_jurisdiction differs from that of the document signer (neg-F13).
    IssuerCountry,
    /// The time validFrom is ahead (neg-B09).
    NotYetValid,
    /// The requested document was not returned.
    NotReturned,
    /// The readerAuth does not verify (neg-C08).
    ReaderAuthInvalid,
    /// An element is requested twice, or in several Unicode forms.
    RequestDuplicate,
    /// The deviceRequestInfo is malformed; the request is read without it.
    RequestInfo,
    /// The response has an empty array `documents`.
    ResponseEmpty,
    /// The status of the DeviceResponse is not 0.
    ResponseStatus,
    /// A `random` is shorter than 16 bytes (neg-B20).
    SaltShort,
    /// More items or namespaces than the limits allow (neg-B24).
    TooMany,
    /// The validity times are malformed or contradictory (neg-B10).
    Validity,
    /// The version is unsupported (neg-B23 for the MSO).
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
            Self::AnnexC => "annex_c_form",
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

    /// The place of the error, as a path of the standard's names; `structure` is the COSE structure that was read.
    #[must_use]
    pub fn place(self, structure: &str) -> Option<String> {
        match self {
            Self::At(path, _) => Some(path.into()),
            Self::Cose(error) => error.place().map(|place| alloc::format!("{structure}.{place}")),
            _ => None,
        }
    }

    /// Adds the path of this part to an error of CBOR as such.
    pub(crate) fn at(self, path: &'static str) -> Self {
        match self {
            Self::Cbor(error) => Self::At(path, error),
            other => other,
        }
    }
}
