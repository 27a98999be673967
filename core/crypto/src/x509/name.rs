use alloc::{string::String, vec::Vec};

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
}
