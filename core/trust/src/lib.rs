//! Trust anchors by role, and the decisions taken from them. Pure: certificates in, decision out.
//!
//! Pools are never shared between roles (std-M61). Roots are constructor arguments; test roots enter only a store whose
//! environment is [`Environment::Test`], which every view then shows.
#![no_std]
extern crate alloc;

mod check;
mod decision;
mod message;
mod roots;
mod store;

pub use check::{Check, Outcome};
pub use decision::{Basis, IssuerTrust, ReaderTrust};
pub use message::{MessageTrust, parse_chain};
pub use roots::{IssuerRoot, RootWarning, Roots};
pub use store::{Anchor, Environment, Role, SignerRules, TrustStore};

use rid_crypto::x509::X509Error;
use rid_wire::Code;

/// Why trust was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The chain or a certificate in it.
    #[error("{0}")]
    Certificate(#[from] X509Error),
    /// The chain leads to an anchor of another role (neg-F05).
    #[error("trust_list_scope")]
    Scope,
    /// The store holds nothing for this role: no decision can be taken.
    #[error("trust_missing")]
    Missing,
    /// A test root was offered to a production store.
    #[error("trust_environment")]
    Environment,
    /// A root of issuers came without the credential types it may sign for (neg-F30).
    #[error("trust_types_missing")]
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
