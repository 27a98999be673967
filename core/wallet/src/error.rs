//! The errors of the wallet, by what an app can do about them.
use rid_flow::{
    ports::{ClockError, SecureAreaError, StorageError},
    run::{FlowError, RunError},
};
use rid_holder::{enrolment::EnrolError, format::ReceiveError, proximity::Misuse};
use rid_trust::TrustError;
use rid_vault::VaultError;
use rid_wire::Code;

/// A failure, grouped by what an app can do about it. Fields are codes and numbers, so it may be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The input is wrong.
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
    /// The person cancelled.
    #[error("{}", self.code())]
    Cancelled,
    /// Fetch a new credential.
    #[error("expired {code}")]
    Expired {
        /// The thing that is used up or has expired.
        code: Code,
    },
    /// Unlock first.
    #[error("{}", self.code())]
    Locked,
    /// The app called out of turn: busy, closed, interrupted, not asked.
    #[error("misuse {code}")]
    Misuse {
        /// The rule that it broke.
        code: Code,
    },
    /// A party is not trusted.
    #[error("not_trusted {who} {why}")]
    NotTrusted {
        /// `issuer` or `reader`.
        who: Code,
        /// The failed check.
        why: Code,
    },
    /// No network; try again.
    #[error("{}", self.code())]
    Offline {
        /// Seconds to wait, if the server said so.
        retry_after: Option<u32>,
    },
    /// The other side refused.
    #[error("peer_refused {code}")]
    PeerRefused {
        /// The code of the refusal.
        code: Code,
    },
    /// Sign in again.
    #[error("{}", self.code())]
    SignInAgain,
    /// The store or its keys do not work; the code says how (full, read-only, corrupt, key lost).
    #[error("storage_damaged {code}")]
    StorageDamaged {
        /// The code of the fault.
        code: Code,
    },
    /// This device or build cannot do it.
    #[error("unsupported {code}")]
    Unsupported {
        /// The missing capability.
        code: Code,
    },
}

impl WalletError {
    /// The most precise stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::BadInput { code }
            | Self::Bug { code }
            | Self::Expired { code }
            | Self::Misuse { code }
            | Self::NotTrusted { why: code, .. }
            | Self::PeerRefused { code }
            | Self::StorageDamaged { code }
            | Self::Unsupported { code } => *code,
            Self::Cancelled => Code::new("cancelled"),
            Self::Locked => Code::new("locked"),
            Self::Offline { .. } => Code::new("offline"),
            Self::SignInAgain => Code::new("sign_in_again"),
        }
    }

    pub(crate) const fn misuse(code: &'static str) -> Self {
        Self::Misuse { code: Code::new(code) }
    }
}

impl From<StorageError> for WalletError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Exhausted => Self::Expired { code: error.code() },
            StorageError::Locked => Self::Misuse { code: error.code() },
            _ => Self::StorageDamaged { code: error.code() },
        }
    }
}

impl From<SecureAreaError> for WalletError {
    fn from(error: SecureAreaError) -> Self {
        match error {
            SecureAreaError::Cancelled => Self::Cancelled,
            SecureAreaError::Locked => Self::Locked,
            SecureAreaError::Busy => Self::Misuse { code: error.code() },
            SecureAreaError::Unavailable => Self::Unsupported { code: error.code() },
            _ => Self::StorageDamaged { code: error.code() },
        }
    }
}

impl From<VaultError> for WalletError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Storage(error) => error.into(),
            VaultError::SecureArea(error) => error.into(),
            VaultError::Locked => Self::Locked,
            // An unlock method that fails gives its own reason: "unlock first" would send the person round in a circle.
            VaultError::BiometricNotSet
            | VaultError::Recovery(_)
            | VaultError::HistoryUnknown
            | VaultError::Pin(_)
            | VaultError::PinWait { .. }
            | VaultError::PinNotSet
            | VaultError::PinRequired
            | VaultError::PinWrong { .. }
            | VaultError::RecoveryNotSet
            | VaultError::UserAuthRequired => Self::BadInput { code: error.code() },
            other => Self::StorageDamaged { code: other.code() },
        }
    }
}

impl<E> From<FlowError<E>> for WalletError
where
    Self: From<E>,
{
    fn from(error: FlowError<E>) -> Self {
        match error {
            FlowError::Flow(error) => error.into(),
            FlowError::Run(error) => error.into(),
        }
    }
}

impl From<core::convert::Infallible> for WalletError {
    fn from(never: core::convert::Infallible) -> Self {
        match never {}
    }
}

impl<M> From<RunError<M>> for WalletError
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

impl From<ClockError> for WalletError {
    fn from(_: ClockError) -> Self {
        Self::Unsupported { code: Code::new("clock") }
    }
}

impl From<TrustError> for WalletError {
    fn from(error: TrustError) -> Self {
        Self::NotTrusted { who: Code::new("issuer"), why: error.code() }
    }
}

impl From<Misuse> for WalletError {
    fn from(misuse: Misuse) -> Self {
        match misuse {
            Misuse::ConsentSelection => Self::BadInput { code: misuse.code() },
            _ => Self::Misuse { code: misuse.code() },
        }
    }
}

impl From<EnrolError> for WalletError {
    fn from(error: EnrolError) -> Self {
        let code = error.code();
        match error {
            EnrolError::Clock(error) => error.into(),
            EnrolError::SecureArea(error) => error.into(),
            EnrolError::KeyMismatch | EnrolError::PortTimeout | EnrolError::Storage(_) => Self::StorageDamaged { code },
            EnrolError::Receive(ReceiveError::Untrusted(why)) => Self::NotTrusted { who: Code::new("issuer"), why },
            EnrolError::Answer(_) | EnrolError::Receive(_) => Self::BadInput { code },
            _ => Self::Misuse { code },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neg_l08_a_door_that_does_not_open_says_why() {
        for error in [VaultError::PinRequired, VaultError::UserAuthRequired, VaultError::PinWrong { left: 3 }] {
            assert_eq!(WalletError::from(error), WalletError::BadInput { code: error.code() });
        }
        assert_eq!(WalletError::from(VaultError::Locked), WalletError::Locked);
    }
}
