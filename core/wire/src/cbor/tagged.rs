//! Encoded CBOR in tag 24, with its bytes as received.
use super::{CborError, Decoder, Limits, head};

/// The tag of encoded CBOR (RFC 8949, 3.4.5.1).
const ENCODED_CBOR: u64 = 24;

/// A `#6.24(bstr .cbor T)` with its bytes as received.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tagged<'a> {
    /// The whole item: tag head, byte-string head and content. The standard hashes these bytes.
    pub outer: &'a [u8],
    /// The content: one well-formed CBOR item.
    pub inner: &'a [u8],
}

impl<'a> Tagged<'a> {
    /// Reads one whole input as `#6.24(bstr .cbor any)`.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn parse(input: &'a [u8], limits: Limits) -> Result<Self, CborError> {
        let mut decoder = Decoder::new(input, limits)?;
        let tagged = decoder.tagged()?;
        decoder.finish()?;
        Ok(tagged)
    }

    /// A cursor over the content that refuses indefinite lengths. Its depth starts at zero.
    #[must_use]
    pub fn decoder(&self) -> Decoder<'a> {
        Decoder::over(self.inner, Limits::PROXIMITY.max_depth).definite()
    }
}

impl<'a> Decoder<'a> {
    /// Reads a `#6.24(bstr .cbor any)`. The byte string must be of definite length and hold one well-formed item other
    /// than tag 24.
    ///
    /// # Errors
    /// [`CborError::Tag24Expected`], [`CborError::Tag24Invalid`], [`CborError::Indefinite`]; for the content also
    /// [`CborError::TooDeep`] and [`CborError::DuplicateKey`].
    pub fn tagged(&mut self) -> Result<Tagged<'a>, CborError> {
        let tagged = self.unread_tagged()?;
        check_content(tagged.inner, self.max_depth)?;
        Ok(tagged)
    }

    /// Reads a `#6.24(bstr .cbor T)` as [`Self::tagged`] does, and its content with `read`, in one pass: `read` has to
    /// read or skip all of it.
    ///
    /// # Errors
    /// Those of [`Self::tagged`], then those of `read`; [`CborError::Tag24Invalid`] if `read` leaves something.
    pub fn tagged_with<T, E: From<CborError>>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(Tagged<'a>, T), E> {
        let tagged = self.unread_tagged()?;
        let mut content = tagged.decoder();
        let value = read(&mut content);
        if value.is_err() || content.finish().is_err() {
            // Malformed content is refused as such, whatever `read` made of it.
            check_content(tagged.inner, self.max_depth)?;
        }
        Ok((tagged, value?))
    }

    fn unread_tagged(&mut self) -> Result<Tagged<'a>, CborError> {
        let start = self.pos;
        if !self.take_tag(ENCODED_CBOR)? {
            return Err(CborError::Tag24Expected);
        }
        let (head, _) = self.head()?;
        if is_encoded_cbor(head) {
            return Err(CborError::Tag24Expected);
        }
        if head.major != head::BYTES {
            return Err(CborError::Tag24Invalid);
        }
        let inner = self.definite_bytes()?;
        if head::Head::read(inner, 0).is_ok_and(|(head, _)| is_encoded_cbor(head)) {
            return Err(CborError::Tag24Expected);
        }
        let outer = self.input.get(start..self.pos).ok_or(CborError::Truncated)?;
        Ok(Tagged { outer, inner })
    }
}

fn check_content(inner: &[u8], max_depth: u8) -> Result<(), CborError> {
    let mut content = Decoder::over(inner, max_depth);
    content.skip().and_then(|_| content.finish()).map_err(|error| match error {
        CborError::TooDeep | CborError::DuplicateKey => error,
        _ => CborError::Tag24Invalid,
    })
}

const fn is_encoded_cbor(head: head::Head) -> bool {
    head.major == head::TAG && head.argument == ENCODED_CBOR
}

crate::closed_debug!(Tagged<'_>);
