//! Machines of the wallet: proximity, enrolment, checks on receipt, matching and consent.
//!
//! ```text
//! reader ─► proximity ─► request authenticated ─► matching ─► Question ─► person
//!                                                                          │ Answer, bound by id and hash
//! reader ◄─ response ◄─ signature of the device key ◄─ Commit: copy used ◄─┘
//!
//! issuer ─► enrolment ─► every check on receipt ─► Commit: all credentials or none
//! ```
//!
//! The rules of a credential format are in the module `format`, and nothing else here knows how a credential is
//! encoded. Nothing is signed before the commit of its history entry. No store, clock or screen belongs here.
#![no_std]
extern crate alloc;

pub mod consent;
pub mod enrolment;
pub mod format;
pub mod held;
pub mod matching;
pub mod online;
pub mod proximity;
pub mod shown;
