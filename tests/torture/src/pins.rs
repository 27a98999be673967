//! The PIN guessed at by a process that is killed over and over: never does a sixth guess reach the PIN's key before
//! its wait.
use std::time::Duration;

use crate::{
    check::{self, Verdict},
    child::Orders,
    fixture::Fixture,
    kill,
    model::Account,
    scratch::Scratch,
    seed::Seed,
    session::Place,
    tally::Tally,
    work::Kind,
};

/// Locks that one store goes through before another is made.
const PER_STORE: u64 = 20;

pub(crate) fn run(trials: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for round in seed.. {
        if tally.all() >= trials {
            break;
        }
        let mut seed = Seed::new(round);
        let place = Place::new(&scratch.fresh("pin"));
        let Ok(mut account) = Fixture::Pin.make(&place.folder, &mut seed) else {
            tally.add(Verdict::Wrong("no store could be made".into()), "pin");
            return tally;
        };
        for _ in 0..PER_STORE {
            if tally.all() >= trials || !until_locked(&place, &mut account, round, trials, &mut seed, &mut tally) {
                break;
            }
        }
    }
    tally
}

/// Kills until no try is left; then a sixth PIN is refused before its wait and taken after it (`check::after`).
/// Whether all was well.
fn until_locked(
    place: &Place,
    account: &mut Account,
    round: u64,
    trials: u64,
    seed: &mut Seed,
    tally: &mut Tally,
) -> bool {
    // A kill before anything was counted takes no try; so many in a row are not chance.
    for kills in 0..200 {
        if tally.all() >= trials {
            return true;
        }
        let orders = Orders { only: Some(Kind::Guess.name().into()), ..kill::orders(place, account, seed.draw(), 8) };
        let Some(child) = kill::spawn(&orders, &[]) else { return false };
        // Five guesses take a tenth of a second; of a machine with other work, longer and longer.
        let delay = Duration::from_micros(seed.below(60_000 << (kills / 25)));
        let ended = kill::killed(child, delay, Some("do"), account);
        account.settle();
        let verdict = ended.and_then(|_| counted(place, account));
        let (left, verdict) = match verdict {
            Ok(left) => (left, Verdict::Survived),
            Err(verdict) => (0, verdict),
        };
        let broken = verdict != Verdict::Survived;
        let name = format!("PIN under kill, seed {round}");
        if broken || left > 0 {
            tally.add(verdict, &name);
        } else {
            let after = check::after(&place.folder, account);
            let whole = after == Verdict::Survived;
            tally.add(after, &name);
            return whole;
        }
        if broken {
            return false;
        }
    }
    tally.add(Verdict::Wrong("200 kills took no try".into()), &format!("PIN under kill, seed {round}"));
    false
}

/// Tries left, when they are no more than five less the guesses that were told outside.
fn counted(place: &Place, account: &Account) -> Result<u32, Verdict> {
    let wrong = |error: rid_vault::VaultError| Verdict::Wrong(format!("inv-I1: {}", error.code()));
    let session = place.open_again().map_err(wrong)?;
    let left = session.vault().map_err(wrong)?.unlock_state().pin_tries_left;
    if account.guesses > 5 || left + account.guesses > 5 {
        return Err(Verdict::DoubleUsed(format!("inv-I8: {} guesses, {left} tries left", account.guesses)));
    }
    Ok(left)
}
