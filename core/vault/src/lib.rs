//! Encrypted records behind the one door to storage: credentials with their copies, the history, small records.
//!
//! Every row is sealed with AES-256-GCM under a key of its own, bound to store, table, row, version and epoch; rows are found
//! by keyed hashes, and padded; a keyed sum over each table tells a missing or exchanged row. A commit is one transaction of the
//! Storage port: all of it or nothing. The envelope says which keys open what, and by which methods a person unlocks them.

mod beside;
mod code;
mod commit;
mod container;
mod encode;
mod envelope;
mod error;
mod examine;
mod head;
mod health;
mod history;
mod keys;
mod latch;
mod migrate;
mod open;
mod opening;
mod pin;
mod pool;
mod read;
mod recovery;
mod repair;
mod rotate;
mod rows;
mod slots;
mod tally;
#[cfg(test)]
mod tests;
mod tickets;
mod unlock;
mod upkeep;
mod vault;
mod waits;
mod wipe;

pub use code::RecoveryCode;
pub use container::{ContainerError, Recipe, Recovery};
pub use encode::credential::{CredentialMeta, ElementNames};
pub use error::VaultError;
pub use examine::{Examination, Finding, Remedy};
pub use health::Health;
pub use history::{ChainVerdict, MAX_HISTORY};
pub use pin::{Pin, PinError};
pub use recovery::{Imported, recover};
pub use repair::{REPAIRED, Repaired};
pub use unlock::{UnlockMethod, UnlockState};
pub use vault::{Listing, RngSource, Vault, VaultConfig};
pub use wipe::wipe;
