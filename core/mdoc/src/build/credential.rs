//! Builds a credential for issuing.
use alloc::{string::String, vec::Vec};

use rid_crypto::{CryptoRng, DigestAlgorithm, PublicKey};
use rid_wire::{
    cbor::{Decoder, Encoder, Limits},
    cose::{Sign1, protected_header, sig_structure},
};

use crate::{
    MdocError,
    mso::ValidityInfo,
    names::{MAX_ITEMS, MAX_NAMESPACES},
};

/// An element to issue, with its encoded value.
#[derive(Clone)]
pub struct ElementToIssue {
    /// The namespace.
    pub namespace: String,
    /// The element identifier.
    pub identifier: String,
    /// The encoded value.
    pub value: Vec<u8>,
}

/// A credential without its signature.
pub struct UnsignedCredential {
    namespaces: Vec<u8>,
    payload: Vec<u8>,
}

/// The members of an MSO except the digests.
pub struct MsoTemplate<'a> {
    /// The docType.
    pub doc_type: &'a str,
    /// The deviceKey.
    pub device_key: &'a PublicKey,
    /// The validityInfo, in whole seconds (neg-N05: the issuer rounds to days).
    pub validity: ValidityInfo,
}

/// The COSE algorithm of issuerAuth.
const ES256: i64 = -7;

/// Length of an item's `random` in bytes: twice the minimum, so that guessing it is not easier than breaking the
/// digest.
const RANDOM_LEN: usize = 32;

impl UnsignedCredential {
    /// Draws a 32-byte random for each item and shuffled digestIDs, hashes with SHA-256, and builds the MSO.
    ///
    /// # Errors
    /// [`MdocError::CredentialEmpty`], [`MdocError::TooMany`], [`MdocError::ElementDuplicate`],
    /// [`MdocError::Validity`]; [`MdocError::Cbor`] for a value that is not one well-formed item of definite lengths.
    pub fn make(
        template: &MsoTemplate<'_>,
        elements: &[ElementToIssue],
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, MdocError> {
        if template.validity.fraction || template.validity.valid_from > template.validity.valid_until {
            return Err(MdocError::Validity);
        }
        let namespaces = group(elements)?;
        let mut items = Encoder::new();
        let mut digests = Encoder::new();
        items.map(namespaces.len());
        digests.map(namespaces.len());
        for (namespace, elements) in &namespaces {
            let ids = shuffled(elements.len(), rng);
            let mut of_namespace: Vec<(u64, [u8; 32])> = Vec::with_capacity(elements.len());
            items.text(namespace).array(elements.len());
            for (element, id) in elements.iter().zip(ids) {
                let item = encode_item(element, id, rng);
                let mut digest = [0; 32];
                digest.copy_from_slice(DigestAlgorithm::Sha256.digest(&[&item]).as_bytes());
                of_namespace.push((id, digest));
                items.raw(&item);
            }
            of_namespace.sort_unstable();
            digests.text(namespace).map(of_namespace.len());
            for (id, digest) in &of_namespace {
                digests.uint(*id).bytes(digest);
            }
        }
        Ok(Self { namespaces: items.finish(), payload: encode_mso(template, &digests.finish()) })
    }

    /// The `Sig_structure` to sign with ES256.
    #[must_use]
    pub fn to_be_signed(&self) -> Vec<u8> {
        let mut structure = sig_structure(&protected_header(ES256), &[], self.payload.len());
        structure.extend_from_slice(&self.payload);
        structure
    }

    /// Encodes the IssuerSigned. `chain` is DER, leaf first, without the root.
    #[must_use]
    pub fn finish(self, signature: &[u8; 64], chain: &[&[u8]]) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.map(2);
        encoder.text("issuerAuth").raw(&Sign1::encode(ES256, chain, Some(&self.payload), signature));
        encoder.text("nameSpaces").raw(&self.namespaces);
        encoder.finish()
    }
}

/// Groups the elements by namespace, in the order of deterministic CBOR. The order of elements is kept.
fn group(elements: &[ElementToIssue]) -> Result<Vec<(&str, Vec<&ElementToIssue>)>, MdocError> {
    if elements.is_empty() {
        return Err(MdocError::CredentialEmpty);
    }
    if elements.len() > MAX_ITEMS {
        return Err(MdocError::TooMany);
    }
    let mut namespaces: Vec<(&str, Vec<&ElementToIssue>)> = Vec::new();
    for element in elements {
        check_value(&element.value)?;
        match namespaces.iter_mut().find(|(namespace, _)| *namespace == element.namespace) {
            None => namespaces.push((&element.namespace, [element].into())),
            Some((_, known)) if known.iter().any(|other| other.identifier == element.identifier) => {
                return Err(MdocError::ElementDuplicate);
            }
            Some((_, known)) => known.push(element),
        }
    }
    if namespaces.len() > MAX_NAMESPACES {
        return Err(MdocError::TooMany);
    }
    namespaces.sort_unstable_by_key(|(namespace, _)| (namespace.len(), *namespace));
    Ok(namespaces)
}

fn check_value(value: &[u8]) -> Result<(), MdocError> {
    let mut decoder = Decoder::new(value, Limits::ONLINE)?.definite();
    decoder.skip()?;
    Ok(decoder.finish()?)
}

/// Shuffles `0..count` (Fisher-Yates), so that a digestID reveals nothing about its element.
fn shuffled(count: usize, rng: &mut dyn CryptoRng) -> Vec<u64> {
    let mut ids: Vec<u64> = (0..).take(count).collect();
    for last in (1..ids.len()).rev() {
        let choices = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        // The remainder has a bias under 2^-53.
        let other = rng.next_u64().checked_rem(choices).and_then(|other| usize::try_from(other).ok());
        ids.swap(last, other.unwrap_or(last));
    }
    ids
}

fn encode_item(element: &ElementToIssue, id: u64, rng: &mut dyn CryptoRng) -> Vec<u8> {
    let mut random = [0; RANDOM_LEN];
    rng.fill_bytes(&mut random);
    let mut item = Encoder::new();
    item.map(4);
    item.text("random").bytes(&random);
    item.text("digestID").uint(id);
    item.text("elementValue").raw(&element.value);
    item.text("elementIdentifier").text(&element.identifier);
    let mut encoder = Encoder::new();
    encoder.tagged(&item.finish());
    encoder.finish()
}

/// Encodes MobileSecurityObjectBytes; `digests` is the encoded valueDigests.
fn encode_mso(template: &MsoTemplate<'_>, digests: &[u8]) -> Vec<u8> {
    let mut mso = Encoder::new();
    mso.map(6);
    mso.text("docType").text(template.doc_type);
    mso.text("version").text("1.0");
    mso.text("validityInfo");
    encode_validity(&mut mso, &template.validity);
    mso.text("valueDigests").raw(digests);
    mso.text("deviceKeyInfo").map(1).text("deviceKey").raw(&template.device_key.to_cose());
    mso.text("digestAlgorithm").text("SHA-256");
    let mut encoder = Encoder::new();
    encoder.tagged(&mso.finish());
    encoder.finish()
}

fn encode_validity(encoder: &mut Encoder, validity: &ValidityInfo) {
    let times = [
        ("signed", Some(validity.signed)),
        ("validFrom", Some(validity.valid_from)),
        ("validUntil", Some(validity.valid_until)),
        ("expectedUpdate", validity.expected_update),
    ];
    encoder.map(times.iter().filter(|(_, time)| time.is_some()).count());
    for (name, time) in times.into_iter().filter_map(|(name, time)| time.map(|time| (name, time))) {
        encoder.text(name).tag(0).text(&time.to_tdate());
    }
}
