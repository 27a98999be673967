//! The full checks of a credential before it is stored (std-M14, neg-B): all of it or a named refusal.
use rid_crypto::PublicKey;
use rid_flow::{Credential, CredentialId, ports::KeyId};
use rid_mdoc::MdocError;
use rid_trust::TrustStore;
use rid_wire::{Code, Timestamp};

/// Why received credentials were refused; nothing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// More or fewer credentials than keys.
    #[error("batch_size")]
    BatchSize,
    /// The copies do not say the same of the same person.
    #[error("batch_mismatch")]
    BatchMismatch,
    /// A check of std-M45 failed; the code is its reason.
    #[error("{0}")]
    Check(Code),
    /// The structure.
    #[error("{0}")]
    Mdoc(#[from] MdocError),
}

impl ReceiveError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::BatchSize => Code::new("batch_size"),
            Self::BatchMismatch => Code::new("batch_mismatch"),
            Self::Check(code) => code,
            Self::Mdoc(e) => e.code(),
        }
    }
}

/// Checks a batch of copies of one credential, each bound to one of the keys in order: issuer path, signature, digest of
/// every item, validity, docType, device key (neg-B18), elements equal over all copies. Gives what may be stored.
///
/// # Errors
/// [`ReceiveError`].
pub fn check_batch(
    id: CredentialId,
    doc_type: &str,
    copies: &[&[u8]],
    keys: &[(KeyId, PublicKey)],
    trust: &TrustStore,
    now: Timestamp,
) -> Result<Credential, ReceiveError> {
    todo!()
}
