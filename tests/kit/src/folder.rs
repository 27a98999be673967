//! A place for files.
use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A scratch folder of one test, removed when it is dropped. It is in memory where the system has such a place, because
/// tests of the store sync thousands of times.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// Makes an empty folder.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let folder = Self::absent(name);
        fs::create_dir_all(&folder.0).unwrap();
        folder
    }

    /// Names a folder that does not exist yet, for code that must create it.
    #[must_use]
    pub fn absent(name: &str) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_path_buf() } else { env::temp_dir() };
        let path = place.join(format!("rid-{name}-{}-{}", process::id(), MADE.fetch_add(1, Relaxed)));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    /// The path of something in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file and returns its path as an argument of a command.
    pub fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_exists_until_it_is_dropped() {
        let folder = Folder::new("kit");
        let file = folder.write("file", b"content");
        assert_eq!(fs::read(&file).unwrap(), b"content");
        let path = folder.0.clone();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn two_folders_of_one_name_are_apart() {
        let (one, other) = (Folder::absent("kit"), Folder::absent("kit"));
        assert_ne!(one.0, other.0);
        assert!(!one.0.exists());
    }
}
