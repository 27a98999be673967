//! Minting of credentials; never linked into an app.
//!
//! ```text
//! enrolment request ─► Issuer::answer: audience, challenge, proofs ─► one IssuerSigned for each device key
//!                           ▲
//!                      Order: challenge, PersonRecord, validity, time
//! ```
//!
//! The caller gives keys, records, time and randomness. No wallet, reader or store belongs here.
#![no_std]
extern crate alloc;

mod mint;
mod person;

pub use mint::{IssueError, Issuer, IssuerKey, Order, Validity};
pub use person::{PersonRecord, RecordElement, person_records, sample_citizen};
