//! kill -9 at a random instant, again and again over the same store, the first start included.
use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::{check, model::Account, scratch::Scratch, seed::Seed, tally::Tally};

/// Kills over one store before a new one is made.
const PER_STORE: u64 = 40;

pub(crate) fn run(kills: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    let mut seed = Seed::new(seed);
    let mut done = 0;
    while done < kills {
        let folder = scratch.fresh("kill");
        let mut account = Account::default();
        for _ in 0..PER_STORE.min(kills - done) {
            done += 1;
            let micros = 500 + seed.below(40_000);
            account.opened = false;
            if let Some(child) = spawn(&folder, seed.draw(), u64::MAX, &[]) {
                // Half of the kills count from the first line, so that work is hit; half from the start, so that opening is.
                killed(child, Duration::from_micros(micros), done % 2 == 0, &mut account);
            }
            let verdict = check::after(&folder, &mut account);
            let broken = verdict != check::Verdict::Survived;
            tally.add(verdict, &format!("kill {done}"));
            if broken {
                break;
            }
        }
    }
    tally
}

/// A child over `folder`; its lines come over the pipe.
pub(crate) fn spawn(folder: &Path, seed: u64, operations: u64, env: &[(&str, String)]) -> Option<Child> {
    let mut command = Command::new(std::env::current_exe().ok()?);
    command.arg("child").arg(folder).arg(seed.to_string()).arg(operations.to_string());
    command.envs(env.iter().map(|(name, value)| (*name, value.as_str())));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()
}

fn killed(mut child: Child, delay: Duration, after_open: bool, account: &mut Account) {
    let Some(mut pipe) = child.stdout.take() else { return };
    let mut text = Vec::new();
    if after_open {
        let mut first = [0; 1];
        if pipe.read(&mut first).is_ok_and(|n| n == 1) {
            text.extend_from_slice(&first);
        }
    }
    let reader = thread::spawn(move || {
        // What the child said before its death is still in the pipe.
        let _ = pipe.read_to_end(&mut text);
        text
    });
    thread::sleep(delay);
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
    let text = reader.join().unwrap_or_default();
    heard(&text, account);
}

/// Whole lines only: a broken last line was not said.
pub(crate) fn heard(text: &[u8], account: &mut Account) {
    let text = String::from_utf8_lossy(text);
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        account.hear(line.trim_end());
    }
}
