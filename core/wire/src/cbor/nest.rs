//! Reads arrays, maps and everything inside them.
use super::{
    CborError, Decoder, Key, Keys,
    head::{self, Head},
    key::RawKey,
};

impl<'a> Decoder<'a> {
    /// Reads an array, calling `each` with the cursor at every element and its index. Unread elements are skipped and
    /// checked. Returns the number of elements.
    ///
    /// # Errors
    /// Those of `each` and [`CborError`].
    pub fn array<E: From<CborError>>(
        &mut self,
        mut each: impl FnMut(&mut Self, usize) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut open = self.open(head::ARRAY)?;
        let mut index = 0_usize;
        while self.another(&mut open)? {
            let start = self.pos;
            each(self, index)?;
            self.complete(start)?;
            index = index.saturating_add(1);
        }
        Ok(index)
    }

    /// Reads a map, calling `each` with the cursor at every value and its key. Unread values are skipped and checked.
    /// Keys are integers, byte strings or text, each at most once. Returns the number of entries.
    ///
    /// # Errors
    /// Those of `each` and [`CborError`].
    pub fn map<E: From<CborError>>(
        &mut self,
        mut each: impl FnMut(&mut Self, &Key<'a>) -> Result<(), E>,
    ) -> Result<usize, E> {
        self.map_into(&mut Keys::new(), |decoder, key| each(decoder, &key.to_key()))
    }

    /// Reads a map as [`Self::map`] does and collects its keys in `keys`.
    pub(crate) fn map_into<E: From<CborError>>(
        &mut self,
        keys: &mut Keys<'a>,
        mut each: impl FnMut(&mut Self, RawKey<'a>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut open = self.open(head::MAP)?;
        let mut count = 0_usize;
        while self.another(&mut open)? {
            let key = self.key()?;
            keys.add(key)?;
            let start = self.pos;
            each(self, key)?;
            self.complete(start)?;
            count = count.saturating_add(1);
        }
        Ok(count)
    }

    /// Skips one item, checks all of it (depth, text, duplicate keys, lengths) and returns its bytes as received. Long
    /// strings cost no memory.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn skip(&mut self) -> Result<&'a [u8], CborError> {
        let start = self.pos;
        self.pass()?;
        self.input.get(start..self.pos).ok_or(CborError::Truncated)
    }

    /// Skips one item. `open` counts the levels and so bounds the recursion.
    fn pass(&mut self) -> Result<(), CborError> {
        loop {
            let (head, next) = self.head()?;
            match head.major {
                head::BYTES | head::TEXT => {
                    self.string(head.major)?;
                }
                head::ARRAY => {
                    let mut open = self.open(head::ARRAY)?;
                    while self.another(&mut open)? {
                        self.pass()?;
                    }
                }
                head::MAP => self.pass_map()?,
                head::TAG => {
                    self.enter_tag(next)?;
                    continue;
                }
                _ => self.advance(next),
            }
            return Ok(());
        }
    }

    /// Not part of `pass`: otherwise every level of recursion would reserve stack space for a map's keys.
    #[inline(never)]
    fn pass_map(&mut self) -> Result<(), CborError> {
        let mut open = self.open(head::MAP)?;
        let mut keys = Keys::new();
        while self.another(&mut open)? {
            let key = self.key()?;
            keys.add(key)?;
            self.pass()?;
        }
        Ok(())
    }

    /// Enters an array or map of this major type. Checks the depth, and that the announced count fits the remaining
    /// input.
    fn open(&mut self, major: u8) -> Result<Open, CborError> {
        let (head, next) = self.expect(major)?;
        let left = self.length(head)?;
        let level = self.level()?;
        let width = if major == head::MAP { 2 } else { 1 };
        let room = u64::try_from(self.input.len().saturating_sub(next)).unwrap_or(u64::MAX);
        if left.is_some_and(|count| count.saturating_mul(width) > room) {
            return Err(CborError::Truncated);
        }
        let open = Open { left, outside: self.depth, inside: level };
        self.advance(next);
        self.depth = level;
        Ok(open)
    }

    /// Returns true if another element or entry follows; otherwise leaves the array or map.
    fn another(&mut self, open: &mut Open) -> Result<bool, CborError> {
        let more = match &mut open.left {
            Some(0) => false,
            Some(left) => {
                *left = left.saturating_sub(1);
                true
            }
            None if self.input.get(self.pos) == Some(&head::BREAK) => {
                self.advance(self.pos.saturating_add(1));
                false
            }
            None if self.pos >= self.input.len() => return Err(CborError::Truncated),
            None => true,
        };
        self.depth = if more { open.inside } else { open.outside };
        Ok(more)
    }

    /// Skips an element that a closure left unread, or of which it read only the tags.
    fn complete(&mut self, start: usize) -> Result<(), CborError> {
        if self.pos == start || self.tags > 0 { self.pass() } else { Ok(()) }
    }

    fn key(&mut self) -> Result<RawKey<'a>, CborError> {
        let (Head { major, argument, .. }, next) = self.head()?;
        let key = match major {
            head::UINT => RawKey::Uint(argument),
            head::NINT => RawKey::Nint(argument),
            head::BYTES | head::TEXT => return self.string(major),
            _ => return Err(CborError::UnexpectedType),
        };
        self.advance(next);
        Ok(key)
    }
}

/// An open array or map.
struct Open {
    /// Elements or entries that remain; `None` for indefinite length.
    left: Option<u64>,
    outside: u8,
    inside: u8,
}
