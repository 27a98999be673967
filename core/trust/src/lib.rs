//! Anchors by role; decisions about issuers and readers.
//!
//! ```
//! use rid_trust::{Environment, TrustError, TrustStore};
//! use rid_wire::Timestamp;
//!
//! let store = TrustStore::new(Environment::Test, Vec::new())?;
//! let mut message = store.message(Timestamp::from_unix(0)); // one time and one budget for all chains of a message
//! assert!(message.reader(&[]).is_err());
//! # Ok::<(), TrustError>(())
//! ```
//!
//! Anchors of one role never count for another (std-M61), and a test root enters only a store of [`Environment::Test`].
//! Roots are arguments: no root, network or clock belongs here.
#![no_std]
extern crate alloc;

mod check;
mod decision;
mod message;
mod party;
mod roots;
pub mod status;
mod store;

pub use check::{Check, Outcome};
pub use decision::{Basis, IssuerTrust};
pub use message::{MessageTrust, parse_chain};
pub use party::{Party, PartyBasis};
pub use roots::{IssuerRoot, Roots};
pub use store::{Anchor, Environment, Role, RootWarning, SignerRules, TrustStore};

use rid_crypto::x509::X509Error;
use rid_wire::Code;

/// A reason for which trust was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum TrustError {
    /// The chain or one of its certificates is refused.
    Certificate(#[from] X509Error),
    /// The chain leads to an anchor of another role (neg-F05).
    Scope,
    /// The store has no anchor for this role, so no decision is possible.
    Missing,
    /// A test root was given to a production store.
    Environment,
    /// A root of issuers was given without the credential types it may sign for (neg-F30).
    Types,
}

impl TrustError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Certificate(e) => return e.code(),
            Self::Scope => "trust_list_scope",
            Self::Missing => "trust_missing",
            Self::Environment => "trust_environment",
            Self::Types => "trust_types_missing",
        })
    }
}
