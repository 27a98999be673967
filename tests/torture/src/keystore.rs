//! A secure area that fails at any of its calls, in each of its ways: the store says so by name, and works when the
//! area does again.
use std::sync::{Arc, atomic::Ordering};

use rid_flow::{RetryingSecureArea, ports::SecureAreaError};
use rid_shell::{SoftwareSecureArea, SystemClock, SystemTimer};
use rid_vault::VaultError;

use crate::{
    area::Faulty,
    check::{self, Verdict},
    choose,
    fixture::{self, Fixture},
    model::Account,
    scratch::{self, Scratch},
    seed::Seed,
    session::Place,
    tally::Tally,
    work::Kind,
};

const ERRORS: [SecureAreaError; 6] = [
    SecureAreaError::Busy,
    SecureAreaError::Cancelled,
    SecureAreaError::Invalidated,
    SecureAreaError::Locked,
    SecureAreaError::NotFound,
    SecureAreaError::Unavailable,
];
/// What asks the area; `None`: opening.
const CASES: [(Option<Kind>, Fixture); 12] = [
    (None, Fixture::Empty),
    (None, Fixture::Pin),
    (Some(Kind::BioOn), Fixture::Pin),
    (Some(Kind::BioOff), Fixture::Pin),
    (Some(Kind::ChangePin), Fixture::Pin),
    (Some(Kind::Guess), Fixture::Pin),
    (Some(Kind::Put), Fixture::Filled),
    (Some(Kind::Reopen), Fixture::Filled),
    (Some(Kind::Rotate), Fixture::Pin),
    (Some(Kind::SetPin), Fixture::Filled),
    (Some(Kind::UnlockBio), Fixture::Pin),
    (Some(Kind::Wipe), Fixture::Pin),
];
/// Those that stretch a code, which takes long.
const SLOW: [(Option<Kind>, Fixture); 3] = [
    (Some(Kind::MakeCode), Fixture::Filled),
    (Some(Kind::UnlockCode), Fixture::Methods),
    (Some(Kind::Export), Fixture::Methods),
];

pub(crate) fn run(rounds: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for round in (seed..).take(usize::try_from(rounds).unwrap_or(usize::MAX)) {
        let mut seed = Seed::new(round);
        let slow: &[_] = if round % 8 == 1 { &SLOW } else { &[] };
        for (kind, fixture) in CASES.iter().chain(slow) {
            let base = scratch.fresh("base");
            let Ok(account) = fixture.make(&base, &mut seed) else {
                tally.add(Verdict::Wrong("no store could be made".into()), "secure area");
                continue;
            };
            for error in ERRORS {
                for at in 0.. {
                    let folder = scratch.fresh("keystore");
                    scratch::copy(&base, &folder);
                    let mut account = account.clone();
                    let (verdict, reached) = one(&folder, *kind, at, error, &mut account, &mut seed);
                    tally.add(
                        verdict,
                        &format!("{error} at call {at} of {} of {fixture:?}", kind.map_or("opening", Kind::name)),
                    );
                    if !reached {
                        break;
                    }
                }
            }
        }
        tally.add(patient(&mut seed, scratch), "Busy three times");
    }
    tally
}

fn one(
    folder: &std::path::Path,
    kind: Option<Kind>,
    at: u64,
    error: SecureAreaError,
    account: &mut Account,
    seed: &mut Seed,
) -> (Verdict, bool) {
    let Ok(area) = SoftwareSecureArea::open(folder) else {
        return (Verdict::Wrong("no software area".into()), false);
    };
    let area = Arc::new(Faulty::new(area, at, 1, error));
    if let Ok(mut session) = Place::new(folder).open_over(area.clone()) {
        // Opening is the same for all; a case begins where it is over.
        if fixture::unlock(&mut session, account).is_ok() {
            let work = choose::of_kind(kind.unwrap_or(Kind::Put), &account.model(), seed);
            account.hear(&format!("do {}", work.say()));
            match session.act(&work) {
                Ok(said) => account.hear(format!("ok {said}").trim_end()),
                Err(error) => account.hear(&format!("err {}", error.code())),
            }
        }
    }
    let reached = area.calls.load(Ordering::Acquire) > at;
    drop(area);
    lost_biometrics(error, account);
    (check::after(folder, account), reached)
}

/// A biometric key that died takes its unlock method with it, as it must (neg-K12).
fn lost_biometrics(error: SecureAreaError, account: &mut Account) {
    if matches!(error, SecureAreaError::Invalidated | SecureAreaError::NotFound) {
        account.settle();
        let mut without = account.possible.clone();
        without = without
            .into_iter()
            .map(|mut model| {
                model.biometric = false;
                model
            })
            .collect();
        account.possible.extend(without);
    }
}

/// neg-K11: an area that is busy three times is asked a fourth time, and nobody notices.
fn patient(seed: &mut Seed, scratch: &Scratch) -> Verdict {
    let folder = scratch.fresh("busy");
    let made = |error: VaultError| Verdict::Wrong(format!("neg-K11: {}", error.code()));
    let mut account = match Fixture::Pin.make(&folder, seed) {
        Ok(account) => account,
        Err(error) => return made(error),
    };
    let Ok(area) = SoftwareSecureArea::open(&folder) else { return Verdict::Wrong("no software area".into()) };
    let faulty = Arc::new(Faulty::new(area, seed.below(3), 3, SecureAreaError::Busy));
    let patient = RetryingSecureArea::new(faulty, Arc::new(SystemTimer::new()), Arc::new(SystemClock::new()));
    let work = choose::of_kind(Kind::ChangePin, &account.model(), seed);
    account.hear(&format!("do {}", work.say()));
    let done = Place::new(&folder).open_over(Arc::new(patient)).and_then(|mut session| {
        fixture::unlock(&mut session, &account)?;
        session.act(&work)
    });
    match done {
        Ok(_) => account.hear("ok"),
        Err(error) => return made(error),
    }
    check::after(&folder, &mut account)
}
