use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{
    X509Error,
    der::{self, Der, Element},
    oid,
};

/// A distinguished name: its DER as received, and the attributes this project reads.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    pub(super) der: Vec<u8>,
    pub(super) common_name: Option<String>,
    pub(super) country: Option<String>,
    pub(super) state: Option<String>,
    pub(super) organization: Option<String>,
}

impl Name {
    /// The DER bytes as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// `CN`.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// `C`, ISO 3166-1 alpha-2 as written.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// `ST`.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// `O`.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }

    /// Of an attribute that occurs twice the first is kept; a second country or state is refused, for they are compared.
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

    /// Whether there is no attribute at all.
    pub(super) fn is_empty(&self) -> bool {
        self.der.len() <= 2
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
            None => *slot = text(value)?,
            Some(_) if once => return Err(X509Error::Form),
            Some(_) => {}
        }
        Ok(())
    }
}

/// The text of a directory string; of the older forms only that they are there.
fn text(value: Element<'_>) -> Result<Option<String>, X509Error> {
    match value.tag {
        der::PRINTABLE_STRING | der::IA5_STRING if !value.content.is_ascii() => Err(X509Error::Form),
        der::UTF8_STRING | der::PRINTABLE_STRING | der::IA5_STRING => {
            core::str::from_utf8(value.content).map(|text| Some(text.to_string())).map_err(|_| X509Error::Form)
        }
        der::TELETEX_STRING | der::UNIVERSAL_STRING | der::BMP_STRING => Ok(None),
        _ => Err(X509Error::Form),
    }
}
