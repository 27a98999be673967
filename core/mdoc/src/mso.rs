//! MobileSecurityObject (18013-5, 9.1.2.4): what the issuer signed.
use alloc::{borrow::Cow, string::String, vec::Vec};

use rid_crypto::{DigestAlgorithm, PublicKey};
use rid_wire::Timestamp;

use crate::MdocError;

/// `validityInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidityInfo {
    /// signed.
    pub signed: Timestamp,
    /// validFrom.
    pub valid_from: Timestamp,
    /// validUntil.
    pub valid_until: Timestamp,
    /// expectedUpdate.
    pub expected_update: Option<Timestamp>,
    /// A tdate carried a fraction of a second (neg-B10: `tdate_fraction`).
    pub fraction: bool,
}

/// `keyAuthorizations` of deviceKeyInfo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyAuthorizations {
    /// Whole namespaces.
    pub namespaces: Vec<String>,
    /// Single elements: namespace, identifiers.
    pub elements: Vec<(String, Vec<String>)>,
}

/// A reference to a Token Status List (std-S50).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusListReference {
    /// URI.
    pub uri: String,
    /// Index.
    pub index: u64,
}

/// The parsed MSO, over received bytes.
#[derive(Clone, Debug)]
pub struct Mso<'a> {
    /// Version text ("1.0" or "1.x").
    pub version: Cow<'a, str>,
    /// digestAlgorithm.
    pub digest_algorithm: DigestAlgorithm,
    /// docType.
    pub doc_type: Cow<'a, str>,
    /// deviceKey.
    pub device_key: PublicKey,
    /// keyAuthorizations.
    pub key_authorizations: KeyAuthorizations,
    /// validityInfo.
    pub validity: ValidityInfo,
    /// status: Token Status List reference, if any.
    pub status: Option<StatusListReference>,
    pub(crate) digests: Digests<'a>,
}

/// `valueDigests` by namespace, borrowed from the received bytes.
#[derive(Clone, Debug)]
pub(crate) struct Digests<'a> {
    pub(crate) namespaces: Vec<(Cow<'a, str>, Vec<(u32, &'a [u8])>)>,
}

impl<'a> Mso<'a> {
    /// Parses MobileSecurityObjectBytes (the payload of issuerAuth: tag 24). Definite lengths only.
    ///
    /// # Errors
    /// [`MdocError`]: version, digest algorithm, validity form, limits.
    pub fn parse(payload: &'a [u8]) -> Result<Self, MdocError> {
        todo!()
    }
}
