//! Splits and joins messages over BLE characteristics (18013-5, 8.3.3.1.1.6; std-M47).
//!
//! The first byte of a chunk is 0x01 if more chunks follow, and 0x00 in the last one.
use alloc::vec::Vec;

use rid_wire::Code;

/// Value of the State characteristic that starts the session.
pub const STATE_START: u8 = 0x01;
/// Value of the State characteristic that ends the session.
pub const STATE_END: u8 = 0x02;

/// A reason for which a chunk was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum ChunkError {
    /// The chunk is empty or does not start with 0 or 1, or the message is over the limit (neg-C14).
    Limit,
    /// The MTU is below 23, the minimum of BLE.
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

/// Bytes of one characteristic write for the MTU that the platform reports: `mtu - 3` (ATT overhead), but at most 512,
/// the longest attribute value. Android reports 517.
///
/// # Errors
/// [`ChunkError::Mtu`].
pub fn write_len(mtu: u16) -> Result<usize, ChunkError> {
    if mtu < SMALLEST_MTU {
        return Err(ChunkError::Mtu);
    }
    Ok(usize::from(mtu.saturating_sub(ATT_OVERHEAD)).min(LONGEST_VALUE))
}

/// Splits a message into characteristic writes of at most [`write_len`] bytes, including the marker byte. An empty
/// message becomes one chunk without content.
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

/// Joins received chunks to messages of at most `max_bytes`.
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

    /// Adds one chunk and returns the message after its last chunk. An error discards the chunks collected so far.
    ///
    /// # Errors
    /// [`ChunkError::Limit`]: the marker is missing or unknown, a chunk announces more but is empty, or the message is
    /// over the limit.
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

    /// Returns true if a message has begun and is incomplete.
    #[must_use]
    pub fn is_midway(&self) -> bool {
        !self.buffer.is_empty()
    }

    fn fits(&self, content: &[u8]) -> bool {
        self.buffer.len().saturating_add(content.len()) <= self.max_bytes
    }
}

/// First byte of every chunk but the last.
const MORE: u8 = 0x01;
/// First byte of the last chunk.
const LAST: u8 = 0x00;
/// The minimum MTU of BLE.
const SMALLEST_MTU: u16 = 23;
/// Length of the longest attribute value (Bluetooth Core, 3.F.3.2.9).
const LONGEST_VALUE: usize = 512;
/// The opcode and handle of an ATT write.
const ATT_OVERHEAD: u16 = 3;

fn chunk(marker: u8, content: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(content.len().saturating_add(1));
    chunk.push(marker);
    chunk.extend_from_slice(content);
    chunk
}
