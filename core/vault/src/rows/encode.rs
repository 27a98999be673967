//! What stands inside the rows, as versioned CBOR maps.
pub(crate) mod credential;
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
