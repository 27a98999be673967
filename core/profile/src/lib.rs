//! The national data file: kinds, elements, labels az/en/ru, spoken forms, rules.
//!
//! ```
//! use rid_profile::{Locale, ProfileError};
//!
//! let profile = rid_profile::embedded()?;
//! let pid = profile.kind_named("pid").ok_or(ProfileError::Invalid)?;
//! assert_eq!(pid.name.resolve(&[Locale::En]), "Identity card");
//! # Ok::<(), ProfileError>(())
//! ```
//!
//! A decision of the State belongs in `profile.json`, never in code.
#![no_std]
extern crate alloc;

mod check;
mod claim;
mod describe;
mod display;
mod embedded;
mod image;
mod locale;
mod model;
mod parse;
mod pattern;
mod reader_policy;
#[cfg(test)]
mod tests;

pub use check::{RuleFinding, Severity};
pub use describe::{Description, describe, is_described};
pub use display::display;
pub use embedded::embedded;
pub use image::ImageFormat;
pub use locale::{Locale, Localized};
pub use model::{Element, ElementType, Kind, Part, Presence, Profile, ProfileError, Rules, Signers};
pub use reader_policy::{ReaderPolicy, ReaderRule};
