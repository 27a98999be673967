//! What we encode ourselves: credentials (issuer), documents and responses (holder). Deterministic CBOR; received parts byte for byte.
mod credential;
mod document;

pub use credential::{ElementToIssue, MsoTemplate, UnsignedCredential};
pub use document::{Selection, UnsignedDocument, device_response, device_response_status};
