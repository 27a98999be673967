//! Map keys: compared by value, checked for duplicates.
use alloc::{borrow::Cow, collections::BTreeSet, string::String, vec::Vec};
use core::cmp::Ordering;

use super::{CborError, head::Head};

/// A map key. Integers compare by value, however they are encoded.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key<'a> {
    /// Unsigned integer.
    Uint(u64),
    /// Negative integer, as the argument n of -1-n.
    Nint(u64),
    /// Byte string.
    Bytes(Cow<'a, [u8]>),
    /// Text string.
    Text(Cow<'a, str>),
}

impl Key<'_> {
    /// The key as an `i64`, if it is an integer in range.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Uint(value) => i64::try_from(*value).ok(),
            Self::Nint(value) => i64::try_from(*value).ok().map(|n| !n),
            Self::Bytes(_) | Self::Text(_) => None,
        }
    }

    /// The key as text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A key in the received bytes: compared by value, never copied.
#[derive(Clone, Copy)]
pub(crate) enum RawKey<'a> {
    Uint(u64),
    Nint(u64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Chunked(Chunks<'a>),
}

impl<'a> RawKey<'a> {
    pub(crate) fn to_key(self) -> Key<'a> {
        match self {
            Self::Uint(value) => Key::Uint(value),
            Self::Nint(value) => Key::Nint(value),
            Self::Bytes(bytes) => Key::Bytes(Cow::Borrowed(bytes)),
            Self::Text(text) => Key::Text(Cow::Borrowed(text)),
            Self::Chunked(chunks) if chunks.text => Key::Text(Cow::Owned(chunks.to_text())),
            Self::Chunked(chunks) => Key::Bytes(Cow::Owned(chunks.to_bytes())),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Uint(_) => 0,
            Self::Nint(_) => 1,
            Self::Bytes(_) | Self::Chunked(Chunks { text: false, .. }) => 2,
            Self::Text(_) | Self::Chunked(Chunks { text: true, .. }) => 3,
        }
    }

    /// The content of a string, in one or more pieces.
    fn pieces(&self) -> Pieces<'a> {
        match self {
            Self::Uint(_) | Self::Nint(_) => Pieces { whole: None, chunks: &[] },
            Self::Bytes(bytes) => Pieces { whole: Some(bytes), chunks: &[] },
            Self::Text(text) => Pieces { whole: Some(text.as_bytes()), chunks: &[] },
            Self::Chunked(chunks) => Pieces { whole: None, chunks: chunks.raw },
        }
    }
}

impl<'a> From<&'a Key<'_>> for RawKey<'a> {
    fn from(key: &'a Key<'_>) -> Self {
        match key {
            Key::Uint(value) => Self::Uint(*value),
            Key::Nint(value) => Self::Nint(*value),
            Key::Bytes(bytes) => Self::Bytes(bytes),
            Key::Text(text) => Self::Text(text),
        }
    }
}

impl Ord for RawKey<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Uint(a), Self::Uint(b)) | (Self::Nint(a), Self::Nint(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()).then_with(|| self.pieces().flatten().cmp(other.pieces().flatten())),
        }
    }
}

impl PartialOrd for RawKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for RawKey<'_> {}

impl PartialEq for RawKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Uint(a), Self::Uint(b)) | (Self::Nint(a), Self::Nint(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Chunked(_), _) | (_, Self::Chunked(_)) => self.cmp(other) == Ordering::Equal,
            _ => false,
        }
    }
}

/// The chunks of a string of indefinite length, already checked.
#[derive(Clone, Copy)]
pub(crate) struct Chunks<'a> {
    pub(super) text: bool,
    pub(super) raw: &'a [u8],
}

impl Chunks<'_> {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        Pieces { whole: None, chunks: self.raw }.flatten().copied().collect()
    }

    pub(super) fn to_text(self) -> String {
        let pieces = Pieces { whole: None, chunks: self.raw };
        pieces.filter_map(|piece| core::str::from_utf8(piece).ok()).collect()
    }
}

struct Pieces<'a> {
    whole: Option<&'a [u8]>,
    chunks: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if let Some(whole) = self.whole.take() {
            return Some(whole);
        }
        let (head, start) = Head::read(self.chunks, 0).ok()?;
        let end = start.checked_add(usize::try_from(head.argument).ok()?)?;
        let piece = self.chunks.get(start..end)?;
        self.chunks = self.chunks.get(end..)?;
        Some(piece)
    }
}

/// The keys of one open map. A small integer costs one bit; up to [`FEW`] other keys cost no allocation.
pub(crate) struct Keys<'a> {
    /// One bit for each unsigned integer below 64.
    small: u64,
    /// Created with the first such key: most maps have none.
    few: Option<[RawKey<'a>; FEW]>,
    count: usize,
    many: BTreeSet<RawKey<'a>>,
}

const FEW: usize = 8;

impl<'a> Keys<'a> {
    pub(crate) const fn new() -> Self {
        Self { small: 0, few: None, count: 0, many: BTreeSet::new() }
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`CborError::DuplicateKey`] if the map already has this key (neg-A03).
    pub(crate) fn add(&mut self, key: RawKey<'a>) -> Result<(), CborError> {
        if self.contains(&key) {
            return Err(CborError::DuplicateKey);
        }
        if let Some(bit) = small(&key) {
            self.small |= bit;
            return Ok(());
        }
        let few = self.few.get_or_insert([RawKey::Uint(0); FEW]);
        if let Some(place) = few.get_mut(self.count) {
            *place = key;
            self.count = self.count.saturating_add(1);
            return Ok(());
        }
        if self.many.is_empty() {
            self.many.extend(*few);
        }
        self.many.insert(key);
        Ok(())
    }

    pub(crate) fn contains(&self, key: &RawKey<'_>) -> bool {
        if let Some(bit) = small(key) {
            return self.small & bit != 0;
        }
        if self.many.is_empty() {
            self.few.iter().flatten().take(self.count).any(|known| known == key)
        } else {
            self.many.contains(key)
        }
    }
}

/// The bit of an unsigned integer below 64.
fn small(key: &RawKey<'_>) -> Option<u64> {
    match key {
        RawKey::Uint(value) => 1_u64.checked_shl(u32::try_from(*value).ok()?),
        _ => None,
    }
}

/// Prints only the type: the value can be a claim or a key.
impl core::fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Uint(_) => "Uint",
            Self::Nint(_) => "Nint",
            Self::Bytes(_) => "Bytes",
            Self::Text(_) => "Text",
        })
    }
}
