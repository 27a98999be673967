//! Mirrors of the closed view types: what crosses, by kind.
#[cfg(feature = "wallet")]
mod keeping;
#[cfg(feature = "wallet")]
mod presentation;
#[cfg(feature = "reader")]
mod reader;
mod shared;
#[cfg(feature = "wallet")]
mod wallet;

#[cfg(feature = "wallet")]
pub use keeping::*;
#[cfg(feature = "reader")]
pub use reader::*;
pub use shared::*;
#[cfg(feature = "wallet")]
pub use wallet::*;
