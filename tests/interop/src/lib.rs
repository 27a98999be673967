//! Independent implementations as judges of this project: live exchanges, in both directions.
//!
//! [`Peers`] runs `@owf/mdoc`, `@auth0/mdl` and `@sd-jwt` (folder `npm`), [`Multipaz`] runs `org.multipaz` (folder `multipaz`),
//! [`Python`] runs `sd-jwt` (folder `python`), each as a process that answers JSON lines. The crate `isomdl` is called by the tests directly. What each peer can and cannot judge
//! is told in `README.md`.

mod lines;
mod multipaz;
mod npm;
mod python;

pub use lines::PeerError;
pub use multipaz::Multipaz;
pub use npm::{Peers, selftest};
pub use python::Python;
