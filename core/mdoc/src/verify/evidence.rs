//! What verification hands out: claims can be read only from here (house.md 1.5). Made by the two modules that check.
use alloc::{borrow::Cow, vec::Vec};

use rid_crypto::PublicKey;
use rid_trust::IssuerTrust;
use rid_wire::cbor::{Limits, Value};

use crate::{
    MdocError,
    mso::{StatusListReference, ValidityInfo},
};

/// Evidence: trust, issuer signature, docType and the digest of every item hold. Says nothing of time: see the checks.
#[derive(Clone)]
pub struct IssuerVerified<'a> {
    pub(super) doc_type: Cow<'a, str>,
    pub(super) device_key: PublicKey,
    pub(super) validity: ValidityInfo,
    pub(super) status: Option<StatusListReference>,
    pub(super) trust: IssuerTrust,
    pub(super) items: Vec<VerifiedItem<'a>>,
}

/// One disclosed element whose digest the issuer signed.
#[derive(Clone)]
pub struct VerifiedItem<'a> {
    pub(super) namespace: Cow<'a, str>,
    pub(super) identifier: &'a str,
    pub(super) value: &'a [u8],
}

impl<'a> VerifiedItem<'a> {
    /// Namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Element identifier.
    #[must_use]
    pub fn identifier(&self) -> &'a str {
        self.identifier
    }

    /// The value as encoded.
    #[must_use]
    pub fn value_bytes(&self) -> &'a [u8] {
        self.value
    }

    /// The value as a tree.
    ///
    /// # Errors
    /// [`MdocError::Cbor`].
    pub fn value(&self) -> Result<Value<'a>, MdocError> {
        Ok(Value::parse(self.value, Limits { max_bytes: self.value.len(), ..Limits::ONLINE })?)
    }
}

impl<'a> IssuerVerified<'a> {
    /// Document type.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// deviceKey of the MSO.
    #[must_use]
    pub fn device_key(&self) -> &PublicKey {
        &self.device_key
    }

    /// validityInfo of the MSO.
    #[must_use]
    pub fn validity(&self) -> &ValidityInfo {
        &self.validity
    }

    /// Status reference of the MSO.
    #[must_use]
    pub fn status(&self) -> Option<&StatusListReference> {
        self.status.as_ref()
    }

    /// The trust decision.
    #[must_use]
    pub fn trust(&self) -> &IssuerTrust {
        &self.trust
    }

    /// The disclosed elements.
    #[must_use]
    pub fn items(&self) -> &[VerifiedItem<'a>] {
        &self.items
    }
}

/// Evidence: an issuer-verified document whose device key authenticated this very transcript.
#[derive(Clone)]
pub struct DeviceBound<'a> {
    pub(super) issuer: IssuerVerified<'a>,
    pub(super) device_items: Vec<DeviceItem<'a>>,
}

/// One device-signed element, authorised by the issuer.
#[derive(Clone)]
pub struct DeviceItem<'a> {
    /// Namespace.
    pub(super) namespace: Cow<'a, str>,
    /// Element identifier.
    pub(super) identifier: Cow<'a, str>,
    /// Value as encoded.
    pub(super) value: &'a [u8],
}

impl<'a> DeviceItem<'a> {
    /// Namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Element identifier.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The value as encoded.
    #[must_use]
    pub fn value_bytes(&self) -> &'a [u8] {
        self.value
    }
}

impl<'a> DeviceBound<'a> {
    /// The issuer's part.
    #[must_use]
    pub fn issuer(&self) -> &IssuerVerified<'a> {
        &self.issuer
    }

    /// Device-signed elements.
    #[must_use]
    pub fn device_items(&self) -> &[DeviceItem<'a>] {
        &self.device_items
    }
}
