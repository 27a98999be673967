//! Whole lost pages and aimed flips of database and log (neg-K30): the store opens, shows nothing that is not, never
//! advises a reset, is whole after the repair that is named, and works on.
use std::{fs, path::Path};

use pollster::block_on;
use rid_claims::ReusePolicy;
use rid_vault::{Remedy, Vault, VaultError};
use rid_wire::Timestamp;

use crate::{
    check::Verdict,
    damage::{self, Truth},
    fixture,
    model::reuse,
    scratch::{self, Scratch},
    seed::Seed,
    session::{self, NOW, Place},
    tally::Tally,
    work::Work,
};

const PAGE: usize = 4096;

/// One round: each page of one store, in three ways, and flips where SQLite's trees are.
pub(crate) fn lost(rounds: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for round in (seed..).take(usize::try_from(rounds).unwrap_or(usize::MAX)) {
        let mut seed = Seed::new(round);
        let Some((folder, truth)) = damage::store_and_truth("pages", round, &mut seed, scratch) else {
            tally.add(Verdict::Wrong("no store could be made".into()), "pages");
            return tally;
        };
        for file in ["store.db", "store.db-wal"] {
            let Ok(whole) = fs::read(folder.join(file)) else { continue };
            for (page, what, bytes) in harmed(&whole, &mut seed) {
                let image = scratch.fresh("image");
                scratch::copy(&folder, &image);
                if fs::write(image.join(file), bytes).is_ok() {
                    let place = format!("page {page} of {file} {what}, seed {round}");
                    tally.add(bar(&image, &truth), &place);
                }
            }
        }
    }
    tally
}

/// The file with one page zeroed, overwritten, or with one flip aimed at its header, its pointers or a cell.
fn harmed(whole: &[u8], seed: &mut Seed) -> Vec<(usize, &'static str, Vec<u8>)> {
    let mut all = Vec::new();
    for page in 0..whole.len() / PAGE {
        let at = page * PAGE;
        let mut with = |what, harm: &mut dyn FnMut(&mut [u8])| {
            let mut bytes = whole.to_vec();
            if let Some(page) = bytes.get_mut(at..at + PAGE) {
                harm(page);
            }
            all.push((page, what, bytes));
        };
        with("zeroed", &mut |page| page.fill(0));
        with("overwritten", &mut |page| page.iter_mut().for_each(|byte| *byte = seed.draw().to_be_bytes()[0]));
        let mut flip = |what, from: usize, len: u64| {
            let place = from + usize::try_from(seed.below(len)).unwrap_or(0);
            let bit = 1 << seed.below(8);
            with(what, &mut |page| page.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= bit));
        };
        flip("flipped in its header", 0, 12);
        flip("flipped in a pointer to a cell", 8, 24);
        // Rows are put from the end of a page: there lie keys, versions and index values of the first ones.
        flip("flipped in a cell", 3072, 1024);
    }
    all
}

fn bar(image: &Path, truth: &Truth) -> Verdict {
    match survives(image, truth) {
        Ok(verdict) => verdict,
        Err(error) => Verdict::Wrong(format!("neg-K30: {}", error.code())),
    }
}

fn survives(image: &Path, truth: &Truth) -> Result<Verdict, VaultError> {
    let mut session = Place::new(image).open_again()?;
    fixture::unlock(&mut session, &truth.account)?;
    let vault = session.vault()?.clone();
    if let Some(words) = damage::contradiction(&vault, truth) {
        return Ok(Verdict::Wrong(format!("a damaged store shows what is not: {words}")));
    }
    let listed = block_on(vault.credentials())?.credentials.len();
    let advised = block_on(vault.examine())?.findings.iter().any(|finding| finding.remedy == Remedy::Reset);
    if advised && listed > 0 {
        return Ok(Verdict::Wrong("neg-K30: a reset is advised while a document is listed".into()));
    }
    if !block_on(vault.health())?.is_whole() {
        block_on(vault.repair(Timestamp::from_unix(NOW)))?;
    }
    if !block_on(vault.health())?.is_whole() {
        return Ok(Verdict::Wrong("neg-K30: not whole after the repair".into()));
    }
    if let Some(key) = used(&vault, truth) {
        return Ok(Verdict::DoubleUsed(format!("inv-I4: {key}")));
    }
    session.act(&Work::Put { name: "probe".into(), value: "1".into() })?;
    session.close()?;
    session.open()?;
    fixture::unlock(&mut session, &truth.account)?;
    match block_on(session.vault()?.record(&session::record("probe")))? {
        Some(_) => Ok(Verdict::Survived),
        None => Ok(Verdict::Lost("inv-I2: what was written after the repair".into())),
    }
}

/// A copy that was handed out and is listed again. What a log says that was cut is promised from 64 commits on; a
/// closed store has none.
fn used(vault: &Vault, truth: &Truth) -> Option<String> {
    if !truth.before.is_empty() {
        return None;
    }
    let listed = block_on(vault.credentials()).unwrap_or_default().credentials;
    let keys = listed.iter().flat_map(|meta| block_on(vault.keys_left(&meta.summary.id)).unwrap_or_default());
    keys.map(|key| key.0).find(|key| reuse(key) == ReusePolicy::Once && truth.account.handed.contains(key))
}
