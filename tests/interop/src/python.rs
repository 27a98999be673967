//! The Python peer: `sd-jwt` in an environment of its own.
use std::{
    fs,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::lines::{Lines, PeerError, broken, words};

/// A running Python with `sd-jwt`. It ends when this is dropped, or with the process that started it.
pub struct Python(Lines);

/// Written after the installation: what was installed.
const INSTALLED: &str = "installed";

impl Python {
    /// Starts it. Installs the pinned packages first where that has not been done (the only step that needs a network),
    /// into a folder of `target`, which is Cargo's folder for tests' files.
    ///
    /// # Errors
    /// [`PeerError::Skipped`] without python3 (3.9 or later, with venv) or packages; [`PeerError::Broken`].
    pub fn start(target: &Path) -> Result<Self, PeerError> {
        check_python().map_err(PeerError::Skipped)?;
        let folder = target.join("python");
        install(&folder)?;
        let mut command = Command::new(interpreter(&folder));
        command.arg("-I").arg(project().join("peer.py"));
        Ok(Self(Lines::start(&mut command)?))
    }

    /// Sends one command (`{"command": "verify", ...}`, see `README.md`) and waits for its answer.
    ///
    /// # Errors
    /// [`PeerError::Refused`] when the peer says no; [`PeerError::Broken`].
    pub fn call(&mut self, request: &Value) -> Result<Value, PeerError> {
        self.0.call(request)
    }
}

fn check_python() -> Result<(), String> {
    let check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))";
    let output = Command::new("python3").args(["-c", check]).output();
    let output = output.map_err(|error| format!("python3 cannot be run: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("python3 3.9 with venv is needed: {}", words(&output))) }
}

/// One process at a time, and only when the list of packages has changed.
fn install(folder: &Path) -> Result<(), PeerError> {
    fs::create_dir_all(folder).map_err(broken)?;
    let lock = File::create(folder.join("lock")).map_err(broken)?;
    lock.lock().map_err(broken)?;
    let wanted = fs::read_to_string(requirements()).map_err(broken)?;
    let runs =
        || Command::new(interpreter(folder)).arg("--version").output().is_ok_and(|output| output.status.success());
    if fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|installed| installed == wanted) && runs() {
        return Ok(());
    }
    let environment = environment(folder);
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
    let mut pip = Command::new(interpreter(folder));
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "-r"]);
    run(pip.arg(requirements()))?;
    fs::write(folder.join(INSTALLED), wanted).map_err(broken)
}

/// Runs a step of the installation; without a network it fails, and then the peer cannot run.
fn run(command: &mut Command) -> Result<(), PeerError> {
    let output = command.output().map_err(broken)?;
    if output.status.success() { Ok(()) } else { Err(PeerError::Skipped(format!("pip: {}", words(&output)))) }
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

fn requirements() -> PathBuf {
    project().join("requirements.txt")
}

fn environment(folder: &Path) -> PathBuf {
    folder.join("environment")
}

fn interpreter(folder: &Path) -> PathBuf {
    environment(folder).join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}
