//! Machines of the relying party: the 18013-5 reader as a session, the verdict, and the judging of captures.
#![no_std]
extern crate alloc;

pub mod ask;
mod asked;
pub mod capture;
pub mod capture_request;
pub mod capture_sd_jwt;
mod disclosed;
mod judge;
pub mod link;
pub mod reader;
mod rules;
pub mod view;

pub use rules::bind_trust;
