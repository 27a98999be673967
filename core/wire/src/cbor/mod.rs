//! Reads CBOR (RFC 8949) strictly from received bytes without copying, and writes it deterministically.
mod decode;
mod encode;
mod error;
mod head;
mod key;
mod nest;
mod tagged;
mod value;

pub use decode::{Decoder, Limits};
pub use encode::Encoder;
pub use error::CborError;
pub use head::ItemType;
pub use key::Key;
pub(crate) use key::Keys;
pub use tagged::Tagged;
pub use value::Value;
