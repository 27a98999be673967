//! ISO/IEC 18013-5: model, engagement, session encryption, transcripts, requests, issuer- and device-signed data.
//!
//! Role-free: holder, verifier and issuer all build on these modules. Bytes that were received are kept as received;
//! what is hashed or signed is never encoded again. `parse` gives unverified types, `verify` gives evidence.
#![no_std]
#![deny(clippy::arithmetic_side_effects)]
extern crate alloc;

pub mod age;
pub mod build;
pub mod chunk;
pub mod device_auth;
pub mod engagement;
mod error;
mod fold;
pub mod issuer_signed;
pub mod mso;
pub mod reader_auth;
pub mod request;
pub mod request_info;
pub mod response;
pub mod session;
pub mod transcript;
pub mod verify;

pub use error::MdocError;

/// Document type of the mobile driving licence (18013-5, 7.1).
pub const MDL_DOC_TYPE: &str = "org.iso.18013.5.1.mDL";
/// Namespace of the mobile driving licence.
pub const MDL_NAMESPACE: &str = "org.iso.18013.5.1";
