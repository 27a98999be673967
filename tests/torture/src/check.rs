//! The one checker, run after every fault: inv-I1 to inv-I10 as far as the outside can tell.
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use rid_vault::VaultError;

use crate::{
    model::{Account, Work},
    store::{self, CANARY, Observed},
};

/// Longest time a store may take to open (inv-I1).
const LONGEST: Duration = Duration::from_secs(2);

/// What came of one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything acknowledged is there, nothing else is, and the store works on.
    Survived,
    /// Something acknowledged is gone (inv-I2), or half of an operation is there (inv-I3).
    Lost(String),
    /// A copy that was handed out is still in its pool (inv-I4).
    DoubleUsed(String),
    /// Another invariant.
    Wrong(String),
}

/// After a fault that must not cost anything: a kill, a power cut, an error of I/O.
pub(crate) fn after(folder: &Path, account: &mut Account) -> Verdict {
    account.settle();
    let observed = match look(folder, account) {
        Ok(observed) => observed,
        Err(verdict) => return verdict,
    };
    account.possible.retain(|model| *model == observed.model);
    Verdict::Survived
}

fn look(folder: &Path, account: &Account) -> Result<Observed, Verdict> {
    let named = |error: VaultError| Verdict::Wrong(format!("inv-I1: {}", error.code()));
    let begun = begin();
    let vault = store::open_again(folder).map_err(named)?;
    let took = begun.elapsed();
    let observed = store::observe(&vault).map_err(named)?;
    if took > LONGEST {
        return Err(Verdict::Wrong(format!("inv-I1: opened after {} ms", took.as_millis())));
    }
    if !account.possible.contains(&observed.model) {
        return Err(Verdict::Lost(difference(account, &observed)));
    }
    for (id, keys) in &observed.keys {
        if let Some(key) = keys.iter().find(|key| account.handed.contains(*key)) {
            return Err(Verdict::DoubleUsed(format!("inv-I4: {key}")));
        }
        if observed.model.credentials.get(id).copied() != u32::try_from(keys.len()).ok() {
            return Err(Verdict::Wrong(format!("inv-I3: {id} counts other copies than it has")));
        }
    }
    if let Some(file) = canary(folder) {
        return Err(Verdict::Wrong(format!("inv-I7: plain text in {file}")));
    }
    let probe = || Work::Put { name: "probe".into(), value: "1".into() };
    let works = store::act(&vault, &probe()).and_then(|_| store::act(&vault, &Work::Take { name: "probe".into() }));
    works.map_err(|error| Verdict::Wrong(format!("inv-I10: {}", error.code())))?;
    Ok(observed)
}

/// Where the store differs from the account that is nearest to it.
fn difference(account: &Account, observed: &Observed) -> String {
    let Some(model) = account.possible.iter().next_back() else {
        return "inv-I2: an acknowledged operation was impossible".into();
    };
    format!(
        "inv-I2, inv-I3: {} credentials for {}, {} events for {}, {} records for {}",
        observed.model.credentials.len(),
        model.credentials.len(),
        observed.model.history.len(),
        model.history.len(),
        observed.model.records.len(),
        model.records.len()
    )
}

/// A file in which a stored value stands readable.
pub(crate) fn canary(folder: &Path) -> Option<String> {
    let files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    let mut readable = files
        .filter(|path| fs::read(path).is_ok_and(|bytes| bytes.windows(CANARY.len()).any(|window| window == CANARY)));
    readable.next().map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

#[expect(clippy::disallowed_methods, reason = "a harness measures how long opening takes")]
pub(crate) fn begin() -> Instant {
    Instant::now()
}
