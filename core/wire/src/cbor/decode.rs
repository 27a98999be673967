//! Reads CBOR items from received bytes.
use alloc::borrow::Cow;

use super::{
    CborError,
    head::{self, Head, ItemType},
    key::{Chunks, RawKey},
};

/// The limits of a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest input in bytes; checked before anything is read.
    pub max_bytes: usize,
    /// Deepest nesting of arrays, maps and tags.
    pub max_depth: u8,
}

impl Limits {
    /// Limits for messages of a proximity link: 1 MiB, depth 32.
    pub const PROXIMITY: Self = Self { max_bytes: 1 << 20, max_depth: 32 };
    /// Limits for messages received online: 5 MiB, depth 32.
    pub const ONLINE: Self = Self { max_bytes: 5 << 20, max_depth: 32 };
}

/// A cursor over received bytes. It copies nothing, never recurses deeper than its limit, and allocates only to find
/// duplicate keys (bounded by the number of keys of the open maps). A call that asks for another type leaves the item
/// unread.
#[derive(Clone)]
pub struct Decoder<'a> {
    pub(super) input: &'a [u8],
    pub(super) pos: usize,
    /// Open arrays and maps, and the tags around them.
    pub(super) depth: u8,
    /// Tags whose item is still unread.
    pub(super) tags: u8,
    pub(super) max_depth: u8,
    indefinite: bool,
}

impl<'a> Decoder<'a> {
    /// Starts at the first byte. Input over the size limit is refused unread; indefinite lengths are accepted.
    ///
    /// # Errors
    /// [`CborError::TooLarge`].
    pub fn new(input: &'a [u8], limits: Limits) -> Result<Self, CborError> {
        if input.len() > limits.max_bytes {
            return Err(CborError::TooLarge);
        }
        Ok(Self::over(input, limits.max_depth))
    }

    /// Starts at bytes that are part of an input whose size was checked.
    pub(crate) const fn over(input: &'a [u8], max_depth: u8) -> Self {
        Self { input, pos: 0, depth: 0, tags: 0, max_depth, indefinite: true }
    }

    /// Starts at the content of a byte string that this decoder returned, with the same depth limit.
    pub(crate) const fn inside(&self, content: &'a [u8]) -> Self {
        Self::over(content, self.max_depth)
    }

    /// Refuses indefinite lengths from here on, at any depth (neg-A05).
    #[must_use]
    pub fn definite(mut self) -> Self {
        self.indefinite = false;
        self
    }

    /// The number of bytes read so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.pos
    }

    /// The type of the next item.
    ///
    /// # Errors
    /// [`CborError::Truncated`], [`CborError::UnexpectedType`] for a reserved head or a stray break.
    pub fn peek(&self) -> Result<ItemType, CborError> {
        Ok(self.head()?.0.item_type())
    }

    /// Reads an unsigned integer. Bignum tags are refused (neg-A14).
    ///
    /// # Errors
    /// [`CborError`].
    pub fn uint(&mut self) -> Result<u64, CborError> {
        let (head, next) = self.expect(head::UINT)?;
        self.advance(next);
        Ok(head.argument)
    }

    /// Reads an integer in the range of `i64`.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn int(&mut self) -> Result<i64, CborError> {
        let (head, next) = self.head()?;
        let argument = i64::try_from(head.argument).map_err(|_| CborError::UnexpectedType)?;
        let value = match head.major {
            head::UINT => argument,
            head::NINT => !argument,
            _ => return Err(CborError::UnexpectedType),
        };
        self.advance(next);
        Ok(value)
    }

    /// Reads a byte string; borrowed unless it is in chunks.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn bytes(&mut self) -> Result<Cow<'a, [u8]>, CborError> {
        match self.string(head::BYTES)? {
            RawKey::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            RawKey::Chunked(chunks) => Ok(Cow::Owned(chunks.to_bytes())),
            _ => Err(CborError::UnexpectedType),
        }
    }

    /// Reads a byte string of definite length, even where the decoder accepts indefinite lengths (neg-A05).
    ///
    /// # Errors
    /// [`CborError`].
    pub fn definite_bytes(&mut self) -> Result<&'a [u8], CborError> {
        let (head, next) = self.expect(head::BYTES)?;
        if head.is_indefinite() {
            return Err(CborError::Indefinite);
        }
        self.run(head, next)
    }

    /// Reads a text string; borrowed unless it is in chunks. Each chunk must be valid UTF-8.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn text(&mut self) -> Result<Cow<'a, str>, CborError> {
        match self.string(head::TEXT)? {
            RawKey::Text(text) => Ok(Cow::Borrowed(text)),
            RawKey::Chunked(chunks) => Ok(Cow::Owned(chunks.to_text())),
            _ => Err(CborError::UnexpectedType),
        }
    }

    /// Reads a text string used as an identifier, which must not contain NUL.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn identifier(&mut self) -> Result<Cow<'a, str>, CborError> {
        let text = self.text()?;
        if text.as_bytes().contains(&0) { Err(CborError::InvalidText) } else { Ok(text) }
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn boolean(&mut self) -> Result<bool, CborError> {
        let (head, next) = self.head()?;
        if head.item_type() != ItemType::Bool {
            return Err(CborError::UnexpectedType);
        }
        self.advance(next);
        Ok(head.info == 21)
    }

    /// Reads a float of any width, widened.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn float(&mut self) -> Result<f64, CborError> {
        let (head, next) = self.head()?;
        if head.item_type() != ItemType::Float {
            return Err(CborError::UnexpectedType);
        }
        self.advance(next);
        Ok(head.float())
    }

    /// Consumes `null` if it is next, and returns true if it was.
    ///
    /// # Errors
    /// [`CborError::Truncated`].
    pub fn take_null(&mut self) -> Result<bool, CborError> {
        let (head, next) = self.head()?;
        let is_null = head.item_type() == ItemType::Null;
        if is_null {
            self.advance(next);
        }
        Ok(is_null)
    }

    /// Reads one tag head with this number; the tagged item follows. The tag counts as one level until that item is
    /// read.
    ///
    /// # Errors
    /// [`CborError::UnexpectedType`] if another item or tag is next.
    pub fn expect_tag(&mut self, tag: u64) -> Result<(), CborError> {
        if self.take_tag(tag)? { Ok(()) } else { Err(CborError::UnexpectedType) }
    }

    /// Consumes the tag head if this tag is next, and returns true if it was.
    ///
    /// # Errors
    /// [`CborError::Truncated`], [`CborError::TooDeep`].
    pub fn take_tag(&mut self, tag: u64) -> Result<bool, CborError> {
        let (head, next) = self.head()?;
        let is_tag = head.major == head::TAG && head.argument == tag;
        if is_tag {
            self.enter_tag(next)?;
        }
        Ok(is_tag)
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`CborError::Trailing`] if bytes remain, [`CborError::Truncated`] after a tag without its item.
    pub fn finish(self) -> Result<(), CborError> {
        if self.pos < self.input.len() {
            Err(CborError::Trailing)
        } else if self.tags > 0 {
            Err(CborError::Truncated)
        } else {
            Ok(())
        }
    }

    /// The next head and where it ends. Consumes nothing.
    pub(super) fn head(&self) -> Result<(Head, usize), CborError> {
        Head::read(self.input, self.pos)
    }

    /// The next head, which must be of this major type.
    pub(super) fn expect(&self, major: u8) -> Result<(Head, usize), CborError> {
        let (head, next) = self.head()?;
        if head.major == major { Ok((head, next)) } else { Err(CborError::UnexpectedType) }
    }

    /// The length or count of a head; `None` for an indefinite one, if those are accepted.
    pub(super) fn length(&self, head: Head) -> Result<Option<u64>, CborError> {
        match (head.is_indefinite(), self.indefinite) {
            (false, _) => Ok(Some(head.argument)),
            (true, true) => Ok(None),
            (true, false) => Err(CborError::Indefinite),
        }
    }

    /// Moves to `next` after an item was read or entered, and so past the tags before it.
    pub(super) const fn advance(&mut self, next: usize) {
        self.pos = next;
        self.tags = 0;
    }

    /// Moves past the head of a tag.
    pub(super) fn enter_tag(&mut self, next: usize) -> Result<(), CborError> {
        self.level()?;
        self.pos = next;
        self.tags = self.tags.saturating_add(1);
        Ok(())
    }

    /// The depth of the next array, map or tag.
    pub(super) fn level(&self) -> Result<u8, CborError> {
        let level = self.depth.checked_add(self.tags).and_then(|depth| depth.checked_add(1));
        level.filter(|level| *level <= self.max_depth).ok_or(CborError::TooDeep)
    }

    /// Reads a string of this major type, checked but not copied.
    pub(super) fn string(&mut self, major: u8) -> Result<RawKey<'a>, CborError> {
        let (head, next) = self.expect(major)?;
        if self.length(head)?.is_some() {
            let bytes = self.run(head, next)?;
            return if major == head::TEXT { utf8(bytes).map(RawKey::Text) } else { Ok(RawKey::Bytes(bytes)) };
        }
        self.advance(next);
        loop {
            if self.input.get(self.pos) == Some(&head::BREAK) {
                let raw = self.input.get(next..self.pos).ok_or(CborError::Truncated)?;
                self.advance(self.pos.saturating_add(1));
                return Ok(RawKey::Chunked(Chunks { text: major == head::TEXT, raw }));
            }
            let (chunk, start) = self.expect(major)?;
            if chunk.is_indefinite() {
                return Err(CborError::UnexpectedType);
            }
            let bytes = self.run(chunk, start)?;
            if major == head::TEXT {
                utf8(bytes)?;
            }
        }
    }

    /// The content of a definite string whose head ends at `start`.
    fn run(&mut self, head: Head, start: usize) -> Result<&'a [u8], CborError> {
        let length = usize::try_from(head.argument).map_err(|_| CborError::Truncated)?;
        let end = start.checked_add(length).ok_or(CborError::Truncated)?;
        let bytes = self.input.get(start..end).ok_or(CborError::Truncated)?;
        self.advance(end);
        Ok(bytes)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, CborError> {
    core::str::from_utf8(bytes).map_err(|_| CborError::InvalidText)
}

crate::closed_debug!(Decoder<'_>);
