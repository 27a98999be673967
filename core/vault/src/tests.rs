//! What holds where nothing but the inside of the vault can make the case.

mod forged;
#[allow(clippy::unwrap_used, reason = "tests")]
mod last_head;
#[cfg(target_os = "linux")]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod left_behind;
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod marker;
mod secrets;
mod shown;
