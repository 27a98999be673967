use alloc::borrow::Cow;

use crate::Code;

/// Why CBOR was refused. Blame: the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// Nested deeper than [`Limits::max_depth`] (neg-A01).
    #[error("cbor_too_deep")]
    TooDeep,
    /// A map key occurs twice (neg-A03).
    #[error("cbor_duplicate_key")]
    DuplicateKey,
    /// Indefinite length where the standard's bytes are hashed or signed (neg-A05).
    #[error("cbor_indefinite")]
    Indefinite,
    /// The input ends before the item does (neg-A06, neg-A07).
    #[error("cbor_truncated")]
    Truncated,
    /// Bytes follow the item (neg-A09).
    #[error("cbor_trailing")]
    Trailing,
    /// The byte string in tag 24 is not one well-formed item (neg-A10).
    #[error("cbor_tag24_invalid")]
    Tag24Invalid,
    /// Tag 24 missing where required, or doubled (neg-A11).
    #[error("cbor_tag24_expected")]
    Tag24Expected,
    /// Text that is not UTF-8, or NUL in an identifier (neg-A12).
    #[error("cbor_invalid_text")]
    InvalidText,
    /// Another type than the standard's, or a reserved encoding (neg-A13, neg-A14).
    #[error("cbor_unexpected_type")]
    UnexpectedType,
    /// A member the standard requires is absent.
    #[error("cbor_missing_member")]
    MissingMember,
    /// Larger than [`Limits::max_bytes`] (neg-A15).
    #[error("input_too_large")]
    TooLarge,
}

impl CborError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::TooDeep => "cbor_too_deep",
            Self::DuplicateKey => "cbor_duplicate_key",
            Self::Indefinite => "cbor_indefinite",
            Self::Truncated => "cbor_truncated",
            Self::Trailing => "cbor_trailing",
            Self::Tag24Invalid => "cbor_tag24_invalid",
            Self::Tag24Expected => "cbor_tag24_expected",
            Self::InvalidText => "cbor_invalid_text",
            Self::UnexpectedType => "cbor_unexpected_type",
            Self::MissingMember => "cbor_missing_member",
            Self::TooLarge => "input_too_large",
        })
    }
}

/// What a reader accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest input in bytes; checked before anything is read.
    pub max_bytes: usize,
    /// Deepest nesting of arrays, maps and tags.
    pub max_depth: u8,
}

impl Limits {
    /// Messages of a proximity link: 1 MiB, depth 32.
    pub const PROXIMITY: Self = Self { max_bytes: 1 << 20, max_depth: 32 };
    /// Messages that come online: 5 MiB, depth 32.
    pub const ONLINE: Self = Self { max_bytes: 5 << 20, max_depth: 32 };
}

/// The kind of the next item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Major type 0.
    Uint,
    /// Major type 1.
    Nint,
    /// Major type 2.
    Bytes,
    /// Major type 3.
    Text,
    /// Major type 4.
    Array,
    /// Major type 5.
    Map,
    /// Major type 6.
    Tag,
    /// `false` or `true`.
    Bool,
    /// `null`.
    Null,
    /// `undefined`.
    Undefined,
    /// Another simple value.
    Simple,
    /// A half, single or double float.
    Float,
}

/// A map key. Integers are compared by value, however they were encoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key<'a> {
    /// Unsigned integer.
    Uint(u64),
    /// Negative integer, as its argument n of -1-n.
    Nint(u64),
    /// Byte string.
    Bytes(Cow<'a, [u8]>),
    /// Text string.
    Text(Cow<'a, str>),
}

/// A `#6.24(bstr .cbor T)` with its bytes as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tagged<'a> {
    /// The whole item: tag head, byte-string head and content. This is what the standard hashes.
    pub outer: &'a [u8],
    /// The content: one well-formed CBOR item.
    pub inner: &'a [u8],
}

/// A cursor over received bytes. It copies nothing, recurses never deeper than its limit, and allocates only for
/// duplicate-key detection (bounded by the number of keys of the maps that are open).
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    input: &'a [u8],
    pos: usize,
    depth: u8,
    max_depth: u8,
    indefinite: bool,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte; refuses input over the limit unread. Indefinite lengths are read.
    ///
    /// # Errors
    /// [`CborError::TooLarge`].
    pub fn new(input: &'a [u8], limits: Limits) -> Result<Self, CborError> {
        if input.len() > limits.max_bytes {
            return Err(CborError::TooLarge);
        }
        Ok(Self { input, pos: 0, depth: 0, max_depth: limits.max_depth, indefinite: true })
    }

    /// The same cursor, refusing indefinite lengths from here on, at any depth (neg-A05).
    #[must_use]
    pub fn definite(mut self) -> Self {
        self.indefinite = false;
        self
    }

    /// Bytes read so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.pos
    }

    /// The kind of the next item.
    ///
    /// # Errors
    /// [`CborError::Truncated`], [`CborError::UnexpectedType`] for a reserved head or a stray break.
    pub fn peek(&self) -> Result<Kind, CborError> {
        todo!()
    }

    /// An unsigned integer (bignum tags are refused: neg-A14).
    ///
    /// # Errors
    /// [`CborError`].
    pub fn uint(&mut self) -> Result<u64, CborError> {
        todo!()
    }

    /// An integer that fits `i64`.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn int(&mut self) -> Result<i64, CborError> {
        todo!()
    }

    /// A byte string; borrowed unless it came in chunks.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn bytes(&mut self) -> Result<Cow<'a, [u8]>, CborError> {
        todo!()
    }

    /// A text string; borrowed unless it came in chunks (each chunk must be UTF-8 by itself).
    ///
    /// # Errors
    /// [`CborError`].
    pub fn text(&mut self) -> Result<Cow<'a, str>, CborError> {
        todo!()
    }

    /// A text string used as an identifier: no NUL.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn identifier(&mut self) -> Result<Cow<'a, str>, CborError> {
        todo!()
    }

    /// A boolean.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn boolean(&mut self) -> Result<bool, CborError> {
        todo!()
    }

    /// Consumes `null` if it is next and says whether it was.
    ///
    /// # Errors
    /// [`CborError::Truncated`].
    pub fn take_null(&mut self) -> Result<bool, CborError> {
        todo!()
    }

    /// Reads one tag head with this number; the tagged item follows. Counts one level until that item was read.
    ///
    /// # Errors
    /// [`CborError::UnexpectedType`] when another item or tag is next.
    pub fn expect_tag(&mut self, tag: u64) -> Result<(), CborError> {
        todo!()
    }

    /// Consumes the tag head if this tag is next and says whether it was.
    ///
    /// # Errors
    /// [`CborError::Truncated`].
    pub fn take_tag(&mut self, tag: u64) -> Result<bool, CborError> {
        todo!()
    }

    /// Reads an array, calling `each` with the cursor at every element and its index. What `each` leaves unread is
    /// skipped (and checked). Returns the number of elements.
    ///
    /// # Errors
    /// Those of `each` and [`CborError`].
    pub fn array<E: From<CborError>>(
        &mut self,
        each: impl FnMut(&mut Self, usize) -> Result<(), E>,
    ) -> Result<usize, E> {
        todo!()
    }

    /// Reads a map, calling `each` with the cursor at every value and its key. What `each` leaves unread is skipped
    /// (and checked). Keys are integers, byte strings or text, each at most once. Returns the number of entries.
    ///
    /// # Errors
    /// Those of `each` and [`CborError`].
    pub fn map<E: From<CborError>>(
        &mut self,
        each: impl FnMut(&mut Self, &Key<'a>) -> Result<(), E>,
    ) -> Result<usize, E> {
        todo!()
    }

    /// Skips one item, checking all of it (depth, text, duplicate keys, lengths), and returns its bytes as received.
    /// Costs no memory however large the item.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn skip(&mut self) -> Result<&'a [u8], CborError> {
        todo!()
    }

    /// A `#6.24(bstr .cbor any)`: the content must be one well-formed item and not tag 24 again. The byte string must be
    /// of definite length.
    ///
    /// # Errors
    /// [`CborError::Tag24Expected`], [`CborError::Tag24Invalid`], [`CborError::Indefinite`].
    pub fn tagged(&mut self) -> Result<Tagged<'a>, CborError> {
        todo!()
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`CborError::Trailing`] when bytes are left.
    pub fn finish(self) -> Result<(), CborError> {
        todo!()
    }
}

impl<'a> Tagged<'a> {
    /// Reads one whole input as `#6.24(bstr .cbor any)`.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn parse(input: &'a [u8], limits: Limits) -> Result<Self, CborError> {
        let mut reader = Reader::new(input, limits)?;
        let tagged = reader.tagged()?;
        reader.finish()?;
        Ok(tagged)
    }

    /// A cursor over the content that refuses indefinite lengths; depth starts anew.
    #[must_use]
    pub fn reader(&self) -> Reader<'a> {
        Reader { input: self.inner, pos: 0, depth: 0, max_depth: Limits::PROXIMITY.max_depth, indefinite: false }
    }
}
