//! The key envelope beside the database: two files in turn, each with its generation and hash, so that a torn file is
//! never taken for an envelope and the other one is still whole (neg-K03, neg-K10).
use std::{
    cmp::Reverse,
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

const NAMES: [&str; 2] = ["a", "b"];
/// No store comes to so many.
const LAST: Generation = Generation(1 << 62);

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("envelope.{name}"))
}

/// The whole generations, newest first.
pub(crate) fn read(folder: &Path) -> Result<Vec<(Generation, Vec<u8>)>, StorageError> {
    let mut whole = Vec::new();
    let mut damaged = false;
    for name in NAMES {
        match file(&path(folder, name)).map_err(|error| storage_error(&error))? {
            Found::Whole(generation, bytes) => whole.push((generation, bytes)),
            Found::None => {}
            Found::Damaged => damaged = true,
        }
    }
    whole.sort_unstable_by_key(|(generation, _)| Reverse(*generation));
    // One of two generations may be damaged; if none is whole, none is made up.
    if whole.is_empty() && damaged { Err(StorageError::Damaged) } else { Ok(whole) }
}

/// Whether there is a file of any generation, whole or not.
pub(crate) fn exists(folder: &Path) -> io::Result<bool> {
    Ok(durable::is_there(&path(folder, "a"))? || durable::is_there(&path(folder, "b"))?)
}

/// Writes a generation over the older of the two files.
pub(crate) fn replace(folder: &Path, generation: Generation, bytes: &[u8]) -> Result<(), StorageError> {
    if bytes.len() > MAX_LEN.saturating_sub(HEAD + HASH) || generation > LAST {
        // It could not be read again.
        return Err(StorageError::Io);
    }
    let current = read(folder)?.first().map(|(generation, _)| *generation);
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
    // The other file is whole: this one may be torn, so that one sync is enough.
    match durable::regular(&path(folder, target)) {
        Ok(Some(_)) => durable::overwrite(&path(folder, target), &whole),
        _ => durable::write(&path(folder, target), &path(folder, "new"), &whole, Over::Replace),
    }
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
    // A file that claims a generation beyond any real one must not keep later ones out.
    (generation <= LAST.0).then(|| (Generation(generation), bytes.to_vec()))
}

/// The port's name for a system error.
pub(crate) fn storage_error(error: &io::Error) -> StorageError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::Full,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => StorageError::ReadOnly,
        io::ErrorKind::WouldBlock => StorageError::Locked,
        io::ErrorKind::InvalidData => StorageError::Damaged,
        _ => StorageError::Io,
    }
}

#[cfg(test)]
mod tests;
