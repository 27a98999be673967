//! Encrypted records behind the one door to storage: credentials with their one-time copies, the history, small records.
//!
//! Every row is sealed with AES-256-GCM under a key of its own, bound to store, table, row, version and epoch; rows are found
//! by keyed hashes, and padded. A commit is one transaction of the Storage port: all of it or nothing.

mod commit;
mod encode;
mod error;
mod keys;
mod rows;
mod vault;

pub use encode::CredentialMeta;
pub use error::VaultError;
pub use vault::{RngSource, Vault, VaultConfig};
