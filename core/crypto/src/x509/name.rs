//! Distinguished names and their comparison (RFC 5280, 7.1).
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{
    X509Error,
    der::{self, Der, Element},
    oid,
};

/// A distinguished name: its DER as received, and the attributes that this project reads.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    der: Vec<u8>,
    common_name: Option<String>,
    country: Option<String>,
    state: Option<String>,
    organization: Option<String>,
}

impl Name {
    /// The DER bytes as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The common name (`CN`), never blank.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// The country (`C`), ISO 3166-1 alpha-2 as written.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// The state (`ST`).
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The organisation (`O`), never blank.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }

    /// Compares names as in RFC 5280, 7.1: string types, letter case and runs of spaces do not matter.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.der == other.der || self.folded().is_some_and(|folded| other.folded() == Some(folded))
    }

    /// Whether this name is in the subtree of `base` (RFC 5280, 4.2.1.10).
    pub(super) fn is_within(&self, base: &Self) -> bool {
        let (name, base) = (self.folded(), base.folded());
        name.zip(base).is_some_and(|(name, base)| name.starts_with(&base))
    }

    /// If an attribute occurs twice, the first one counts. A second country or state is refused, because they are
    /// compared.
    pub(super) fn read(element: Element<'_>) -> Result<Self, X509Error> {
        let mut name =
            Self { der: element.whole.to_vec(), common_name: None, country: None, state: None, organization: None };
        let mut parts = Der::only(element.whole, der::SEQUENCE)?;
        while !parts.is_empty() {
            let mut attributes = Der::new(parts.expect(der::SET)?);
            if attributes.is_empty() {
                return Err(X509Error::Form);
            }
            while !attributes.is_empty() {
                let mut attribute = attributes.sequence()?;
                let id = attribute.expect(der::OID)?;
                let value = attribute.any()?;
                attribute.finish()?;
                name.take(id, value)?;
            }
        }
        Ok(name)
    }

    /// The form for comparison: each relative name with its attributes folded and in order. It is `None` for no name
    /// that [`Self::read`] took.
    fn folded(&self) -> Option<Vec<u8>> {
        let mut folded = Vec::new();
        let mut parts = Der::only(&self.der, der::SEQUENCE).ok()?;
        while !parts.is_empty() {
            let mut attributes = Der::new(parts.expect(der::SET).ok()?);
            let mut relative = Vec::new();
            while !attributes.is_empty() {
                let mut attribute = attributes.sequence().ok()?;
                relative.push(fold(attribute.expect(der::OID).ok()?, attribute.any().ok()?));
            }
            // The attributes of one relative name are a set.
            relative.sort_unstable();
            folded.extend(der::element(der::SET, &[&relative.concat()]));
        }
        Some(folded)
    }

    /// Whether the name has no attribute.
    pub(super) fn is_empty(&self) -> bool {
        Der::only(&self.der, der::SEQUENCE).is_ok_and(|parts| parts.is_empty())
    }

    fn take(&mut self, id: &[u8], value: Element<'_>) -> Result<(), X509Error> {
        let (slot, once) = match id {
            oid::COMMON_NAME => (&mut self.common_name, false),
            oid::ORGANIZATION => (&mut self.organization, false),
            oid::COUNTRY => (&mut self.country, true),
            oid::STATE => (&mut self.state, true),
            _ => return Ok(()),
        };
        match slot {
            None => *slot = Some(text(value).ok_or(X509Error::Form)?).filter(|text| once || !text.trim().is_empty()),
            Some(_) if once => return Err(X509Error::Form),
            Some(_) => {}
        }
        Ok(())
    }
}

/// One attribute in its form for comparison: text without string type, letter case and superfluous spaces; any other
/// value byte for byte.
fn fold(id: &[u8], value: Element<'_>) -> Vec<u8> {
    let id = der::element(der::OID, &[id]);
    let value = match text(value) {
        Some(text) => {
            let words: Vec<&str> = text.split_whitespace().collect();
            der::element(der::UTF8_STRING, &[words.join(" ").to_lowercase().as_bytes()])
        }
        None => value.whole.to_vec(),
    };
    der::element(der::SEQUENCE, &[&id, &value])
}

/// Reads text of any string type (X.680, 41). TeletexString is read as Latin-1, which is what issuers write.
fn text(value: Element<'_>) -> Option<String> {
    match value.tag {
        der::UTF8_STRING => core::str::from_utf8(value.content).ok().map(ToString::to_string),
        der::NUMERIC_STRING | der::PRINTABLE_STRING | der::IA5_STRING | der::VISIBLE_STRING => {
            core::str::from_utf8(value.content).ok().filter(|text| text.is_ascii()).map(ToString::to_string)
        }
        der::TELETEX_STRING => Some(value.content.iter().copied().map(char::from).collect()),
        der::BMP_STRING => {
            let (units, rest) = value.content.as_chunks();
            let units = units.iter().copied().map(u16::from_be_bytes);
            rest.is_empty().then(|| char::decode_utf16(units).collect::<Result<_, _>>().ok())?
        }
        der::UNIVERSAL_STRING => {
            let (units, rest) = value.content.as_chunks();
            let units = units.iter().copied().map(u32::from_be_bytes);
            rest.is_empty().then(|| units.map(char::from_u32).collect())?
        }
        _ => None,
    }
}
