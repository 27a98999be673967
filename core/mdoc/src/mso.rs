//! The MobileSecurityObject (18013-5, 9.1.2.4), which the issuer signs.
use alloc::{borrow::Cow, string::String, vec::Vec};

use rid_crypto::{DigestAlgorithm, PublicKey};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, Key, Limits},
    cose,
};

use crate::{
    MdocError,
    names::{MAX_ITEMS, MAX_NAMESPACES, name},
};

/// Most digests of one MSO (neg-B24), including those of undisclosed elements.
pub const MAX_DIGESTS: usize = 4096;

/// The `validityInfo` of an MSO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidityInfo {
    /// The time `signed`.
    pub signed: Timestamp,
    /// The time validFrom.
    pub valid_from: Timestamp,
    /// The time validUntil.
    pub valid_until: Timestamp,
    /// The time expectedUpdate.
    pub expected_update: Option<Timestamp>,
    /// True if a tdate has a fraction of a second (neg-B10: `tdate_fraction`).
    pub fraction: bool,
}

/// The `keyAuthorizations` of deviceKeyInfo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyAuthorizations {
    /// Whole namespaces.
    pub namespaces: Vec<String>,
    /// Single elements, as a namespace and its identifiers.
    pub elements: Vec<(String, Vec<String>)>,
}

impl KeyAuthorizations {
    /// Returns true if the device key may sign this element.
    #[must_use]
    pub fn covers(&self, namespace: &str, identifier: &str) -> bool {
        self.namespaces.iter().any(|whole| whole == namespace)
            || self
                .elements
                .iter()
                .any(|(of, identifiers)| of == namespace && identifiers.iter().any(|i| i == identifier))
    }
}

/// A reference to a Token Status List (std-S50).
#[derive(Clone, PartialEq, Eq)]
pub struct StatusListReference {
    /// The URI of the list.
    pub uri: String,
    /// The index in the list.
    pub index: u64,
}

/// A parsed MSO that borrows from received bytes.
#[derive(Clone)]
pub struct Mso<'a> {
    /// The version text ("1.0" or "1.x").
    pub version: Cow<'a, str>,
    /// The digestAlgorithm.
    pub digest_algorithm: DigestAlgorithm,
    /// The docType.
    pub doc_type: Cow<'a, str>,
    /// The deviceKey.
    pub device_key: PublicKey,
    /// The keyAuthorizations.
    pub key_authorizations: KeyAuthorizations,
    /// The validityInfo.
    pub validity: ValidityInfo,
    /// The Token Status List reference of `status`, if any.
    pub status: Option<StatusListReference>,
    pub(crate) digests: Digests<'a>,
}

impl<'a> Mso<'a> {
    /// Parses MobileSecurityObjectBytes (the payload of issuerAuth: tag 24) as a verifier does. It accepts a digestID
    /// of 2^31 or more, a coordinate without its leading zeros and a malformed `status`. Indefinite lengths are
    /// refused.
    ///
    /// # Errors
    /// [`MdocError`]: version, digest algorithm, form of the validity, limits.
    pub fn parse(payload: &'a [u8]) -> Result<Self, MdocError> {
        let parts = MsoParts::parse(payload)?;
        Ok(Self {
            version: parts.version?,
            digest_algorithm: parts.digest_algorithm?,
            doc_type: parts.doc_type,
            device_key: parts.device_key,
            key_authorizations: parts.key_authorizations,
            validity: parts.validity?,
            status: parts.status.unwrap_or_default(),
            digests: parts.digests,
        })
    }

    /// The digest that the issuer signed for an item, as received.
    #[must_use]
    pub fn digest(&self, namespace: &str, digest_id: u64) -> Option<&'a [u8]> {
        self.digests.find(namespace, digest_id)
    }

    /// Every digest that the issuer signed, including those of undisclosed elements.
    pub fn all_digests(&self) -> impl Iterator<Item = &'a [u8]> {
        self.digests.namespaces.iter().flat_map(|(_, digests)| digests).map(|(_, digest)| *digest)
    }
}

/// The `valueDigests` by namespace, borrowed from the received bytes. Each namespace is sorted by digestID.
#[derive(Clone)]
pub(crate) struct Digests<'a> {
    pub(crate) namespaces: Vec<NamespaceDigests<'a>>,
}

/// A namespace and its digests, sorted by digestID.
pub(crate) type NamespaceDigests<'a> = (Cow<'a, str>, Vec<(u64, &'a [u8])>);

impl<'a> Digests<'a> {
    /// The digest that the issuer signed for an item.
    pub(crate) fn find(&self, namespace: &str, digest_id: u64) -> Option<&'a [u8]> {
        let (_, digests) = self.namespaces.iter().find(|(name, _)| name == namespace)?;
        let place = digests.binary_search_by_key(&digest_id, |(id, _)| *id).ok()?;
        digests.get(place).map(|(_, digest)| *digest)
    }

    /// Returns true if a digestID is beyond the standard's range.
    pub(crate) fn has_wide_id(&self) -> bool {
        self.namespaces.iter().flat_map(|(_, digests)| digests.last()).any(|(id, _)| is_wide(*id))
    }
}

/// An MSO in parts. A member with its own check keeps its own error, so that a verdict names the right check.
pub(crate) struct MsoParts<'a> {
    pub(crate) version: Result<Cow<'a, str>, MdocError>,
    pub(crate) digest_algorithm: Result<DigestAlgorithm, MdocError>,
    pub(crate) validity: Result<ValidityInfo, MdocError>,
    pub(crate) doc_type: Cow<'a, str>,
    pub(crate) device_key: PublicKey,
    /// True if a coordinate of deviceKey lacks its leading zeros.
    pub(crate) is_key_short: bool,
    pub(crate) key_authorizations: KeyAuthorizations,
    /// A malformed status is refused on receipt and ignored by a verifier.
    pub(crate) status: Result<Option<StatusListReference>, MdocError>,
    pub(crate) digests: Digests<'a>,
}

impl<'a> MsoParts<'a> {
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Self, MdocError> {
        let mut decoder = Decoder::new(payload, Limits { max_bytes: payload.len(), ..Limits::ONLINE })?;
        let (_, parts) = decoder.tagged_with(Self::read)?;
        decoder.finish()?;
        Ok(parts)
    }

    fn read(decoder: &mut Decoder<'a>) -> Result<Self, MdocError> {
        const MISSING: MdocError = MdocError::Cbor(CborError::MissingMember);
        let (mut version, mut digest_algorithm, mut validity) = (Err(MISSING), Err(MISSING), Err(MISSING));
        let (mut doc_type, mut digests, mut device, mut status) = (None, None, None, Ok(None));
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            // A member whose error must not refuse the whole MSO is read on a copy of the cursor. The member is then
            // skipped, so that errors of CBOR inside it still refuse the MSO.
            match key.as_text() {
                Some("version") => version = read_version(&mut decoder.clone()).map_err(|e| e.at(VERSION)),
                Some("digestAlgorithm") => {
                    digest_algorithm = read_digest_algorithm(&mut decoder.clone()).map_err(|e| e.at(DIGEST_ALGORITHM));
                }
                Some("validityInfo") => validity = read_validity(&mut decoder.clone()).map_err(|e| e.at(VALIDITY_INFO)),
                Some("docType") => doc_type = Some(decoder.identifier().map_err(|e| MdocError::At(DOC_TYPE, e))?),
                Some("valueDigests") => digests = Some(read_digests(decoder).map_err(|e| e.at(VALUE_DIGESTS))?),
                Some("deviceKeyInfo") => {
                    device = Some(read_device_key_info(decoder).map_err(|e| e.at(DEVICE_KEY_INFO))?)
                }
                Some("status") => status = read_status(&mut decoder.clone()).map_err(|e| e.at(STATUS)),
                _ => {}
            }
            Ok(())
        })?;
        let ((device_key, is_key_short), key_authorizations) = device.ok_or(MISSING)?;
        Ok(Self {
            version,
            digest_algorithm,
            validity,
            doc_type: doc_type.ok_or(MISSING)?,
            device_key,
            is_key_short,
            key_authorizations,
            status,
            digests: digests.ok_or(MISSING)?,
        })
    }
}

/// Paths of the members in errors.
const VERSION: &str = "MobileSecurityObject.version";
const DIGEST_ALGORITHM: &str = "MobileSecurityObject.digestAlgorithm";
const VALIDITY_INFO: &str = "MobileSecurityObject.validityInfo";
const DOC_TYPE: &str = "MobileSecurityObject.docType";
const VALUE_DIGESTS: &str = "MobileSecurityObject.valueDigests";
const DIGEST_ID: &str = "MobileSecurityObject.valueDigests.digestID";
const DEVICE_KEY_INFO: &str = "MobileSecurityObject.deviceKeyInfo";
const STATUS: &str = "MobileSecurityObject.status";

/// Reads a version text "1.x" (std-M44, std-M45): a minor version adds only members that may be ignored.
pub(crate) fn read_version<'a>(decoder: &mut Decoder<'a>) -> Result<Cow<'a, str>, MdocError> {
    let version = decoder.text()?;
    let minor = version.strip_prefix("1.").unwrap_or("").as_bytes();
    if minor.is_empty() || !minor.iter().all(u8::is_ascii_digit) {
        return Err(MdocError::Version);
    }
    Ok(version)
}

fn read_digest_algorithm(decoder: &mut Decoder<'_>) -> Result<DigestAlgorithm, MdocError> {
    DigestAlgorithm::from_name(&decoder.text()?).ok_or(MdocError::DigestAlg)
}

fn read_validity(decoder: &mut Decoder<'_>) -> Result<ValidityInfo, MdocError> {
    let (mut signed, mut valid_from, mut valid_until, mut expected_update) = (None, None, None, None);
    let mut fraction = false;
    decoder.map(|decoder, key| -> Result<(), MdocError> {
        let member = match key.as_text() {
            Some("signed") => &mut signed,
            Some("validFrom") => &mut valid_from,
            Some("validUntil") => &mut valid_until,
            Some("expectedUpdate") => &mut expected_update,
            _ => return Ok(()),
        };
        let (time, cut) = read_tdate(decoder)?;
        *member = Some(time);
        fraction |= cut;
        Ok(())
    })?;
    Ok(ValidityInfo {
        signed: signed.ok_or(CborError::MissingMember)?,
        valid_from: valid_from.ok_or(CborError::MissingMember)?,
        valid_until: valid_until.ok_or(CborError::MissingMember)?,
        expected_update,
        fraction,
    })
}

/// Reads `tdate = #6.0(tstr)`; the flag is true if a fraction was truncated.
fn read_tdate(decoder: &mut Decoder<'_>) -> Result<(Timestamp, bool), MdocError> {
    decoder.expect_tag(0)?;
    Timestamp::parse_tdate(&decoder.text()?).map_err(|_| MdocError::Validity)
}

fn read_digests<'a>(decoder: &mut Decoder<'a>) -> Result<Digests<'a>, MdocError> {
    let mut namespaces = Vec::new();
    let mut total = 0_usize;
    decoder.map(|decoder, key| -> Result<(), MdocError> {
        if namespaces.len() >= MAX_NAMESPACES {
            return Err(MdocError::TooMany);
        }
        let mut digests = Vec::new();
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            total = total.saturating_add(1);
            if total > MAX_DIGESTS {
                return Err(MdocError::TooMany);
            }
            let Key::Uint(id) = key else { return Err(MdocError::At(DIGEST_ID, CborError::UnexpectedType)) };
            digests.push((*id, decoder.definite_bytes()?));
            Ok(())
        })?;
        digests.sort_unstable_by_key(|(id, _)| *id);
        namespaces.push((name(key)?, digests));
        Ok(())
    })?;
    Ok(Digests { namespaces })
}

/// The deviceKey; the flag is true if a coordinate lacks its leading zeros.
type DeviceKey = (PublicKey, bool);

fn read_device_key_info(decoder: &mut Decoder<'_>) -> Result<(DeviceKey, KeyAuthorizations), MdocError> {
    let mut device_key = None;
    let mut authorizations = KeyAuthorizations::default();
    decoder.map(|decoder, key| -> Result<(), MdocError> {
        match key.as_text() {
            Some("deviceKey") => device_key = Some(PublicKey::from_cose_padded(&cose::Key::read(decoder)?)?),
            Some("keyAuthorizations") => authorizations = read_key_authorizations(decoder)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((device_key.ok_or(CborError::MissingMember)?, authorizations))
}

/// Every device-signed element is searched among these names, so their number is limited like the items of a document
/// (neg-B24).
fn read_key_authorizations(decoder: &mut Decoder<'_>) -> Result<KeyAuthorizations, MdocError> {
    let mut authorizations = KeyAuthorizations::default();
    let mut room = MAX_ITEMS;
    decoder.map(|decoder, key| -> Result<(), MdocError> {
        match key.as_text() {
            Some("nameSpaces") => authorizations.namespaces = read_names(decoder, &mut room)?,
            Some("dataElements") => {
                decoder.map(|decoder, key| -> Result<(), MdocError> {
                    if authorizations.elements.len() >= MAX_NAMESPACES {
                        return Err(MdocError::TooMany);
                    }
                    authorizations.elements.push((name(key)?.into_owned(), read_names(decoder, &mut room)?));
                    Ok(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(authorizations)
}

fn read_names(decoder: &mut Decoder<'_>, room: &mut usize) -> Result<Vec<String>, MdocError> {
    let mut names = Vec::new();
    decoder.array(|decoder, _| -> Result<(), MdocError> {
        *room = room.checked_sub(1).ok_or(MdocError::TooMany)?;
        names.push(decoder.identifier()?.into_owned());
        Ok(())
    })?;
    Ok(names)
}

/// Reads `status` (std-S50): the Token Status List is kept, other mechanisms are ignored.
fn read_status(decoder: &mut Decoder<'_>) -> Result<Option<StatusListReference>, MdocError> {
    let mut reference = None;
    decoder.map(|decoder, key| -> Result<(), MdocError> {
        if key.as_text() == Some("status_list") {
            let (mut uri, mut index) = (None, None);
            decoder.map(|decoder, key| -> Result<(), MdocError> {
                match key.as_text() {
                    Some("uri") => uri = Some(decoder.text()?.into_owned()),
                    Some("idx") => index = Some(decoder.uint()?),
                    _ => {}
                }
                Ok(())
            })?;
            let (Some(uri), Some(index)) = (uri, index) else { return Err(CborError::UnexpectedType.into()) };
            reference = Some(StatusListReference { uri, index });
        }
        Ok(())
    })?;
    Ok(reference)
}

/// Returns true if a digestID is beyond the standard's range: 2^31 or more.
pub(crate) const fn is_wide(digest_id: u64) -> bool {
    digest_id >= 1 << 31
}

rid_wire::closed_debug!(Mso<'_>, StatusListReference);
