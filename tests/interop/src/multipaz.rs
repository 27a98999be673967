//! The multipaz peer: a Kotlin program on the JVM.
use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::lines::{Lines, PeerError, broken, words};

/// A running JVM with multipaz. It ends on drop, or with the process that started it.
pub struct Multipaz(Lines);

impl Multipaz {
    /// Starts it. On the first start it downloads and compiles into a folder of `target`, Cargo's folder for test
    /// files; only this step needs a network.
    ///
    /// # Errors
    /// [`PeerError::Skipped`] without java (17 or later) or mvn; [`PeerError::Broken`] if it does not start.
    pub fn start(target: &Path) -> Result<Self, PeerError> {
        check_tools().map_err(PeerError::Skipped)?;
        let folder = target.join("multipaz");
        build(&folder)?;
        let jars = fs::read_to_string(folder.join(CLASSPATH)).map_err(broken)?;
        let jars = env::split_paths(jars.trim()).chain([folder.join("classes")]);
        let mut command = Command::new("java");
        command.args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]);
        command.arg(env::join_paths(jars).map_err(broken)?).arg("MainKt");
        Ok(Self(Lines::start(&mut command)?))
    }

    /// Sends one command (`{"command": "verify", ...}`, see `README.md`) and waits for its answer.
    ///
    /// # Errors
    /// [`PeerError::Refused`] if the peer refuses; [`PeerError::Broken`] if it gives no answer.
    pub fn call(&mut self, request: &Value) -> Result<Value, PeerError> {
        self.0.call(request)
    }
}

/// The jars, written by the build.
const CLASSPATH: &str = "classpath";
/// A copy of the sources, written after a build.
const BUILT: &str = "built";

fn check_tools() -> Result<(), String> {
    let output = Command::new("java").arg("-version").output();
    let version = words(&output.map_err(|error| format!("java cannot be run: {error}"))?);
    // `openjdk version "17.0.15" 2025-04-15`
    let major = version.split('"').nth(1).and_then(|text| text.split(['.', '-', '+']).next()?.parse::<u32>().ok());
    if major.is_none_or(|major| major < 17) {
        return Err(format!("java 17 or later is needed, not {}", version.lines().next().unwrap_or_default()));
    }
    maven().arg("--version").output().map(drop).map_err(|error| format!("mvn cannot be run: {error}"))
}

/// One process at a time, and only if the sources have changed.
fn build(folder: &Path) -> Result<(), PeerError> {
    fs::create_dir_all(folder).map_err(broken)?;
    let lock = File::create(folder.join("lock")).map_err(broken)?;
    lock.lock().map_err(broken)?;
    let wanted = sources().map_err(broken)?;
    if fs::read_to_string(folder.join(BUILT)).is_ok_and(|built| built == wanted) && has_jars(folder) {
        return Ok(());
    }
    // Delete classes of removed sources. There may be none yet.
    _ = fs::remove_dir_all(folder.join("classes"));
    // Try offline first: downloaded packages are in the local repository.
    let output = match compile(folder, &["--offline"])? {
        output if output.status.success() => output,
        _ => compile(folder, &[])?,
    };
    if !output.status.success() {
        return Err(PeerError::Broken(format!("mvn compile: {}", words(&output))));
    }
    fs::write(folder.join(BUILT), wanted).map_err(broken)
}

fn compile(folder: &Path, options: &[&str]) -> Result<Output, PeerError> {
    let mut command = maven();
    command.args(options).args(["--batch-mode", "--quiet", "compile"]).current_dir(project());
    command.arg(format!("-Dinterop.build={}", folder.display())).output().map_err(broken)
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("multipaz")
}

/// The whole project as one text.
fn sources() -> std::io::Result<String> {
    let mut paths = vec![project().join("pom.xml")];
    for entry in fs::read_dir(project().join("src/main/kotlin"))? {
        paths.push(entry?.path());
    }
    paths.sort();
    paths.iter().map(fs::read_to_string).collect()
}

/// Maven's own folder may have been emptied since.
fn has_jars(folder: &Path) -> bool {
    fs::read_to_string(folder.join(CLASSPATH)).is_ok_and(|jars| env::split_paths(jars.trim()).all(|jar| jar.exists()))
}

fn maven() -> Command {
    Command::new(if cfg!(windows) { "mvn.cmd" } else { "mvn" })
}
