use alloc::{borrow::Cow, boxed::Box, vec::Vec};

use super::{CborError, Limits, Reader};

/// A borrowed tree of one item, for display and for reading element values. Made only on demand.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Array.
    Array(Vec<Value<'a>>),
    /// Boolean.
    Bool(bool),
    /// Byte string.
    Bytes(Cow<'a, [u8]>),
    /// Float of any width.
    Float(f64),
    /// Map, in received order.
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// Negative integer, as n of -1-n.
    Nint(u64),
    /// `null`.
    Null,
    /// Another simple value.
    Simple(u8),
    /// Tagged item.
    Tag(u64, Box<Value<'a>>),
    /// Text string.
    Text(Cow<'a, str>),
    /// Unsigned integer.
    Uint(u64),
    /// `undefined`.
    Undefined,
}

impl<'a> Value<'a> {
    /// Reads one whole input, with the checks of [`Reader::skip`] first.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn parse(input: &'a [u8], limits: Limits) -> Result<Self, CborError> {
        let mut reader = Reader::new(input, limits)?;
        let value = reader.value()?;
        reader.finish()?;
        Ok(value)
    }
}

impl<'a> Reader<'a> {
    /// Reads one item as a tree.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn value(&mut self) -> Result<Value<'a>, CborError> {
        todo!()
    }
}
