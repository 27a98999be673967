//! Issuer-signed data, responses and device authentication: building, verifying, refusing.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod build;
mod cbor;
mod device;
mod field;
mod forge;
mod issuer;
mod items;
mod mso;
mod node;
mod order;
mod property;
mod response;
mod trust;
mod vectors;
