//! The wallet's side of the enrolment door, as two flows: ask (keys and proofs) and accept (checks and one commit).
mod accept;
mod ask;
mod pending;

pub use accept::Accept;
pub use ask::{Enrol, EnrolParameters};
pub use pending::{PENDING_DAYS, PendingEnrolment, record_key};

use rid_flow::ports::{ClockError, SecureAreaError, StorageError};
use rid_wire::Code;

use crate::{format::ReceiveError, proximity::CloseReason};

/// Kind of the vault record that holds a pending enrolment, from the intent on (so no key is ever orphaned).
pub const RECORD_KIND: &str = "enrolment";

/// Why an enrolment failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum EnrolError {
    /// The clock failed before a step.
    Clock(#[from] ClockError),
    /// A call was interrupted, and a second one could do harm.
    Interrupted,
    /// The secure area signed with another key than the one that was asked for.
    KeyMismatch,
    /// A port did not answer in time (neg-C36).
    PortTimeout,
    /// The secure area failed.
    SecureArea(#[from] SecureAreaError),
    /// The store failed.
    Storage(#[from] StorageError),
    /// The credentials; nothing was stored.
    Receive(#[from] ReceiveError),
    /// The answer is malformed or another enrolment's (`enrolment_mismatch`), or this one is unknown or used
    /// (`enrolment_unknown`).
    Answer(Code),
    /// A reply to something not asked.
    NotAsked,
}

impl EnrolError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Answer(code) => code,
            Self::Clock(_) => Code::new("clock"),
            Self::Interrupted => Code::new("interrupted"),
            Self::KeyMismatch => Code::new("device_key_mismatch"),
            Self::PortTimeout => CloseReason::PortTimeout.code(),
            Self::SecureArea(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::Receive(e) => e.code(),
            Self::NotAsked => Code::new("not_asked"),
        }
    }
}
