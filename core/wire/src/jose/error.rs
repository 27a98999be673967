//! The reasons for which a JWS or JWK is refused.
use crate::{Code, base64::Base64Error, json::JsonError};

/// A reason for which a JWS or JWK was refused. Blame: the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum JwsError {
    /// The `alg` is missing, not one of the allow-list, or does not fit the key (neg-E01, neg-E02).
    Alg,
    /// A part is not strict base64url.
    Base64,
    /// The header has `crit` or `b64`: no extension is processed here (neg-E04).
    Crit,
    /// The text does not have three parts.
    Form,
    /// A header member has another type than the standard's (neg-E03).
    Header,
    /// The JSON of the header is refused.
    Json(#[from] JsonError),
    /// The JWK is malformed, private, or of a curve that is not accepted.
    Key,
    /// The signature does not verify (neg-E05).
    Signature,
    /// The text or its header is longer than the limit (neg-E12).
    TooLarge,
    /// The `typ` is another one than expected (neg-D10).
    Typ,
    /// The header has no certificate chain, and no key is trusted without one.
    X5c,
}

impl JwsError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Alg => "jws_alg",
            Self::Base64 => "jws_base64",
            Self::Crit => "jws_crit",
            Self::Form => "jws_form",
            Self::Header => "jws_header",
            Self::Json(error) => return error.code(),
            Self::Key => "jwk_invalid",
            Self::Signature => "jws_signature",
            Self::TooLarge => "input_too_large",
            Self::Typ => "jws_typ",
            Self::X5c => "jws_x5c",
        })
    }
}

impl From<Base64Error> for JwsError {
    fn from(_: Base64Error) -> Self {
        Self::Base64
    }
}
