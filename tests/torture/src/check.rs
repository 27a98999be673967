//! The one checker, run after every fault: inv-I1 to inv-I10 as far as the outside can tell.
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use pollster::block_on;
use rid_claims::ReusePolicy;
use rid_flow::ports::{KeyId, SecureArea};
use rid_shell::SoftwareSecureArea;
use rid_vault::{Vault, VaultError};

use crate::{
    canary::Canaries,
    model::{Account, Model, UNKNOWN, reuse},
    observe::{self, Observed},
    scratch,
    session::{self, Place, Session},
    work::Work,
};

/// Longest time a store may take to open (inv-I1).
const LONGEST: Duration = Duration::from_secs(2);
/// Wrong PINs that may reach the PIN's key (inv-I8).
const GUESSES: u32 = 5;
/// What an examination may find in a store that is whole.
const HARMLESS: [&str; 3] = ["biometric_lost", "no_pin", "pin_wait"];

/// What came of one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything acknowledged is there, nothing else is, and the store works on.
    Survived,
    /// Something acknowledged is gone (inv-I2), or half of an operation is there (inv-I3).
    Lost(String),
    /// A copy that was handed out is still in its pool (inv-I4), or more PINs were tried than are counted (inv-I8).
    DoubleUsed(String),
    /// Another invariant.
    Wrong(String),
}

/// After a fault that must not cost anything: a kill, a power cut, an error of I/O.
pub(crate) fn after(folder: &Path, account: &mut Account) -> Verdict {
    account.settle();
    match look(folder, account) {
        Ok(()) => Verdict::Survived,
        Err(verdict) => verdict,
    }
}

fn named(error: VaultError) -> Verdict {
    Verdict::Wrong(format!("inv-I1: {}", error.code()))
}

fn look(folder: &Path, account: &mut Account) -> Result<(), Verdict> {
    session::reboot();
    let place = Place { folder: folder.to_path_buf(), next_layout: account.next_layout };
    let begun = begin();
    let mut session = place.open_again().map_err(named)?;
    let took = begun.elapsed();
    tries(&session, account)?;
    let pin = enter(&mut session, account)?;
    if account.over {
        return Ok(());
    }
    let vault = session.vault().map_err(named)?.clone();
    let observed = observe::observe(&vault).map_err(named)?;
    if took > LONGEST {
        return Err(Verdict::Wrong(format!("inv-I1: opened after {} ms", took.as_millis())));
    }
    let fits = |model: &Model| observed.fits(model) && (pin.is_none() || model.pin == pin);
    let mut fitting: Vec<Model> = account.possible.iter().filter(|model| fits(model)).cloned().collect();
    if fitting.is_empty() {
        let empty = observed.model == Model::default() && !account.possible.contains(&Model::default());
        let made_again = if empty { "inv-I9: made again over existing files; " } else { "" };
        return Err(Verdict::Lost(format!("{made_again}{}", difference(account, &observed))));
    }
    copies(&observed, account)?;
    whole(&vault)?;
    if let Some(file) = Canaries::of(account).found(folder) {
        return Err(Verdict::Wrong(format!("inv-I7: plain text in {file}")));
    }
    methods(&vault, &observed, &mut fitting)?;
    let probe = || Work::Put { name: "probe".into(), value: "1".into() };
    let works = session.act(&probe()).and_then(|_| session.act(&Work::Take { name: "probe".into() }));
    works.map_err(|error| Verdict::Wrong(format!("inv-I10: {}", error.code())))?;
    drop(vault);
    gone_and_aside(folder, account, &observed)?;
    account.possible = fitting.into_iter().take(1).collect();
    Ok(())
}

/// inv-I8: what reached the PIN's key is counted.
fn tries(session: &Session, account: &Account) -> Result<(), Verdict> {
    let methods = session.vault().map_err(named)?.unlock_state();
    if account.guesses > GUESSES {
        return Err(Verdict::DoubleUsed(format!("inv-I8: {} guesses reached the PIN's key", account.guesses)));
    }
    let pin = methods.pin && account.possible.iter().all(|model| model.pin.is_some());
    if pin && methods.pin_tries_left + account.guesses > GUESSES {
        let left = methods.pin_tries_left;
        return Err(Verdict::DoubleUsed(format!("inv-I8: {} guesses, {left} tries left", account.guesses)));
    }
    Ok(())
}

/// Unlocks by a PIN that may be the one; gives it. Where too few tries are left to find out it waits.
fn enter(session: &mut Session, account: &mut Account) -> Result<Option<String>, Verdict> {
    let vault = session.vault().map_err(named)?.clone();
    if !vault.is_locked() {
        return Ok(None);
    }
    let mut pins: Vec<String> = account.possible.iter().filter_map(|model| model.pin.clone()).collect();
    pins.sort();
    pins.dedup();
    let left = vault.unlock_state().pin_tries_left;
    if left == 0 && account.attempts < GUESSES {
        return Err(Verdict::Lost(format!("inv-I8: a wait after {} tries", account.attempts)));
    }
    let Some(first) = pins.first() else { return Err(Verdict::Lost("inv-I2: locked without a PIN".into())) };
    let first = session::pin(first).map_err(named)?;
    if left == 0 && !matches!(block_on(vault.unlock_with_pin(&first)), Err(VaultError::PinWait { .. })) {
        return Err(Verdict::DoubleUsed("inv-I8: a PIN was taken before its wait".into()));
    }
    for pin in &pins {
        // Refused before its wait, then compared.
        for _ in 0..2 {
            match block_on(vault.unlock_with_pin(&session::pin(pin).map_err(named)?)) {
                Ok(()) => {
                    account.guesses = 0;
                    account.attempts = 0;
                    return Ok(Some(pin.clone()));
                }
                Err(VaultError::PinWrong { .. }) => break,
                Err(VaultError::PinWait { seconds }) => session::pass(seconds),
                Err(error) => return Err(named(error)),
            }
        }
    }
    Err(Verdict::Lost(format!("inv-I2: none of {} PINs opens", pins.len())))
}

/// inv-I4, and inv-I3 for pools.
fn copies(observed: &Observed, account: &Account) -> Result<(), Verdict> {
    if let Some(key) = &account.twice {
        return Err(Verdict::DoubleUsed(format!("inv-I4: {key} for a second verifier")));
    }
    // Other copies stay after a presentation.
    for (id, keys) in observed.keys.iter().filter(|(id, _)| reuse(id) == ReusePolicy::Once) {
        if let Some(key) = keys.iter().find(|key| account.handed.contains(*key)) {
            return Err(Verdict::DoubleUsed(format!("inv-I4: {key}")));
        }
        if observed.model.credentials.get(id).copied() != u32::try_from(keys.len()).ok() {
            return Err(Verdict::Wrong(format!("inv-I3: {id} counts other copies than it has")));
        }
    }
    Ok(())
}

/// inv-I5 and inv-I6: the chain, the tallies, every row.
fn whole(vault: &Vault) -> Result<(), Verdict> {
    let examination = block_on(vault.examine()).map_err(named)?;
    let found = examination.findings.iter().find(|finding| !HARMLESS.contains(&finding.code.as_str()));
    found.map_or(Ok(()), |finding| {
        let id = if finding.code.as_str().starts_with("history") { "inv-I5" } else { "inv-I6" };
        Err(Verdict::Wrong(format!("{id}: {} {}", finding.code.as_str(), finding.count)))
    })
}

/// inv-I2 for the other unlock methods: biometrics open, and so does a recovery code that is known.
fn methods(vault: &Vault, observed: &Observed, fitting: &mut Vec<Model>) -> Result<(), Verdict> {
    if observed.methods.biometric {
        let opens = block_on(vault.unlock_with_biometrics());
        opens.map_err(|error| Verdict::Lost(format!("inv-I2: biometrics: {}", error.code())))?;
    }
    let mut codes: Vec<Option<String>> = fitting.iter().map(|model| model.code.clone()).collect();
    codes.sort();
    codes.dedup();
    let known: Vec<String> = codes.iter().flatten().filter(|code| *code != UNKNOWN).cloned().collect();
    let opens =
        |text: &String| session::code(text).is_ok_and(|code| block_on(vault.unlock_with_recovery_code(&code)).is_ok());
    let opening: Vec<String> = known.iter().filter(|code| opens(code)).cloned().collect();
    if codes.len() > 1 {
        // A new code may be confirmed and nobody heard of it: then the old one is void.
        fitting.retain(|model| match &model.code {
            Some(code) if code == UNKNOWN => opening.is_empty() || codes.contains(&None),
            Some(code) => opening.contains(code),
            None => opening.is_empty(),
        });
    }
    let is_lost = codes.len() == 1 && !known.is_empty() && opening.is_empty();
    if fitting.is_empty() || is_lost { Err(Verdict::Lost("inv-I2: no recovery code opens".into())) } else { Ok(()) }
}

/// A store that was wiped left no key; one that was moved aside is whole.
fn gone_and_aside(folder: &Path, account: &mut Account, observed: &Observed) -> Result<(), Verdict> {
    let Some(before) = account.aside.take() else { return Ok(()) };
    let asides: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let newest =
        asides.iter().filter(|path| path.is_dir()).max_by_key(|path| (path.as_os_str().len(), (*path).clone()));
    // Nothing was moved, or nothing was there.
    let Some(newest) = newest.filter(|_| observed.model == Model::default()) else { return Ok(()) };
    let copy = folder.with_extension("aside");
    let _ = fs::remove_dir_all(&copy);
    let _ = fs::create_dir_all(&copy);
    scratch::copy(newest, &copy);
    for path in asides.iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default();
        if name.to_string_lossy().starts_with("software-keys") {
            let _ = fs::copy(path, copy.join(name));
        }
    }
    let mut moved = Account::of(Model::default());
    moved.next_layout = account.next_layout;
    moved.possible = before;
    let verdict = look(&copy, &mut moved);
    let _ = fs::remove_dir_all(&copy);
    verdict.map_err(|verdict| Verdict::Lost(format!("the store moved aside: {verdict:?}")))
}

/// After a wipe that was begun: none of these keys is in the secure area any more.
pub(crate) fn keys_gone(folder: &Path, keys: &[String]) -> Result<(), Verdict> {
    let area = SoftwareSecureArea::open(folder).map_err(|error| named(VaultError::SecureArea(error)))?;
    match keys.iter().find(|key| block_on(area.info(KeyId((*key).clone()))).is_ok()) {
        Some(key) => Err(Verdict::Wrong(format!("neg-K15: the key {key} outlived the wipe"))),
        None => Ok(()),
    }
}

/// Where the store differs from the account that is nearest to it.
fn difference(account: &Account, observed: &Observed) -> String {
    let Some(model) = account.possible.iter().next_back() else {
        return "inv-I2: an acknowledged operation was impossible".into();
    };
    let counted = |name: &str, seen: usize, known: usize, same: bool| {
        if same { String::new() } else { format!(" {seen} {name} for {known}") }
    };
    let seen = &observed.model;
    let record = seen.records.iter().zip(&model.records).find(|(one, other)| one != other);
    let place = seen.history.iter().zip(&model.history).position(|(one, other)| one != other);
    format!(
        "inv-I2, inv-I3:{}{}{}, first other event {place:?}, record {record:?}, {:?} for PIN {} code {}",
        counted("credentials", seen.credentials.len(), model.credentials.len(), seen.credentials == model.credentials),
        counted("events", seen.history.len(), model.history.len(), seen.history == model.history),
        counted("records", seen.records.len(), model.records.len(), seen.records == model.records),
        observed.methods,
        model.pin.is_some(),
        model.code.is_some(),
    )
}

#[expect(clippy::disallowed_methods, reason = "a harness measures how long opening takes")]
pub(crate) fn begin() -> Instant {
    Instant::now()
}
