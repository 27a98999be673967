//! The errors of the reader, by what an app can do about them.
use rid_flow::{ports::ClockError, run::RunError};
use rid_verifier::proximity::Misuse;
use rid_wire::Code;

/// A failure, grouped by what an app can do about it. A negative verdict is not an error. Fields are codes, so it may
/// be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReaderError {
    /// The input, or the scanned code, is wrong.
    #[error("bad_input {code}")]
    BadInput {
        /// The rule that it broke.
        code: Code,
    },
    /// A defect of this software.
    #[error("bug {code}")]
    Bug {
        /// The place.
        code: Code,
    },
    /// Cancelled.
    #[error("{}", self.code())]
    Cancelled,
    /// The app called out of turn: busy, closed, not asked.
    #[error("misuse {code}")]
    Misuse {
        /// The rule that it broke.
        code: Code,
    },
    /// The other side broke the protocol.
    #[error("peer_refused {code}")]
    PeerRefused {
        /// The rule that it broke.
        code: Code,
    },
    /// This device or build cannot do it.
    #[error("unsupported {code}")]
    Unsupported {
        /// The missing capability.
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
