//! The errors of the reader, by what an app can do about them.
use rid_flow::{ports::ClockError, run::RunError};
use rid_verifier::proximity::Misuse;
use rid_wire::Code;

/// What an app can do about a failure. A verdict that says no is not an error. Fields are codes, so the whole may be
/// logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReaderError {
    /// What was handed in or scanned is wrong.
    #[error("bad_input {code}")]
    BadInput {
        /// Which rule.
        code: Code,
    },
    /// A defect of this software.
    #[error("bug {code}")]
    Bug {
        /// Where.
        code: Code,
    },
    /// Cancelled.
    #[error("{}", self.code())]
    Cancelled,
    /// The app called out of turn: busy, closed, not asked.
    #[error("misuse {code}")]
    Misuse {
        /// Which rule.
        code: Code,
    },
    /// The other side broke the protocol.
    #[error("peer_refused {code}")]
    PeerRefused {
        /// Which rule.
        code: Code,
    },
    /// This device or build cannot.
    #[error("unsupported {code}")]
    Unsupported {
        /// What.
        code: Code,
    },
}

impl ReaderError {
    /// The most precise stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::BadInput { code }
            | Self::Bug { code }
            | Self::Misuse { code }
            | Self::PeerRefused { code }
            | Self::Unsupported { code } => *code,
            Self::Cancelled => Code::new("cancelled"),
        }
    }

    pub(crate) const fn misuse(code: &'static str) -> Self {
        Self::Misuse { code: Code::new(code) }
    }
}

impl<M> From<RunError<M>> for ReaderError
where
    Self: From<M>,
{
    fn from(error: RunError<M>) -> Self {
        match error {
            RunError::Broken => Self::Bug { code: Code::new("broken") },
            RunError::Busy => Self::misuse("busy"),
            RunError::Cancelled => Self::Cancelled,
            RunError::Clock(error) => error.into(),
            RunError::Closed => Self::misuse("session_closed"),
            RunError::Misuse(misuse) => misuse.into(),
            RunError::NotAsked => Self::misuse("not_asked"),
        }
    }
}

impl From<ClockError> for ReaderError {
    fn from(_: ClockError) -> Self {
        Self::Unsupported { code: Code::new("clock") }
    }
}

impl From<Misuse> for ReaderError {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse { code: misuse.code() }
    }
}
