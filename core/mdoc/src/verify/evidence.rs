//! The evidence that verification returns: claims can be read only from it. Only the two modules that check create it.
use alloc::{borrow::Cow, vec::Vec};

use rid_crypto::PublicKey;
use rid_trust::IssuerTrust;
use rid_wire::cbor::{Limits, Value};

use crate::{
    MdocError,
    mso::{StatusListReference, ValidityInfo},
};

/// Evidence: trust, issuer signature, docType and the digest of every item hold. It does not depend on the time: see
/// the checks.
#[derive(Clone)]
pub struct IssuerVerified<'a> {
    pub(super) doc_type: Cow<'a, str>,
    pub(super) device_key: PublicKey,
    pub(super) validity: ValidityInfo,
    pub(super) status: Option<StatusListReference>,
    pub(super) trust: IssuerTrust,
    pub(super) items: Vec<VerifiedItem<'a>>,
}

/// A disclosed element whose digest the issuer signed.
#[derive(Clone)]
pub struct VerifiedItem<'a> {
    pub(super) namespace: Cow<'a, str>,
    pub(super) identifier: &'a str,
    pub(super) value: &'a [u8],
}

impl<'a> VerifiedItem<'a> {
    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The element identifier.
    #[must_use]
    pub fn identifier(&self) -> &'a str {
        self.identifier
    }

    /// The encoded value.
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
    /// The document type.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// The deviceKey of the MSO.
    #[must_use]
    pub fn device_key(&self) -> &PublicKey {
        &self.device_key
    }

    /// The validityInfo of the MSO.
    #[must_use]
    pub fn validity(&self) -> &ValidityInfo {
        &self.validity
    }

    /// The status reference of the MSO.
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

/// Evidence: the device key of an issuer-verified document authenticated exactly this transcript.
#[derive(Clone)]
pub struct DeviceBound<'a> {
    pub(super) issuer: IssuerVerified<'a>,
    pub(super) device_items: Vec<DeviceItem<'a>>,
}

/// A device-signed element that the issuer authorised.
#[derive(Clone)]
pub struct DeviceItem<'a> {
    pub(super) namespace: Cow<'a, str>,
    pub(super) identifier: Cow<'a, str>,
    pub(super) value: &'a [u8],
}

impl<'a> DeviceItem<'a> {
    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The element identifier.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The encoded value.
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

    /// The device-signed elements.
    #[must_use]
    pub fn device_items(&self) -> &[DeviceItem<'a>] {
        &self.device_items
    }
}
