//! Ports for tests: an in-memory store, a secure area with a script of faults, settable clocks, and the suites every
//! implementation of a port must pass. Behind the feature `fake`, which no product asks for.
mod block_on;
mod clock;
pub mod conformance;
mod http;
#[cfg(target_os = "linux")]
pub mod memory;
mod one_key;
mod rng;
mod script;
mod secure_area;
mod storage;

pub use block_on::block_on;
pub use clock::{FakeClock, FakeTimer};
pub use http::FakeHttp;
pub use one_key::OneKey;
pub use rng::SeededRng;
pub use secure_area::{AreaCall, ScriptedSecureArea};
pub use storage::{MemoryDisk, MemoryStorage};
