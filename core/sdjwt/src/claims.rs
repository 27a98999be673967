//! The claims of an SD-JWT after its disclosures were put in their places.
use alloc::{string::String, vec::Vec};

use rid_wire::json::Value;

/// The verified claims: one object.
#[derive(Clone, PartialEq)]
pub struct Claims {
    pub(crate) root: Claim,
}

/// One claim: a member of an object or an element of an array.
#[derive(Clone, PartialEq)]
pub struct Claim {
    pub(crate) content: Content,
    /// The position of the disclosure that holds this claim; `None` if the claim is always disclosed with its parent.
    pub(crate) disclosure: Option<usize>,
}

/// The content of a claim. `undisclosed` counts the digests without a disclosure, decoys among them.
#[derive(Clone, PartialEq)]
pub(crate) enum Content {
    Array { items: Vec<Claim>, undisclosed: usize },
    Object { members: Vec<(String, Claim)>, undisclosed: usize },
    Scalar(Value),
}

impl Claims {
    /// The claims as one JSON object, without `_sd`, `...` and `_sd_alg`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.root.to_value()
    }

    /// A claim of the top level.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Claim> {
        self.root.member(name)
    }

    /// All claims of the top level, in their order.
    #[must_use]
    pub fn members(&self) -> &[(String, Claim)] {
        self.root.members()
    }
}

impl Claim {
    pub(crate) const fn scalar(value: Value) -> Self {
        Self { content: Content::Scalar(value), disclosure: None }
    }

    /// The value as JSON, without `_sd` and `...`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.content {
            Content::Array { items, .. } => Value::Array(items.iter().map(Self::to_value).collect()),
            Content::Object { members, .. } => {
                Value::Object(members.iter().map(|(name, claim)| (name.clone(), claim.to_value())).collect())
            }
            Content::Scalar(value) => value.clone(),
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(value) => value.as_str(),
            _ => None,
        }
    }

    /// The member of an object with this name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(known, _)| known == name).map(|(_, claim)| claim)
    }

    /// The members of an object, in their order; none for anything else.
    #[must_use]
    pub fn members(&self) -> &[(String, Self)] {
        match &self.content {
            Content::Object { members, .. } => members,
            _ => &[],
        }
    }

    /// The elements of an array, in their order; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.content {
            Content::Array { items, .. } => items,
            _ => &[],
        }
    }

    /// Returns true if the holder can leave this claim out.
    #[must_use]
    pub const fn is_disclosable(&self) -> bool {
        self.disclosure.is_some()
    }

    /// The number of digests in this object or array without a disclosure: claims that were left out, and decoys.
    #[must_use]
    pub const fn undisclosed(&self) -> usize {
        match &self.content {
            Content::Array { undisclosed, .. } | Content::Object { undisclosed, .. } => *undisclosed,
            Content::Scalar(_) => 0,
        }
    }

    /// The claims directly below this one.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Self> {
        self.members().iter().map(|(_, claim)| claim).chain(self.items())
    }

    /// Returns true if this claim and everything below it is always disclosed.
    pub(crate) fn is_plain(&self) -> bool {
        self.disclosure.is_none() && self.undisclosed() == 0 && self.children().all(Self::is_plain)
    }
}

rid_wire::closed_debug!(Claim, Claims);
