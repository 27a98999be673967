//! The one error of both packages.
#[cfg(feature = "reader")]
use rid_reader::ReaderError;
#[cfg(feature = "wallet")]
use rid_wallet::WalletError;

use super::Code;

/// A failure, by what an app can do about it. Fields are codes and numbers, so the whole may be logged. `describe`
/// gives the sentence for the person. A verdict that says no is not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum RidError {
    /// The input is wrong.
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
    /// The person or the app cancelled.
    #[error("{}", self.code())]
    Cancelled,
    /// Fetch a new credential.
    #[error("expired {code}")]
    Expired {
        /// What is used up or over.
        code: Code,
    },
    /// Unlock first.
    #[error("{}", self.code())]
    Locked,
    /// The app called out of turn: busy, closed, interrupted, not asked.
    #[error("misuse {code}")]
    Misuse {
        /// Which rule.
        code: Code,
    },
    /// Who or what is not trusted, and why.
    #[error("not_trusted {who} {why}")]
    NotTrusted {
        /// `issuer` or `reader`.
        who: Code,
        /// The failed check.
        why: Code,
    },
    /// No network. Try again.
    #[error("{}", self.code())]
    Offline {
        /// Seconds to wait, if the server said so.
        retry_after: Option<u32>,
    },
    /// The other side refused or broke the protocol.
    #[error("peer_refused {code}")]
    PeerRefused {
        /// Its or our name for it.
        code: Code,
    },
    /// Sign in again.
    #[error("{}", self.code())]
    SignInAgain,
    /// The store or its keys do not work; the code says how (full, read-only, corrupt, key lost).
    #[error("storage_damaged {code}")]
    StorageDamaged {
        /// How.
        code: Code,
    },
    /// This device or build cannot.
    #[error("unsupported {code}")]
    Unsupported {
        /// What.
        code: Code,
    },
}

impl RidError {
    /// The most precise stable code.
    pub(crate) const fn code(&self) -> Code {
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
}

#[cfg(feature = "wallet")]
impl From<WalletError> for RidError {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::BadInput { code } => Self::BadInput { code },
            WalletError::Bug { code } => Self::Bug { code },
            WalletError::Cancelled => Self::Cancelled,
            WalletError::Expired { code } => Self::Expired { code },
            WalletError::Locked => Self::Locked,
            WalletError::Misuse { code } => Self::Misuse { code },
            WalletError::NotTrusted { who, why } => Self::NotTrusted { who, why },
            WalletError::Offline { retry_after } => Self::Offline { retry_after },
            WalletError::PeerRefused { code } => Self::PeerRefused { code },
            WalletError::SignInAgain => Self::SignInAgain,
            WalletError::StorageDamaged { code } => Self::StorageDamaged { code },
            WalletError::Unsupported { code } => Self::Unsupported { code },
        }
    }
}

#[cfg(feature = "reader")]
impl From<ReaderError> for RidError {
    fn from(error: ReaderError) -> Self {
        match error {
            ReaderError::BadInput { code } => Self::BadInput { code },
            ReaderError::Bug { code } => Self::Bug { code },
            ReaderError::Cancelled => Self::Cancelled,
            ReaderError::Misuse { code } => Self::Misuse { code },
            ReaderError::PeerRefused { code } => Self::PeerRefused { code },
            ReaderError::Unsupported { code } => Self::Unsupported { code },
        }
    }
}
