//! A simulator: one holder and one reader in one process, a link that loses, doubles, reorders, cuts, alters and stalls what goes
//! over it, and clocks that move only when told. The same seed gives the same trace, byte for byte.

mod link;
mod rng;
mod state;
mod world;

pub use link::Faults;
pub use rng::SimRng;
pub use state::{NOW, TestState};
pub use world::{Report, Scenario, run};
