//! SD-JWT (RFC 9901) and SD-JWT VC (draft-ietf-oauth-sd-jwt-vc-25), role-free: parse, disclose, key binding, verify,
//! type metadata.
//!
//! ```text
//! issuer                      holder                                   verifier
//! issue ─── SD-JWT VC ──────► parse ─► verify_issued ─► evidence
//!                             present: chosen disclosures + KB-JWT ──► parse ─► verify_presented ─► evidence
//! ```
//!
//! `parse` returns unverified types and `verify` returns evidence; claims can be read only from evidence. Digests are
//! those of the received text: nothing is encoded again to be checked. No role, store or clock belongs here.
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

mod claims;
mod digest;
mod disclosure;
mod error;
#[cfg(feature = "issue")]
pub mod issue;
pub mod key_binding;
pub mod metadata;
mod parse;
pub mod present;
mod process;
mod select;
mod vc;
pub mod verify;

pub use claims::{Claim, Claims};
pub use error::SdJwtError;
pub use parse::UnverifiedSdJwt;
pub use select::Leaf;
pub use vc::{StatusReference, TYP, Validity};
