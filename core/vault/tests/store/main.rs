//! The vault against faults and against who holds its files: each test falls if the check behind it is taken out.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod biometric;
mod calls;
mod change;
mod codes;
mod cut;
mod damage;
mod dropped;
mod envelope;
mod first;
mod history;
mod locked;
mod model;
#[cfg(feature = "dangerous-synthetic-layout")]
mod next;
mod pages;
mod pin;
mod pools;
mod race;
mod recovery;
mod remedy;
mod rotation;
mod tickets;
mod unseen;
mod wipe;
#[cfg(target_os = "linux")]
mod wiped;
mod world;
