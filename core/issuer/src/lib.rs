//! Minting of credentials; never linked into bindings.
#![no_std]
extern crate alloc;

mod mint;
mod person;

pub use mint::{IssueError, IssuerKey, Issuer};
pub use person::{PersonRecord, sample_citizen};
