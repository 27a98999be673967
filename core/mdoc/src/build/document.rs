//! Builds documents and the DeviceResponse.
use alloc::{
    borrow::Cow,
    collections::BTreeSet,
    string::{String, ToString},
    vec::Vec,
};

use rid_wire::{
    cbor::Encoder,
    cose::{Mac0, Sign1},
};

use crate::{
    MdocError,
    device_auth::MAC_ALG,
    issuer_signed::{UnverifiedIssuerSigned, UnverifiedItem},
};

/// Bytes of heads and names around the items of a document, roughly.
const FRAME: usize = 256;

/// The elements of one document to disclose: namespaces with their identifiers.
pub type Selection = Vec<(String, Vec<String>)>;

/// A document to be authenticated by the device key, with disclosed items and issuerAuth byte for byte as stored.
pub struct UnsignedDocument {
    doc_type: String,
    issuer_signed: Vec<u8>,
    errors: Selection,
}

impl UnsignedDocument {
    /// Selects items of a stored credential. A requested element that is not disclosed goes to `errors` (code 0), even
    /// if the credential has it and the user declined it (std-M44, neg-C12).
    ///
    /// # Errors
    /// [`MdocError`].
    pub fn select<'c>(
        doc_type: &str,
        issuer_signed: &'c UnverifiedIssuerSigned<'_>,
        disclose: &Selection,
        not_returned: &Selection,
    ) -> Result<Self, MdocError> {
        if let Some(error) = issuer_signed.items_error {
            return Err(error);
        }
        let wanted: BTreeSet<(&str, &str)> = names(disclose).collect();
        let of_namespace = |(namespace, held): &'c (Cow<'_, str>, Vec<UnverifiedItem<'_>>)| {
            let chosen = held.iter().filter(|item| wanted.contains(&(namespace, item.identifier)));
            (namespace.as_ref(), chosen.collect::<Vec<_>>())
        };
        let mut disclosed: Vec<_> = issuer_signed.namespaces.iter().map(of_namespace).collect();
        disclosed.retain(|(_, chosen)| !chosen.is_empty());
        let chosen = || disclosed.iter().flat_map(|(_, chosen)| chosen);
        let bytes = chosen().map(|item| item.bytes.outer.len()).chain([issuer_signed.issuer_auth_bytes.len()]);
        let mut encoder = Encoder::with_capacity(bytes.fold(FRAME, usize::saturating_add));
        encoder.map(if disclosed.is_empty() { 1 } else { 2 });
        encoder.text("issuerAuth").raw(issuer_signed.issuer_auth_bytes);
        if !disclosed.is_empty() {
            encoder.text("nameSpaces").map(disclosed.len());
        }
        for (namespace, chosen) in &disclosed {
            encoder.text(namespace).array(chosen.len());
            for item in chosen {
                encoder.raw(item.bytes.outer);
            }
        }
        let errors = lacking([disclose, not_returned], &disclosed);
        Ok(Self { doc_type: doc_type.into(), issuer_signed: encoder.finish(), errors })
    }

    /// The DeviceNameSpacesBytes of an empty map: `d81841a0`.
    #[must_use]
    pub fn device_namespaces(&self) -> &'static [u8] {
        &[0xd8, 0x18, 0x41, 0xa0]
    }

    /// The docType.
    #[must_use]
    pub fn doc_type(&self) -> &str {
        &self.doc_type
    }

    /// The IssuerSigned with the disclosed items.
    #[must_use]
    pub fn issuer_signed(&self) -> &[u8] {
        &self.issuer_signed
    }

    /// Encodes the Document with a deviceSignature (raw r‖s, COSE algorithm number).
    #[must_use]
    pub fn finish_signature(&self, alg: i64, signature: &[u8]) -> Vec<u8> {
        self.finish("deviceSignature", &Sign1::encode(alg, &[], None, signature))
    }

    /// Encodes the Document with a deviceMac.
    #[must_use]
    pub fn finish_mac(&self, tag: &[u8; 32]) -> Vec<u8> {
        self.finish("deviceMac", &Mac0::encode(MAC_ALG, tag))
    }

    fn finish(&self, member: &str, auth: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::with_capacity(self.issuer_signed.len().saturating_add(FRAME));
        encoder.map(if self.errors.is_empty() { 3 } else { 4 });
        if !self.errors.is_empty() {
            encoder.text("errors").map(self.errors.len());
            for (namespace, identifiers) in &self.errors {
                encoder.text(namespace).map(identifiers.len());
                for identifier in identifiers {
                    encoder.text(identifier).uint(NOT_RETURNED);
                }
            }
        }
        encoder.text("docType").text(&self.doc_type);
        encoder.text("deviceSigned").map(2);
        encoder.text("deviceAuth").map(1).text(member).raw(auth);
        encoder.text("nameSpaces").raw(self.device_namespaces());
        encoder.text("issuerSigned").raw(&self.issuer_signed);
        encoder.finish()
    }
}

/// The error code of an element that is not returned (18013-5, 8.3.2.1.2.3).
const NOT_RETURNED: u64 = 0;

/// Encodes a DeviceResponse of version "1.0" and status 0. `documents` are encoded Documents; the document types in
/// `not_returned` are answered with error 0. Empty members are omitted.
#[must_use]
pub fn device_response(documents: &[Vec<u8>], not_returned: &[String]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    write_device_response(&mut encoder, documents, not_returned);
    encoder.finish()
}

/// Writes what [`device_response`] returns.
pub fn write_device_response<D: AsRef<[u8]>>(encoder: &mut Encoder, documents: &[D], not_returned: &[String]) {
    let members = 2_usize.saturating_add(usize::from(!documents.is_empty()));
    encoder.map(members.saturating_add(usize::from(!not_returned.is_empty())));
    encoder.text("status").uint(0).text("version").text("1.0");
    if !documents.is_empty() {
        encoder.text("documents").array(documents.len());
        for document in documents {
            encoder.raw(document.as_ref());
        }
    }
    if !not_returned.is_empty() {
        encoder.text("documentErrors").array(not_returned.len());
        for doc_type in not_returned {
            encoder.map(1).text(doc_type).uint(NOT_RETURNED);
        }
    }
}

/// Encodes a DeviceResponse with an error status (10, 11, 12) and no documents.
#[must_use]
pub fn device_response_status(status: u64) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.map(2).text("status").uint(status).text("version").text("1.0");
    encoder.finish()
}

fn names(selection: &Selection) -> impl Iterator<Item = (&str, &str)> {
    selection.iter().flat_map(|(namespace, identifiers)| {
        identifiers.iter().map(move |identifier| (namespace.as_str(), identifier.as_str()))
    })
}

/// The requested elements that are not disclosed, in the order of deterministic CBOR, which does not reveal the reason
/// (neg-C12).
fn lacking(asked: [&Selection; 2], disclosed: &[(&str, Vec<&UnverifiedItem<'_>>)]) -> Selection {
    let disclosed: BTreeSet<(&str, &str)> =
        disclosed.iter().flat_map(|(of, items)| items.iter().map(move |item| (*of, item.identifier))).collect();
    let mut lacking: Vec<(&str, &str)> =
        asked.into_iter().flat_map(names).filter(|name| !disclosed.contains(name)).collect();
    lacking
        .sort_unstable_by_key(|(namespace, identifier)| (namespace.len(), *namespace, identifier.len(), *identifier));
    lacking.dedup();
    let mut errors = Selection::new();
    for (namespace, identifier) in lacking {
        match errors.last_mut() {
            Some((of, identifiers)) if of == namespace => identifiers.push(identifier.to_string()),
            _ => errors.push((namespace.to_string(), [identifier.to_string()].into())),
        }
    }
    errors
}
