//! The boundary: what Kotlin and Swift see. Mirrors of the facades' views, thin objects, foreign traits; no logic.
//!
//! Objects are one field round a facade; every exported body is one line through [`boundary`], which turns a panic into
//! `Bug { code: "panic" }` with no text. Secrets, private keys and session keys have no type here.
#[cfg(all(feature = "dangerous-test-hooks", not(debug_assertions)))]
compile_error!("dangerous-test-hooks is for tests: a release build never has it");

mod area;
mod boundary;
mod describe;
#[cfg(feature = "dangerous-test-hooks")]
mod hooks;
mod log;
#[cfg(feature = "reader")]
mod reader;
mod types;
#[cfg(feature = "wallet")]
mod vault;
#[cfg(feature = "wallet")]
mod wallet;

pub use area::{SecureArea, SecureAreaError, derive_point, uptime_millis};
pub use describe::describe_code;
pub use log::{LogError, LogLevel, LogRecord, LogSink, log_to};

#[cfg(feature = "dangerous-test-hooks")]
use hooks::TestClock as DeviceClock;
#[cfg(not(feature = "dangerous-test-hooks"))]
use rid_shell::SystemClock as DeviceClock;

uniffi::setup_scaffolding!("rid_bindings");
