use rid_flow::ports::{SecureAreaError, StorageError};
use rid_wire::Code;

/// Why the vault did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The key envelope is missing over existing records, or no generation of it is whole; nothing was made anew (inv-I9).
    #[error("key_envelope_corrupt")]
    EnvelopeCorrupt,
    /// The keys of personal data are not in memory.
    #[error("locked")]
    Locked,
    /// The store was written by a newer version; nothing was read or changed.
    #[error("schema_newer")]
    SchemaNewer,
    /// The secure area.
    #[error("{0}")]
    SecureArea(#[from] SecureAreaError),
    /// Storage.
    #[error("{0}")]
    Storage(#[from] StorageError),
    /// The secure area derived another key than the one that wrapped this store (neg-K14).
    #[error("key_mismatch")]
    WrongKey,
}

impl VaultError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::EnvelopeCorrupt => Code::new("key_envelope_corrupt"),
            Self::Locked => Code::new("locked"),
            Self::SchemaNewer => Code::new("schema_newer"),
            Self::SecureArea(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::WrongKey => Code::new("key_mismatch"),
        }
    }

    /// As an error of a commit.
    pub(crate) const fn as_storage(self) -> StorageError {
        match self {
            Self::Storage(error) => error,
            Self::Locked => StorageError::Locked,
            _ => StorageError::Damaged,
        }
    }
}
