//! DER (X.690) as certificates use it: tags of one byte and definite lengths in their shortest form. Nothing is copied.
//!
//! There is no recursion: each structure reads the elements it knows, so the reading code bounds the depth.
use alloc::vec::Vec;

use super::X509Error;
use crate::CryptoError;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const NUMERIC_STRING: u8 = 0x12;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const TELETEX_STRING: u8 = 0x14;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const VISIBLE_STRING: u8 = 0x1a;
pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
pub(crate) const BMP_STRING: u8 = 0x1e;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The input is not the DER that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DerError;

impl From<DerError> for X509Error {
    fn from(_: DerError) -> Self {
        Self::Form
    }
}

impl From<DerError> for CryptoError {
    fn from(_: DerError) -> Self {
        Self::KeyInvalid
    }
}

/// Reads the elements of one content in order.
#[derive(Clone, Copy)]
pub(crate) struct Der<'a>(&'a [u8]);

/// One element.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    /// Tag, length and content.
    pub(crate) whole: &'a [u8],
}

impl<'a> Der<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reads the one element that `bytes` consists of.
    pub(crate) fn only(bytes: &'a [u8], tag: u8) -> Result<Self, DerError> {
        let mut outer = Self(bytes);
        let content = outer.expect(tag)?;
        outer.finish()?;
        Ok(Self(content))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes that are not read yet.
    pub(crate) fn remaining(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn any(&mut self) -> Result<Element<'a>, DerError> {
        let (&tag, rest) = self.0.split_first().ok_or(DerError)?;
        let (&first, rest) = rest.split_first().ok_or(DerError)?;
        // The low bits 0x1f start a tag of several bytes, which no structure here has.
        if tag & 0x1f == 0x1f {
            return Err(DerError);
        }
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => match rest.split_first() {
                Some((&len @ 0x80.., rest)) => (usize::from(len), rest),
                _ => return Err(DerError),
            },
            0x82 => match rest.split_first_chunk() {
                Some((&len @ [high, _], rest)) if high > 0 => (usize::from(u16::from_be_bytes(len)), rest),
                _ => return Err(DerError),
            },
            // A certificate has at most 64 KiB. 0x80 would be the indefinite form of BER.
            _ => return Err(DerError),
        };
        let (content, after) = rest.split_at_checked(len).ok_or(DerError)?;
        let whole = self.0.get(..self.0.len().saturating_sub(after.len())).ok_or(DerError)?;
        self.0 = after;
        Ok(Element { tag, content, whole })
    }

    pub(crate) fn expect(&mut self, tag: u8) -> Result<&'a [u8], DerError> {
        let element = self.any()?;
        if element.tag == tag { Ok(element.content) } else { Err(DerError) }
    }

    /// Reads the next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, DerError> {
        if self.0.first() == Some(&tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    pub(crate) fn sequence(&mut self) -> Result<Self, DerError> {
        self.expect(SEQUENCE).map(Self)
    }

    /// Reads the content of an integer in its shortest form, of either sign.
    pub(crate) fn integer(&mut self) -> Result<&'a [u8], DerError> {
        let content = self.expect(INTEGER)?;
        match content {
            [] | [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(DerError),
            _ => Ok(content),
        }
    }

    /// Reads a non-negative integer without its sign byte. Zero has no byte.
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], DerError> {
        match self.integer()? {
            [0x80..=0xff, ..] => Err(DerError),
            [0, magnitude @ ..] | magnitude => Ok(magnitude),
        }
    }

    /// Reads `BOOLEAN DEFAULT FALSE`: if it is present, it must be TRUE.
    pub(crate) fn flag(&mut self) -> Result<bool, DerError> {
        match self.optional(BOOLEAN)? {
            None => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(DerError),
        }
    }

    /// Reads a bit string of whole bytes.
    pub(crate) fn bytes_of_bit_string(&mut self) -> Result<&'a [u8], DerError> {
        match self.expect(BIT_STRING)? {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(DerError),
        }
    }

    pub(crate) fn finish(self) -> Result<(), DerError> {
        if self.0.is_empty() { Ok(()) } else { Err(DerError) }
    }
}

/// Writes one element from the parts of its content, which has at most 65,535 bytes.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [.., high, low] = content.len().to_be_bytes();
    let mut out = match (high, low) {
        (0, 0..=0x7f) => Vec::from([tag, low]),
        (0, _) => Vec::from([tag, 0x81, low]),
        _ => Vec::from([tag, 0x82, high, low]),
    };
    out.extend(content);
    out
}
