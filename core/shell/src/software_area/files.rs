//! What is done to all files of an area at once: those whose names begin with that of the keys.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::file::SEALED;
use crate::durable::{self, sync_folder};

/// Folders of areas set aside: this and a number.
const ASIDE: &str = "aside-keys-";

/// The keys first: without them the rest opens nothing.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    for path in all(folder)? {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_folder(folder)
}

/// The keys first: what a kill leaves behind is an area without any.
pub(super) fn set_aside(folder: &Path) -> io::Result<()> {
    let files = all(folder)?;
    if files.is_empty() {
        return Ok(());
    }
    let aside = durable::free(folder, ASIDE)?;
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(&aside)?;
    sync_folder(folder)?;
    for from in files {
        fs::rename(&from, aside.join(from.file_name().unwrap_or_default()))?;
    }
    sync_folder(&aside)?;
    sync_folder(folder)
}

fn all(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<String>>>()?;
    names.retain(|name| name.starts_with(SEALED));
    names.sort();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}
