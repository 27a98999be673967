//! Published data of `tests/vectors`.
use std::{
    env, fs,
    path::{Path, PathBuf},
};

use rid_wire::hex;

/// The path of a file below `tests/vectors`.
#[must_use]
#[track_caller]
pub fn vector_path(name: &str) -> PathBuf {
    // Cargo names the folder of the running test's package; the one compiled in may be gone when a target folder was
    // copied.
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    let path = package.ancestors().nth(2).unwrap_or(Path::new("")).join("tests/vectors").join(name);
    assert!(path.exists(), "there is no vector {name}");
    path
}

/// The bytes of a file below `tests/vectors`.
#[must_use]
#[track_caller]
pub fn vector(name: &str) -> Vec<u8> {
    fs::read(vector_path(name)).unwrap()
}

/// The bytes that a file below `tests/vectors` has in hexadecimal.
#[must_use]
#[track_caller]
pub fn hex_vector(name: &str) -> Vec<u8> {
    let text = String::from_utf8(vector(name)).unwrap();
    hex::decode(&text.trim().to_lowercase()).unwrap()
}
