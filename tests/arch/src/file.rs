use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold nothing of the repository's own.
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

/// Root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Every text file, sorted by path. What is not UTF-8 (pictures) is left out.
#[must_use]
pub fn files() -> Vec<File> {
    let mut found = Vec::new();
    visit(&root(), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
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
