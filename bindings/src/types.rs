//! Mirrors of the closed view types: what crosses, by kind.
mod error;
#[cfg(feature = "wallet")]
mod presentation;
#[cfg(feature = "reader")]
mod reader;
mod shared;
#[cfg(feature = "wallet")]
mod vault;
#[cfg(feature = "wallet")]
mod wallet;

pub use error::*;
#[cfg(feature = "reader")]
pub use reader::*;
pub use shared::*;
#[cfg(feature = "wallet")]
pub use vault::*;
#[cfg(feature = "wallet")]
pub use wallet::*;
