//! Encrypted records behind one interface to storage: credentials with their copies, the history, small records.
//!
//! ```text
//! Vault::commit ─► rows sealed one by one ─► one transaction of the Storage port
//!        ▲                 ▲
//!   unlock methods ─► keys of the envelope (PIN, biometrics, recovery code)
//! ```
//!
//! Every row is sealed with AES-256-GCM under a key of its own, bound to store, table, row, version and epoch; rows are
//! found by keyed hashes, and padded; a keyed sum over each table shows a missing or exchanged row. A commit is one
//! transaction of the Storage port: all of it or nothing. `spec/vault.md` has the format and the result of each fault.
//!
//! Do not cache a row across commits, and do not decide on a presentation here: that is the machine's.

mod commit;
mod diagnose;
mod error;
mod history;
mod keys;
mod open;
mod recovery;
mod rows;
#[cfg(test)]
mod tests;
mod unlock;
mod upkeep;
mod vault;

pub use diagnose::examine::{Examination, Finding, Remedy};
pub use diagnose::health::Health;
pub use diagnose::repair::{REPAIRED, Repaired};
pub use error::VaultError;
pub use history::{ChainVerdict, MAX_HISTORY};
pub use recovery::{
    Imported, recover,
    recovery_code::RecoveryCode,
    recovery_file::{Recovery, RecoveryError, ReissueEntry},
};
pub use rows::encode::credential::{ClaimNames, CredentialMeta};
pub use unlock::pin::{Pin, PinError};
pub use unlock::{UnlockMethod, UnlockState};
pub use upkeep::wipe::wipe;
pub use vault::{Listing, RngSource, Vault, VaultConfig};
