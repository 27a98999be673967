//! The packages for Kotlin and Swift, and the library under them.
use std::{fs, path::PathBuf, process::Command};

use crate::{child, stage::SKIPPED, tally::Tally};

/// Crates whose code a reader-only library must not hold, as they stand in the names of symbols.
const HOLDERS: &[&str] = &["rid_holder", "rid_vault", "rid_wallet"];

/// The sources that both packages are built from, and `rid`, which is the issuer and the other side of their walks.
pub(crate) fn generate() -> Tally {
    let generated = child::runs(Command::new(child::root().join("bindings/generate")).current_dir(child::root()));
    let tool = child::runs(child::cargo().args(["build", "--locked", "--quiet", "--package", "rid-cli"]));
    Tally::of(generated && tool, "bindings/generate or the build of `rid` failed")
}

/// A library with `reader` alone links no holder code; one with both does (so the search finds what it looks for).
pub(crate) fn library() -> Tally {
    let mut tally = Tally::default();
    for (features, holds) in [("reader", false), ("wallet,reader", true)] {
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
        let found: Vec<&str> = HOLDERS.iter().copied().filter(|name| contains(&bytes, name.as_bytes())).collect();
        let fits =
            if holds { found.len() == HOLDERS.len() } else { found.is_empty() && contains(&bytes, b"rid_verifier") };
        tally.add(Tally::of(fits, &format!("a library with the features {features} holds {found:?}")));
    }
    tally
}

/// P12: megabytes of the stripped library of the phone profile; `None` when it does not build.
pub(crate) fn size() -> Option<f64> {
    let arguments = ["build", "--locked", "--quiet", "--profile", "phone", "--package", "rid-bindings"];
    if !child::runs(child::cargo().args(arguments)) {
        return None;
    }
    let folder = child::target().join("phone");
    let stripped = folder.join("stripped-library");
    fs::copy(folder.join("librid_bindings.so"), &stripped).ok()?;
    // The shipped copy: the generator has read its metadata before (bindings/README.md).
    let done = child::runs(Command::new("strip").arg("--strip-all").arg(&stripped));
    let bytes = fs::metadata(&stripped).ok().filter(|_| done)?.len();
    u32::try_from(bytes).ok().map(|bytes| f64::from(bytes) / 1e6)
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

/// Prints what the boundary costs a presentation; exit code 77 where it cannot.
pub(crate) fn boundary() -> Command {
    let mut command = Command::new(child::root().join("bindings/kotlin/bench"));
    command.current_dir(child::root());
    command
}

/// A package's own script.
fn script(path: &str) -> Tally {
    let mut command = Command::new(child::root().join(path));
    command.current_dir(child::root()).env("RID_CLI", child::target().join("debug/rid"));
    judged(&mut command, path)
}

/// Runs what judges itself: its last line is `N passed, N failed, N skipped`, or with exit code 77 the reason why it cannot run.
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
