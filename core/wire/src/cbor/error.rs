//! The reasons for which CBOR is refused.
use crate::Code;

/// A reason for which CBOR was refused. Blame: the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum CborError {
    /// Nested deeper than [`Limits::max_depth`](crate::cbor::Limits::max_depth) (neg-A01).
    TooDeep,
    /// A map key occurs twice (neg-A03).
    DuplicateKey,
    /// Indefinite length in bytes that the standard hashes or signs (neg-A05).
    Indefinite,
    /// The input ends before the item does (neg-A06, neg-A07).
    Truncated,
    /// Bytes follow the item (neg-A09).
    Trailing,
    /// The byte string in tag 24 is not one well-formed item (neg-A10).
    Tag24Invalid,
    /// Tag 24 missing where required, or doubled (neg-A11).
    Tag24Expected,
    /// Text that is not UTF-8, or NUL in an identifier (neg-A12).
    InvalidText,
    /// A type other than the standard's, or a reserved encoding (neg-A13, neg-A14).
    UnexpectedType,
    /// A member the standard requires is absent.
    MissingMember,
    /// Larger than [`Limits::max_bytes`](crate::cbor::Limits::max_bytes) (neg-A15).
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
