//! Tools that several test crates share: randomness from a seed, certificates, published vectors, a scratch folder, a
//! stopped clock, and configurations of the two facades.
//!
//! ```
//! use rid_kit::{Identity, NOON, SeededRng, trust};
//! use rid_crypto::x509::Profile;
//! use rid_trust::Role;
//!
//! let mut rng = SeededRng::new(1);
//! let root = Identity::make(Profile::Iaca, "Test root", None, NOON, &mut rng);
//! let signer = Identity::make(Profile::DocumentSigner, "Test signer", Some(&root), NOON, &mut rng);
//! let store = trust(&[(&root.certificate, Role::Issuer)]);
//! assert_eq!(signer.certificate.subject().common_name(), Some("Test signer"));
//! # drop(store);
//! ```
//!
//! Only tests name this crate: `tests/arch` refuses it among the dependencies of a product. Use it from integration
//! tests (`core/*/tests`). In the unit tests of a crate that the kit is built on, its types would be a second copy of
//! the crate's own.
#![allow(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod clock;
#[cfg(feature = "facades")]
mod facades;
mod folder;
mod identity;
mod vector;

pub use clock::{NOON, StoppedClock, time};
#[cfg(feature = "facades")]
pub use facades::{RngSource, agree, agree_without, ask, reader_config, rngs, wallet_config};
pub use folder::Folder;
pub use identity::{Identity, trust};
pub use rid_flow::fake::SeededRng;
pub use vector::{hex_vector, vector, vector_path};
