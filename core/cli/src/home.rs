//! Where `rid` keeps things: one folder with the test PKI, the wallet and exchanged files.
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folder given by `--home`, by default `.rid` where the command runs.
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

    /// What the demo's reader saved.
    pub(crate) fn saved(&self) -> PathBuf {
        self.0.join("saved")
    }

    /// Files on their way between roles.
    pub(crate) fn exchange(&self) -> PathBuf {
        self.0.join("exchange")
    }
}

/// Refuses a file that could not be written later: what is made before it would be lost.
pub(crate) fn check_writable(flag: &str, file: &Path) -> Result<(), Failure> {
    if file.is_dir() {
        return Err(Failure::usage(format!("{flag} {}: this is a folder; give the name of a file", file.display())));
    }
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => Err(Failure::usage(format!(
            "{flag} {}: there is no folder {}; make it first",
            file.display(),
            parent.display()
        ))),
        _ => Ok(()),
    }
}

/// Refuses a folder that could not be made later.
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

/// Makes a folder that only its owner may enter.
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

/// Writes what a person named by `--out`: what is there is replaced after a question or by `--force`, and only if it is a file.
pub(crate) fn write_out(path: &Path, bytes: &[u8], force: bool) -> Result<(), Failure> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::file(path, error)),
        Ok(about) if !about.is_file() => {
            return Err(Failure::usage(format!("{}: not a regular file; name another one", path.display())));
        }
        Ok(_) if force => {}
        Ok(_) => {
            let question = format!("{} is there. Replace it?", path.display());
            if !crate::terminal::confirmed_by(&question, "--force")? {
                return Err(Failure::usage("nothing was written"));
            }
        }
    }
    write(path, bytes)
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
