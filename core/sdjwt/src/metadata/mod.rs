//! SD-JWT VC type metadata (draft 25, 4 to 6): documents, inheritance, integrity, and the check of claims.
//!
//! Nothing is fetched here. [`Resolver`] says which document is wanted next, and takes it.
mod check;
mod document;
mod integrity;
mod resolve;

use alloc::{string::String, vec::Vec};

use rid_claims::ClaimPath;

pub use resolve::{Resolver, Wanted};

/// The metadata of a type, with everything that it inherits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeMetadata {
    /// The types: the type itself, then those that it extends, nearest first.
    pub types: Vec<String>,
    /// The names of the type for people.
    pub display: Vec<TypeDisplay>,
    /// The claims.
    pub claims: Vec<ClaimMetadata>,
}

/// The name of a type in one language. Texts are of the metadata's author: escape and shorten them before display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeDisplay {
    /// The language (BCP 47).
    pub locale: String,
    /// The name.
    pub name: String,
    /// The description.
    pub description: Option<String>,
}

/// The metadata of one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimMetadata {
    /// The path, as if everything were disclosed.
    pub path: ClaimPath,
    /// Labels for people.
    pub display: Vec<ClaimDisplay>,
    /// True if the issuer must include the claim. A holder may still leave it out.
    pub mandatory: bool,
    /// Whether the claim is selectively disclosable.
    pub disclosure: DisclosureRule,
}

/// The label of a claim in one language. Texts are of the metadata's author: escape and shorten them before display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimDisplay {
    /// The language (BCP 47).
    pub locale: String,
    /// The label.
    pub label: String,
    /// The description.
    pub description: Option<String>,
}

/// The rule of `sd`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DisclosureRule {
    /// The issuer may make the claim selectively disclosable.
    #[default]
    Allowed,
    /// The issuer must make it selectively disclosable.
    Always,
    /// The issuer must not.
    Never,
}
