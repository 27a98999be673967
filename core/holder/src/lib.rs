//! Machines of the holder: proximity presentation (18013-5 device), enrolment, checks on receipt; matching and consent.
#![no_std]
extern crate alloc;

mod advertisement;
pub mod consent;
pub mod display;
pub mod enrolment;
pub mod held;
pub mod link;
pub mod proximity;
pub mod receive;
mod rules;
pub mod shown;

pub use rules::bind_trust;
