//! Reads CBOR (RFC 8949) strictly from received bytes without copying, and writes it deterministically.
mod error;
mod head;
mod key;
mod nest;
mod read;
mod tagged;
mod value;
mod write;

pub use error::CborError;
pub use head::Kind;
pub use key::Key;
pub(crate) use key::Keys;
pub use read::{Limits, Reader};
pub use tagged::Tagged;
pub use value::Value;
pub use write::Writer;
