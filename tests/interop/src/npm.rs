//! The npm peers: one Node.js process.
use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

use crate::lines::{Lines, PeerError, broken, words};

/// A running `peer.mjs`. It is ended on drop.
pub struct Peers(Lines);

impl Peers {
    /// Starts the process. On the first start it installs the pinned packages; only this step needs a network.
    ///
    /// # Errors
    /// [`PeerError::Skipped`] without node (20 or later), npm or packages; [`PeerError::Broken`] if it does not start.
    pub fn start() -> Result<Self, PeerError> {
        install()?;
        Ok(Self(Lines::start(&mut node("peer.mjs"))?))
    }

    /// Sends one command (`{"command": "owf-verify", ...}`, see `README.md`) and waits for its answer.
    ///
    /// # Errors
    /// [`PeerError::Refused`] if the peer refuses; [`PeerError::Broken`] if it gives no answer.
    pub fn call(&mut self, request: &Value) -> Result<Value, PeerError> {
        self.0.call(request)
    }
}

/// Runs the packages against each other (`selftest.mjs`). If they disagree, their verdicts about us mean nothing.
///
/// # Errors
/// [`PeerError`], with what they disagree about.
pub fn selftest() -> Result<(), PeerError> {
    install()?;
    let output = node("selftest.mjs").output().map_err(broken)?;
    if output.status.success() { Ok(()) } else { Err(PeerError::Broken(words(&output))) }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("npm")
}

fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(script).current_dir(folder());
    command
}

/// Once per process, and one process at a time, because `npm ci` starts by deleting its folder.
fn install() -> Result<(), PeerError> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    INSTALLED.get_or_init(install_locked).clone().map_err(PeerError::Skipped)
}

fn install_locked() -> Result<(), String> {
    check_node()?;
    let lock = File::create(env::temp_dir().join("rid-interop-npm.lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if is_installed() {
        return Ok(());
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(npm).arg("ci").current_dir(folder()).output();
    let output = output.map_err(|error| format!("npm cannot be run: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("npm ci: {}", words(&output))) }
}

fn check_node() -> Result<(), String> {
    let output =
        Command::new("node").arg("--version").output().map_err(|error| format!("node cannot be run: {error}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    if major.is_some_and(|major| major >= 20) {
        Ok(())
    } else {
        Err(format!("node 20 or later is needed, not {version}"))
    }
}

/// npm writes its own copy of the lock file last. It must not be older than ours.
fn is_installed() -> bool {
    let written = |path: &str| folder().join(path).metadata().and_then(|file| file.modified()).ok();
    match (written("node_modules/.package-lock.json"), written("package-lock.json")) {
        (Some(installed), Some(wanted)) => installed >= wanted,
        _ => false,
    }
}
