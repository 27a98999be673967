//! What we encode ourselves: credentials (issuer), documents and responses (holder). Deterministic CBOR; received parts byte for byte.
use alloc::{string::String, vec::Vec};

use rid_crypto::{CryptoRng, PublicKey};

use crate::{MdocError, issuer_signed::UnverifiedIssuerSigned, mso::ValidityInfo};

/// One element to be issued: the value is encoded CBOR.
#[derive(Clone)]
pub struct ElementToIssue {
    /// Namespace.
    pub namespace: String,
    /// Element identifier.
    pub identifier: String,
    /// Encoded value.
    pub value: Vec<u8>,
}

/// A credential before its signature.
pub struct UnsignedCredential {
    namespaces: Vec<u8>,
    payload: Vec<u8>,
}

/// What an MSO says beside the digests.
pub struct MsoTemplate<'a> {
    /// docType.
    pub doc_type: &'a str,
    /// deviceKey.
    pub device_key: &'a PublicKey,
    /// validityInfo; must lie on whole seconds (neg-N05: the issuer rounds to days).
    pub validity: ValidityInfo,
}

impl UnsignedCredential {
    /// Draws a 32-byte random per item and shuffled digestIDs, hashes with SHA-256, and builds the MSO.
    ///
    /// # Errors
    /// [`MdocError::TooMany`], [`MdocError::ElementDuplicate`], [`MdocError::Validity`].
    pub fn make(
        template: &MsoTemplate<'_>,
        elements: &[ElementToIssue],
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, MdocError> {
        todo!()
    }

    /// The `Sig_structure` to be signed with ES256.
    #[must_use]
    pub fn to_be_signed(&self) -> Vec<u8> {
        todo!()
    }

    /// The encoded IssuerSigned. `chain` is DER, leaf first, without the root.
    #[must_use]
    pub fn finish(self, signature: &[u8; 64], chain: &[&[u8]]) -> Vec<u8> {
        todo!()
    }
}

/// The elements of one document to be disclosed: namespace, identifiers.
pub type Selection = Vec<(String, Vec<String>)>;

/// A document ready to be authenticated by the device key: disclosed items and issuerAuth byte for byte as stored.
pub struct UnsignedDocument {
    doc_type: String,
    issuer_signed: Vec<u8>,
    errors: Selection,
}

impl UnsignedDocument {
    /// Selects items of a stored credential. Identifiers asked for but not disclosed go to `errors` (code 0), whether lacked
    /// or unticked (std-M44, neg-C12).
    ///
    /// # Errors
    /// [`MdocError`].
    pub fn select(
        doc_type: &str,
        issuer_signed: &UnverifiedIssuerSigned<'_>,
        disclose: &Selection,
        not_returned: &Selection,
    ) -> Result<Self, MdocError> {
        todo!()
    }

    /// DeviceNameSpacesBytes of an empty map: `d81841a0`.
    #[must_use]
    pub fn device_namespaces(&self) -> &'static [u8] {
        &[0xd8, 0x18, 0x41, 0xa0]
    }

    /// docType.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// The encoded Document with a deviceSignature (raw r‖s, COSE algorithm number).
    #[must_use]
    pub fn finish_signature(&self, alg: i64, signature: &[u8]) -> Vec<u8> {
        todo!()
    }

    /// The encoded Document with a deviceMac.
    #[must_use]
    pub fn finish_mac(&self, tag: &[u8; 32]) -> Vec<u8> {
        todo!()
    }
}

/// Encodes a DeviceResponse, version "1.0", status 0; `documents` are encoded Documents, `not_returned` document types
/// answered with error 0. Empty members are left out.
#[must_use]
pub fn device_response(documents: &[Vec<u8>], not_returned: &[String]) -> Vec<u8> {
    todo!()
}

/// Encodes a DeviceResponse of an error status (10, 11, 12) without documents.
#[must_use]
pub fn device_response_status(status: u64) -> Vec<u8> {
    todo!()
}
