//! DeviceResponse (18013-5, 8.3.2.1.2.2; std-M44) as received.
use alloc::{borrow::Cow, vec::Vec};

use rid_wire::{
    cbor::{CborError, Decoder, Limits, Tagged},
    cose::{Mac0, Sign1},
};

use crate::{
    MdocError,
    issuer_signed::UnverifiedIssuerSigned,
    mso::read_version,
    names::{MAX_ITEMS, MAX_NAMESPACES, name},
};

/// Most documents of one response, and most document errors.
pub const MAX_DOCUMENTS: usize = 32;

/// A `DeviceAuth`: exactly one of the two.
#[derive(Clone)]
pub enum DeviceAuth<'a> {
    /// A deviceMac.
    Mac(Mac0<'a>),
    /// A deviceSignature.
    Signature(Sign1<'a>),
}

/// A `DeviceSigned {nameSpaces, deviceAuth}` as received.
#[derive(Clone)]
pub struct UnverifiedDeviceSigned<'a> {
    /// The DeviceNameSpacesBytes as received.
    pub namespaces_bytes: Tagged<'a>,
    pub(crate) elements: Vec<DeviceElement<'a>>,
    /// The deviceAuth.
    pub auth: DeviceAuth<'a>,
}

/// A device-signed element: namespace, identifier, value bytes.
pub(crate) type DeviceElement<'a> = (Cow<'a, str>, Cow<'a, str>, &'a [u8]);

/// The error of an element that a document does not return: namespace, identifier, code.
pub type ElementError<'a> = (Cow<'a, str>, Cow<'a, str>, i64);

/// A `Document` as received. If its parts cannot be parsed, it keeps its docType and the error, so that a verdict can
/// name it.
#[derive(Clone)]
pub struct UnverifiedDocument<'a> {
    /// The docType.
    pub doc_type: Cow<'a, str>,
    /// The issuerSigned, or the reason for which it was refused. An error of its items alone is kept inside and fails
    /// the check of the digests.
    pub issuer_signed: Result<UnverifiedIssuerSigned<'a>, MdocError>,
    /// The deviceSigned, or the reason for which it was refused (`device_auth_missing` if it is absent or has not
    /// exactly one proof).
    pub device_signed: Result<UnverifiedDeviceSigned<'a>, MdocError>,
    /// The errors: namespace, identifier, code.
    pub errors: Vec<ElementError<'a>>,
}

/// A `DeviceResponse` as received: nothing in it is verified.
#[derive(Clone)]
pub struct UnverifiedResponse<'a> {
    /// The version text, "1.x".
    pub version: Cow<'a, str>,
    /// The documents; `None` if the member is absent.
    pub documents: Option<Vec<UnverifiedDocument<'a>>>,
    /// The documentErrors: docType, code.
    pub document_errors: Vec<(Cow<'a, str>, i64)>,
    /// The status.
    pub status: u64,
}

impl<'a> UnverifiedResponse<'a> {
    /// Parses a response. Errors of CBOR as such (truncation, depth, duplicate keys, trailing bytes) refuse the whole
    /// response; other errors inside a document are kept with that document.
    ///
    /// # Errors
    /// [`MdocError`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, MdocError> {
        let mut whole = Decoder::new(bytes, limits)?;
        whole.skip()?;
        whole.finish()?;
        let (mut version, mut documents, mut document_errors, mut status) = (None, None, Vec::new(), None);
        Decoder::new(bytes, limits)?.map(|decoder, key| -> Result<(), MdocError> {
            match key.as_text() {
                Some("version") => version = Some(read_version(decoder)?),
                Some("documents") => documents = Some(read_documents(decoder)?),
                Some("documentErrors") => document_errors = read_document_errors(decoder)?,
                Some("status") => status = Some(decoder.uint()?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self {
            version: version.ok_or(CborError::MissingMember)?,
            documents,
            document_errors,
            status: status.ok_or(CborError::MissingMember)?,
        })
    }
}

fn read_documents<'a>(decoder: &mut Decoder<'a>) -> Result<Vec<UnverifiedDocument<'a>>, MdocError> {
    let mut documents = Vec::new();
    decoder.array(|decoder, index| -> Result<(), MdocError> {
        if index >= MAX_DOCUMENTS {
            return Err(MdocError::TooMany);
        }
        documents.push(UnverifiedDocument::read(decoder)?);
        Ok(())
    })?;
    if documents.is_empty() { Err(MdocError::ResponseEmpty) } else { Ok(documents) }
}

fn read_document_errors<'a>(decoder: &mut Decoder<'a>) -> Result<Vec<(Cow<'a, str>, i64)>, MdocError> {
    let mut errors = Vec::new();
    decoder.array(|decoder, _| -> Result<(), MdocError> {
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            if errors.len() >= MAX_DOCUMENTS {
                return Err(MdocError::TooMany);
            }
            errors.push((name(key)?, decoder.int()?));
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(errors)
}

impl<'a> UnverifiedDocument<'a> {
    fn read(decoder: &mut Decoder<'a>) -> Result<Self, MdocError> {
        let (mut doc_type, mut errors) = (None, Vec::new());
        let mut issuer_signed = Err(CborError::MissingMember.into());
        let mut device_signed = Err(MdocError::DeviceAuthMissing);
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            // The signed parts are read on a copy of the cursor, so that an error in one does not stop the reading of
            // the map.
            match key.as_text() {
                Some("docType") => doc_type = Some(decoder.identifier()?),
                Some("issuerSigned") => {
                    issuer_signed = UnverifiedIssuerSigned::read_for_verdict(&mut decoder.clone());
                }
                Some("deviceSigned") => device_signed = UnverifiedDeviceSigned::read(&mut decoder.clone()),
                Some("errors") => errors = read_errors(decoder)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self { doc_type: doc_type.ok_or(CborError::MissingMember)?, issuer_signed, device_signed, errors })
    }
}

impl<'a> UnverifiedDeviceSigned<'a> {
    /// The device-signed elements, unverified: namespace, identifier, encoded value.
    pub fn elements(&self) -> impl Iterator<Item = (&str, &str, &'a [u8])> {
        self.elements.iter().map(|(namespace, identifier, value)| (namespace.as_ref(), identifier.as_ref(), *value))
    }

    fn read(decoder: &mut Decoder<'a>) -> Result<Self, MdocError> {
        let (mut namespaces, mut auth) = (None, None);
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            match key.as_text() {
                Some("nameSpaces") => {
                    let bytes = decoder.tagged()?;
                    // Indefinite lengths are accepted here, because the bytes are never encoded again. neg-A05 lists
                    // the places that refuse them.
                    let limits = Limits { max_bytes: bytes.inner.len(), ..Limits::PROXIMITY };
                    namespaces = Some((bytes, read_device_elements(&mut Decoder::new(bytes.inner, limits)?)?));
                }
                Some("deviceAuth") => auth = DeviceAuth::read(decoder)?,
                _ => {}
            }
            Ok(())
        })?;
        let auth = auth.ok_or(MdocError::DeviceAuthMissing)?;
        let (namespaces_bytes, elements) = namespaces.ok_or(CborError::MissingMember)?;
        Ok(Self { namespaces_bytes, elements, auth })
    }
}

impl<'a> DeviceAuth<'a> {
    /// Returns `None` for both or neither.
    fn read(decoder: &mut Decoder<'a>) -> Result<Option<Self>, MdocError> {
        let (mut signature, mut mac) = (None, None);
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            match key.as_text() {
                Some("deviceSignature") => signature = Some(Sign1::read(decoder)?),
                Some("deviceMac") => mac = Some(Mac0::read(decoder)?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(match (signature, mac) {
            (Some(signature), None) => Some(Self::Signature(signature)),
            (None, Some(mac)) => Some(Self::Mac(mac)),
            _ => None,
        })
    }
}

fn read_device_elements<'a>(decoder: &mut Decoder<'a>) -> Result<Vec<DeviceElement<'a>>, MdocError> {
    let mut elements = Vec::new();
    read_by_namespace(decoder, |namespace, identifier, decoder| {
        elements.push((namespace, identifier, decoder.skip()?));
        Ok(())
    })?;
    Ok(elements)
}

fn read_errors<'a>(decoder: &mut Decoder<'a>) -> Result<Vec<ElementError<'a>>, MdocError> {
    let mut errors = Vec::new();
    read_by_namespace(decoder, |namespace, identifier, decoder| {
        errors.push((namespace, identifier, decoder.int()?));
        Ok(())
    })?;
    Ok(errors)
}

/// Reads `{namespace: {identifier: any}}` within the limits of items.
fn read_by_namespace<'a>(
    decoder: &mut Decoder<'a>,
    mut each: impl FnMut(Cow<'a, str>, Cow<'a, str>, &mut Decoder<'a>) -> Result<(), MdocError>,
) -> Result<(), MdocError> {
    let (mut namespaces, mut items) = (MAX_NAMESPACES, MAX_ITEMS);
    decoder.map(|decoder, key| -> Result<(), MdocError> {
        namespaces = namespaces.checked_sub(1).ok_or(MdocError::TooMany)?;
        let namespace = name(key)?;
        decoder.map(|decoder, key| -> Result<(), MdocError> {
            items = items.checked_sub(1).ok_or(MdocError::TooMany)?;
            each(namespace.clone(), name(key)?, decoder)
        })?;
        Ok(())
    })?;
    Ok(())
}

rid_wire::closed_debug!(DeviceAuth<'_>, UnverifiedDeviceSigned<'_>, UnverifiedDocument<'_>, UnverifiedResponse<'_>);
