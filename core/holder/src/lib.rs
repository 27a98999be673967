//! Machines of the holder: proximity presentation (18013-5 device), enrolment, checks on receipt; matching and consent.
#![no_std]
extern crate alloc;

pub mod consent;
pub mod enrolment;
pub mod format;
pub mod held;
pub mod matching;
pub mod proximity;
pub mod shown;
