//! The reasons for which a request or a response of OpenID4VP is refused, and what the other side is told.
use rid_crypto::jwe::JweError;
use rid_trust::TrustError;
use rid_wire::{Code, jose::JwsError, json::JsonError};

use crate::dcql::DcqlError;

/// A reason for which a request or response was refused. Blame: the other side, if nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum VpError {
    /// An answer has a presentation that was not asked for, lacks a required one, or has several where one is taken.
    /// Blame: whoever made it.
    Answer,
    /// The `aud` of a request object is not that of wallets (neg-G11).
    Audience,
    /// The client identifier differs inside and outside, or does not name the certificate (neg-G02, neg-G03).
    ClientId,
    /// The prefix of the client identifier is not spoken, or not in this way (neg-G26).
    ClientIdPrefix,
    /// The query is refused.
    Dcql(DcqlError),
    /// No format of the verifier is spoken here.
    Formats,
    /// A member is missing or of another type. The text is its name.
    Form(&'static str),
    /// The JSON is refused.
    Json(#[from] JsonError),
    /// A JWE or its key is refused.
    Jwe(#[from] JweError),
    /// The JWS of a request object is refused.
    Jws(#[from] JwsError),
    /// A link is malformed, or has a parameter twice.
    Link,
    /// The nonce is missing, empty or not URL-safe (neg-G08).
    Nonce,
    /// The origin is not one that the signed request expects, or is missing.
    Origin,
    /// The reply leads to something else than an https page (neg-G22).
    Redirect,
    /// The `request_uri` is not an https URL of a public name (neg-G06).
    RequestUri,
    /// The `request_uri_method` is neither `get` nor `post`.
    RequestUriMethod,
    /// The `response_mode` is not spoken on this channel, or not encrypted where that is required (neg-G12).
    ResponseMode,
    /// The `response_uri` is missing, forbidden or not the client's (neg-G04).
    ResponseUri,
    /// The request has a `scope`, which stands for no query here.
    Scope,
    /// The `state` is not URL-safe, is missing where it is required, or is another one than that of the request.
    State,
    /// A time is malformed, past or ahead (neg-G11). The text is the claim.
    Time(&'static str),
    /// Transaction data is malformed, or of a type or hash that is not spoken (neg-G17).
    TransactionData,
    /// The certificate of the verifier is refused.
    Trust(#[from] TrustError),
    /// The request is not signed (neg-G01).
    Unsigned,
    /// The wallet's nonce is not in the request object (neg-G08).
    WalletNonce,
}

/// An error as OAuth and OpenID4VP name it for the other side (OpenID4VP 1.0, 8.5; std-M26).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OAuthError {
    /// The person refused, or the wallet has no answer: which of the two is not told (neg-G18).
    AccessDenied,
    /// The request is malformed or not spoken.
    InvalidRequest,
    /// The `request_uri_method` is unknown.
    InvalidRequestUriMethod,
    /// The `scope` is unknown.
    InvalidScope,
    /// The transaction data is refused.
    InvalidTransactionData,
    /// No format of the verifier is spoken here.
    VpFormatsNotSupported,
    /// The wallet cannot be reached.
    WalletUnavailable,
}

impl VpError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Answer => "vp_answer",
            Self::Audience => "vp_audience",
            Self::ClientId => "vp_client_id_mismatch",
            Self::ClientIdPrefix => "vp_client_id_prefix",
            Self::Dcql(error) => return error.code(),
            Self::Formats => "vp_formats",
            Self::Form(_) => "vp_form",
            Self::Json(error) => return error.code(),
            Self::Jwe(error) => return error.code(),
            Self::Jws(error) => return error.code(),
            Self::Link => "vp_link",
            Self::Nonce => "vp_nonce",
            Self::Origin => "vp_origin",
            Self::Redirect => "vp_redirect_forbidden",
            Self::RequestUri => "vp_request_uri_forbidden",
            Self::RequestUriMethod => "vp_request_uri_method",
            Self::ResponseMode => "vp_response_mode",
            Self::ResponseUri => "vp_response_uri_mismatch",
            Self::Scope => "vp_scope",
            Self::State => "vp_state",
            Self::Time(_) => "jwt_time",
            Self::TransactionData => "vp_transaction_data",
            Self::Trust(error) => return error.code(),
            Self::Unsigned => "vp_request_unsigned",
            Self::WalletNonce => "vp_wallet_nonce",
        })
    }

    /// The member that the error is about, if the code alone does not say it.
    #[must_use]
    pub const fn place(self) -> Option<&'static str> {
        match self {
            Self::Form(place) | Self::Time(place) => Some(place),
            Self::Dcql(error) => error.place(),
            _ => None,
        }
    }

    /// What the verifier is told.
    #[must_use]
    pub const fn oauth(self) -> OAuthError {
        match self {
            Self::Formats => OAuthError::VpFormatsNotSupported,
            Self::RequestUriMethod => OAuthError::InvalidRequestUriMethod,
            Self::Scope => OAuthError::InvalidScope,
            Self::TransactionData => OAuthError::InvalidTransactionData,
            _ => OAuthError::InvalidRequest,
        }
    }
}

impl From<DcqlError> for VpError {
    fn from(error: DcqlError) -> Self {
        match error {
            DcqlError::Json(error) => Self::Json(error),
            error => Self::Dcql(error),
        }
    }
}

impl OAuthError {
    const ALL: [Self; 7] = [
        Self::AccessDenied,
        Self::InvalidRequest,
        Self::InvalidRequestUriMethod,
        Self::InvalidScope,
        Self::InvalidTransactionData,
        Self::VpFormatsNotSupported,
        Self::WalletUnavailable,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidRequestUriMethod => "invalid_request_uri_method",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTransactionData => "invalid_transaction_data",
            Self::VpFormatsNotSupported => "vp_formats_not_supported",
            Self::WalletUnavailable => "wallet_unavailable",
        }
    }

    /// The error with this name. Any other name counts as [`Self::InvalidRequest`].
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|known| known.as_str() == name).unwrap_or(Self::InvalidRequest)
    }
}
