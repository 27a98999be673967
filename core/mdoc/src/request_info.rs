//! DeviceRequestInfo (18013-5, second edition; std-S50): sets of documents that serve the reader's purposes together.
use alloc::{string::String, vec::Vec};

use rid_wire::cbor::{CborError, Reader};

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
    pub(crate) fn read(reader: &mut Reader<'a>, documents: usize) -> Result<Self, MdocError> {
        let mut inside = reader.clone();
        let bytes = reader.skip()?;
        let use_cases = if inside.take_null()? {
            Ok(Vec::new())
        } else {
            read_use_cases(&mut inside, documents).map_err(|_| MdocError::RequestInfo)
        };
        Ok(Self { bytes, use_cases })
    }
}

fn read_use_cases(reader: &mut Reader<'_>, documents: usize) -> Result<Vec<UseCase>, CborError> {
    let mut use_cases = Vec::new();
    let tagged = reader.tagged()?;
    let mut inside = tagged.reader();
    inside.map(|reader, key| -> Result<(), CborError> {
        if key.as_text() == Some("useCases") {
            read_list(reader, &mut use_cases, |reader| read_use_case(reader, documents))?;
        }
        Ok(())
    })?;
    inside.finish()?;
    Ok(use_cases)
}

fn read_use_case(reader: &mut Reader<'_>, documents: usize) -> Result<UseCase, CborError> {
    let (mut mandatory, mut document_sets, mut purpose_hints) = (None, Vec::new(), Vec::new());
    reader.map(|reader, key| -> Result<(), CborError> {
        match key.as_text() {
            Some("mandatory") => mandatory = Some(reader.boolean()?),
            Some("documentSets") => {
                read_list(reader, &mut document_sets, |reader| {
                    let mut set = Vec::new();
                    read_list(reader, &mut set, |reader| position(reader, documents))?;
                    Ok(set)
                })?;
            }
            Some("purposeHints") => {
                reader.map(|reader, key| -> Result<(), CborError> {
                    let controller = key.as_text().ok_or(CborError::UnexpectedType)?;
                    if purpose_hints.len() >= MOST {
                        return Err(CborError::TooLarge);
                    }
                    purpose_hints.push((String::from(controller), reader.int()?));
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

fn position(reader: &mut Reader<'_>, documents: usize) -> Result<u32, CborError> {
    let position = reader.uint()?;
    let known = usize::try_from(position).is_ok_and(|position| position < documents);
    u32::try_from(position).ok().filter(|_| known).ok_or(CborError::MissingMember)
}

/// Reads a non-empty list.
fn read_list<'a, T>(
    reader: &mut Reader<'a>,
    list: &mut Vec<T>,
    mut each: impl FnMut(&mut Reader<'a>) -> Result<T, CborError>,
) -> Result<(), CborError> {
    reader.array(|reader, index| -> Result<(), CborError> {
        if index >= MOST {
            return Err(CborError::TooLarge);
        }
        list.push(each(reader)?);
        Ok(())
    })?;
    if list.is_empty() { Err(CborError::MissingMember) } else { Ok(()) }
}
