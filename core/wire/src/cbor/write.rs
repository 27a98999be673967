use alloc::vec::Vec;

use super::head;

/// Deterministic writer (shortest heads, definite lengths). The caller writes as many items as the heads announce, map
/// keys in the order it wants them to have.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty writer with room for this many bytes: secrets are not left behind by growing.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        self.head(head::UINT, value)
    }

    /// Signed integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(value) => self.head(head::UINT, value),
            // The complement of a negative number is its argument n of -1-n.
            Err(_) => self.head(head::NINT, (!value).unsigned_abs()),
        }
    }

    /// Byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.bytes_head(value.len()).raw(value)
    }

    /// Byte string whose content is the concatenation of `parts`.
    pub fn bytes_of(&mut self, parts: &[&[u8]]) -> &mut Self {
        let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        self.bytes_head(length);
        for part in parts {
            self.raw(part);
        }
        self
    }

    /// Text string.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.length(head::TEXT, value.len()).raw(value.as_bytes())
    }

    /// Head of an array of `len` items.
    pub fn array(&mut self, len: usize) -> &mut Self {
        self.length(head::ARRAY, len)
    }

    /// Head of a map of `len` entries.
    pub fn map(&mut self, len: usize) -> &mut Self {
        self.length(head::MAP, len)
    }

    /// Head of a tag.
    pub fn tag(&mut self, tag: u64) -> &mut Self {
        self.head(head::TAG, tag)
    }

    /// Boolean.
    pub fn boolean(&mut self, value: bool) -> &mut Self {
        self.raw(&[if value { 0xf5 } else { 0xf4 }])
    }

    /// `null`.
    pub fn null(&mut self) -> &mut Self {
        self.raw(&[0xf6])
    }

    /// One item that is already encoded, byte for byte.
    pub fn raw(&mut self, item: &[u8]) -> &mut Self {
        self.0.extend_from_slice(item);
        self
    }

    /// `#6.24(bstr)` round an encoded item.
    pub fn tagged(&mut self, inner: &[u8]) -> &mut Self {
        self.tag(24).bytes(inner)
    }

    /// The bytes written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// Head of a byte string whose content is written elsewhere.
    pub(crate) fn bytes_head(&mut self, len: usize) -> &mut Self {
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
