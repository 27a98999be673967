//! The kinds of faults: how many of each, and what runs them.
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{
    clock, damage, keystore, kill, pages, pins, place,
    points::{self, ERRORS, KILL},
    power, race,
    report::Report,
    scratch::Scratch,
    syncs,
    tally::Tally,
};

/// How many of each kind.
#[derive(clap::Args)]
pub(crate) struct Counts {
    /// kill -9 at a random instant of every public operation.
    #[arg(long, value_name = "N")]
    kills: Option<u64>,
    /// kill -9 before each operation of I/O of every public operation, first start and migrations among them.
    #[arg(long, value_name = "N")]
    points: Option<u64>,
    /// Images of power cuts.
    #[arg(long, value_name = "N")]
    power: Option<u64>,
    /// Runs with an error at each operation of I/O of every public operation, in six modes.
    #[arg(long, value_name = "N")]
    errors: Option<u64>,
    /// Flipped bits of database, log and envelopes.
    #[arg(long, value_name = "N")]
    flips: Option<u64>,
    /// Stores whose files are cut at each page, lost and exchanged, and whose pages are lost one by one.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "2")]
    surgery: Option<u64>,
    /// Kills while the PIN is guessed at.
    #[arg(long, value_name = "N")]
    pins: Option<u64>,
    /// Rounds of 64 presentations on a pool of ten.
    #[arg(long, value_name = "N")]
    races: Option<u64>,
    /// Rounds of every error of the secure area at every call.
    #[arg(long, value_name = "N")]
    keystore: Option<u64>,
    /// Stores over clocks that jump.
    #[arg(long, value_name = "N")]
    clocks: Option<u64>,
    /// Rounds of two and of many processes over one store.
    #[arg(long, value_name = "N")]
    processes: Option<u64>,
    /// Rounds in which the syncs of an unlock and of a presentation are counted.
    #[arg(long, value_name = "N")]
    syncs: Option<u64>,
    /// Rounds over a disk that is really full.
    #[arg(long, value_name = "N")]
    full: Option<u64>,
    /// Rounds over a disk that becomes read-only.
    #[arg(long, value_name = "N")]
    read_only: Option<u64>,
}

/// What runs a kind: count, seed, its own place, the shim.
type Run = fn(u64, u64, &Scratch, &Result<PathBuf, String>) -> Result<Tally, String>;

struct Kind {
    name: &'static str,
    wanted: Option<u64>,
    short: u64,
    long: u64,
    run: Run,
}

fn kinds(counts: &Counts) -> Vec<Kind> {
    let kind = |name, wanted, short, long, run| Kind { name, wanted, short, long, run };
    // The longest first: two run side by side.
    vec![
        kind("I/O errors", counts.errors, 900, 50_000, |n, seed, scratch, shim| {
            Ok(points::run(n, &ERRORS, seed, there(shim)?, scratch))
        }),
        kind("power cuts", counts.power, 2_400, 200_000, |n, seed, scratch, shim| {
            Ok(power::run(n, seed, there(shim)?, scratch))
        }),
        kind("kills", counts.kills, 250, 20_000, |n, seed, scratch, _| Ok(kill::run(n, seed, scratch))),
        kind("kill points", counts.points, 250, 20_000, |n, seed, scratch, shim| {
            Ok(points::run(n, &KILL, seed, there(shim)?, scratch))
        }),
        kind("PIN kills", counts.pins, 120, 10_000, |n, seed, scratch, _| Ok(pins::run(n, seed, scratch))),
        kind("flipped bits", counts.flips, 2_000, 100_000, |n, seed, scratch, _| Ok(damage::flips(n, seed, scratch))),
        kind("cut files", counts.surgery, 2, 40, |n, seed, scratch, _| Ok(damage::surgery(n, seed, scratch))),
        kind("lost pages", counts.surgery, 1, 40, |n, seed, scratch, _| Ok(pages::lost(n, seed, scratch))),
        kind("races", counts.races, 40, 10_000, |n, _, scratch, _| Ok(race::run(n, scratch))),
        kind("secure area", counts.keystore, 1, 40, |n, seed, scratch, _| Ok(keystore::run(n, seed, scratch))),
        kind("clocks", counts.clocks, 40, 2_000, |n, seed, scratch, _| Ok(clock::run(n, seed, scratch))),
        kind("processes", counts.processes, 2, 200, |n, seed, scratch, _| Ok(place::processes(n, seed, scratch))),
        kind("syncs", counts.syncs, 2, 40, |n, seed, scratch, shim| Ok(syncs::run(n, seed, there(shim)?, scratch))),
        kind("full disk", counts.full, 1, 40, |n, seed, scratch, _| place::full(n, seed, scratch)),
        kind("read-only", counts.read_only, 3, 200, |n, seed, scratch, _| place::read_only(n, seed, scratch)),
    ]
}

fn there(shim: &Result<PathBuf, String>) -> Result<&Path, String> {
    shim.as_deref().map_err(Clone::clone)
}

/// Runs what is wanted, `threads` at a time, each in a place of its own.
pub(crate) fn run(counts: &Counts, long: bool, seed: u64, threads: usize, scratch: &Scratch, report: &Report) {
    let mut kinds = kinds(counts);
    let chosen = kinds.iter().any(|kind| kind.wanted.is_some());
    kinds.iter_mut().for_each(|kind| {
        let usual = if long { kind.long } else { kind.short };
        kind.wanted = kind.wanted.or((!chosen).then_some(usual)).filter(|count| *count > 0);
    });
    kinds.retain(|kind| kind.wanted.is_some());
    let shim = shim(scratch);
    let queue = Mutex::new(kinds.into_iter());
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(kind) = next else { break };
                    report.line(kind.name, || {
                        let place = scratch.inner().map_err(|error| format!("no place for stores: {error}"))?;
                        (kind.run)(kind.wanted.unwrap_or(0), seed, &place, &shim)
                    });
                }
            });
        }
    });
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
