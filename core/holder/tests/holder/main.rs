//! The holder's machines against a reader, a vault and a secure area written by hand: `rid-verifier` and `rid-vault`
//! are never seen here.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod budget;
mod consent;
mod enrolment;
mod failing;
mod linkable;
mod malformed;
mod matching;
mod offer;
mod offered;
mod online;
mod order;
mod ports;
mod presentation;
mod reader;
mod receive;
mod session;
mod wallet;
mod world;
