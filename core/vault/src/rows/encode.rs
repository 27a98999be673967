//! What stands inside the rows, as versioned CBOR maps.
pub(crate) mod credential;
pub(crate) mod draft;
pub(crate) mod history;
pub(crate) mod small;

use rid_flow::ports::StorageError;
use rid_wire::cbor::{CborError, Decoder, Key, Limits};

/// Reads a map whose member 0 says its version; one of a later version is not guessed at.
pub(crate) fn read_map(
    bytes: &[u8],
    newest: u64,
    mut member: impl FnMut(&mut Decoder<'_>, u64) -> Result<(), CborError>,
) -> Result<(), StorageError> {
    let mut read = || {
        let mut reader = Decoder::new(bytes, Limits::ONLINE)?;
        reader.map(|reader, key| match key {
            Key::Uint(0) if reader.uint()? > newest => Err(CborError::UnexpectedType),
            Key::Uint(0) => Ok(()),
            Key::Uint(key) => member(reader, *key),
            _ => Err(CborError::UnexpectedType),
        })?;
        reader.finish()
    };
    read().map_err(|_| StorageError::Damaged)
}

pub(crate) fn exact<const N: usize>(reader: &mut Decoder<'_>) -> Result<[u8; N], CborError> {
    reader.definite_bytes()?.try_into().map_err(|_| CborError::UnexpectedType)
}

pub(crate) fn number(reader: &mut Decoder<'_>) -> Result<u32, CborError> {
    u32::try_from(reader.uint()?).map_err(|_| CborError::UnexpectedType)
}

pub(crate) fn text(decoder: &mut Decoder<'_>) -> Result<String, CborError> {
    Ok(decoder.text()?.into_owned())
}

/// `None` for null.
pub(crate) fn optional<'a, T>(
    decoder: &mut Decoder<'a>,
    read: impl FnOnce(&mut Decoder<'a>) -> Result<T, CborError>,
) -> Result<Option<T>, CborError> {
    if decoder.take_null()? { Ok(None) } else { read(decoder).map(Some) }
}

pub(crate) fn list<'a, T>(
    decoder: &mut Decoder<'a>,
    item: impl Fn(&mut Decoder<'a>) -> Result<T, CborError>,
) -> Result<Vec<T>, CborError> {
    let mut items = Vec::new();
    decoder.array(|decoder, _| {
        items.push(item(decoder)?);
        Ok::<_, CborError>(())
    })?;
    Ok(items)
}

/// An array of exactly so many items.
pub(crate) fn array_of<'a, const N: usize>(
    decoder: &mut Decoder<'a>,
    mut item: impl FnMut(&mut Decoder<'a>, usize) -> Result<(), CborError>,
) -> Result<(), CborError> {
    let count = decoder.array(|decoder, at| if at < N { item(decoder, at) } else { Err(CborError::UnexpectedType) })?;
    if count == N { Ok(()) } else { Err(CborError::MissingMember) }
}
