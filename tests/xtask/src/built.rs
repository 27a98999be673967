//! The test binaries that one `cargo test --no-run` builds.
use std::{path::PathBuf, process::Command};

use serde_json::Value;

use crate::{child, tally::Tally};

/// One test binary that cargo built.
struct TestBinary {
    package: String,
    /// Where cargo would run it: the folder of its manifest.
    folder: PathBuf,
    /// The name of the target: a library, a binary, or a file of `tests/`.
    target: String,
    executable: PathBuf,
}

/// Every test binary. They are built at once with one set of features, so nothing is compiled twice.
pub(crate) struct Built {
    binaries: Vec<TestBinary>,
}

impl Built {
    /// Builds the tests of these packages, or of the whole workspace if none is named.
    pub(crate) fn build(packages: &[&str]) -> Option<Self> {
        let mut cargo = child::cargo();
        cargo.args(["test", "--no-run", "--locked", "--message-format", "json-render-diagnostics"]);
        if packages.is_empty() {
            cargo.arg("--workspace");
        }
        for package in packages {
            cargo.args(["--package", package]);
        }
        let mut binaries = Vec::new();
        let success = child::lines(&mut cargo, |line| binaries.extend(binary(line)));
        success.then_some(Self { binaries })
    }

    /// Runs the test binaries of these packages with these arguments and this environment.
    pub(crate) fn run(&self, packages: &[&str], arguments: &[&str], environment: &[(&str, &str)]) -> Tally {
        let mut tally = Tally::default();
        for binary in self.binaries.iter().filter(|binary| packages.contains(&binary.package.as_str())) {
            println!("\n{}: {}", binary.package, binary.target);
            let mut command = Command::new(&binary.executable);
            command.args(arguments).current_dir(&binary.folder).env("CARGO_MANIFEST_DIR", &binary.folder);
            command.envs(environment.iter().copied());
            let before = tally.failed;
            let success = child::lines(&mut command, |line| {
                println!("{line}");
                tally.read(line);
            });
            if !success {
                // A binary that crashed without a result line failed as well.
                tally.failed = tally.failed.max(before + 1);
                tally.reasons.push(format!("{}: {}", binary.package, binary.target));
            }
        }
        tally
    }

    /// Packages with test binaries.
    pub(crate) fn packages(&self) -> Vec<&str> {
        let mut packages: Vec<&str> = self.binaries.iter().map(|binary| binary.package.as_str()).collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    }
}

/// Reads one message of cargo.
fn binary(line: &str) -> Option<TestBinary> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message.get("reason")?.as_str()? != "compiler-artifact"
        || message.pointer("/profile/test")?.as_bool() != Some(true)
    {
        return None;
    }
    let folder = PathBuf::from(message.get("manifest_path")?.as_str()?).parent()?.to_path_buf();
    let id = message.get("package_id")?.as_str()?;
    Some(TestBinary {
        package: package_name(id)?.to_owned(),
        folder,
        target: message.pointer("/target/name")?.as_str()?.to_owned(),
        executable: PathBuf::from(message.get("executable")?.as_str()?),
    })
}

/// Both `path+file:///…/wire#rid-wire@0.1.0` and `path+file:///…/rid-wire#0.1.0` occur.
fn package_name(id: &str) -> Option<&str> {
    let (path, fragment) = id.rsplit_once('#')?;
    match fragment.split_once('@') {
        Some((name, _)) => Some(name),
        None => path.rsplit_once('/').map(|(_, name)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_packages() {
        assert_eq!(package_name("path+file:///somewhere/wire#rid-wire@0.1.0"), Some("rid-wire"));
        assert_eq!(package_name("path+file:///somewhere/rid-wire#0.1.0"), Some("rid-wire"));
        assert_eq!(package_name("nothing"), None);
    }
}
