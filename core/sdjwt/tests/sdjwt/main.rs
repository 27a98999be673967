//! SD-JWT and SD-JWT VC: what is taken, what is refused and by which code.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod disclosures;
mod issuer;
mod metadata;
mod presentation;
mod property;
mod vectors;
mod world;
