//! The figures P1 to P14 as ratios to isomdl 0.2.0 in the same process: process CPU time, the minimum of interleaved
//! rounds.
//!
//! A missed target is printed, not an error. The peer skips digests and validity: the aim is to be faster although we
//! do more.
#![expect(clippy::print_stdout, reason = "printing the figures is what it is for")]
#![expect(clippy::panic, reason = "a bench whose set-up fails has nothing to measure and says so")]

mod facade;
mod figure;
mod growth;
mod ours;
mod peer;
mod plot;
mod raw;
mod stock;
mod store;

use figure::{Figure, interleaved};
use rid_crypto::Backend;
use stock::Stock;

/// The rounds of each side. The minimum counts.
const ROUNDS: usize = 60;
const SMALL: usize = 200;
const PORTRAIT: usize = 30 * 1024;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("facade") {
        // The measurement for bindings/kotlin/bench.
        println!("{:.0}", facade::median());
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        // Processes of their own, for values that are measured from outside.
        ["resident", folder] => return store::say_resident(folder),
        ["commits", folder, count] => return store::commits(folder, count),
        ["list", folder] => return store::list(folder),
        ["store"] => return store::print(),
        ["growth"] => return growth::print(),
        // For a profiler.
        ["present", times] => return repeat(times, ours::present),
        ["verify", times] => return repeat(times, ours::verify),
        ["plots", folder] => return growth::plots(folder.as_ref()),
        _ => {}
    }
    hot_paths();
    if arguments.first().map(String::as_str) == Some("hot") {
        return;
    }
    growth::print();
    store::print();
}

/// Runs one side again and again, three of 30 elements each time.
fn repeat(times: &str, side: fn(&Stock, &[&str]) -> f64) {
    let stock = Stock::make(SMALL);
    for _ in 0..expect(times.parse::<usize>(), "a number") {
        side(&stock, &["family_name", "given_name", "birth_date"]);
    }
}

/// P1 to P3 with each backend, the default last, and P14.
fn hot_paths() {
    println!("against isomdl 0.2.0, process CPU time, minimum of {ROUNDS} interleaved rounds");
    for backend in Backend::AVAILABLE {
        backend.select();
        println!("with {backend:?}");
        let (small, large) = (Stock::make(SMALL), Stock::make(PORTRAIT));
        let three = ["family_name", "given_name", "birth_date"];
        let with_portrait = ["family_name", "given_name", "portrait"];
        let (present, present_peer) =
            interleaved(ROUNDS, || ours::present(&small, &three), || peer::present(&small, &three));
        Figure { name: "P1", ratio: present / present_peer, target: 0.60 }.print();
        let (verify, verify_peer) =
            interleaved(ROUNDS, || ours::verify(&small, &three), || peer::verify(&small, &three));
        Figure { name: "P2", ratio: verify / verify_peer, target: 0.30 }.print();
        let (portrait, portrait_peer) =
            interleaved(ROUNDS, || ours::verify(&large, &with_portrait), || peer::verify(&large, &with_portrait));
        Figure { name: "P3", ratio: portrait / portrait_peer, target: 0.06 }.print();
        let (small, large) = (small.remembering(), large.remembering());
        let (again, again_peer) = interleaved(ROUNDS, || ours::verify(&small, &three), || peer::verify(&small, &three));
        Figure { name: "P2 (the signer met before)", ratio: again / again_peer, target: 0.20 }.print();
        let (again, again_peer) =
            interleaved(ROUNDS, || ours::verify(&large, &with_portrait), || peer::verify(&large, &with_portrait));
        Figure { name: "P3 (the signer met before)", ratio: again / again_peer, target: 0.04 }.print();
        println!(
            "in microseconds of this machine: present {present:.0} (peer {present_peer:.0}), verify {verify:.0} (peer {verify_peer:.0}), with portrait {portrait:.0} (peer {portrait_peer:.0})"
        );
        Figure { name: "P14", ratio: ours::size_ratio(&large, &with_portrait), target: 1.02 }.print();
    }
}

/// The value, or the end of the bench with the failed action.
fn expect<T, E: core::fmt::Debug>(result: Result<T, E>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

fn some<T>(option: Option<T>, what: &str) -> T {
    match option {
        Some(value) => value,
        None => panic!("{what}: nothing"),
    }
}
