//! The reasons for which an SD-JWT is refused.
use alloc::string::String;

use rid_trust::TrustError;
use rid_wire::{Code, jose::JwsError, json::JsonError};

/// A reason for which an SD-JWT, a presentation or type metadata was refused. Blame: its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum SdJwtError {
    /// The audience of the KB-JWT is another one.
    Audience,
    /// A part is not strict base64url (neg-D07).
    Base64,
    /// A disclosed claim has a reserved name or that of another claim of its object, or `...` is misplaced (neg-D04).
    ClaimConflict,
    /// No claim is at this path.
    ClaimUnknown,
    /// The `cnf` is missing, not a public key of the allow-list, or another key than expected (neg-D12).
    DeviceKeyMismatch,
    /// A disclosure is not an array of salt, name and value, or of salt and value for an array element (neg-D06).
    DisclosureForm,
    /// A digest or disclosure occurs twice (neg-D02).
    DuplicateDigest,
    /// The text or a claim of the payload is malformed.
    Form(&'static str),
    /// The `_sd_alg` is not one of the allow-list, or misplaced (neg-D08).
    HashAlg,
    /// The issuing_country differs from that of the signer (neg-F13).
    IssuerCountry,
    /// The `iss` is not named by the signer's certificate, or another one than expected (neg-D17).
    IssuerMismatch,
    /// The JSON is refused.
    Json(#[from] JsonError),
    /// The JWS is refused.
    Jws(JwsError),
    /// The KB-JWT is missing.
    KeyBindingMissing,
    /// The type metadata is malformed, not the expected one, contradictory or endless (neg-D19).
    Metadata,
    /// The nonce of the KB-JWT is another one.
    Nonce,
    /// A claim that must not be selectively disclosable is.
    NotDisclosable,
    /// The `sd_hash` of the KB-JWT is that of another presentation (neg-D15).
    SdHash,
    /// A time is malformed, contradictory, passed or ahead (neg-D16). The text is the claim.
    Time(&'static str),
    /// Disclosures are nested deeper than 32 (neg-D09).
    TooDeep,
    /// The text is longer than the limit.
    TooLarge,
    /// More disclosures than the limit.
    TooMany,
    /// The KB-JWT confirms other transactions.
    Transaction,
    /// The trust decision is negative.
    Trust(#[from] TrustError),
    /// No digest refers to a disclosure (neg-D01).
    Unreferenced,
    /// The `vct` is not the expected type (neg-D11).
    VctMismatch,
}

impl SdJwtError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Json(e) => return e.code(),
            Self::Jws(e) => return e.code(),
            Self::Trust(e) => return e.code(),
            Self::Audience => "sdjwt_kb_audience",
            Self::Base64 => "sdjwt_base64",
            Self::ClaimConflict => "sdjwt_claim_conflict",
            Self::ClaimUnknown => "sdjwt_claim_unknown",
            Self::DeviceKeyMismatch => "device_key_mismatch",
            Self::DisclosureForm => "sdjwt_disclosure_form",
            Self::DuplicateDigest => "sdjwt_duplicate_digest",
            Self::Form(_) => "sdjwt_form",
            Self::HashAlg => "sdjwt_hash_alg",
            Self::IssuerCountry => "issuer_country_mismatch",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::KeyBindingMissing => "sdjwt_key_binding_missing",
            Self::Metadata => "vct_metadata",
            Self::Nonce => "sdjwt_kb_nonce",
            Self::NotDisclosable => "sdjwt_not_disclosable",
            Self::SdHash => "sdjwt_kb_hash",
            Self::Time(_) => "jwt_time",
            Self::TooDeep => "sdjwt_too_deep",
            Self::TooLarge => "input_too_large",
            Self::TooMany => "sdjwt_too_many",
            Self::Transaction => "sdjwt_kb_transaction",
            Self::Unreferenced => "sdjwt_unreferenced_disclosure",
            Self::VctMismatch => "vct_mismatch",
        })
    }

    /// The claim or part that the error is about, if the code alone does not say it.
    #[must_use]
    pub fn place(self) -> Option<String> {
        match self {
            Self::Form(place) | Self::Time(place) if !place.is_empty() => Some(place.into()),
            _ => None,
        }
    }
}

/// A part of an SD-JWT that is not base64url is `sdjwt_base64`, whichever part it is (neg-D07).
impl From<JwsError> for SdJwtError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Base64 => Self::Base64,
            JwsError::Json(error) => Self::Json(error),
            JwsError::TooLarge => Self::TooLarge,
            error => Self::Jws(error),
        }
    }
}
