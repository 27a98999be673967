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
    /// An MTU below 23, the smallest of BLE.
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

/// Bytes of one characteristic write for the MTU that the platform reports: `mtu - 3` (ATT overhead), at most 512, the longest
/// value an attribute can have. Android reports 517.
///
/// # Errors
/// [`ChunkError::Mtu`].
pub fn write_len(mtu: u16) -> Result<usize, ChunkError> {
    if mtu < SMALLEST_MTU {
        return Err(ChunkError::Mtu);
    }
    Ok(usize::from(mtu.saturating_sub(ATT_OVERHEAD)).min(LONGEST_VALUE))
}

/// Splits a message into characteristic writes of at most [`write_len`] bytes each, one marker byte included. An empty message
/// is one chunk without content.
///
/// # Errors
/// [`ChunkError::Mtu`].
pub fn split(message: &[u8], mtu: u16) -> Result<Vec<Vec<u8>>, ChunkError> {
    let content = write_len(mtu)?.saturating_sub(1);
    let mut parts = message.chunks(content).peekable();
    let mut chunks = Vec::with_capacity(message.len().div_ceil(content));
    while let Some(part) = parts.next() {
        chunks.push(chunk(if parts.peek().is_some() { MORE } else { LAST }, part));
    }
    if chunks.is_empty() {
        chunks.push(chunk(LAST, &[]));
    }
    Ok(chunks)
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

    /// Takes one chunk; returns the message when it was the last. After an error what was collected is gone.
    ///
    /// # Errors
    /// [`ChunkError::Limit`]: no marker, an unknown one, more announced without any content, or a message over the limit.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Option<Vec<u8>>, ChunkError> {
        match chunk.split_first() {
            Some((&LAST, content)) if self.fits(content) => {
                self.buffer.extend_from_slice(content);
                Ok(Some(core::mem::take(&mut self.buffer)))
            }
            Some((&MORE, content)) if self.fits(content) && !content.is_empty() => {
                self.buffer.extend_from_slice(content);
                Ok(None)
            }
            _ => {
                self.buffer = Vec::new();
                Err(ChunkError::Limit)
            }
        }
    }

    /// Whether a message has begun and is not complete.
    #[must_use]
    pub fn is_midway(&self) -> bool {
        !self.buffer.is_empty()
    }

    fn fits(&self, content: &[u8]) -> bool {
        self.buffer.len().saturating_add(content.len()) <= self.max_bytes
    }
}

/// First byte of a chunk that more chunks follow.
const MORE: u8 = 0x01;
/// First byte of the last chunk of a message.
const LAST: u8 = 0x00;
/// The smallest MTU of BLE.
const SMALLEST_MTU: u16 = 23;
/// Bytes of the longest attribute value (Bluetooth Core, 3.F.3.2.9).
const LONGEST_VALUE: usize = 512;
/// Bytes of a write that are ATT's: opcode and handle.
const ATT_OVERHEAD: u16 = 3;

fn chunk(marker: u8, content: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(content.len().saturating_add(1));
    chunk.push(marker);
    chunk.extend_from_slice(content);
    chunk
}
