//! Child processes.
use std::{
    env,
    io::{BufRead, BufReader, ErrorKind},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

/// Root of the repository: two folders above this package.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The target folder of cargo.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The cargo that runs this process, in the root of the repository.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // Variables that `cargo run` set for this process are wrong for its children.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs with visible output and returns success or failure as an exit code.
pub(crate) fn passes(command: &mut Command) -> ExitCode {
    if runs(command) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs with visible output and returns whether it succeeded.
pub(crate) fn runs(command: &mut Command) -> bool {
    code(command) == Some(0)
}

/// Runs with visible output and returns its exit code.
pub(crate) fn code(command: &mut Command) -> Option<i32> {
    match command.status() {
        Ok(status) => status.code(),
        Err(error) => {
            eprintln!("{}: {error}", command.get_program().display());
            None
        }
    }
}

/// Runs, passes each line of standard output on, and returns whether it succeeded.
pub(crate) fn lines(command: &mut Command, each: impl FnMut(&str)) -> bool {
    code_and_lines(command, each) == Some(0)
}

/// Runs, passes each line of standard output on, and returns its exit code.
pub(crate) fn code_and_lines(command: &mut Command, mut each: impl FnMut(&str)) -> Option<i32> {
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("{}: {error}", command.get_program().display());
            return None;
        }
    };
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            each(String::from_utf8_lossy(&line).trim_end());
        }
    }
    child.wait().ok().and_then(|status| status.code())
}

/// Whether a program can be started.
pub(crate) fn exists(program: &str) -> bool {
    let tried = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    !matches!(tried, Err(error) if error.kind() == ErrorKind::NotFound)
}
