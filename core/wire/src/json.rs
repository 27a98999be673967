//! Reads JSON strictly (RFC 8259) and writes its canonical form (RFC 8785).
//!
//! Duplicate members, lone surrogates, control characters, trailing text and nesting deeper than 32 are refused.
use alloc::{collections::BTreeSet, string::String, vec::Vec};

use crate::Code;

/// A reason for which JSON was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum JsonError {
    /// A member name occurs twice in an object.
    DuplicateKey,
    /// The text is not JSON, or more text follows it.
    Invalid,
    /// Arrays and objects are nested deeper than 32.
    TooDeep,
    /// The text is longer than the caller's limit.
    TooLarge,
}

impl JsonError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::DuplicateKey => "json_duplicate_key",
            Self::Invalid => "json_invalid",
            Self::TooDeep => "json_too_deep",
            Self::TooLarge => "input_too_large",
        })
    }
}

/// One JSON value; members keep their order.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Array.
    Array(Vec<Value>),
    /// Boolean.
    Bool(bool),
    /// The value `null`.
    Null,
    /// An integer without fraction or exponent that fits `i64`.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Object.
    Object(Vec<(String, Value)>),
    /// String.
    String(String),
}

impl Value {
    /// Parses one whole text of at most `max_bytes`.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn parse(text: &str, max_bytes: usize) -> Result<Self, JsonError> {
        if text.len() > max_bytes {
            return Err(JsonError::TooLarge);
        }
        let mut parser = Parser { text, pos: 0, depth: 0 };
        let value = parser.value()?;
        parser.space();
        if parser.pos == text.len() { Ok(value) } else { Err(JsonError::Invalid) }
    }

    /// The member of an object with this name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Value {
    /// The canonical form (RFC 8785): no spaces, members sorted by name. A number with a fraction is written as `null`,
    /// so signed data must not contain one.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write(true, &mut out);
        out
    }

    /// The value as JSON without spaces, its members in their order.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(false, &mut out);
        out
    }

    fn write(&self, sorted: bool, out: &mut String) {
        match self {
            Self::Float(number) if !sorted && number.is_finite() => out.push_str(&alloc::format!("{number:?}")),
            Self::Null | Self::Float(_) => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Integer(number) => out.push_str(&alloc::format!("{number}")),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(sorted, out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut ordered: Vec<&(String, Self)> = members.iter().collect();
                if sorted {
                    // RFC 8785, 3.2.3: by UTF-16 code units.
                    ordered.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
                }
                out.push('{');
                for (at, (name, value)) in ordered.into_iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_string(name, out);
                    out.push(':');
                    value.write(sorted, out);
                }
                out.push('}');
            }
        }
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => out.push_str(&alloc::format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Deepest nesting of arrays and objects.
const MAX_DEPTH: u8 = 32;

struct Parser<'a> {
    text: &'a str,
    pos: usize,
    depth: u8,
}

impl<'a> Parser<'a> {
    fn value(&mut self) -> Result<Value, JsonError> {
        self.space();
        match self.peek().ok_or(JsonError::Invalid)? {
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::array),
            b'"' => self.string().map(Value::String),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, JsonError>) -> Result<Value, JsonError> {
        if self.depth >= MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.depth = self.depth.saturating_add(1);
        self.step();
        let value = read(self);
        self.depth = self.depth.saturating_sub(1);
        value
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut elements = Vec::new();
        self.space();
        if !self.take(b']') {
            loop {
                elements.push(self.value()?);
                if self.ends(b']')? {
                    break;
                }
            }
        }
        Ok(Value::Array(elements))
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut members: Vec<(String, Value)> = Vec::new();
        let mut names = BTreeSet::new();
        self.space();
        if !self.take(b'}') {
            loop {
                self.space();
                let name = self.string()?;
                if !names.insert(name.clone()) {
                    return Err(JsonError::DuplicateKey);
                }
                self.space();
                self.demand(b':')?;
                members.push((name, self.value()?));
                if self.ends(b'}')? {
                    break;
                }
            }
        }
        Ok(Value::Object(members))
    }

    /// Returns true at the end of an array or object; otherwise consumes the comma before the next element.
    fn ends(&mut self, close: u8) -> Result<bool, JsonError> {
        self.space();
        if self.take(close) {
            return Ok(true);
        }
        self.demand(b',').map(|()| false)
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.demand(b'"')?;
        let mut string = String::new();
        loop {
            let start = self.pos;
            self.run(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
            string.push_str(self.since(start)?);
            match self.next().ok_or(JsonError::Invalid)? {
                b'"' => return Ok(string),
                b'\\' => string.push(self.escape()?),
                _ => return Err(JsonError::Invalid),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        Ok(match self.next().ok_or(JsonError::Invalid)? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(JsonError::Invalid),
        })
    }

    /// Reads the character after `\u`: two units if the first is a high surrogate.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.unit()?;
        let mut units = [first, 0];
        let paired = (0xd800..0xdc00).contains(&first);
        if paired {
            self.demand(b'\\')?;
            self.demand(b'u')?;
            units = [first, self.unit()?];
        }
        let mut characters = char::decode_utf16(units.into_iter().take(if paired { 2 } else { 1 }));
        characters.next().and_then(Result::ok).ok_or(JsonError::Invalid)
    }

    fn unit(&mut self) -> Result<u16, JsonError> {
        let mut unit = 0_u16;
        for _ in 0..4 {
            let digit = self.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or(JsonError::Invalid)?;
            unit = (unit << 4) | u16::try_from(digit).map_err(|_| JsonError::Invalid)?;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.pos;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        let mut whole = true;
        if self.take(b'.') {
            whole = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            whole = false;
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        let text = self.since(start)?;
        if let (true, Ok(integer)) = (whole, text.parse()) {
            return Ok(Value::Integer(integer));
        }
        text.parse().ok().filter(|float: &f64| float.is_finite()).map(Value::Float).ok_or(JsonError::Invalid)
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.pos;
        self.run(|byte| byte.is_ascii_digit());
        if self.pos > start { Ok(()) } else { Err(JsonError::Invalid) }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        for byte in word.bytes() {
            self.demand(byte)?;
        }
        Ok(value)
    }

    fn space(&mut self) {
        self.run(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn run(&mut self, belongs: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&belongs) {
            self.step();
        }
    }

    fn since(&self, start: usize) -> Result<&'a str, JsonError> {
        self.text.get(start..self.pos).ok_or(JsonError::Invalid)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.step();
        Some(byte)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.step();
        }
        is_next
    }

    fn demand(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take(byte) { Ok(()) } else { Err(JsonError::Invalid) }
    }

    const fn step(&mut self) {
        self.pos = self.pos.saturating_add(1);
    }
}

/// Prints only the kind: the value can be a claim or a key.
impl core::fmt::Debug for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Array(_) => "Array",
            Self::Bool(_) => "Bool",
            Self::Null => "Null",
            Self::Integer(_) => "Integer",
            Self::Float(_) => "Float",
            Self::Object(_) => "Object",
            Self::String(_) => "String",
        })
    }
}
