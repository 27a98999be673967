//! Our issuer, wallet and verifier against independent implementations, in both directions. A peer that is not installed is
//! skipped and named on stderr; with `RID_INTEROP=required` in the environment that fails.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

mod isomdl;
mod npm;
mod wallet;
mod world;
