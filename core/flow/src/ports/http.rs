//! The port of the network.
use alloc::{boxed::Box, string::String, vec::Vec};

use async_trait::async_trait;
use rid_wire::Code;

/// A request; redirects are never followed.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Method in upper case.
    pub method: String,
    /// Absolute https URL.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Largest response body taken, in bytes.
    pub max_response_bytes: u64,
    /// Time-out of the whole exchange in milliseconds.
    pub timeout_millis: u32,
}

/// A response.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, at most the size asked for.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum HttpError {
    /// The address is not https with a public name (`fetch_forbidden`); nothing was sent.
    Forbidden,
    /// The response is larger than asked for, or never ends (`fetch_limit`).
    Limit,
    /// No network, no name, refused.
    Offline,
    /// Time is up.
    Timeout,
    /// TLS could not be agreed or trusted.
    Tls,
}

impl HttpError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Forbidden => "fetch_forbidden",
            Self::Limit => "fetch_limit",
            Self::Offline => "offline",
            Self::Timeout => "fetch_timeout",
            Self::Tls => "fetch_tls",
        })
    }
}

/// One HTTP exchange: no redirect is followed and nothing is sent twice. `conformance::http` tests an implementation.
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends and returns whatever status came. Dropping the future ends the exchange.
    ///
    /// # Errors
    /// [`HttpError`].
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

rid_wire::closed_debug!(HttpRequest, HttpResponse);
