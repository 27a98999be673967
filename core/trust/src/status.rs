//! Token Status Lists (draft-ietf-oauth-status-list): one signed list with the status of many credentials (std-M60).
//!
//! ```text
//! UnverifiedStatusToken::parse ─► verify(uri, issuer of the credential) ─► StatusList::status(index of the credential)
//! ```
//!
//! A list counts only if its signer has a path to the root of that credential's issuer. A list that cannot be had or
//! verified leaves the status unknown: it is never valid then, and never revoked.
mod error;
mod list;
mod token;

pub use error::StatusError;
pub use list::{Status, StatusList};
pub use token::UnverifiedStatusToken;

/// The media type of a Status List Token as JWT.
pub const JWT_TYPE: &str = "application/statuslist+jwt";
/// The media type of a Status List Token as CWT.
pub const CWT_TYPE: &str = "application/statuslist+cwt";
