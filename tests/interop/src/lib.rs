//! Independent implementations as judges of this project: live exchanges in both directions.
//!
//! [`Peers`] runs `@owf/mdoc` and `@auth0/mdl` (folder `npm`) and [`Multipaz`] runs `org.multipaz` (folder `multipaz`),
//! each as a process that answers JSON lines. Tests call the crate `isomdl` directly. `README.md` says what each peer
//! can and cannot judge.

mod lines;
mod multipaz;
mod npm;
mod python;

pub use lines::PeerError;
pub use multipaz::Multipaz;
pub use npm::{Peers, selftest};
pub use python::Python;
