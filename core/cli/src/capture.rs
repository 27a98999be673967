//! A capture: the bytes of one message in a file.
use std::{fs::File, io::Read, path::Path};

use crate::{args::CaptureKind, failure::Failure, hint, input};

/// The most bytes read of a file: the online limit in hexadecimal, with room for white space.
const MAX_READ: usize = 16 << 20;

/// The number of bytes that a hint needs.
const BEGINNING: usize = 1024;

/// A file that was given as a capture.
pub(crate) struct Capture {
    /// The first bytes of the file.
    beginning: Vec<u8>,
    /// The bytes decoded from it.
    pub(crate) bytes: Vec<u8>,
}

impl Capture {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let file = read(path)?;
        let beginning = file.iter().take(BEGINNING).copied().collect();
        let bytes = if file.len() < MAX_READ { input::decode_capture(file) } else { file };
        Ok(Self { beginning, bytes })
    }

    /// A capture that is text itself: it is not decoded.
    pub(crate) fn read_text(path: &Path) -> Result<Self, Failure> {
        let bytes = read(path)?;
        Ok(Self { beginning: bytes.iter().take(BEGINNING).copied().collect(), bytes })
    }

    /// Says what the file is, if it is not a capture of this kind.
    pub(crate) fn hint(&self, kind: CaptureKind) -> Option<&'static str> {
        hint::of(&self.beginning, &self.bytes, kind)
    }
}

/// Reads a file. A file of `MAX_READ` bytes or more is no capture: it is truncated and refused by name without being
/// decoded.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_READ).unwrap_or(u64::MAX);
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    read.map_err(|error| Failure::file(path, error))?;
    Ok(bytes)
}
