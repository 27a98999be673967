//! Walks a CBOR item with the known names of its members. Nodes and levels are limited.
use std::ops::Range;

use rid_wire::{
    Code,
    cbor::{CborError, Value},
};

use super::{
    item::{as_int, key_label, quoted_label, well_formed},
    tree::Tree,
};

/// A function that makes a tree of one item.
pub(crate) type Walk = fn(&mut Decoder, &Value<'_>) -> Tree;

/// The most nodes and levels that are shown. Many JSON parsers stop at 128 levels.
const MAX_NODES: usize = 20_000;
const MAX_LEVELS: usize = 60;

/// A problem: its code and its place.
pub(crate) struct Problem {
    pub(crate) code: Code,
    /// The part, in the words of the standard.
    pub(crate) what: String,
    /// The offset in the decoded input in bytes, if it is known.
    pub(crate) offset: Option<usize>,
}

/// The state of one inspection.
pub(crate) struct Decoder {
    /// Whether values are shown.
    pub(crate) show: bool,
    pub(crate) problems: Vec<Problem>,
    /// The walk for items of unknown form.
    unknown: Walk,
    /// The address range of the whole input, to compute offsets.
    input: Range<usize>,
    nodes: usize,
    levels: usize,
}

impl Decoder {
    /// Starts an inspection. `unknown` walks every item whose form is not the expected one.
    pub(crate) fn new(input: &[u8], show: bool, unknown: Walk) -> Self {
        let start = input.as_ptr().addr();
        let input = start..start.saturating_add(input.len());
        Self { show, problems: Vec::new(), unknown, input, nodes: 0, levels: 0 }
    }

    pub(crate) fn problem(&mut self, code: Code, what: impl Into<String>, offset: Option<usize>) {
        self.problems.push(Problem { code, what: what.into(), offset });
    }

    /// A map with text keys; unknown members are outlined.
    pub(crate) fn members(&mut self, value: &Value<'_>, known: &[(&'static str, Walk)]) -> Tree {
        let unknown = self.unknown;
        self.entries(value, |key| {
            let walk = known.iter().find(|(name, _)| matches!(key, Value::Text(text) if text == name));
            (key_label(key), walk.map_or(unknown, |(_, walk)| *walk))
        })
    }

    /// A map with integer keys, which are shown by name; unknown members are outlined. A text key keeps its quotes, so
    /// that it is not mistaken for a number or a name.
    pub(crate) fn numbered(&mut self, value: &Value<'_>, known: &[(i64, &'static str, Walk)]) -> Tree {
        let unknown = self.unknown;
        self.entries(value, |key| match known.iter().find(|(number, ..)| as_int(key) == Some(*number)) {
            Some((_, name, walk)) => ((*name).into(), *walk),
            None => (quoted_label(key), unknown),
        })
    }

    /// A map of any keys whose values have the same walk.
    pub(crate) fn each(&mut self, value: &Value<'_>, walk: Walk) -> Tree {
        self.entries(value, |key| (key_label(key), walk))
    }

    /// A map. `find` gives the label of a key and the walk of its value.
    pub(crate) fn entries(&mut self, value: &Value<'_>, find: impl Fn(&Value<'_>) -> (String, Walk)) -> Tree {
        let Value::Map(entries) = value else { return (self.unknown)(self, value) };
        self.level(|decoder| {
            let mut members = Vec::new();
            for (at, (key, value)) in entries.iter().enumerate() {
                if !decoder.spend() {
                    members.push((format!("… {} more", entries.len().saturating_sub(at)), not_shown()));
                    break;
                }
                let (label, walk) = find(key);
                members.push((label, walk(decoder, value)));
            }
            Tree::Map(members)
        })
    }

    /// An array whose items have the same walk.
    pub(crate) fn list(&mut self, value: &Value<'_>, walk: Walk) -> Tree {
        let Value::Array(items) = value else { return (self.unknown)(self, value) };
        self.level(|decoder| {
            let mut list = Vec::new();
            for item in items {
                if !decoder.spend() {
                    list.push(not_shown());
                    break;
                }
                list.push(walk(decoder, item));
            }
            Tree::List(list)
        })
    }

    /// An array whose items have names. Further items are outlined.
    pub(crate) fn tuple(&mut self, value: &Value<'_>, known: &[(&'static str, Walk)]) -> Tree {
        let Value::Array(items) = value else { return (self.unknown)(self, value) };
        self.level(|decoder| {
            let mut members = Vec::new();
            for (at, item) in items.iter().enumerate() {
                if !decoder.spend() {
                    members.push((format!("… {} more", items.len().saturating_sub(at)), not_shown()));
                    break;
                }
                let (label, walk) = match known.get(at) {
                    Some((name, walk)) => ((*name).into(), *walk),
                    None => (format!("[{at}]"), decoder.unknown),
                };
                members.push((label, walk(decoder, item)));
            }
            Tree::Map(members)
        })
    }

    /// `#6.24(bstr .cbor T)`: the content is walked. Anything else is outlined and reported as a problem.
    pub(crate) fn embedded(&mut self, value: &Value<'_>, what: &'static str, walk: Walk) -> Tree {
        match value {
            Value::Tag(24, inner) => match inner.as_ref() {
                Value::Bytes(bytes) => self.content(bytes, what, walk, |_| CborError::Tag24Invalid),
                other => {
                    self.problem(CborError::Tag24Invalid.code(), what, None);
                    (self.unknown)(self, other)
                }
            },
            Value::Null => Tree::leaf(serde_json::Value::Null),
            other => {
                self.problem(CborError::Tag24Expected.code(), what, None);
                (self.unknown)(self, other)
            }
        }
    }

    /// The content of a byte string that is one CBOR item.
    pub(crate) fn encoded(&mut self, bytes: &[u8], what: &'static str, walk: Walk) -> Tree {
        self.content(bytes, what, walk, |error| error)
    }

    /// `blame` maps an error of the content, except those of depth and duplicate keys.
    fn content(&mut self, bytes: &[u8], what: &'static str, walk: Walk, blame: fn(CborError) -> CborError) -> Tree {
        match well_formed(bytes) {
            Ok(value) => self.level(|decoder| walk(decoder, &value)),
            Err((error, at)) => {
                let code = match error {
                    CborError::TooDeep | CborError::DuplicateKey => error.code(),
                    _ => blame(error).code(),
                };
                let offset = self.offset(bytes).map(|start| start.saturating_add(at));
                self.problem(code, what, offset);
                Tree::leaf(format!("<{} bytes: {code}>", bytes.len()))
            }
        }
    }

    /// The offset of a slice of the input.
    pub(crate) fn offset(&self, bytes: &[u8]) -> Option<usize> {
        let start = bytes.as_ptr().addr();
        (!bytes.is_empty() && self.input.contains(&start)).then(|| start.saturating_sub(self.input.start))
    }

    /// Enters one level if the limit allows it.
    fn level(&mut self, inside: impl FnOnce(&mut Self) -> Tree) -> Tree {
        if self.levels >= MAX_LEVELS {
            return not_shown();
        }
        self.levels = self.levels.saturating_add(1);
        let tree = inside(self);
        self.levels = self.levels.saturating_sub(1);
        tree
    }

    fn spend(&mut self) -> bool {
        self.nodes = self.nodes.saturating_add(1);
        self.nodes <= MAX_NODES
    }
}

fn not_shown() -> Tree {
    Tree::leaf("<not shown: too much or too deep>")
}
