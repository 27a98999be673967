//! The tree of an inspection, as text for people and as JSON for machines.
use std::fmt::Write;

use serde_json::{Map, Value as Json};

use crate::verdict::printable;

/// The longest text that is shown, in characters.
const MAX_TEXT: usize = 256;

/// One node. Foreign text is shortened and made printable when the node is made.
pub(crate) enum Tree {
    /// A value, and what it means.
    Leaf {
        /// The value.
        value: Json,
        /// The meaning of the value, if the number alone does not say it.
        note: Option<&'static str>,
    },
    /// Items in order.
    List(Vec<Tree>),
    /// Members in received order.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    pub(crate) fn leaf(value: impl Into<Json>) -> Self {
        Self::Leaf { value: value.into(), note: None }
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::leaf(shortened(text))
    }

    /// A number with its meaning, which only people see.
    pub(crate) fn noted(value: impl Into<Json>, note: Option<&'static str>) -> Self {
        Self::Leaf { value: value.into(), note }
    }

    /// The tree as JSON. If two members have the same label, the second one gets its position.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Leaf { value, .. } => value.clone(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(members) => {
                let mut object = Map::new();
                for (at, (label, member)) in members.iter().enumerate() {
                    let label =
                        if object.contains_key(label) { format!("{label} (member {at})") } else { label.clone() };
                    object.insert(label, member.to_json());
                }
                Json::Object(object)
            }
        }
    }

    /// The tree as indented lines.
    pub(crate) fn to_lines(&self) -> String {
        let mut lines = String::new();
        match self {
            Self::Leaf { .. } => self.line(&mut lines, 0, "value"),
            Self::List(_) | Self::Map(_) => self.inside(&mut lines, 0),
        }
        lines
    }

    fn line(&self, lines: &mut String, indent: usize, label: &str) {
        let room = "  ".repeat(indent);
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Leaf { value, note } => {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
                writeln!(lines, "{room}{label}: {value}{note}")
            }
            Self::List(items) if items.is_empty() => writeln!(lines, "{room}{label}: []"),
            Self::Map(members) if members.is_empty() => writeln!(lines, "{room}{label}: {{}}"),
            Self::List(_) | Self::Map(_) => writeln!(lines, "{room}{label}:"),
        };
        self.inside(lines, indent.saturating_add(1));
    }

    fn inside(&self, lines: &mut String, indent: usize) {
        match self {
            Self::Leaf { .. } => {}
            Self::List(items) => {
                items.iter().enumerate().for_each(|(at, item)| item.line(lines, indent, &format!("[{at}]")));
            }
            Self::Map(members) => members.iter().for_each(|(label, member)| member.line(lines, indent, label)),
        }
    }
}

/// Foreign text, made printable and shortened.
pub(crate) fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= MAX_TEXT {
        return printable(text);
    }
    let start: String = text.chars().take(MAX_TEXT).collect();
    format!("{}… ({count} characters)", printable(&start))
}
