//! The key envelope beside the database: two generations, each written temp → fsync → rename → fsync(dir), each with its hash,
//! so that a file cut short by a kill is never taken for an envelope (neg-K03, neg-K10).
use std::{
    io,
    path::{Path, PathBuf},
};

use rid_crypto::sha256;
use rid_flow::ports::{Generation, StorageError};

use crate::durable::{self, Over};

const MAGIC: &[u8; 8] = b"RIDENV01";
const HEAD: usize = 16;
const HASH: usize = 32;
/// No file is longer; one of the vault's has a few hundred bytes.
const MAX_LEN: usize = 64 << 10;

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("envelope.{name}"))
}

/// The newest whole generation.
pub(crate) fn read(folder: &Path) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
    let mut newest: Option<(Generation, Vec<u8>)> = None;
    let mut damaged = false;
    for name in ["a", "b"] {
        match file(&path(folder, name)).map_err(|error| storage_error(&error))? {
            Found::Whole(generation, bytes) if newest.as_ref().is_none_or(|(newest, _)| generation > *newest) => {
                newest = Some((generation, bytes));
            }
            Found::Whole(..) | Found::None => {}
            Found::Damaged => damaged = true,
        }
    }
    // Of two generations one may be damaged; if none is whole, nothing is made up.
    if newest.is_none() && damaged { Err(StorageError::Damaged) } else { Ok(newest) }
}

/// Whether there is a file of any generation, whole or not.
pub(crate) fn exists(folder: &Path) -> bool {
    ["a", "b"].iter().any(|name| path(folder, name).exists())
}

/// Writes a generation over the older of the two files.
pub(crate) fn replace(folder: &Path, generation: Generation, bytes: &[u8]) -> Result<(), StorageError> {
    if bytes.len() > MAX_LEN.saturating_sub(HEAD + HASH) {
        // What could not be read again is not written.
        return Err(StorageError::Io);
    }
    let current = read(folder)?.map(|(generation, _)| generation);
    if current.is_some_and(|current| generation <= current) {
        return Err(StorageError::Conflict);
    }
    let newest_is = |name: &str| match file(&path(folder, name)) {
        Ok(Found::Whole(generation, _)) => current == Some(generation),
        _ => false,
    };
    let target = if newest_is("a") { "b" } else { "a" };
    write(folder, target, generation, bytes).map_err(|error| storage_error(&error))
}

fn write(folder: &Path, target: &str, generation: Generation, bytes: &[u8]) -> io::Result<()> {
    let mut whole = MAGIC.to_vec();
    whole.extend_from_slice(&generation.0.to_be_bytes());
    whole.extend_from_slice(bytes);
    let hash = sha256(&[&whole]);
    whole.extend_from_slice(&hash);
    durable::write(&path(folder, target), &path(folder, "new"), &whole, Over::Replace)
}

/// What lies at a place.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Damaged,
    None,
    Whole(Generation, Vec<u8>),
}

fn file(path: &Path) -> io::Result<Found> {
    match durable::read(path, MAX_LEN) {
        Ok(Some(whole)) => {
            Ok(parse(&whole).map_or(Found::Damaged, |(generation, bytes)| Found::Whole(generation, bytes)))
        }
        Ok(None) => Ok(Found::None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Found::Damaged),
        Err(error) => Err(error),
    }
}

fn parse(whole: &[u8]) -> Option<(Generation, Vec<u8>)> {
    let (body, hash) = whole.split_at_checked(whole.len().checked_sub(HASH)?)?;
    if sha256(&[body]) != hash || !body.starts_with(MAGIC) {
        return None;
    }
    let (head, bytes) = body.split_at_checked(HEAD)?;
    let generation = u64::from_be_bytes(head.get(MAGIC.len()..)?.try_into().ok()?);
    Some((Generation(generation), bytes.to_vec()))
}

/// The port's name for a system error.
pub(crate) fn storage_error(error: &io::Error) -> StorageError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::Full,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => StorageError::ReadOnly,
        _ => StorageError::Io,
    }
}

#[cfg(test)]
mod tests;
