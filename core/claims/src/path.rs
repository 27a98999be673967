//! The path to a claim.
use alloc::{string::String, vec::Vec};

use rid_wire::cbor::{CborError, Decoder, Encoder, ItemType};

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
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClaimPath {
    /// The steps. A path without steps means the whole credential; a request has none.
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

    /// The name of the claim: the last step of the path, if it is a name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self.steps.last() {
            Some(ClaimKey::Name { name }) => Some(name),
            _ => None,
        }
    }

    /// The path with every name replaced.
    #[must_use]
    pub fn map_names(&self, mut name_of: impl FnMut(&str) -> String) -> Self {
        let steps = self.steps.iter().map(|step| match step {
            ClaimKey::Name { name } => ClaimKey::Name { name: name_of(name) },
            other => other.clone(),
        });
        Self { steps: steps.collect() }
    }

    /// Writes it as the array of OpenID4VP: a name as text, a position as a number, every element as null.
    pub fn encode(&self, encoder: &mut Encoder) {
        encoder.array(self.steps.len());
        for step in &self.steps {
            match step {
                ClaimKey::Every => encoder.null(),
                ClaimKey::Index { position } => encoder.uint((*position).into()),
                ClaimKey::Name { name } => encoder.text(name),
            };
        }
    }

    /// Reads what [`ClaimPath::encode`] wrote.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn decode(decoder: &mut Decoder<'_>) -> Result<Self, CborError> {
        let mut steps = Vec::new();
        decoder.array(|decoder, _| {
            steps.push(match decoder.peek()? {
                ItemType::Text => ClaimKey::Name { name: decoder.text()?.into_owned() },
                ItemType::Uint => {
                    let position = u32::try_from(decoder.uint()?).map_err(|_| CborError::UnexpectedType)?;
                    ClaimKey::Index { position }
                }
                _ if decoder.take_null()? => ClaimKey::Every,
                _ => return Err(CborError::UnexpectedType),
            });
            Ok(())
        })?;
        Ok(Self { steps })
    }
}

#[cfg(test)]
mod tests {
    use rid_wire::cbor::Limits;

    use super::*;

    fn decode(bytes: &[u8]) -> Result<ClaimPath, CborError> {
        let mut decoder = Decoder::new(bytes, Limits::PROXIMITY)?;
        let path = ClaimPath::decode(&mut decoder)?;
        decoder.finish()?;
        Ok(path)
    }

    #[test]
    fn paths_keep_every_kind_of_step() {
        let name = |name: &str| ClaimKey::Name { name: String::from(name) };
        let steps = [name("degrees"), ClaimKey::Every, name("0"), ClaimKey::Index { position: 0 }];
        for path in
            [ClaimPath { steps: steps.into() }, ClaimPath::element("org.iso.18013.5.1", "sex"), ClaimPath::default()]
        {
            let mut encoder = Encoder::new();
            path.encode(&mut encoder);
            assert_eq!(decode(&encoder.finish()), Ok(path));
        }
    }

    #[test]
    fn malformed_paths_are_refused() {
        for bytes in [
            &[0x00_u8][..],
            &[0x81, 0x20],
            &[0x81, 0xf5],
            &[0x81, 0x80],
            &[0x81, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0],
            &[0x82, 0x00],
        ] {
            assert!(decode(bytes).is_err(), "{bytes:02x?}");
        }
    }
}
