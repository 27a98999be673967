//! Writes CBOR deterministically.
use alloc::vec::Vec;

use super::head;

/// A deterministic encoder (shortest heads, definite lengths). The caller must write as many items as the heads
/// announce, and chooses the order of map keys.
#[derive(Default)]
pub struct Encoder(Vec<u8>);

impl Encoder {
    /// An empty encoder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty encoder with room for this many bytes. Use it for secrets: growing would leave copies in freed memory.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Writes an unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        self.head(head::UINT, value)
    }

    /// Writes a signed integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(value) => self.head(head::UINT, value),
            // The complement of a negative number is the argument n of -1-n.
            Err(_) => self.head(head::NINT, (!value).unsigned_abs()),
        }
    }

    /// Writes a byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.bytes_head(value.len()).raw(value)
    }

    /// Writes a byte string whose content is the concatenation of `parts`.
    pub fn bytes_of(&mut self, parts: &[&[u8]]) -> &mut Self {
        let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        self.bytes_head(length);
        for part in parts {
            self.raw(part);
        }
        self
    }

    /// Writes a text string.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.length(head::TEXT, value.len()).raw(value.as_bytes())
    }

    /// Writes the head of an array of `len` items.
    pub fn array(&mut self, len: usize) -> &mut Self {
        self.length(head::ARRAY, len)
    }

    /// Writes the head of a map of `len` entries.
    pub fn map(&mut self, len: usize) -> &mut Self {
        self.length(head::MAP, len)
    }

    /// Writes the head of a tag.
    pub fn tag(&mut self, tag: u64) -> &mut Self {
        self.head(head::TAG, tag)
    }

    /// Writes a boolean.
    pub fn boolean(&mut self, value: bool) -> &mut Self {
        self.raw(&[if value { 0xf5 } else { 0xf4 }])
    }

    /// Writes `null`.
    pub fn null(&mut self) -> &mut Self {
        self.raw(&[0xf6])
    }

    /// Writes one encoded item unchanged.
    pub fn raw(&mut self, item: &[u8]) -> &mut Self {
        self.0.extend_from_slice(item);
        self
    }

    /// Writes `#6.24(bstr)` around an encoded item.
    pub fn tagged(&mut self, inner: &[u8]) -> &mut Self {
        self.tag(24).bytes(inner)
    }

    /// The written bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// Writes the head of a byte string whose content follows elsewhere.
    pub fn bytes_head(&mut self, len: usize) -> &mut Self {
        self.length(head::BYTES, len)
    }

    fn length(&mut self, major: u8, len: usize) -> &mut Self {
        self.head(major, u64::try_from(len).unwrap_or(u64::MAX))
    }

    /// The shortest head (RFC 8949, 4.2.1).
    fn head(&mut self, major: u8, argument: u64) -> &mut Self {
        let first = major << 5;
        if let Ok(byte) = u8::try_from(argument) {
            if byte < 24 { self.raw(&[first | byte]) } else { self.raw(&[first | 24, byte]) }
        } else if let Ok(short) = u16::try_from(argument) {
            self.raw(&[first | 25]).raw(&short.to_be_bytes())
        } else if let Ok(word) = u32::try_from(argument) {
            self.raw(&[first | 26]).raw(&word.to_be_bytes())
        } else {
            self.raw(&[first | 27]).raw(&argument.to_be_bytes())
        }
    }
}
