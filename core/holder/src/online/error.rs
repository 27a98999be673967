//! Why an online presentation failed.
use rid_flow::ports::{ClockError, HttpError};
use rid_openid::vp::VpError;
use rid_wire::Code;

use crate::proximity::Misuse;

/// Why an online presentation failed. Nothing was sent but, at most, the fetch of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum OnlineError {
    /// The clock failed.
    Clock(#[from] ClockError),
    /// The person did not answer in time.
    ConsentExpired,
    /// The request could not be fetched.
    Fetch(HttpError),
    /// The address of the request answered with something else than a request: it was used, is over or unknown.
    FetchStatus,
    /// A call was dropped at a point where going on could present twice.
    Interrupted,
    /// The wallet stayed locked.
    Locked,
    /// The request of another protocol than OpenID4VP is malformed; the code says how.
    Malformed(Code),
    /// A misuse by the caller; the flow is unchanged.
    Misuse(#[from] Misuse),
    /// A port failed; the code says which and how.
    Port(Code),
    /// A port did not answer in time.
    PortTimeout,
    /// The request is malformed or its sender is not authenticated. It gets no reply.
    Request(VpError),
}

impl OnlineError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Clock(_) => Code::new("clock"),
            Self::ConsentExpired => Code::new("consent_expired"),
            Self::Fetch(error) => error.code(),
            Self::FetchStatus => Code::new("vp_request_status"),
            Self::Interrupted => Code::new("interrupted"),
            Self::Locked => Code::new("locked"),
            Self::Misuse(misuse) => misuse.code(),
            Self::Malformed(code) | Self::Port(code) => code,
            Self::PortTimeout => Code::new("port_timeout"),
            Self::Request(error) => error.code(),
        }
    }
}
