//! Text files of the repository.
use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::nonempty;

/// Folders that have no files of the repository.
const ELSEWHERE: &[&str] = &["generated", ".build", ".git", ".rid", "__pycache__", "node_modules", "target"];

/// One text file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// Something with a path.
pub trait Named {
    /// Relative to the root, with `/`.
    fn path(&self) -> &str;
}

impl Named for File {
    fn path(&self) -> &str {
        &self.path
    }
}

/// The root of the repository that runs the tests.
///
/// It is read at run time, as cargo and `cargo xtask` set it: a copied target directory may have been compiled
/// elsewhere.
#[must_use]
pub fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.ancestors().nth(2).unwrap_or(&here).to_path_buf()
}

/// Every text file, sorted by path; never empty. Files that are not UTF-8 (pictures) are omitted.
#[must_use]
pub fn files() -> Vec<File> {
    let mut found = Vec::new();
    visit(&root(), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    nonempty("files of the repository", found)
}

/// The text of one file.
///
/// # Panics
/// If there is no such file, because a rule about it would hold for nothing.
#[must_use]
#[track_caller]
#[expect(clippy::panic, reason = "a missing file would let every rule about it pass")]
pub fn page(path: &str) -> String {
    match fs::read_to_string(root().join(path)) {
        Ok(text) => text,
        Err(error) => panic!("{path}: {error}"),
    }
}

fn visit(folder: &Path, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if ELSEWHERE.iter().any(|skipped| name == *skipped) {
            continue;
        }
        if path.is_dir() {
            visit(&path, found);
        } else if let (Ok(text), Ok(relative)) = (fs::read_to_string(&path), path.strip_prefix(root())) {
            found.push(File { path: relative.display().to_string().replace('\\', "/"), text });
        }
    }
}
