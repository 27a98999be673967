//! A tree of one CBOR item.
use alloc::{borrow::Cow, boxed::Box, vec::Vec};

use super::{CborError, Decoder, ItemType, Key, Limits, head};

/// A borrowed tree of one item, for display and for reading element values. It is built only on demand.
#[derive(Clone, PartialEq)]
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
    /// Negative integer, as the argument n of -1-n.
    Nint(u64),
    /// The value `null`.
    Null,
    /// Another simple value.
    Simple(u8),
    /// Tagged item.
    Tag(u64, Box<Value<'a>>),
    /// Text string.
    Text(Cow<'a, str>),
    /// Unsigned integer.
    Uint(u64),
    /// The value `undefined`.
    Undefined,
}

impl<'a> Value<'a> {
    /// Reads one whole input as a tree, with the checks of [`Decoder::skip`].
    ///
    /// # Errors
    /// [`CborError`].
    pub fn parse(input: &'a [u8], limits: Limits) -> Result<Self, CborError> {
        let mut decoder = Decoder::new(input, limits)?;
        let value = decoder.value()?;
        decoder.finish()?;
        Ok(value)
    }
}

impl<'a> Decoder<'a> {
    /// Reads one item as a tree.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn value(&mut self) -> Result<Value<'a>, CborError> {
        Ok(match self.peek()? {
            ItemType::Array => {
                let mut elements = Vec::new();
                self.array(|decoder, _| -> Result<(), CborError> {
                    elements.push(decoder.value()?);
                    Ok(())
                })?;
                Value::Array(elements)
            }
            ItemType::Map => {
                let mut entries = Vec::new();
                self.map(|decoder, key| -> Result<(), CborError> {
                    entries.push((key.clone().into(), decoder.value()?));
                    Ok(())
                })?;
                Value::Map(entries)
            }
            ItemType::Tag => {
                let (head, next) = self.head()?;
                self.enter_tag(next)?;
                Value::Tag(head.argument, Box::new(self.value()?))
            }
            ItemType::Bool => Value::Bool(self.boolean()?),
            ItemType::Bytes => Value::Bytes(self.bytes()?),
            ItemType::Float => Value::Float(self.float()?),
            ItemType::Text => Value::Text(self.text()?),
            ItemType::Uint => Value::Uint(self.uint()?),
            ItemType::Nint => Value::Nint(self.lone(head::NINT)?),
            ItemType::Null => self.simple().map(|_| Value::Null)?,
            ItemType::Undefined => self.simple().map(|_| Value::Undefined)?,
            ItemType::Simple => Value::Simple(self.simple()?),
        })
    }

    fn simple(&mut self) -> Result<u8, CborError> {
        u8::try_from(self.lone(head::SIMPLE)?).map_err(|_| CborError::UnexpectedType)
    }

    /// The argument of an item without content.
    fn lone(&mut self, major: u8) -> Result<u64, CborError> {
        let (head, next) = self.expect(major)?;
        self.advance(next);
        Ok(head.argument)
    }
}

impl<'a> From<Key<'a>> for Value<'a> {
    fn from(key: Key<'a>) -> Self {
        match key {
            Key::Uint(value) => Self::Uint(value),
            Key::Nint(value) => Self::Nint(value),
            Key::Bytes(bytes) => Self::Bytes(bytes),
            Key::Text(text) => Self::Text(text),
        }
    }
}

/// Prints only the type: the value can be a claim or a key.
impl core::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Array(_) => "Array",
            Self::Bool(_) => "Bool",
            Self::Bytes(_) => "Bytes",
            Self::Float(_) => "Float",
            Self::Map(_) => "Map",
            Self::Nint(_) => "Nint",
            Self::Null => "Null",
            Self::Simple(_) => "Simple",
            Self::Tag(..) => "Tag",
            Self::Text(_) => "Text",
            Self::Uint(_) => "Uint",
            Self::Undefined => "Undefined",
        })
    }
}
