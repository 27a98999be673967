//! Files that are there whole or not at all, whenever the process dies.
use std::{
    fs::{self, File, Metadata, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use zeroize::Zeroizing;

/// What becomes of a file that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Keep,
    Replace,
}

/// What is at a path: a regular file, or nothing. An error decides neither.
///
/// # Errors
/// [`ErrorKind::InvalidData`] for a folder, a pipe or a device: it is refused before an open of it can block.
pub(crate) fn regular(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Ok(about) if !about.is_file() => Err(ErrorKind::InvalidData.into()),
        about => about.map(Some),
    }
}

/// Whether anything is at a path. An error is no answer.
pub(crate) fn is_there(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes over a file in place and makes it durable by one sync. Only for a file that may be torn.
pub(crate) fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    file.set_len(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
    file.sync_all()
}

/// Opens a lock file and waits two seconds at most for its lock.
///
/// # Errors
/// [`ErrorKind::WouldBlock`] when another process keeps it.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    regular(path)?;
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    for _ in 0..200 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(ErrorKind::WouldBlock.into())
}

/// Writes `part`, makes it durable, and gives it the name `path`, in the same folder. For its owner's eyes only.
pub(crate) fn write(path: &Path, part: &Path, bytes: &[u8], over: Over) -> io::Result<()> {
    regular(part)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    match over {
        Over::Keep => keep(part, path)?,
        Over::Replace => fs::rename(part, path)?,
    }
    sync_folder(path.parent().ok_or(ErrorKind::InvalidInput)?)
}

/// A link fails where the name is taken; a move would not, and is for media that have no links.
fn keep(part: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(part, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists && !is_there(path)? => fs::rename(part, path),
        linked => linked.and(fs::remove_file(part)),
    }
}

/// What a file of ours holds; `None` where there is none. What is longer than `most`, or no file but a pipe or a
/// device, is not read: [`ErrorKind::InvalidData`].
pub(crate) fn read(path: &Path, most: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(about) = regular(path)? else { return Ok(None) };
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    if about.len() > most {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0)));
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The same of what a person named, which may be a pipe.
pub(crate) fn read_named(path: &Path, most: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    // Room for all of it at once: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most.saturating_add(1)));
    file.take(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > most { Err(ErrorKind::InvalidData.into()) } else { Ok(Some(bytes)) }
}

/// The first of `prefix1`, `prefix2`, … that is not there.
pub(crate) fn free(folder: &Path, prefix: &str) -> io::Result<PathBuf> {
    for number in 1..u32::MAX {
        let path = folder.join(format!("{prefix}{number}"));
        if !is_there(&path)? {
            return Ok(path);
        }
    }
    Err(ErrorKind::QuotaExceeded.into())
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    // The folder of a bare file name is the one we are in.
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(here)?.sync_all()
}
