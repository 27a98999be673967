//! Builds credentials (issuer), documents and responses (holder): deterministic CBOR around received parts, which are
//! copied byte for byte.
mod credential;
mod document;

pub use credential::{ElementToIssue, MsoTemplate, UnsignedCredential};
pub use document::{Selection, UnsignedDocument, device_response, device_response_status, write_device_response};
