//! What every implementation of a port must do, as suites that panic at the first violation: for fakes, for the
//! shell, and for the adapters of phones.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "suites for tests: a panic is their verdict")]

mod clock;
mod http;
mod layout;
mod secure_area;
mod storage;

pub use clock::{clock, timer};
pub use http::{http, http_refusals};
pub use secure_area::secure_area;
pub use storage::storage;

#[cfg(test)]
mod tests;
