//! Errors of the vault.
use rid_flow::ports::{SecureAreaError, StorageError};
use rid_wire::Code;

use crate::{recovery::recovery_file::RecoveryError, unlock::pin::PinError};

/// Why the vault did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum VaultError {
    /// Biometrics are not enabled, or a change of them deleted the key; PIN or code open (neg-K12).
    BiometricNotSet,
    /// The recovery file or code.
    Recovery(#[from] RecoveryError),
    /// The key envelope is missing over existing records, or no generation of it is whole; none was made (inv-I9).
    EnvelopeCorrupt,
    /// No such history row, or it was deleted already.
    HistoryUnknown,
    /// The keys of personal data are not in memory.
    Locked,
    /// The PIN itself: its form, or too easily guessed (neg-L05).
    Pin(#[from] PinError),
    /// No PIN is set.
    PinNotSet,
    /// Only who knows the old PIN, or came in by biometrics or the recovery code, sets a new one.
    PinRequired,
    /// Wrong PINs: none is taken before the wait is over (neg-L10).
    PinWait {
        /// Seconds left.
        seconds: u64,
    },
    /// A wrong PIN; so many tries are left before the first wait.
    PinWrong {
        /// Tries left.
        left: u32,
    },
    /// No recovery code was made.
    RecoveryNotSet,
    /// Database or envelope is of an earlier moment than the other knows of (neg-L03).
    Rollback,
    /// The store was written by a newer version; nothing was read or changed.
    SchemaNewer,
    /// The secure area.
    SecureArea(#[from] SecureAreaError),
    /// Storage.
    Storage(#[from] StorageError),
    /// The biometric key was not opened by the person: a platform's "yes" alone opens nothing (neg-L08).
    UserAuthRequired,
    /// The secure area derived another key than the one that wrapped this store (neg-K14).
    WrongKey,
}

impl VaultError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Recovery(error) => return error.code(),
            Self::Pin(error) => return error.code(),
            Self::SecureArea(error) => return error.code(),
            Self::Storage(error) => return error.code(),
            Self::BiometricNotSet => "biometric_not_set",
            Self::EnvelopeCorrupt => "key_envelope_corrupt",
            Self::HistoryUnknown => "history_unknown",
            Self::Locked => "locked",
            Self::PinNotSet => "pin_not_set",
            Self::PinRequired => "pin_required",
            Self::PinWait { .. } => "pin_wait",
            Self::PinWrong { .. } => "pin_wrong",
            Self::RecoveryNotSet => "recovery_not_set",
            Self::Rollback => "storage_rollback",
            Self::SchemaNewer => "schema_newer",
            Self::UserAuthRequired => "user_auth_required",
            Self::WrongKey => "key_mismatch",
        })
    }

    /// The same as an error of the store, for a machine that knows no vault. A secure area that does not answer is
    /// [`StorageError::Io`]; every other error is [`StorageError::Damaged`].
    #[must_use]
    pub const fn as_storage(self) -> StorageError {
        match self {
            Self::Storage(error) => error,
            Self::Locked => StorageError::Locked,
            Self::SecureArea(_) => StorageError::Io,
            _ => StorageError::Damaged,
        }
    }
}
