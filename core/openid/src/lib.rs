//! DCQL and OpenID4VP 1.0 for wallets and verifiers. It knows no credential format, HTTP client or clock.
//!
//! [`dcql`] asks for credentials and finds which answer, or why none does. [`vp`] carries the question and the answer
//! by link, QR code and Digital Credentials API. `spec/online.md` says what is spoken and what is refused.
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

pub mod dcql;
mod url;
pub mod vp;

pub use url::HttpsUrl;
