//! DeviceEngagement and the QR code (18013-5, 8.2.1; std-M40).
use alloc::{string::String, vec::Vec};

use rid_crypto::PublicKey;

use crate::MdocError;

/// A BLE retrieval method of an engagement (type 2, version 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ble {
    /// UUID of the mdoc's GATT server (peripheral server mode, options 0 and 10).
    pub peripheral_server: Option<[u8; 16]>,
    /// UUID the mdoc scans for (central client mode, options 1 and 11).
    pub central_client: Option<[u8; 16]>,
}

/// How a reader may reach the mdoc.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetrievalMethod {
    /// Bluetooth Low Energy.
    Ble(Ble),
    /// A method of another type or version, as encoded.
    Other(Vec<u8>),
}

/// A parsed engagement with its bytes.
#[derive(Clone)]
pub struct Engagement {
    bytes: Vec<u8>,
    version: String,
    e_device_key: PublicKey,
    methods: Vec<RetrievalMethod>,
}

impl Engagement {
    /// Builds version "1.0", cipher suite 1, one BLE method.
    #[must_use]
    pub fn build(e_device_key: &PublicKey, ble: &Ble) -> Self {
        todo!()
    }

    /// Parses a DeviceEngagement; unknown members are ignored safely (std-S50), indefinite lengths refused (a transcript member).
    ///
    /// # Errors
    /// [`MdocError::Engagement`], [`MdocError::Cbor`], [`MdocError::Crypto`] for the key.
    pub fn parse(bytes: &[u8]) -> Result<Self, MdocError> {
        todo!()
    }

    /// Parses the text of the QR code: `mdoc:` and base64url.
    ///
    /// # Errors
    /// As [`Engagement::parse`].
    pub fn parse_qr(text: &str) -> Result<Self, MdocError> {
        todo!()
    }

    /// The text of the QR code.
    #[must_use]
    pub fn to_qr(&self) -> String {
        todo!()
    }

    /// The bytes as received or built.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Version text.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// EDeviceKey.
    #[must_use]
    pub fn e_device_key(&self) -> &PublicKey {
        &self.e_device_key
    }

    /// Retrieval methods in order of preference.
    #[must_use]
    pub fn methods(&self) -> &[RetrievalMethod] {
        &self.methods
    }
}
