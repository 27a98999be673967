//! Torture of the vault: kills, power cuts, errors of I/O, flipped bits, cut files, races, a full disk, a failing secure area. After each
//! fault one checker asserts the invariants of `design/security.md` (inv-I1 to inv-I10).
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for developers talks to them")]

mod check;
mod child;
mod damage;
mod disk;
mod errors;
mod keystore;
mod kill;
mod model;
mod place;
mod power;
mod race;
mod scratch;
mod seed;
mod store;
mod tally;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use clap::{Parser, Subcommand};

use crate::{scratch::Scratch, tally::Tally};

/// Breaks the store on purpose and counts what survived, was lost, was used twice, or was wrong.
///
/// Without options: a small count of each fault, about two minutes. `--long`: the counts of spec/reliability.md. Same seed, same work;
/// the instants of kills are the machine's.
#[derive(Parser)]
#[command(name = "torture")]
struct Arguments {
    /// The full counts (hours).
    #[arg(long)]
    long: bool,
    /// kill -9 at a random instant.
    #[arg(long, value_name = "N")]
    kills: Option<u64>,
    /// Images of power cuts.
    #[arg(long, value_name = "N")]
    power: Option<u64>,
    /// Runs with an error of I/O.
    #[arg(long, value_name = "N")]
    errors: Option<u64>,
    /// Flipped bits.
    #[arg(long, value_name = "N")]
    flips: Option<u64>,
    /// Stores whose files are cut, lost and exchanged.
    #[arg(long, value_name = "N")]
    surgery: Option<u64>,
    /// Rounds of 64 presentations on a pool of ten.
    #[arg(long, value_name = "N")]
    races: Option<u64>,
    /// Seed of the work.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the stores (default: memory).
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    #[command(subcommand)]
    child: Option<Child>,
}

#[derive(Subcommand)]
enum Child {
    /// The process that is killed.
    #[command(hide = true)]
    Child { folder: PathBuf, seed: u64, operations: u64 },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Child::Child { folder, seed, operations }) = &arguments.child {
        return ExitCode::from(child::run(folder, *seed, *operations));
    }
    match Scratch::make(arguments.scratch.as_deref()) {
        Ok(scratch) => torture(&arguments, &scratch),
        Err(error) => {
            eprintln!("torture: no place for stores: {error}");
            ExitCode::from(64)
        }
    }
}

fn torture(arguments: &Arguments, scratch: &Scratch) -> ExitCode {
    let chosen =
        [arguments.kills, arguments.power, arguments.errors, arguments.flips, arguments.surgery, arguments.races];
    let some = chosen.iter().any(Option::is_some);
    let count = |wanted: Option<u64>, short: u64, long: u64| match wanted {
        Some(count) => count,
        None if some => 0,
        None if arguments.long => long,
        None => short,
    };
    let seed = arguments.seed;
    let mut report = Report::default();
    println!(
        "{:<14} {:>8} {:>9} {:>9} {:>8} {:>6} {:>12} {:>6}",
        "fault", "count", "survived", "detected", "earlier", "lost", "double-used", "wrong"
    );
    let kills = count(arguments.kills, 250, 20_000);
    report.line("kills", kills, || kill::run(kills, seed, scratch));
    let (power, errors) = (count(arguments.power, 3_000, 200_000), count(arguments.errors, 700, 50_000));
    match shim(scratch) {
        Ok(shim) => {
            report.line("power cuts", power, || power::run(power, seed, &shim, scratch));
            report.line("I/O errors", errors, || errors::run(errors, seed, &shim, scratch));
        }
        Err(why) if power + errors > 0 => report.skipped("power cuts and I/O errors", &why),
        Err(_) => {}
    }
    let flips = count(arguments.flips, 2_000, 100_000);
    report.line("flipped bits", flips, || damage::flips(flips, seed, scratch));
    let surgery = count(arguments.surgery, 2, 40);
    report.line("cut files", surgery, || damage::surgery(surgery, seed, scratch));
    let races = count(arguments.races, 60, 10_000);
    report.line("races", races, || race::run(races, scratch));
    if !some {
        report.line("secure area", 1, || keystore::run(scratch));
        report.line("two processes", 1, || place::taken(scratch));
        match place::full(scratch) {
            Ok(tally) => report.line("full disk", 1, || tally),
            Err(why) => report.skipped("full disk", &why),
        }
    }
    report.end()
}

/// Compiles the shim of system calls.
fn shim(scratch: &Scratch) -> Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return Err("the shim of system calls is for Linux with glibc".into());
    }
    let library = scratch.path("shim.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/shim/shim.c");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let done = Command::new(compiler).args(["-O2", "-shared", "-fPIC", source, "-ldl", "-o"]).arg(&library).status();
    if done.is_ok_and(|status| status.success()) { Ok(library) } else { Err("the shim does not compile".into()) }
}

/// The table, and the last line of `cargo xtask`'s stages.
#[derive(Default)]
struct Report {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Report {
    fn line(&mut self, name: &str, count: u64, work: impl FnOnce() -> Tally) {
        if count == 0 {
            return;
        }
        let begun = check::begin();
        let tally = work();
        let all = tally.survived + tally.detected + tally.earlier + tally.broken();
        println!(
            "{name:<14} {all:>8} {:>9} {:>9} {:>8} {:>6} {:>12} {:>6}   {} s",
            tally.survived,
            tally.detected,
            tally.earlier,
            tally.lost,
            tally.double_used,
            tally.wrong,
            begun.elapsed().as_secs()
        );
        for example in &tally.examples {
            println!("  {example}");
        }
        self.passed += u64::from(tally.broken() == 0 && all > 0);
        self.failed += u64::from(tally.broken() > 0 || all == 0);
    }

    fn skipped(&mut self, name: &str, why: &str) {
        println!("skipped: {name}: {why}");
        self.skipped += 1;
    }

    fn end(&self) -> ExitCode {
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
