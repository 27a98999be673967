//! Minting of credentials; never linked into bindings.
#![no_std]
extern crate alloc;

mod mint;
mod person;

pub use mint::{IssueError, Issuer, IssuerKey, Order};
pub use person::{PersonRecord, person_records, sample_citizen};
