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

mod exchange;
mod history;
mod isomdl;
mod multipaz;
mod npm;
mod reader;
mod wallet;
mod world;

use rid_interop::PeerError;

/// What there is, or `None` and a word on why there is nothing.
pub(crate) fn available<T>(result: Result<T, PeerError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(PeerError::Skipped(reason)) if std::env::var_os("RID_INTEROP").is_none_or(|v| v != "required") => {
            eprintln!("skipped: {reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}
