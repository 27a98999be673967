//! A tree of CBOR for tests to change; the contents of tag 24 and of issuerAuth's payload are trees too.
use rid_wire::cbor::{Encoder, Limits, Value};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Array(Vec<Node>),
    Bytes(Vec<u8>),
    Embedded(Box<Node>),
    Int(i64),
    Map(Vec<(Node, Node)>),
    Null,
    Raw(Vec<u8>),
    Tag(u64, Box<Node>),
    Text(String),
    /// A byte string that holds CBOR.
    Wrapped(Box<Node>),
}

impl Node {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        Self::of(&Value::parse(bytes, Limits::ONLINE).expect("well-formed"))
    }

    fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Array(elements) => Self::Array(elements.iter().map(Self::of).collect()),
            Value::Bool(value) => Self::Raw(vec![0xf4 + u8::from(*value)]),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Value::Map(entries) => Self::Map(entries.iter().map(|(k, v)| (Self::of(k), Self::of(v))).collect()),
            Value::Nint(value) => Self::Int(-1 - i64::try_from(*value).expect("small")),
            Value::Null => Self::Null,
            Value::Tag(24, inner) => match &**inner {
                Value::Bytes(bytes) => Self::Embedded(Box::new(Self::parse(bytes))),
                _ => panic!("tag 24 without bytes"),
            },
            Value::Tag(tag, inner) => Self::Tag(*tag, Box::new(Self::of(inner))),
            Value::Text(text) => Self::Text(text.to_string()),
            Value::Uint(value) => Self::Int(i64::try_from(*value).expect("small")),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        match self {
            Self::Array(elements) => {
                encoder.array(elements.len());
                elements.iter().for_each(|element| {
                    encoder.raw(&element.encode());
                });
            }
            Self::Bytes(bytes) => {
                encoder.bytes(bytes);
            }
            Self::Embedded(inner) => {
                encoder.tagged(&inner.encode());
            }
            Self::Int(value) => {
                encoder.int(*value);
            }
            Self::Map(entries) => {
                encoder.map(entries.len());
                entries.iter().for_each(|(key, value)| {
                    encoder.raw(&key.encode()).raw(&value.encode());
                });
            }
            Self::Null => {
                encoder.null();
            }
            Self::Raw(bytes) => {
                encoder.raw(bytes);
            }
            Self::Tag(tag, inner) => {
                encoder.tag(*tag).raw(&inner.encode());
            }
            Self::Text(text) => {
                encoder.text(text);
            }
            Self::Wrapped(inner) => {
                encoder.bytes(&inner.encode());
            }
        }
        encoder.finish()
    }

    /// The content of a node in tag 24 or in a byte string; another node itself.
    fn content(&mut self) -> &mut Self {
        match self {
            Self::Embedded(inner) | Self::Wrapped(inner) => inner.content(),
            other => other,
        }
    }

    pub(crate) fn entries(&mut self) -> &mut Vec<(Self, Self)> {
        match self.content() {
            Self::Map(entries) => entries,
            other => panic!("no map: {other:?}"),
        }
    }

    pub(crate) fn elements(&mut self) -> &mut Vec<Self> {
        match self.content() {
            Self::Array(elements) => elements,
            other => panic!("no array: {other:?}"),
        }
    }

    pub(crate) fn get(&mut self, key: impl Into<Self>) -> &mut Self {
        let key = key.into();
        let entry = self.entries().iter_mut().find(|(known, _)| *known == key);
        entry.map(|(_, value)| value).unwrap_or_else(|| panic!("no {key:?}"))
    }

    pub(crate) fn has(&mut self, key: impl Into<Self>) -> bool {
        let key = key.into();
        self.entries().iter().any(|(known, _)| *known == key)
    }

    pub(crate) fn at(&mut self, index: usize) -> &mut Self {
        &mut self.elements()[index]
    }

    /// Replaces the value of a key, or adds it.
    pub(crate) fn set(&mut self, key: impl Into<Self>, value: impl Into<Self>) {
        let (key, value) = (key.into(), value.into());
        match self.entries().iter_mut().find(|(known, _)| *known == key) {
            Some(entry) => entry.1 = value,
            None => self.entries().push((key, value)),
        }
    }

    /// Adds an entry even if the key exists.
    pub(crate) fn add(&mut self, key: impl Into<Self>, value: impl Into<Self>) {
        self.entries().push((key.into(), value.into()));
    }

    pub(crate) fn remove(&mut self, key: impl Into<Self>) -> Self {
        let key = key.into();
        let place = self.entries().iter().position(|(known, _)| *known == key).expect("it is there");
        self.entries().remove(place).1
    }

    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            other => panic!("no bytes: {other:?}"),
        }
    }

    /// A `tdate`.
    pub(crate) fn tdate(text: &str) -> Self {
        Self::Tag(0, Box::new(text.into()))
    }

    pub(crate) fn map(entries: &[(&str, Self)]) -> Self {
        Self::Map(entries.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
