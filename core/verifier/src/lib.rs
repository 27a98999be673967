//! Machines of the relying party: the 18013-5 reader as a session, the verdict, and the judging of captures.
#![no_std]
extern crate alloc;

pub mod capture;
pub mod reader;
pub mod view;
