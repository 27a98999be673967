//! The stages of `cargo xtask test`.
use std::process::Command;

use crate::{built::Built, child, commits, packages, tally::Tally, torture};

/// One stage of `cargo xtask test`.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// The time limit in seconds, cold, on two cores. More is a defect.
    pub(crate) budget: u64,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
}

/// The kind of a stage.
pub(crate) enum Kind {
    /// A function.
    Check(fn() -> Tally),
    /// The test binaries of these packages.
    Tests(&'static [&'static str]),
    /// The test binaries that no other stage names.
    RestOfTests,
    /// The test binaries of `rid-interop`, those of npm peers only where Node.js is, those of multipaz where Java and
    /// Maven are.
    Interop,
}

/// The time limit for building all tests, in seconds.
pub(crate) const BUILD_BUDGET: u64 = 200;

/// The exit code with which a script reports that it was skipped; the last line of its output is the reason (as in
/// Automake).
pub(crate) const SKIPPED: i32 = 77;

/// Crates without `std`, which must build for phones.
const PURE: &[&str] = &[
    "rid-wire",
    "rid-crypto",
    "rid-profile",
    "rid-trust",
    "rid-mdoc",
    "rid-flow",
    "rid-holder",
    "rid-verifier",
    "rid-issuer",
];

/// In the order in which they run: quick stages first.
pub(crate) const STAGES: &[Stage] = &[
    Stage { name: "fmt", budget: 10, about: "every file is formatted", kind: Kind::Check(fmt) },
    Stage {
        name: "commits",
        budget: 10,
        about: "subjects of commits are short and name one change",
        kind: Kind::Check(commits::stage),
    },
    Stage {
        name: "clippy",
        budget: 150,
        about: "no warning in the workspace, tests included",
        kind: Kind::Check(clippy),
    },
    Stage {
        name: "arch",
        budget: 15,
        about: "who may import whom; names, sizes, codes, ids",
        kind: Kind::Tests(&["rid-arch"]),
    },
    Stage {
        name: "core",
        budget: 70,
        about: "unit, property and negative tests of the crates",
        kind: Kind::RestOfTests,
    },
    Stage { name: "doctests", budget: 20, about: "examples in the documentation", kind: Kind::Check(doctests) },
    Stage {
        name: "docs",
        budget: 60,
        about: "the API documentation, with broken links as errors",
        kind: Kind::Check(docs),
    },
    Stage {
        name: "vectors",
        budget: 10,
        about: "published vectors, each as a named test",
        kind: Kind::Tests(&["rid-conformance"]),
    },
    Stage {
        name: "sim",
        budget: 20,
        about: "wallet and reader over a faulty link, seeded",
        kind: Kind::Tests(&["rid-sim"]),
    },
    Stage {
        name: "interop",
        budget: 150,
        about: "other implementations as judges, both directions, live",
        kind: Kind::Interop,
    },
    Stage {
        name: "library",
        budget: 40,
        about: "a library of one role links no code of the other",
        kind: Kind::Check(packages::library),
    },
    Stage {
        name: "generate",
        budget: 100,
        about: "the sources of the Kotlin and Swift packages",
        kind: Kind::Check(packages::generate),
    },
    Stage {
        name: "kotlin",
        budget: 190,
        about: "the Kotlin package over the real library",
        kind: Kind::Check(packages::kotlin),
    },
    Stage {
        name: "swift",
        budget: 130,
        about: "the Swift package over the real library",
        kind: Kind::Check(packages::swift),
    },
    Stage {
        name: "pairs",
        budget: 10,
        about: "Swift and Kotlin present to each other",
        kind: Kind::Check(packages::pairs),
    },
    Stage {
        name: "release",
        budget: 120,
        about: "no test feature in the product; `rid demo --all` walks",
        kind: Kind::Check(release),
    },
    Stage {
        name: "torture",
        budget: 120,
        about: "kills, power cuts, I/O errors, flipped bits and more over the vault",
        kind: Kind::Check(torture::stage),
    },
    Stage {
        name: "cross",
        budget: 50,
        about: "pure crates for aarch64-linux-android and aarch64-apple-ios",
        kind: Kind::Check(cross),
    },
    Stage {
        name: "deny",
        budget: 20,
        about: "advisories, licences, sources, bans (deny.toml)",
        kind: Kind::Check(deny),
    },
];

impl Stage {
    pub(crate) fn run(&self, built: Option<&Built>) -> Tally {
        let missing = || Tally::failed("did not build");
        let tally = match self.kind {
            Kind::Check(check) => return check(),
            Kind::Tests(packages) => built.map_or_else(missing, |built| built.run(packages, &[], &[])),
            Kind::RestOfTests => built.map_or_else(missing, |built| built.run(&rest(built), &[], &[])),
            Kind::Interop => built.map_or_else(missing, interop),
        };
        // A stage in which nothing ran has proved nothing.
        if tally == Tally::default() { Tally::failed("no test ran") } else { tally }
    }
}

fn rest(built: &Built) -> Vec<&str> {
    let elsewhere = |package: &str| {
        package == "rid-interop"
            || STAGES.iter().any(|stage| matches!(stage.kind, Kind::Tests(packages) if packages.contains(&package)))
    };
    built.packages().into_iter().filter(|package| !elsewhere(package)).collect()
}

fn fmt() -> Tally {
    Tally::of(child::runs(child::cargo().args(["fmt", "--all", "--check"])), "run `cargo xtask fmt`")
}

fn clippy() -> Tally {
    let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"];
    Tally::of(child::runs(child::cargo().args(arguments)), "clippy complains")
}

fn doctests() -> Tally {
    let mut tally = Tally::default();
    let success = child::lines(child::cargo().args(["test", "--workspace", "--doc", "--locked", "--quiet"]), |line| {
        println!("{line}");
        tally.read(line);
    });
    if (!success || tally.passed == 0) && tally.failed == 0 {
        tally.add(Tally::failed("documentation tests did not run"));
    }
    tally
}

fn docs() -> Tally {
    let arguments = ["doc", "--workspace", "--no-deps", "--locked", "--quiet"];
    let built = child::runs(child::cargo().args(arguments).env("RUSTDOCFLAGS", "-D warnings"));
    Tally::of(built, "the documentation does not build")
}

/// Without Node.js the peers of npm are left out, without Java and Maven multipaz, without Python sd-jwt, by name; with
/// them they must run (the tests install what they need).
fn interop(built: &Built) -> Tally {
    let (mut skips, mut skipped) = (Vec::new(), Vec::new());
    for (peer, missing) in [("npm", no_node()), ("multipaz", no_maven()), ("python", no_python())] {
        if let Some(reason) = missing {
            skips.extend(["--skip", peer]);
            skipped.push(Tally::skipped(&format!("{peer}: {reason}")));
        }
    }
    let mut tally = built.run(&["rid-interop"], &skips, &[("RID_INTEROP", "required")]);
    skipped.into_iter().for_each(|one| tally.add(one));
    tally
}

fn no_node() -> Option<String> {
    let version =
        Command::new("node").arg("--version").output().ok().and_then(|out| String::from_utf8(out.stdout).ok());
    let major = version.as_deref().and_then(|text| text.strip_prefix('v')?.split('.').next()?.parse::<u32>().ok());
    match major {
        None => Some("node is not installed (Node.js 20 is needed)".into()),
        Some(major) if major < 20 => Some(format!("Node.js 20 is needed, this is {major}")),
        Some(_) if !child::exists("npm") => Some("npm is not installed".into()),
        Some(_) => None,
    }
}

fn no_python() -> Option<String> {
    let check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))";
    let output = Command::new("python3").args(["-c", check]).output();
    let runs = output.is_ok_and(|output| output.status.success());
    (!runs).then(|| "python3 with venv is not installed (Python 3.9 is needed)".into())
}

fn no_maven() -> Option<String> {
    // `openjdk version "17.0.15" 2025-04-15`, on stderr.
    let version = Command::new("java").arg("-version").output().ok().and_then(|out| String::from_utf8(out.stderr).ok());
    let number = version.as_deref().and_then(|text| text.split('"').nth(1)?.split(['.', '-', '+']).next());
    match number.and_then(|number| number.parse::<u32>().ok()) {
        None => Some("java is not installed (Java 17 is needed)".into()),
        Some(major) if major < 17 => Some(format!("Java 17 is needed, this is {major}")),
        Some(_) if !child::exists("mvn") => Some("mvn is not installed".into()),
        Some(_) => None,
    }
}

/// Checks that the product builds without test features, and that `rid demo` ends as expected, failures included.
fn release() -> Tally {
    let mut tally = Tally::default();
    let mut found = Vec::new();
    let mut read = true;
    for package in ["rid-bindings", "rid-cli"] {
        let arguments =
            ["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p} {f}", "--locked"];
        read &= child::lines(child::cargo().args(arguments), |line| {
            let ours = line.starts_with("rid-");
            let features = line.rsplit_once(' ').map_or("", |(_, features)| features).split(',');
            // The command line is the tool of integrators.
            let tool = |feature: &&str| package == "rid-cli" && *feature == "dangerous";
            let features = features.filter(|feature| ours && denied(feature) && !tool(feature));
            found.extend(features.map(|feature| format!("{package}: {feature}")));
        });
    }
    tally.add(Tally::of(read && found.is_empty(), &format!("features that only tests may have: {}", found.join(", "))));
    let home = child::target().join("demo-home");
    // A wallet of an earlier run may have an earlier form.
    let _ = std::fs::remove_dir_all(&home);
    let mut demo = child::cargo();
    demo.args([
        "run",
        "--release",
        "--locked",
        "--quiet",
        "--package",
        "rid-cli",
        "--",
        "demo",
        "--all",
        "--yes",
        "--home",
    ]);
    tally.add(Tally::of(child::runs(demo.arg(home)), "`rid demo --all` did not end as it must"));
    tally
}

fn denied(feature: &str) -> bool {
    feature.starts_with("dangerous") || feature == "test" || feature == "fake"
}

fn cross() -> Tally {
    let mut tally = Tally::default();
    for target in ["aarch64-linux-android", "aarch64-apple-ios"] {
        let mut command = Command::new(child::root().join("tests/xtask/cross-check"));
        command.current_dir(child::root()).arg(target).args(PURE);
        tally.add(match child::code(&mut command) {
            Some(0) => Tally::passed(),
            Some(SKIPPED) => Tally::skipped(&format!("{target}: no Debian compiler for it (see above)")),
            _ => Tally::failed(target),
        });
    }
    tally
}

fn deny() -> Tally {
    if !child::exists("cargo-deny") {
        return Tally::skipped("cargo-deny is not installed");
    }
    Tally::of(child::runs(child::cargo().args(["deny", "--locked", "check"])), "cargo deny complains")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denies_test_features_only() {
        assert!(denied("dangerous-seeded-rng") && denied("fake") && denied("test"));
        assert!(!denied("default") && !denied("") && !denied("testimony"));
    }

    #[test]
    fn budgets_keep_within_the_plan() {
        // Limits: packages 8 minutes, torture 3, everything 25; cold, on two cores.
        let packages = STAGES.iter().filter(|s| ["library", "generate", "kotlin", "swift", "pairs"].contains(&s.name));
        assert!(packages.map(|stage| stage.budget).sum::<u64>() <= 8 * 60);
        let torture = STAGES.iter().filter(|stage| stage.name == "torture");
        assert!(torture.map(|stage| stage.budget).sum::<u64>() <= 3 * 60);
        assert!(BUILD_BUDGET + STAGES.iter().map(|stage| stage.budget).sum::<u64>() <= 25 * 60);
    }
}
