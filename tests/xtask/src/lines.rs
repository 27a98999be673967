//! `cargo xtask lines`: product lines of the store (vault, shell, ports, `rid vault`), without tests.
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

const ROOMS: [(&str, &[&str]); 4] = [
    ("vault", &["core/vault/src"]),
    ("shell", &["core/shell/src"]),
    ("ports", &["core/flow/src/ports/storage.rs", "core/flow/src/changes.rs"]),
    ("rid vault", &["core/cli/src/vault", "core/cli/src/vault.rs"]),
];

pub(crate) fn task() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut all = 0;
    for (name, places) in ROOMS {
        let lines: usize = places.iter().map(|place| of(&root.join(place))).sum();
        println!("{name:<10} {lines:>6}");
        all += lines;
    }
    println!("{:<10} {all:>6}", "all");
    ExitCode::SUCCESS
}

fn of(path: &Path) -> usize {
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        return entries.filter(|path: &PathBuf| !is_test(path)).map(|path| of(&path)).sum();
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    // A module of tests inside a file ends it.
    text.split("\n#[cfg(test)]\nmod tests {").next().map_or(0, |product| product.lines().count())
}

fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|name| name == "tests" || name == "testing")
}
