//! DCQL and OpenID4VP 1.0 for wallets and verifiers. It knows no credential format, HTTP client or clock.
//!
//! [`dcql`] asks for credentials and finds which answer, or why none does. [`vp`] carries the question and the answer
//! by link, QR code and Digital Credentials API. `spec/online.md` says what is spoken and what is refused.
//!
//! ```
//! use rid_openid::dcql::{DcqlError, Query};
//!
//! let query = Query::parse(r#"{"credentials": [{"id": "age", "format": "dc+sd-jwt",
//!     "meta": {"vct_values": ["urn:example:card"]}, "claims": [{"path": ["age_equal_or_over", "18"]}]}]}"#)?;
//! assert_eq!(query.credentials.len(), 1);
//! # Ok::<(), DcqlError>(())
//! ```
//!
//! A request is read only after it was authenticated. No rule of a credential format and no address of a service
//! belongs here.
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

pub mod dcql;
mod url;
pub mod vp;

pub use url::HttpsUrl;
