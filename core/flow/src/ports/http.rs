//! The port of the network.
use alloc::{boxed::Box, string::String, vec::Vec};

use async_trait::async_trait;

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
pub enum HttpError {
    /// The response is larger than asked for, or never ends (`fetch_limit`).
    #[error("fetch_limit")]
    Limit,
    /// No network, no name, refused.
    #[error("offline")]
    Offline,
    /// Time is up.
    #[error("fetch_timeout")]
    Timeout,
    /// TLS could not be agreed or trusted.
    #[error("fetch_tls")]
    Tls,
}

/// One HTTP exchange.
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends and returns whatever status came.
    ///
    /// # Errors
    /// [`HttpError`].
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

rid_wire::closed_debug!(HttpRequest, HttpResponse);
