use std::{
    env,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// Why a peer gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The process ended or wrote something that is no answer.
    #[error("broken: {0}")]
    Broken(String),
    /// The peer refused to do it; its own words.
    #[error("refused: {0}")]
    Refused(String),
    /// node or npm is missing, or its packages cannot be installed.
    #[error("skipped: {0}")]
    Skipped(String),
}

/// A running `peer.mjs`. It ends when this is dropped.
pub struct Peers {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peers {
    /// Starts the process; installs the pinned packages first where that has not been done (the only step that needs a network).
    ///
    /// # Errors
    /// [`PeerError::Skipped`] without node (20 or later), npm or packages; [`PeerError::Broken`].
    pub fn start() -> Result<Self, PeerError> {
        install()?;
        let mut child = node("peer.mjs").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(broken)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(PeerError::Broken("no pipes".into()));
        };
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    /// Sends one command (`{"command": "owf-verify", ...}`, see `README.md`) and waits for its answer.
    ///
    /// # Errors
    /// [`PeerError::Refused`] when the peer says no; [`PeerError::Broken`].
    pub fn call(&mut self, request: &Value) -> Result<Value, PeerError> {
        writeln!(self.input, "{request}").map_err(broken)?;
        self.input.flush().map_err(broken)?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(broken)?;
        let answer: Value = serde_json::from_str(&line).map_err(broken)?;
        if answer.get("ok") == Some(&Value::Bool(true)) {
            return Ok(answer);
        }
        Err(PeerError::Refused(answer.get("error").and_then(Value::as_str).unwrap_or("no reason given").into()))
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        // It may have ended by itself already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Runs the packages against each other (`selftest.mjs`): if they disagree, their verdicts on us mean nothing.
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

/// Once a process, and one process at a time: `npm ci` begins by deleting what is there.
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

/// npm writes its own copy of the lock file last; it must not be older than ours.
fn is_installed() -> bool {
    let written = |path: &str| folder().join(path).metadata().and_then(|file| file.modified()).ok();
    match (written("node_modules/.package-lock.json"), written("package-lock.json")) {
        (Some(installed), Some(wanted)) => installed >= wanted,
        _ => false,
    }
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn broken(error: impl ToString) -> PeerError {
    PeerError::Broken(error.to_string())
}
