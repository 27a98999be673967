//! Bytes and values: strict CBOR reading over received bytes, COSE containers, base64url, strict JSON, time.
//!
//! Nothing here knows a key, a protocol or a clock. Every parser takes hostile input and answers with a named error
//! whose [`Code`] is stable; nothing is ever encoded again that came from somebody else.
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

pub mod base64;
pub mod cbor;
mod closed;
mod code;
pub mod cose;
pub mod hex;
pub mod json;
mod time;
mod tolerance;

pub use code::Code;
pub use time::{FullDate, TimeError, Timestamp};
pub use tolerance::ClockTolerance;
