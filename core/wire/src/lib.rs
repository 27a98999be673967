//! Bytes and values: strict CBOR over received bytes, COSE and JOSE containers, base64url, JSON, `Timestamp`, `Code`.
//!
//! Every parser takes hostile input and returns a named error whose [`Code`] is stable.
//!
//! ```
//! use rid_wire::cbor::{CborError, Limits, Decoder};
//!
//! let bytes = b"\xa2\x61a\x01\x61a\x02"; // {"a": 1, "a": 2}
//! let mut decoder = Decoder::new(bytes, Limits::PROXIMITY)?;
//! assert_eq!(decoder.skip(), Err(CborError::DuplicateKey));
//! # Ok::<(), CborError>(())
//! ```
//!
//! No key, protocol or clock belongs here, and received bytes are never encoded again.
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

pub mod base64;
pub mod cbor;
mod closed;
mod code;
pub mod cose;
pub mod hex;
pub mod jose;
pub mod json;
mod time;
mod tolerance;

pub use code::Code;
pub use time::{FullDate, TimeError, Timestamp};
pub use tolerance::ClockTolerance;
