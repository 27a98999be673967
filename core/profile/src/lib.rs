//! The national profile as data: kinds of credential, their elements, types, labels (az, en, ru), spoken forms, rules.
//!
//! Everything the State has not fixed yet lives in `profile.json`, embedded and checked when read; never in code.
#![no_std]
extern crate alloc;

mod check;
mod claim;
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
pub use claim::{ClaimEntry, ClaimKey, ClaimPath, ClaimValue, PrivateBytes, PrivateText};
pub use embedded::embedded;
pub use image::ImageFormat;
pub use locale::{Locale, Localized};
pub use model::{
    CardClaim, CopyPolicy, Element, ElementType, Kind, Part, Presence, Profile, ProfileError, Rules, Signers,
};
pub use reader_policy::{ReaderPolicy, ReaderRule};
