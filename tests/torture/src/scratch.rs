//! Scratch folders.
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Where stores are made and broken; removed at the end.
pub(crate) struct Scratch {
    root: PathBuf,
    next: AtomicU64,
}

impl Scratch {
    /// In memory where the system has such a place: what is tested is the order of writes, not the disk.
    pub(crate) fn make(wanted: Option<&Path>) -> std::io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let base = match wanted {
            Some(path) => path.to_path_buf(),
            None if memory.is_dir() => memory.to_path_buf(),
            None => std::env::temp_dir(),
        };
        static MADE: AtomicU64 = AtomicU64::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let root = base.join(format!("rid-torture-{}-{made}", std::process::id()));
        fs::create_dir_all(&root)?;
        Ok(Self { root, next: AtomicU64::new(0) })
    }

    /// A place of its own in this one.
    pub(crate) fn inner(&self) -> std::io::Result<Self> {
        Self::make(Some(&self.root))
    }

    /// An empty folder; the one before of this kind is removed.
    pub(crate) fn fresh(&self, kind: &str) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let folder = self.root.join(kind);
        // Whatever stands there is of the round before.
        let _ = fs::remove_dir_all(&folder);
        let inner = folder.join(number.to_string());
        let _ = fs::create_dir_all(&inner);
        inner
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// Files of a folder, and of folders in it, copied into another.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        // What cannot be copied is missed by the check that follows.
        if path.is_dir() {
            let _ = fs::create_dir_all(&copied);
            copy(&path, &copied);
        } else {
            let _ = fs::copy(path, copied);
        }
    }
}
