//! rid-crypto against known answers, properties and hostile certificates.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod algorithms;
mod backends;
mod certificates;
mod jwe;
mod keys;
mod path;
mod pki;
mod wycheproof;
