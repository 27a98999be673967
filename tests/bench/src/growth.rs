//! How present and verify grow: P4 to P8, and the plots.
use std::path::Path;

use crate::{
    figure::{Figure, interleaved},
    ours, peer,
    plot::{Plot, Series},
    raw::Raw,
    stock::{NAMES, Shape, Stock},
    store,
};

const ROUNDS: usize = 40;
const PORTRAIT: usize = 30 * 1024;
const THREE: [&str; 3] = ["family_name", "given_name", "birth_date"];
const WITH_PORTRAIT: [&str; 3] = ["family_name", "given_name", "portrait"];

/// Microseconds of present and verify, the least of some rounds.
fn both(stock: &Stock, elements: &[&str], rounds: usize) -> (f64, f64) {
    interleaved(rounds, || ours::present(stock, elements), || ours::verify(stock, elements))
}

/// The names of this many elements, the portrait left out.
fn names(elements: usize) -> Vec<String> {
    let others = (NAMES.len()..=elements).map(|number| format!("element_{number:02}"));
    NAMES.iter().filter(|name| **name != "portrait").map(|name| (*name).to_owned()).chain(others).collect()
}

/// Microseconds of a presentation and a verification of this many elements, all of them asked for.
fn of_elements(elements: usize, rounds: usize) -> (f64, f64) {
    let stock = Stock::of(&Shape { credentials: 1, elements: elements + 1, portrait: 200 });
    let names = names(elements);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(names.len(), elements);
    both(&stock, &names, rounds)
}

/// Prints P4 to P8.
pub(crate) fn print() {
    let raw = Raw::measure();
    raw.print();
    let (small, large) = (Stock::make(200), Stock::make(PORTRAIT));
    let (present, verify) = both(&small, &THREE, 2 * ROUNDS);
    let sent = ours::response_len(&small, &THREE);
    Figure { name: "P4 (present)", ratio: present / raw.present(small.first().len(), sent), target: 1.25 }.print();
    Figure { name: "P4 (verify)", ratio: verify / raw.verification(sent), target: 1.15 }.print();
    let (index, index_peer) = interleaved(4 * ROUNDS, || ours::index(&small), || peer::index(&small));
    let (with, without) = interleaved(4 * ROUNDS, || ours::index(&large), || ours::index(&small));
    Figure { name: "P5 (index)", ratio: index / index_peer, target: 0.35 }.print();
    Figure { name: "P5 (with and without a portrait)", ratio: with / without, target: 1.05 }.print();
    let larger = Stock::make(30 * PORTRAIT);
    let (few, many) = (both(&large, &WITH_PORTRAIT, ROUNDS), both(&larger, &WITH_PORTRAIT, ROUNDS));
    let kib = f64::from(29_u32 * 30) * raw.kib();
    Figure { name: "P6 (present)", ratio: (many.0 - few.0) / kib, target: 2.0 }.print();
    Figure { name: "P6 (verify)", ratio: (many.1 - few.1) / kib, target: 1.4 }.print();
    let [few, middle, many] = [10, 128, 512].map(|elements| of_elements(elements, ROUNDS / 2));
    // What does not depend on the elements is taken off before the exponent is computed.
    let exponent = |few: f64, middle: f64, many: f64| ((many - few) / (middle - few)).ln() / (502.0_f64 / 118.0).ln();
    Figure { name: "P7 (present)", ratio: exponent(few.0, middle.0, many.0), target: 1.05 }.print();
    Figure { name: "P7 (verify)", ratio: exponent(few.1, middle.1, many.1), target: 1.05 }.print();
    println!(
        "P7 in microseconds per element: present {:.2}, verify {:.2} (its instructions are not counted here)",
        (many.0 - few.0) / 502.0,
        (many.1 - few.1) / 502.0
    );
    for (name, heap, peak) in [
        ("present", ours::present_heap(&large, &WITH_PORTRAIT), 3.0),
        ("verify", ours::verify_heap(&large, &WITH_PORTRAIT), 2.0),
    ] {
        let (bytes, times) = (heap.peak <= peak, heap.allocations <= 200);
        let met = if bytes && times { "met" } else { "missed" };
        println!(
            "P8 ({name}) {:.2} of the message, {} allocations target <= {peak}, 200 {met}",
            heap.peak, heap.allocations
        );
    }
}

/// Writes the plots. Costs are in signature checks of the same run, so that they say the same on any machine.
pub(crate) fn plots(folder: &Path) {
    let unit = Raw::measure().verify;
    let write = |name: &str, title: &str, x: &str, points: Vec<(f64, f64, f64)>, names: [&str; 2]| {
        let series = |name: &str, value: fn(&(f64, f64, f64)) -> f64| Series {
            name: name.into(),
            points: points.iter().map(|point| (point.0, value(point) / unit)).collect(),
        };
        let [first, second] = names;
        let series = vec![series(first, |point| point.1), series(second, |point| point.2)];
        let series = series.into_iter().filter(|one| !one.name.is_empty()).collect();
        Plot { title: title.into(), x: x.into(), y: "signature checks".into(), series }.write(&folder.join(name));
    };
    let sides = ["present", "verify"];
    let point = |x: usize, (present, verify): (f64, f64)| (x as f64, present, verify);
    let elements = [10, 32, 64, 128, 256, 384, 512].map(|elements| point(elements, of_elements(elements, 20)));
    write("elements.svg", "All elements asked for and disclosed", "elements", elements.into(), sides);
    let portraits = [1, 64, 128, 256, 512, 768, 960].map(|kib| {
        let stock = Stock::make(kib * 1024);
        point(kib, both(&stock, &WITH_PORTRAIT, 20))
    });
    write("portrait.svg", "A portrait disclosed", "KiB of portrait", portraits.into(), sides);
    let documents = [1, 2, 3, 4, 5, 6, 7, 8].map(|credentials| {
        let stock = Stock::of(&Shape { credentials, elements: 30, portrait: 200 });
        point(credentials, both(&stock, &THREE, 20))
    });
    write("documents.svg", "Three elements of each document", "documents", documents.into(), sides);
    let stored = store::growth();
    write(
        "store.svg",
        "A store opened and listed",
        "credentials and rows of history",
        stored,
        ["credentials", "history"],
    );
    let day = 86_400e6 / both(&Stock::make(200), &THREE, 40).1;
    println!("one core verifies {:.1} million presentations in a day", day / 1e6);
}
