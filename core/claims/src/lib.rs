//! The words every format shares: formats and types of credentials, claim paths and values, private text.
//!
//! ```
//! use rid_claims::{ClaimPath, CredentialType, Format};
//!
//! let card = CredentialType::mdoc("org.iso.18013.5.1.mDL");
//! assert_eq!(card.format, Format::Mdoc);
//! let name = ClaimPath::element("org.iso.18013.5.1", "family_name");
//! assert_eq!(name.steps.len(), 2);
//! ```
//!
//! A rule of one format does not belong here, and neither does a label: labels are data of the profile.
#![no_std]
extern crate alloc;

mod credential;
mod path;
mod private;
mod value;

pub use credential::{
    CredentialId, CredentialSummary, CredentialType, Format, IssuanceSource, ReusePolicy, StatusReference,
};
pub use path::{ClaimKey, ClaimPath};
pub use private::{PrivateBytes, PrivateText};
pub use value::{ClaimEntry, ClaimValue};
