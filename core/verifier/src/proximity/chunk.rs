//! Chunking for the native side of a BLE link, as the facade needs it (18013-5, 8.3.3.1.1.6).
pub use rid_mdoc::chunk::{Assembler, ChunkError, split, write_len};
use rid_wire::cbor::Limits;

/// Bytes of the largest message taken from a link.
pub const MAX_MESSAGE: usize = Limits::PROXIMITY.max_bytes;
