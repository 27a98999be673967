//! DCQL and OpenID4VP 1.0 for wallets and verifiers. It knows no credential format, HTTP client or clock.
//!
//! ```text
//! verifier                                              wallet
//! dcql::Query ── part of the request ─────────────────► dcql::Query::parse ─► matching: what answers, or why nothing does
//! ```
//!
//! What this speaks and what it refuses is written in `spec/online.md`.
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

pub mod dcql;
