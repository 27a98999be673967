use alloc::vec::Vec;

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

    /// Unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        todo!()
    }

    /// Signed integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        todo!()
    }

    /// Byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        todo!()
    }

    /// Byte string whose content is the concatenation of `parts`.
    pub fn bytes_of(&mut self, parts: &[&[u8]]) -> &mut Self {
        todo!()
    }

    /// Text string.
    pub fn text(&mut self, value: &str) -> &mut Self {
        todo!()
    }

    /// Head of an array of `len` items.
    pub fn array(&mut self, len: usize) -> &mut Self {
        todo!()
    }

    /// Head of a map of `len` entries.
    pub fn map(&mut self, len: usize) -> &mut Self {
        todo!()
    }

    /// Head of a tag.
    pub fn tag(&mut self, tag: u64) -> &mut Self {
        todo!()
    }

    /// Boolean.
    pub fn boolean(&mut self, value: bool) -> &mut Self {
        todo!()
    }

    /// `null`.
    pub fn null(&mut self) -> &mut Self {
        todo!()
    }

    /// One item that is already encoded, byte for byte.
    pub fn raw(&mut self, item: &[u8]) -> &mut Self {
        todo!()
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
}
