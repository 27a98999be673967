//! Failures of commands, and their exit codes.
use std::io::{ErrorKind, Write};

use rid_wire::Code;

/// The command line is wrong (EX_USAGE of sysexits.h).
pub(crate) const EXIT_USAGE: u8 = 64;
/// The command failed with a named error.
pub(crate) const EXIT_FAILED: u8 = 1;
/// The store or history that was checked is not intact (`rid vault doctor`, `rid vault verify`).
pub(crate) const EXIT_UNSOUND: u8 = 3;

/// A failure of a command. It never has text from a credential.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line is wrong. The text says what to do.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// A wrong PIN.
    #[error("wallet: {code}; {}", tries_left(*left))]
    Pin {
        /// The stable code.
        code: Code,
        /// Tries left before the first wait.
        left: u32,
    },
    /// Wrong PINs caused a wait, during which no PIN is accepted.
    #[error("wallet: pin_wait; the next PIN is taken in {seconds} seconds, or unlock by --code-file")]
    Wait {
        /// Seconds left.
        seconds: u64,
    },
    /// A named error of the core.
    #[error("{what}: {code}")]
    Core {
        /// What was being done.
        what: &'static str,
        /// The stable code.
        code: Code,
    },
    /// A named error with advice on what to do next.
    #[error("{what}: {code}: {advice}")]
    Advised {
        /// What was being done.
        what: &'static str,
        /// The stable code.
        code: Code,
        /// What happened and what to do next.
        advice: String,
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

    pub(crate) fn advised(what: &'static str, code: Code, advice: impl Into<String>) -> Self {
        Self::Advised { what, code, advice: advice.into() }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => EXIT_USAGE,
            // The command line names a file that does not exist.
            Self::File { error, .. } if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
                EXIT_USAGE
            }
            Self::Advised { .. } | Self::Core { .. } | Self::File { .. } | Self::Pin { .. } | Self::Wait { .. } => {
                EXIT_FAILED
            }
        }
    }

    pub(crate) fn print(&self) {
        // If stderr is closed, there is nowhere to report.
        let _ = writeln!(std::io::stderr(), "rid: {self}");
        let Self::Core { code, .. } = self else { return };
        if let Some(sentence) = crate::words::of(code.as_str()) {
            let _ = writeln!(std::io::stderr(), "rid: {sentence}");
        }
        if is_of_store(code.as_str()) {
            let _ = writeln!(std::io::stderr(), "rid: run `rid vault doctor` to see the cause and what to do");
        }
    }
}

/// Errors that `rid vault doctor` explains.
fn is_of_store(code: &str) -> bool {
    ["key_", "schema_", "storage_"].iter().any(|start| code.starts_with(start))
}

/// The number of tries left, in words.
pub(crate) fn tries_left(left: u32) -> String {
    if left == 1 { "1 try left".into() } else { format!("{left} tries left") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn missing_file_is_a_usage_error_and_failing_disk_is_not() {
        use std::io::ErrorKind;
        let exit = |kind: ErrorKind| super::Failure::file(std::path::Path::new("file"), kind.into()).exit_code();
        assert_eq!([ErrorKind::NotFound, ErrorKind::IsADirectory].map(exit), [64, 64]);
        for kind in [ErrorKind::Other, ErrorKind::StorageFull, ErrorKind::ReadOnlyFilesystem, ErrorKind::TimedOut] {
            assert_eq!(exit(kind), 1, "{kind}");
        }
    }

    #[test]
    fn one_try_is_singular() {
        assert_eq!([0, 1, 2].map(super::tries_left), ["0 tries left", "1 try left", "2 tries left"]);
    }
}
