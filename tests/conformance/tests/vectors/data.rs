//! Reads the files of `tests/vectors`.
use std::{
    fs,
    path::{Path, PathBuf},
};

use rid_wire::hex;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// Every vector, relative to the folder, without the files that describe the vectors.
pub(crate) fn files() -> Vec<String> {
    let mut found = Vec::new();
    visit(&folder(), &mut found);
    found.sort();
    found
}

fn visit(at: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(at).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            visit(&path, found);
        } else {
            let relative = path.strip_prefix(folder()).expect("inside").display().to_string().replace('\\', "/");
            if relative != "INDEX" && !relative.ends_with("README.md") {
                found.push(relative);
            }
        }
    }
}

/// A file as text.
pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A file as bytes.
pub(crate) fn raw(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The bytes that a file holds as hex.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    hex::decode(&text(name).trim().to_lowercase()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A file as JSON.
pub(crate) fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A JSON string of hex.
pub(crate) fn of_hex(value: &Value) -> Vec<u8> {
    hex::decode(&value.as_str().unwrap_or_default().to_lowercase()).expect("hex")
}

/// A file of `iso18013-5-annex-d`.
pub(crate) fn annex_d(name: &str) -> Vec<u8> {
    bytes(&format!("iso18013-5-annex-d/{name}.hex"))
}

/// A file of `iso18013-5-annex-d-intermediate`.
pub(crate) fn intermediate(name: &str) -> Vec<u8> {
    bytes(&format!("iso18013-5-annex-d-intermediate/{name}.hex"))
}
