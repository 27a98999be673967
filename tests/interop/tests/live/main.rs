//! Our issuer, wallet and verifier against independent implementations, in both directions.
//!
//! A test whose peer is not installed prints `skipped: <test>: <reason>`. With `RID_INTEROP=required` in the
//! environment it fails.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

mod exchange;
mod isomdl;
mod multipaz;
mod npm;
mod python;
mod reader;
mod sdjwt;
mod skipped;
mod wallet;
mod world;

use std::io::Write;

use rid_interop::PeerError;

/// The peer, or `None` if it cannot run, which is printed.
pub(crate) fn available<T>(result: Result<T, PeerError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(PeerError::Skipped(reason)) if std::env::var_os("RID_INTEROP").is_none_or(|v| v != "required") => {
            let thread = std::thread::current();
            // `println!` would be captured by the harness for a passing test. The leading line break ends the harness's
            // own line.
            let line = format!("\nskipped: {}: {reason}\n", thread.name().unwrap_or("interop"));
            std::io::stdout().write_all(line.as_bytes()).unwrap();
            None
        }
        Err(error) => panic!("{error}"),
    }
}
