//! Torture of the vault: kills, power cuts, errors of I/O, flipped bits, cut files, guessed PINs, races, full and
//! read-only disks, clocks that jump, a failing secure area. After each fault one checker asserts the invariants of
//! `design/security.md` (inv-I1 to inv-I10).
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for developers talks to them")]

mod area;
mod canary;
mod check;
mod child;
mod choose;
mod clock;
mod damage;
mod disk;
mod fixture;
mod keystore;
mod kill;
mod kinds;
mod model;
mod observe;
mod pages;
mod pins;
mod place;
mod points;
mod power;
mod race;
mod report;
mod scratch;
mod seed;
mod session;
mod syncs;
mod tally;
mod work;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{kinds::Counts, report::Report, scratch::Scratch};

/// Breaks the store on purpose and counts what survived, was detected, was lost, used twice, or wrong.
///
/// Without counts: a few of every kind, about two minutes. `--long`: the counts of spec/reliability.md. With counts:
/// those kinds alone. A round of a kind draws from the seed plus its number, so the same seed is the same work, and
/// `--seed` 101 goes on where a hundred rounds from 1 on ended; only the instants of kills are the machine's. Exit 0:
/// nothing broken; 1: something is; 64: cannot run.
#[derive(Parser)]
#[command(name = "torture")]
struct Arguments {
    /// The full counts (hours).
    #[arg(long)]
    long: bool,
    #[command(flatten)]
    counts: Counts,
    /// Seed of the first round.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Kinds that run side by side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Folder for the stores (default: memory; what is tested is the order of writes, not the disk).
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    #[command(subcommand)]
    child: Option<Child>,
}

#[derive(Subcommand)]
enum Child {
    /// The process that is killed.
    #[command(hide = true)]
    Child(child::Orders),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Child::Child(orders)) = &arguments.child {
        return ExitCode::from(child::run(orders));
    }
    let scratch = match Scratch::make(arguments.scratch.as_deref()) {
        Ok(scratch) => scratch,
        Err(error) => {
            eprintln!("torture: no place for stores: {error}");
            return ExitCode::from(64);
        }
    };
    if let Err(error) = fixture::make_container(&scratch) {
        eprintln!("torture: no container could be made: {}", error.code());
        return ExitCode::from(64);
    }
    let report = Report::begin();
    kinds::run(&arguments.counts, arguments.long, arguments.seed, arguments.threads, &scratch, &report);
    report.end()
}
