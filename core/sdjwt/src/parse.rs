//! The compact serialisation of an SD-JWT (RFC 9901, 4).
use alloc::{collections::BTreeSet, string::String, vec::Vec};

use rid_crypto::DigestAlgorithm;
use rid_wire::{
    jose::{Header, Jws},
    json::Value,
};

use crate::{SdJwtError, digest, disclosure::Disclosure, process::process_all};

/// An SD-JWT as received, with or without a KB-JWT. Nothing of it is verified, and it has no claims to read.
#[derive(Clone)]
pub struct UnverifiedSdJwt<'a> {
    /// The whole text.
    pub(crate) text: &'a str,
    /// The issuer's JWT.
    pub(crate) jws: Jws<'a>,
    /// The compact text of the issuer's JWT.
    pub(crate) jws_text: &'a str,
    /// The payload of the issuer's JWT.
    pub(crate) payload: Value,
    /// The disclosures in their order.
    pub(crate) disclosures: Vec<Disclosure<'a>>,
    /// The KB-JWT.
    pub(crate) key_binding: Option<&'a str>,
}

/// Most disclosures of one SD-JWT.
const MAX_DISCLOSURES: usize = 4096;

impl<'a> UnverifiedSdJwt<'a> {
    /// Parses `JWT~disclosure~...~` with or without a KB-JWT at the end.
    ///
    /// # Errors
    /// [`SdJwtError`].
    pub fn parse(text: &'a str, max_bytes: usize) -> Result<Self, SdJwtError> {
        if text.len() > max_bytes {
            return Err(SdJwtError::TooLarge);
        }
        let (sd_jwt, key_binding) = text.rsplit_once('~').ok_or(SdJwtError::Form(""))?;
        let mut parts = sd_jwt.split('~');
        let jws_text = parts.next().ok_or(SdJwtError::Form(""))?;
        let jws = Jws::parse(jws_text, max_bytes)?;
        let payload = jws.claims()?;
        let mut disclosures = Vec::new();
        for part in parts {
            if disclosures.len() >= MAX_DISCLOSURES {
                return Err(SdJwtError::TooMany);
            }
            disclosures.push(Disclosure::parse(part)?);
        }
        let key_binding = Some(key_binding).filter(|text| !text.is_empty());
        Ok(Self { text, jws, jws_text, payload, disclosures, key_binding })
    }

    /// Returns true if a KB-JWT follows the disclosures.
    #[must_use]
    pub const fn has_key_binding(&self) -> bool {
        self.key_binding.is_some()
    }

    /// The number of disclosures.
    #[must_use]
    pub fn disclosure_count(&self) -> usize {
        self.disclosures.len()
    }

    /// The `vct` as written, unverified: to choose rules and to name the credential in a verdict.
    #[must_use]
    pub fn unverified_vct(&self) -> Option<&str> {
        self.payload.member("vct").and_then(Value::as_str)
    }

    /// The header of the issuer's JWT.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.jws.header
    }

    /// The salts of the disclosures, in their order. By an equal salt two copies could be linked.
    pub fn salts(&self) -> impl Iterator<Item = &str> {
        self.disclosures.iter().map(|disclosure| disclosure.salt.as_str())
    }

    /// Every digest of the payload and the disclosures, decoys among them. By an equal digest two copies could be
    /// linked.
    ///
    /// # Errors
    /// [`SdJwtError`] if a disclosure has no place.
    pub fn digests(&self) -> Result<BTreeSet<String>, SdJwtError> {
        Ok(process_all(&self.payload, &self.disclosures, digest::algorithm(&self.payload)?)?.1)
    }

    /// The `sd_hash` of this presentation: of everything before the KB-JWT.
    pub(crate) fn sd_hash(&self, algorithm: DigestAlgorithm) -> String {
        let len = self.text.len().saturating_sub(self.key_binding.map_or(0, str::len));
        digest::digest(algorithm, self.text.get(..len).unwrap_or(self.text))
    }
}

rid_wire::closed_debug!(UnverifiedSdJwt<'_>);
