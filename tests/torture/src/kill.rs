//! kill -9 at a random instant of every public operation, again and again over the same store, the first start
//! included.
use std::{
    collections::BTreeMap,
    io::Read,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    check::{self, Verdict},
    child::Orders,
    choose,
    fixture::{self, Fixture},
    model::{Account, Model, UNKNOWN},
    scratch::Scratch,
    seed::Seed,
    session::Place,
    tally::Tally,
    work::{KINDS, Kind},
};

/// Kills over one store before a new one is made.
const PER_STORE: u64 = 40;
/// Children in a row that end before they are hit: so many are not chance.
const MISSES: u64 = 200;
const SIGKILL: i32 = 9;
/// What is hit most: each stretches a secret for a next_layout of a second, so that there are few of it.
const SLOW: [Kind; 4] = [Kind::Export, Kind::Import, Kind::MakeCode, Kind::UnlockCode];

pub(crate) fn run(kills: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    let mut spans = Spans::default();
    let mut missed = 0;
    for round in seed.. {
        if tally.all() >= kills {
            break;
        }
        let mut seed = Seed::new(round);
        let folder = scratch.fresh("kill");
        let Ok(mut account) = Fixture::Empty.make(&folder, &mut seed) else {
            tally.add(Verdict::Wrong("no store could be made".into()), "kill");
            return tally;
        };
        for done in 0..PER_STORE.min(kills - tally.all()) {
            let target = target(&account.model(), &mut seed);
            let place = Place { folder: folder.clone(), next_layout: account.next_layout };
            let (hit, verdict) = one(&place, target, &mut spans, &mut account, &mut seed);
            let ends = verdict != Verdict::Survived || account.over;
            missed = if hit { 0 } else { missed + 1 };
            if missed > MISSES {
                tally.add(Verdict::Wrong("none of 200 children was hit".into()), "kill");
                return tally;
            }
            // Whoever ended by itself was not killed: it counts if something is broken, and as no kill.
            if !hit && verdict == Verdict::Survived {
                if ends {
                    break;
                }
                continue;
            }
            tally.add(verdict, &format!("kill {done}, seed {round}, at {}", target.map_or("opening", Kind::name)));
            if ends {
                break;
            }
        }
    }
    tally
}

fn one(
    place: &Place,
    target: Option<Kind>,
    spans: &mut Spans,
    account: &mut Account,
    seed: &mut Seed,
) -> (bool, Verdict) {
    let span = spans.of(target);
    let delay = Duration::from_micros(100 + seed.below(*span));
    account.opened = false;
    let before = account.acknowledged;
    let orders = Orders {
        first: target.map(|kind| kind.name().into()),
        calm: true,
        ..orders(place, account, seed.draw(), u64::MAX)
    };
    let Some(child) = spawn(&orders, &[]) else {
        return (false, Verdict::Wrong("the child did not start".into()));
    };
    let signal = target.map(|kind| format!("do {}", if kind == Kind::Guess { "unlock-pin" } else { kind.name() }));
    let hit = killed(child, delay, signal.as_deref(), account);
    // Half of the instants are to fall into the operation.
    let answered = if target.is_some() { account.acknowledged > before + 1 } else { account.opened };
    *span = if answered { *span - *span / 16 } else { *span + *span / 16 }.clamp(500, 1_500_000);
    match hit {
        Ok(hit) => (hit, check::after(&place.folder, account)),
        Err(verdict) => (true, verdict),
    }
}

/// Microseconds within which an operation is hit, learned as it goes.
#[derive(Default)]
struct Spans(BTreeMap<&'static str, u64>);

impl Spans {
    fn of(&mut self, target: Option<Kind>) -> &mut u64 {
        let slow = target.is_some_and(|kind| SLOW.contains(&kind));
        self.0.entry(target.map_or("", Kind::name)).or_insert(if slow { 400_000 } else { 20_000 })
    }
}

/// Which operation is hit; `None`: opening, or whatever comes.
fn target(model: &Model, seed: &mut Seed) -> Option<Kind> {
    let kind = KINDS.get(seed.index(KINDS.len() + 6)).map(|(kind, _)| *kind)?;
    let rare = SLOW.contains(&kind) && seed.below(8) > 0;
    // A store that is gone after every tenth kill never grows.
    let ends = matches!(kind, Kind::Wipe | Kind::Reset) && seed.below(3) > 0;
    // Where no other unlock method is left, the PIN is not guessed at.
    let risky = kind == Kind::Guess && !model.biometric;
    let possible = choose::possible(kind, model, &mut Seed::new(0)).is_some();
    (possible && !rare && !ends && !risky).then_some(kind)
}

/// Orders by what the account knows.
pub(crate) fn orders(place: &Place, account: &Account, seed: u64, operations: u64) -> Orders {
    let Model { pin, code, .. } = account.model();
    Orders {
        folder: place.folder.clone(),
        seed,
        operations,
        first: None,
        calm: false,
        only: None,
        pin,
        code: code.filter(|code| code != UNKNOWN),
        next_layout: place.next_layout,
        container: Some(fixture::container_path()),
    }
}

/// A child; its lines come over the pipe.
pub(crate) fn spawn(orders: &Orders, env: &[(&str, String)]) -> Option<Child> {
    // By handle: the file may have been built again meanwhile.
    let own = Path::new("/proc/self/exe");
    let program = if own.exists() { own.to_path_buf() } else { std::env::current_exe().ok()? };
    let mut command = Command::new(program);
    command.arg("child").arg(&orders.folder).arg(orders.seed.to_string()).arg(orders.operations.to_string());
    for (name, value) in
        [("--first", &orders.first), ("--only", &orders.only), ("--pin", &orders.pin), ("--code", &orders.code)]
    {
        if let Some(value) = value {
            command.arg(name).arg(value);
        }
    }
    if let Some(container) = &orders.container {
        command.arg("--container").arg(container);
    }
    command.args(orders.calm.then_some("--calm")).args(orders.next_layout.then_some("--next-layout"));
    command.envs(env.iter().map(|(name, value)| (*name, value.as_str())));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()
}

/// Kills it so long after it said `signal` (`None`: after its start); at the latest after two seconds. Whether it was
/// hit, and not ended by itself.
pub(crate) fn killed(
    mut child: Child,
    delay: Duration,
    signal: Option<&str>,
    account: &mut Account,
) -> Result<bool, Verdict> {
    let (Some(mut pipe), Some(mut errors)) = (child.stdout.take(), child.stderr.take()) else { return Ok(false) };
    let complaint = thread::spawn(move || {
        let mut text = Vec::new();
        let _ = errors.read_to_end(&mut text);
        text
    });
    let heard_signal = Arc::new(AtomicBool::new(signal.is_none()));
    let (told, wanted) = (heard_signal.clone(), signal.map(str::to_owned));
    let waiting = thread::current();
    let reader = thread::spawn(move || {
        let (mut text, mut part) = (Vec::new(), [0; 4096]);
        // What the child said before its death is still in the pipe.
        while let Ok(length) = pipe.read(&mut part) {
            let Some(part) = part.get(..length).filter(|part| !part.is_empty()) else { break };
            text.extend_from_slice(part);
            let signal = wanted.as_deref().unwrap_or_default().as_bytes();
            if !told.load(Ordering::Acquire) && text.windows(signal.len().max(1)).any(|window| window == signal) {
                told.store(true, Ordering::Release);
                waiting.unpark();
            }
        }
        told.store(true, Ordering::Release);
        waiting.unpark();
        text
    });
    let begun = check::begin();
    while !heard_signal.load(Ordering::Acquire) && begun.elapsed() < Duration::from_secs(2) {
        thread::park_timeout(Duration::from_millis(50));
    }
    thread::sleep(delay);
    // It may have ended by itself.
    let _ = child.kill();
    let status = child.wait();
    let text = reader.join().unwrap_or_default();
    heard(&text, account);
    let complaint = complaint.join().unwrap_or_default();
    match status {
        Ok(status) if status.signal() == Some(SIGKILL) => Ok(true),
        Ok(status) => in_order(status, &complaint).map(|()| false),
        Err(error) => Err(Verdict::Wrong(format!("a child cannot be waited for: {error}"))),
    }
}

/// A child that was not killed ends with 0, whatever the store answered; anything else is a panic.
pub(crate) fn in_order(status: ExitStatus, complaint: &[u8]) -> Result<(), Verdict> {
    if status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(complaint).lines().next().unwrap_or_default().to_owned();
    Err(Verdict::Wrong(format!("inv-I1: not a named error but {status:?}: {words}")))
}

/// Whole lines only: a broken last line was not said.
pub(crate) fn heard(text: &[u8], account: &mut Account) {
    let text = String::from_utf8_lossy(text);
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        account.hear(line.trim_end());
    }
}
