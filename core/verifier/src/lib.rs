//! Machines of the relying party: the 18013-5 reader as a session, the verdict, and the judging of captures.
#![no_std]
extern crate alloc;

pub mod ask;
pub mod capture;
pub mod capture_request;
pub mod capture_sd_jwt;
mod judge;
pub mod proximity;
pub mod view;
