//! The packages for Kotlin and Swift, and the library under them.
use std::{fs, path::PathBuf, process::Command};

use crate::{child, stage::SKIPPED, tally::Tally};

/// The crates of a wallet, as in the names of symbols.
const HOLDERS: &[&str] = &["rid_holder", "rid_vault", "rid_wallet"];

/// The crates of a reader.
const VERIFIERS: &[&str] = &["rid_reader", "rid_verifier"];

/// The features of a library, and whether it must have the code of a wallet and of a reader.
const ROLES: &[(&str, bool, bool)] = &[("reader", false, true), ("wallet", true, false), ("wallet,reader", true, true)];

/// Generates the sources of both packages, and builds `rid`, the issuer and peer of their tests.
pub(crate) fn generate() -> Tally {
    let generated = child::runs(Command::new(child::root().join("bindings/generate")).current_dir(child::root()));
    let tool = child::runs(child::cargo().args(["build", "--locked", "--quiet", "--package", "rid-cli"]));
    Tally::of(generated && tool, "bindings/generate or the build of `rid` failed")
}

/// Checks that a library with one role links no code of the other, and one with both does, which shows that the search
/// works.
pub(crate) fn library() -> Tally {
    let mut tally = Tally::default();
    for &(features, holds, verifies) in ROLES {
        let arguments = [
            "build",
            "--locked",
            "--quiet",
            "--package",
            "rid-bindings",
            "--no-default-features",
            "--features",
            features,
        ];
        if !child::runs(child::cargo().args(arguments)) {
            return Tally::failed(&format!("a library with the features {features} does not build"));
        }
        let bytes = built().and_then(|path| fs::read(path).ok()).unwrap_or_default();
        let wrong: Vec<&str> = [(HOLDERS, holds), (VERIFIERS, verifies)]
            .into_iter()
            .flat_map(|(crates, wanted)| crates.iter().map(move |name| (*name, wanted)))
            .filter(|(name, wanted)| contains(&bytes, name.as_bytes()) != *wanted)
            .map(|(name, _)| name)
            .collect();
        tally.add(Tally::of(
            wrong.is_empty(),
            &format!("a library with the features {features}, wrongly with or without {wrong:?}"),
        ));
    }
    tally
}

/// P12: the size of the stripped library of the phone profile in megabytes, built for this machine by the recipe for
/// Android. The recipe also checks its page alignment and searches for local paths. `None` if it cannot be built.
pub(crate) fn size() -> Option<f64> {
    let mut last = String::new();
    let mut command = Command::new(child::root().join("bindings/android"));
    command.current_dir(child::root()).arg("--host");
    if !child::lines(&mut command, |line| line.clone_into(&mut last)) {
        return None;
    }
    let bytes = fs::metadata(&last).ok()?.len();
    u32::try_from(bytes).ok().map(|bytes| f64::from(bytes) / 1e6)
}

/// Packs the jar for desktops and calls it; exit code 77 if that is impossible here.
pub(crate) fn pack() -> Command {
    let mut command = Command::new(child::root().join("bindings/kotlin/pack"));
    command.current_dir(child::root());
    command
}

pub(crate) fn kotlin() -> Tally {
    script("bindings/kotlin/test")
}

pub(crate) fn swift() -> Tally {
    script("bindings/swift/test")
}

pub(crate) fn pairs() -> Tally {
    script("bindings/pairs")
}

/// Prints the cost of the boundary for a presentation; exit code 77 if that is impossible here.
pub(crate) fn boundary() -> Command {
    let mut command = Command::new(child::root().join("bindings/kotlin/bench"));
    command.current_dir(child::root());
    command
}

/// A script of a package.
fn script(path: &str) -> Tally {
    let mut command = Command::new(child::root().join(path));
    command.current_dir(child::root()).env("RID_CLI", child::target().join("debug/rid"));
    judged(&mut command, path)
}

/// Runs a script. Its last line is `N passed, N failed, N skipped`, or with exit code 77 the reason why it cannot run.
pub(crate) fn judged(command: &mut Command, name: &str) -> Tally {
    let (mut last, mut reasons) = (String::new(), Vec::new());
    let code = child::code_and_lines(command, |line| {
        println!("{line}");
        if line.starts_with("skipped: ") {
            reasons.push(line.to_owned());
        }
        if !line.trim().is_empty() {
            line.trim().clone_into(&mut last);
        }
    });
    match (code, counts(&last)) {
        (Some(SKIPPED), _) => Tally::skipped(&last),
        (Some(0), Some(tally)) if tally.passed > 0 && tally.failed == 0 => Tally { reasons, ..tally },
        (_, Some(tally)) if tally.failed > 0 => tally,
        _ => Tally::failed(&format!("{name} did not end as it must")),
    }
}

/// `12 passed, 0 failed, 1 skipped`.
fn counts(line: &str) -> Option<Tally> {
    let mut numbers = line.split(", ").zip(["passed", "failed", "skipped"]).map(|(part, word)| {
        let (number, kind) = part.split_once(' ')?;
        (kind == word).then(|| number.parse::<u64>().ok())?
    });
    let (passed, failed, skipped) = (numbers.next()??, numbers.next()??, numbers.next()??);
    Some(Tally { passed, failed, skipped, ..Tally::default() })
}

fn built() -> Option<PathBuf> {
    let folder = child::target().join("debug");
    ["librid_bindings.so", "librid_bindings.dylib"].iter().map(|name| folder.join(name)).find(|path| path.exists())
}

fn contains(bytes: &[u8], name: &[u8]) -> bool {
    bytes.windows(name.len()).any(|window| window == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_last_line_of_a_script() {
        assert_eq!(
            counts("12 passed, 0 failed, 1 skipped"),
            Some(Tally { passed: 12, skipped: 1, ..Tally::default() })
        );
        for line in
            ["", "12 passed", "12 passed, 0 failed", "a passed, 0 failed, 0 skipped", "1 failed, 0 passed, 0 skipped"]
        {
            assert_eq!(counts(line), None, "{line}");
        }
    }
}
