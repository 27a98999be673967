//! Why a session closed, and what a caller did wrong.
use rid_wire::Code;

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The app cancelled.
    Cancelled,
    /// The person did not answer in time (neg-C15: `consent_expired`).
    ConsentExpired,
    /// The link broke.
    Disconnected,
    /// The last exchange was over and the session ended: by status 20, a broken link, silence or the app.
    Done,
    /// The peer's message was refused; the code says why.
    PeerInvalid(Code),
    /// The peer ended the session (status 20) before its exchange was over.
    PeerTerminated,
    /// A port failed; the code says which and how (`key_cancelled`, `storage_full`, `credential_unavailable`, ...).
    Port(Code),
    /// A port did not answer in time (neg-C36: `port_timeout`).
    PortTimeout,
    /// Nothing came for too long (neg-C14: `transport_timeout`).
    Timeout,
    /// The wallet stayed locked.
    Locked,
}

impl CloseReason {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Cancelled => Code::new("cancelled"),
            Self::ConsentExpired => Code::new("consent_expired"),
            Self::Disconnected => Code::new("transport_disconnected"),
            Self::Done => Code::new("done"),
            Self::PeerInvalid(code) | Self::Port(code) => code,
            Self::PortTimeout => Code::new("port_timeout"),
            Self::PeerTerminated => Code::new("session_terminated"),
            Self::Timeout => Code::new("transport_timeout"),
            Self::Locked => Code::new("locked"),
        }
    }

    /// The reason when no exchange was under way: an end in order, unless somebody is at fault.
    pub(super) const fn after_exchange(self) -> Self {
        match self {
            Self::Cancelled | Self::Disconnected | Self::PeerTerminated | Self::Timeout => Self::Done,
            other => other,
        }
    }
}

impl From<CloseReason> for Code {
    fn from(reason: CloseReason) -> Self {
        reason.code()
    }
}

/// A misuse by the caller; the session is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum Misuse {
    /// The session is over.
    Closed,
    /// An answer with another question's id or hash (neg-G20).
    ConsentBinding,
    /// The answer selects what was not asked, not held or blocked.
    ConsentSelection,
    /// An answer to something that was not asked.
    NotAsked,
}

impl Misuse {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Closed => "session_closed",
            Self::ConsentBinding => "consent_binding",
            Self::ConsentSelection => "consent_selection",
            Self::NotAsked => "not_asked",
        })
    }
}
