//! Why a command could not do its work, and the exit code of it.
use std::io::Write;

use rid_wire::Code;

/// Bad arguments, unreadable files (EX_USAGE of sysexits.h).
pub(crate) const EXIT_USAGE: u8 = 64;
/// The work failed, by name.
pub(crate) const EXIT_FAILED: u8 = 1;
/// What was looked at is not whole (`rid vault doctor`, `rid vault verify`).
pub(crate) const EXIT_UNSOUND: u8 = 3;

/// A failure of a command; never text from a credential.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The call is wrong; says what to do.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: String,
        /// The system's word for it.
        error: std::io::Error,
    },
    /// A wrong PIN.
    #[error("wallet: {code}; {left} tries left")]
    Pin {
        /// The stable code.
        code: Code,
        /// Tries before the PIN is locked.
        left: u32,
    },
    /// A named error of the core.
    #[error("{what}: {code}")]
    Core {
        /// What was being done.
        what: &'static str,
        /// The stable code.
        code: Code,
    },
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn file(path: &std::path::Path, error: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), error }
    }

    pub(crate) const fn core(what: &'static str, code: Code) -> Self {
        Self::Core { what, code }
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::File { .. } => EXIT_USAGE,
            Self::Core { .. } | Self::Pin { .. } => EXIT_FAILED,
        }
    }

    pub(crate) fn print(&self) {
        // A closed stderr leaves nobody to tell.
        let _ = writeln!(std::io::stderr(), "rid: {self}");
    }
}
