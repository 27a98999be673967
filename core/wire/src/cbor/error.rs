//! The reasons for which CBOR is refused.
use crate::Code;

/// A reason for which CBOR was refused. Blame: the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// Nested deeper than [`Limits::max_depth`](crate::cbor::Limits::max_depth) (neg-A01).
    #[error("cbor_too_deep")]
    TooDeep,
    /// A map key occurs twice (neg-A03).
    #[error("cbor_duplicate_key")]
    DuplicateKey,
    /// Indefinite length in bytes that the standard hashes or signs (neg-A05).
    #[error("cbor_indefinite")]
    Indefinite,
    /// The input ends before the item does (neg-A06, neg-A07).
    #[error("cbor_truncated")]
    Truncated,
    /// Bytes follow the item (neg-A09).
    #[error("cbor_trailing")]
    Trailing,
    /// The byte string in tag 24 is not one well-formed item (neg-A10).
    #[error("cbor_tag24_invalid")]
    Tag24Invalid,
    /// Tag 24 missing where required, or doubled (neg-A11).
    #[error("cbor_tag24_expected")]
    Tag24Expected,
    /// Text that is not UTF-8, or NUL in an identifier (neg-A12).
    #[error("cbor_invalid_text")]
    InvalidText,
    /// A type other than the standard's, or a reserved encoding (neg-A13, neg-A14).
    #[error("cbor_unexpected_type")]
    UnexpectedType,
    /// A member the standard requires is absent.
    #[error("cbor_missing_member")]
    MissingMember,
    /// Larger than [`Limits::max_bytes`](crate::cbor::Limits::max_bytes) (neg-A15).
    #[error("input_too_large")]
    TooLarge,
}

impl CborError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::TooDeep => "cbor_too_deep",
            Self::DuplicateKey => "cbor_duplicate_key",
            Self::Indefinite => "cbor_indefinite",
            Self::Truncated => "cbor_truncated",
            Self::Trailing => "cbor_trailing",
            Self::Tag24Invalid => "cbor_tag24_invalid",
            Self::Tag24Expected => "cbor_tag24_expected",
            Self::InvalidText => "cbor_invalid_text",
            Self::UnexpectedType => "cbor_unexpected_type",
            Self::MissingMember => "cbor_missing_member",
            Self::TooLarge => "input_too_large",
        })
    }
}
