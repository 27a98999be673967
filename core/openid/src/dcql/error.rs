//! The reasons for which a DCQL query is refused.
use rid_wire::{Code, json::JsonError};

/// A reason for which a query was refused. Blame: the verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum DcqlError {
    /// A member is missing, of another type or contradicts another one (neg-G13). The text is its path.
    Invalid(&'static str),
    /// The JSON is refused.
    Json(#[from] JsonError),
    /// More of something than the limits allow (neg-G13). The text is its path.
    TooLarge(&'static str),
}

impl DcqlError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Invalid(_) => "dcql_invalid",
            Self::Json(error) => return error.code(),
            Self::TooLarge(_) => "dcql_too_large",
        })
    }

    /// The path of the member that the error is about.
    #[must_use]
    pub const fn place(self) -> Option<&'static str> {
        match self {
            Self::Invalid(place) | Self::TooLarge(place) => Some(place),
            Self::Json(_) => None,
        }
    }
}
