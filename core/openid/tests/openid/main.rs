//! DCQL and OpenID4VP: published examples, rules of the standards, hostile input.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

mod dcql;
mod matching;
mod property;
mod request;
mod response;
mod world;
