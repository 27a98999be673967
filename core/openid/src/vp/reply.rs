//! How a wallet replies: the channel, its errors, and the page to return to (OpenID4VP 1.0, 8; std-M26).
use alloc::string::String;

use rid_wire::json::Value;

use super::{OAuthError, VpError};
use crate::url::{HttpsUrl, write_form};

/// How the answer goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Through the Digital Credentials API.
    Api {
        /// The origin as the platform gives it.
        origin: String,
    },
    /// By POST.
    Post {
        /// The address.
        response_uri: HttpsUrl,
        /// The value that the answer repeats.
        state: Option<String>,
    },
}

/// The way to answer an authenticated verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub(super) channel: Channel,
}

/// A message for the verifier.
#[derive(Clone, PartialEq)]
pub enum Message {
    /// The `data` of a response of the Digital Credentials API.
    Data(Value),
    /// The body of a POST with content type `application/x-www-form-urlencoded`.
    Form {
        /// The address. Redirects are not followed.
        uri: HttpsUrl,
        /// The body.
        body: String,
    },
}

impl Reply {
    /// An error. Refusal by the person and a wallet without an answer are both [`OAuthError::AccessDenied`], with the
    /// same bytes (neg-G18). No description is sent.
    #[must_use]
    pub fn error(&self, error: OAuthError) -> Message {
        match &self.channel {
            Channel::Api { .. } => {
                let error = ("error".into(), Value::String(error.as_str().into()));
                Message::Data(Value::Object([error].into()))
            }
            Channel::Post { response_uri, state } => {
                let mut parameters = alloc::vec![("error", error.as_str())];
                parameters.extend(state.as_deref().map(|state| ("state", state)));
                Message::Form { uri: response_uri.clone(), body: write_form(&parameters) }
            }
        }
    }
}

/// The page to open after a POST that succeeded (`redirect_uri` in the body). A body without one, or one that is not
/// JSON, leads nowhere.
///
/// # Errors
/// [`VpError::Redirect`] if it is not an https page: nothing is opened then (neg-G22).
pub fn redirect_of(body: &[u8]) -> Result<Option<HttpsUrl>, VpError> {
    let json = core::str::from_utf8(body).ok().and_then(|text| Value::parse(text, MAX_REPLY).ok());
    match json.as_ref().and_then(|reply| reply.member("redirect_uri")) {
        None => Ok(None),
        Some(uri) => uri.as_str().and_then(HttpsUrl::parse).map(Some).ok_or(VpError::Redirect),
    }
}

/// Longest reply to a POST in bytes.
const MAX_REPLY: usize = 65_536;

rid_wire::closed_debug!(Message);
