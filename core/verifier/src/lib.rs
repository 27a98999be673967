//! Machines of the relying party: the 18013-5 reader as a session, the verdict, and the judging of captures.
//!
//! ```text
//! ask ─► proximity ─► request ─► wallet
//!                                  │
//! Verdict ◄─ judge ◄─ response ◄───┘        capture: the same judge over saved bytes
//!   decision and code, every check, elements by evidence
//! ```
//!
//! A verdict is accepted only if every needed check was done and passed. Use only the elements that are `Current`:
//! others are for records. No wallet, store or clock belongs here.
#![no_std]
extern crate alloc;

pub mod ask;
pub mod capture;
pub mod capture_request;
pub mod capture_sd_jwt;
mod judge;
pub mod online;
pub mod proximity;
pub mod view;
