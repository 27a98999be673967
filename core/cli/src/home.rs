//! The home folder: test PKI, wallet and exchanged files.
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// The folder given by `--home`, by default `.rid` in the current folder.
pub(crate) struct Home(PathBuf);

impl Home {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The test PKI.
    pub(crate) fn pki(&self) -> PathBuf {
        self.0.join("pki")
    }

    /// The wallet: encrypted store and software keys.
    pub(crate) fn wallet(&self) -> PathBuf {
        self.0.join("wallet")
    }

    /// The exchanges that the demo's reader saved.
    pub(crate) fn saved(&self) -> PathBuf {
        self.0.join("saved")
    }

    /// Files that one role hands to another.
    pub(crate) fn exchange(&self) -> PathBuf {
        self.0.join("exchange")
    }
}

/// Checks the file that a person names for output, before anything is made for it. A file that is there already is
/// replaced only with `--force` or after a question; anything that is not a regular file is never replaced.
pub(crate) fn check_out(flag: &str, file: &Path, force: bool) -> Result<(), Failure> {
    let refuse = |why: &str| Err(Failure::usage(format!("{flag} {}: {why}", file.display())));
    match std::fs::symlink_metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => {
                refuse(&format!("there is no folder {}; make it first", parent.display()))
            }
            _ => Ok(()),
        },
        Err(error) => Err(Failure::file(file, error)),
        Ok(about) if about.is_dir() => refuse("this is a folder; give the name of a file"),
        Ok(about) if !about.is_file() => refuse("this is not a regular file; give another name"),
        Ok(_) if force => Ok(()),
        Ok(_) if !std::io::stdin().is_terminal() => refuse("this file exists; give --force to replace it"),
        Ok(_) => {
            let question = format!("{} is there. Replace it?", file.display());
            match crate::terminal::confirmed_by(&question, "--force")? {
                true => Ok(()),
                false => Err(Failure::usage("nothing was written")),
            }
        }
    }
}

/// Refuses an output folder that could not be made later.
pub(crate) fn check_folder(flag: &str, folder: &Path) -> Result<(), Failure> {
    if is_there(folder)? && !folder.is_dir() {
        return Err(Failure::usage(format!("{flag} {}: this is a file; give the name of a folder", folder.display())));
    }
    Ok(())
}

/// Tells whether anything is at a path. An I/O error is an error and never "no" (neg-K32).
pub(crate) fn is_there(path: &Path) -> Result<bool, Failure> {
    path.try_exists().map_err(|error| Failure::file(path, error))
}

/// Makes a folder that only its owner can enter.
pub(crate) fn make_private_dir(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| Failure::file(path, error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
            .map_err(|error| Failure::file(path, error))?;
    }
    Ok(())
}

/// Writes a whole file, readable by its owner only, replacing what was there at once.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write;
    let fail = |error| Failure::file(path, error);
    let temporary = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary).map_err(fail)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fail)?;
    std::fs::rename(&temporary, path).map_err(fail)
}
