//! A simulator: a holder and a reader in one process, a faulty link and controlled clocks.
//!
//! The link loses, duplicates, reorders, truncates, alters and delays writes. The same seed gives the same trace, byte
//! for byte.

mod link;
mod rng;
mod state;
mod world;

pub use link::Faults;
pub use rng::SimRng;
pub use state::{NOW, TestState};
pub use world::{Report, Scenario, run};
