//! Strict CBOR (RFC 8949) over received bytes: a zero-copy reader, a borrowed value tree for display, a deterministic writer.
mod read;
mod value;
mod write;

pub use read::{CborError, Key, Kind, Limits, Reader, Tagged};
pub use value::Value;
pub use write::Writer;
