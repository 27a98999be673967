//! `cargo xtask lines`: product lines of each crate of `core`, and of the store across crates, without tests and fakes.
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::child;

/// The places of the store: its crates, its ports and `rid vault`.
const STORE: &[&str] = &[
    "core/vault/src",
    "core/shell/src",
    "core/flow/src/ports/storage.rs",
    "core/flow/src/changes.rs",
    "core/cli/src/vault",
    "core/cli/src/vault.rs",
];

pub(crate) fn task() -> ExitCode {
    let root = child::root();
    let mut all = 0;
    for room in folders(&root.join("core")) {
        let lines = of(&room.join("src"));
        println!("{:<10} {lines:>6}", room.file_name().unwrap_or_default().display());
        all += lines;
    }
    println!("{:<10} {all:>6}", "core");
    let store: usize = STORE.iter().map(|place| of(&root.join(place))).sum();
    println!("{:<10} {store:>6}", "the store");
    ExitCode::SUCCESS
}

/// The folders in a folder, sorted.
fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn of(path: &Path) -> usize {
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        return entries.filter(|path| !is_test(path)).map(|path| of(&path)).sum();
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    // A module of tests inside a file ends it.
    text.split("\n#[cfg(test)]\nmod tests {").next().map_or(0, |product| product.lines().count())
}

fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|name| name == "tests" || name == "testing" || name == "fake")
}
