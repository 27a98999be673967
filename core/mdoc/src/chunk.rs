//! Chunking of messages over BLE characteristics (18013-5, 8.3.3.1.1.6; std-M47): first byte 0x01 more follows, 0x00 last.
use alloc::vec::Vec;

use rid_wire::Code;

/// State characteristic: start of the session.
pub const STATE_START: u8 = 0x01;
/// State characteristic: end of the session.
pub const STATE_END: u8 = 0x02;

/// Why a chunk was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// An empty chunk, another first byte than 0 or 1, or a message over the limit (neg-C14).
    #[error("transport_limit")]
    Limit,
    /// An MTU outside 23..=515.
    #[error("transport_mtu")]
    Mtu,
}

impl ChunkError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Limit => "transport_limit",
            Self::Mtu => "transport_mtu",
        })
    }
}

/// Splits a message into characteristic writes of at most `mtu - 3` bytes each (ATT overhead), one marker byte included.
///
/// # Errors
/// [`ChunkError::Mtu`].
pub fn split(message: &[u8], mtu: u16) -> Result<Vec<Vec<u8>>, ChunkError> {
    todo!()
}

/// Puts received chunks together, at most `max_bytes` a message.
pub struct Assembler {
    buffer: Vec<u8>,
    max_bytes: usize,
}

impl Assembler {
    /// An empty assembler.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self { buffer: Vec::new(), max_bytes }
    }

    /// Takes one chunk; returns the message when it was the last.
    ///
    /// # Errors
    /// [`ChunkError::Limit`].
    pub fn push(&mut self, chunk: &[u8]) -> Result<Option<Vec<u8>>, ChunkError> {
        todo!()
    }

    /// Whether a message has begun and is not complete.
    #[must_use]
    pub fn is_midway(&self) -> bool {
        !self.buffer.is_empty()
    }
}
