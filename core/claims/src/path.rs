//! The path to a claim.
use alloc::{string::String, vec::Vec};

/// One step of a [`ClaimPath`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ClaimKey {
    /// Every element of an array (`null` in DCQL).
    Every,
    /// One element of an array.
    Index {
        /// The position, from 0.
        position: u32,
    },
    /// A member by name; for mdoc the namespace, then the element identifier.
    Name {
        /// The name.
        name: String,
    },
}

/// The path to a claim in a credential.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClaimPath {
    /// The steps; never empty.
    pub steps: Vec<ClaimKey>,
}

impl ClaimPath {
    /// The path of an mdoc element.
    #[must_use]
    pub fn element(namespace: &str, identifier: &str) -> Self {
        let name = |s: &str| ClaimKey::Name { name: String::from(s) };
        Self { steps: [name(namespace), name(identifier)].into() }
    }

    /// The namespace and identifier, if this is an mdoc path.
    #[must_use]
    pub fn as_element(&self) -> Option<(&str, &str)> {
        match self.steps.as_slice() {
            [ClaimKey::Name { name: namespace }, ClaimKey::Name { name: identifier }] => Some((namespace, identifier)),
            _ => None,
        }
    }
}
