//! The process that is killed: works at random, says each operation before it and its answer after it.
use std::{
    io::{self, Write},
    path::Path,
};

use rid_wire::hex;

use crate::{
    model::{Model, Work},
    seed::Seed,
    store,
};

/// Works until `operations` were done, or six failed; exit code 0 whatever the store answers.
pub(crate) fn run(folder: &Path, seed: u64, operations: u64) -> u8 {
    let vault = match store::open(folder) {
        Ok(vault) => vault,
        Err(error) => {
            say(&format!("err {}", error.code()));
            return 0;
        }
    };
    let mut model = match store::observe(&vault) {
        Ok(observed) => observed.model,
        Err(error) => {
            say(&format!("err {}", error.code()));
            return 0;
        }
    };
    say("open");
    let mut seed = Seed::new(seed);
    let mut failed = 0;
    for _ in 0..operations {
        let work = choose(&model, &mut seed);
        say(&format!("do {}", work.say()));
        match store::act(&vault, &work) {
            Ok(keys) => {
                say(&format!("ok {}", keys.join(" ")));
                model = model.after(&work).unwrap_or(model);
            }
            Err(error) => {
                say(&format!("err {}", error.code()));
                failed += 1;
                if failed == 6 {
                    break;
                }
            }
        }
    }
    0
}

/// One write a line, so that a killed process leaves whole lines and at most one broken one.
fn say(line: &str) {
    let mut out = io::stdout();
    // A harness that went away kills this process too.
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// Any operation that is possible, mostly the use of copies.
pub(crate) fn choose(model: &Model, seed: &mut Seed) -> Work {
    let event = hex::encode(&[seed.draw().to_be_bytes(), seed.draw().to_be_bytes()].concat());
    let usable: Vec<&String> = model.credentials.iter().filter(|(_, left)| **left > 0).map(|(id, _)| id).collect();
    let begun: Vec<&String> = model.history.iter().filter(|(_, outcome)| **outcome == 's').map(|(id, _)| id).collect();
    let held: Vec<&String> = model.credentials.keys().collect();
    let records: Vec<&String> = model.records.keys().collect();
    match seed.below(20) {
        0..8 => match seed.pick(&usable) {
            Some(id) => Work::Use { id, event },
            None => add(seed),
        },
        8..12 => match seed.pick(&begun) {
            Some(event) => Work::End { event },
            None => add(seed),
        },
        12..14 if held.len() > 4 => match seed.pick(&held) {
            Some(id) => Work::Delete { id, event },
            None => add(seed),
        },
        14..17 => Work::Put { name: format!("r{}", seed.below(6)), value: seed.draw().to_string() },
        17..18 => match seed.pick(&records) {
            Some(name) => Work::Take { name },
            None => add(seed),
        },
        _ => add(seed),
    }
}

fn add(seed: &mut Seed) -> Work {
    Work::Add { id: format!("c{:x}", seed.draw()), copies: 1 + u32::try_from(seed.below(6)).unwrap_or(0) }
}
