//! `cargo xtask`: the task runner. `cargo xtask test` runs every stage, prints a table and ends with `N passed, N
//! failed, N skipped`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task runner talks to the person who runs it")]

mod built;
mod child;
mod commits;
mod lines;
mod packages;
mod plan;
mod stage;
mod table;
mod tally;
mod torture;

use std::process::ExitCode;

use crate::{plan::Plan, stage::STAGES};

const HELP: &str = "\
cargo xtask TASK

  test [--only STAGE]... [--skip STAGE]...   every stage, a table, and the line `N passed, N failed, N skipped`
  fmt                  format every file (the stage `fmt` only checks)
  lint                 stages clippy and deny
  vectors              stage vectors: one named test per published vector
  sim                  stage sim: wallet and reader over a faulty link
  interop              stage interop: other people's implementations, live
  arch                 stage arch: who may import whom
  bindings             stages library, generate, kotlin, swift, pairs: the packages for app developers
  cross                stage cross: the pure crates for Android and iOS
  bench [ARGS]         figures against a peer in one run, `P1 0.52 target <= 0.35 missed`
  torture [ARGS]       the vault broken on purpose, counted; the stage runs a few of each; `cargo xtask torture --help`
  lines                product lines of core and of the store, without tests and fakes
  docs                 stage docs: the API documentation, with broken links as errors

Exit 0: all passed or skipped with a reason. Exit 1: something failed. Exit 64: no such task, stage or option.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    if rest.iter().any(|word| word == "--help" || word == "-h") && !matches!(task, "bench" | "torture") {
        return help();
    }
    match task {
        "test" => match Plan::parse(rest) {
            Ok(plan) => plan.run(),
            Err(complaint) => usage(&complaint),
        },
        "lint" => Plan::only(&["clippy", "deny"]).run(),
        "docs" | "vectors" | "sim" | "interop" | "arch" | "cross" => Plan::only(&[task]).run(),
        "bindings" => Plan::only(&["library", "generate", "kotlin", "swift", "pairs"]).run(),
        "fmt" => child::passes(child::cargo().args(["fmt", "--all"])),
        "bench" => bench(rest),
        "lines" => lines::task(),
        "torture" => torture::task(rest),
        "help" | "--help" | "-h" => help(),
        other => usage(&format!("no task `{other}`")),
    }
}

/// Prints figures of the core against a peer, then those of the packages, which are packed first. A missed target is
/// printed and is not a failure. With arguments only the named part runs (`hot`, `growth`, `store`, `plots FOLDER`).
fn bench(rest: &[String]) -> ExitCode {
    let arguments = ["run", "--release", "--locked", "--quiet", "--package", "rid-bench", "--"];
    let core = child::runs(child::cargo().args(arguments).args(rest));
    if !rest.is_empty() {
        return if core { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    println!("P1 to P3 in the profile of the phone libraries:");
    let phone = ["run", "--profile", "phone", "--locked", "--quiet", "--package", "rid-bench", "--", "hot"];
    child::runs(child::cargo().args(phone));
    let size = packages::size();
    match size {
        Some(size) => println!("P12 {size:.2} MB target <= 3.8 MB {}", if size <= 3.8 { "met" } else { "missed" }),
        None => println!("P12 not measured: the library did not build, or a tool is missing"),
    }
    let packed = child::code(&mut packages::pack());
    if packed == Some(stage::SKIPPED) {
        println!("not packed: see above");
    }
    let boundary = child::code(&mut packages::boundary());
    if boundary == Some(stage::SKIPPED) {
        println!("P16 not measured: see above");
    }
    let fine = |code| matches!(code, Some(0 | stage::SKIPPED));
    if core && size.is_some() && fine(packed) && fine(boundary) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn help() -> ExitCode {
    println!("{HELP}\n\nStages of `test`, in order (budget in seconds, cold, on two cores):");
    for stage in STAGES {
        println!("  {:<9} {:>4}  {}", stage.name, stage.budget, stage.about);
    }
    ExitCode::SUCCESS
}

fn usage(complaint: &str) -> ExitCode {
    eprintln!("cargo xtask: {complaint}; see `cargo xtask --help`");
    ExitCode::from(64)
}
