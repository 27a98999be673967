//! DeviceRequestInfo (18013-5, second edition; std-S50): sets of documents that serve the reader's purposes together.
use alloc::{string::String, vec::Vec};

use rid_wire::cbor::{CborError, Decoder};

use crate::MdocError;

/// A `deviceRequestInfo` as received. It only narrows the first selection: the user decides about each document.
#[derive(Clone, Debug)]
pub struct DeviceRequestInfo<'a> {
    /// The whole member as received: the bytes that readerAuthAll signs.
    pub bytes: &'a [u8],
    /// The use cases, or [`MdocError::RequestInfo`] if the member is malformed; the request is then read without it.
    pub use_cases: Result<Vec<UseCase>, MdocError>,
}

/// A `UseCase {mandatory, documentSets, purposeHints?}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseCase {
    /// True if the reader cannot proceed without it.
    pub mandatory: bool,
    /// Alternatives in order of preference, each a set of positions in `docRequests`.
    pub document_sets: Vec<Vec<u32>>,
    /// Purposes, each with its controller.
    pub purpose_hints: Vec<(String, i64)>,
}

/// Most use cases, most sets and purposes of a use case, and most positions of a set.
const MOST: usize = 32;

impl<'a> DeviceRequestInfo<'a> {
    /// Reads the member at the cursor. Positions must be below `documents`, the number of doc requests.
    ///
    /// # Errors
    /// [`MdocError::Cbor`] if it is not CBOR; any other fault is kept in `use_cases`.
    pub(crate) fn read(decoder: &mut Decoder<'a>, documents: usize) -> Result<Self, MdocError> {
        let mut inside = decoder.clone();
        let bytes = decoder.skip()?;
        let use_cases = if inside.take_null()? {
            Ok(Vec::new())
        } else {
            read_use_cases(&mut inside, documents).map_err(|_| MdocError::RequestInfo)
        };
        Ok(Self { bytes, use_cases })
    }
}

fn read_use_cases(decoder: &mut Decoder<'_>, documents: usize) -> Result<Vec<UseCase>, CborError> {
    let mut use_cases = Vec::new();
    let tagged = decoder.tagged()?;
    let mut inside = tagged.decoder();
    inside.map(|decoder, key| -> Result<(), CborError> {
        if key.as_text() == Some("useCases") {
            read_list(decoder, &mut use_cases, |decoder| read_use_case(decoder, documents))?;
        }
        Ok(())
    })?;
    inside.finish()?;
    Ok(use_cases)
}

fn read_use_case(decoder: &mut Decoder<'_>, documents: usize) -> Result<UseCase, CborError> {
    let (mut mandatory, mut document_sets, mut purpose_hints) = (None, Vec::new(), Vec::new());
    decoder.map(|decoder, key| -> Result<(), CborError> {
        match key.as_text() {
            Some("mandatory") => mandatory = Some(decoder.boolean()?),
            Some("documentSets") => {
                read_list(decoder, &mut document_sets, |decoder| {
                    let mut set = Vec::new();
                    read_list(decoder, &mut set, |decoder| position(decoder, documents))?;
                    Ok(set)
                })?;
            }
            Some("purposeHints") => {
                decoder.map(|decoder, key| -> Result<(), CborError> {
                    let controller = key.as_text().ok_or(CborError::UnexpectedType)?;
                    if purpose_hints.len() >= MOST {
                        return Err(CborError::TooLarge);
                    }
                    purpose_hints.push((String::from(controller), decoder.int()?));
                    Ok(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })?;
    match mandatory {
        Some(mandatory) if !document_sets.is_empty() => Ok(UseCase { mandatory, document_sets, purpose_hints }),
        _ => Err(CborError::MissingMember),
    }
}

fn position(decoder: &mut Decoder<'_>, documents: usize) -> Result<u32, CborError> {
    let position = decoder.uint()?;
    let known = usize::try_from(position).is_ok_and(|position| position < documents);
    u32::try_from(position).ok().filter(|_| known).ok_or(CborError::MissingMember)
}

/// Reads a non-empty list.
fn read_list<'a, T>(
    decoder: &mut Decoder<'a>,
    list: &mut Vec<T>,
    mut each: impl FnMut(&mut Decoder<'a>) -> Result<T, CborError>,
) -> Result<(), CborError> {
    decoder.array(|decoder, index| -> Result<(), CborError> {
        if index >= MOST {
            return Err(CborError::TooLarge);
        }
        list.push(each(decoder)?);
        Ok(())
    })?;
    if list.is_empty() { Err(CborError::MissingMember) } else { Ok(()) }
}
