//! Damage at rest: flipped bits, truncated files, missing and foreign write-ahead logs. Nothing may be read wrongly: the truth, or a
//! named error.
use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    check::Verdict,
    kill, scratch,
    scratch::Scratch,
    seed::Seed,
    store::{self, Observed},
    tally::Tally,
};

/// What a store may say: the truth; where its log was taken away, an earlier moment, whole.
struct Truth {
    now: Observed,
    before: Vec<Observed>,
}

/// Flips over one store before another one is made.
const PER_STORE: u64 = 5_000;

pub(crate) fn flips(flips: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    let mut seed = Seed::new(seed);
    let mut done = 0;
    while done < flips {
        let Some((folder, truth)) = store_and_truth("flipped", &mut seed, done % 2 == 1, scratch) else {
            tally.add(Verdict::Wrong("no store could be made".into()), "flips");
            return tally;
        };
        for _ in 0..PER_STORE.min(flips - done) {
            done += 1;
            let image = scratch.fresh("image");
            scratch::copy(&folder, &image);
            let files = files(&image);
            let Some(file) = files.get(seed.index(files.len())) else { continue };
            let Ok(mut bytes) = fs::read(file) else { continue };
            let at = seed.index(bytes.len());
            let Some(byte) = bytes.get_mut(at) else { continue };
            *byte ^= 1 << seed.below(8);
            let place = format!("bit {at} of {}", name(file));
            if fs::write(file, bytes).is_ok() {
                judge(&image, &truth, &place, &mut tally);
            }
        }
    }
    tally
}

/// Each file cut at each page boundary and one byte beside it; files missing, empty, of another store, of an earlier moment.
pub(crate) fn surgery(rounds: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    let mut seed = Seed::new(seed);
    for round in 0..rounds {
        let with_log = round % 2 == 1;
        let (Some((folder, truth)), Some((other, _))) = (
            store_and_truth("cut", &mut seed, with_log, scratch),
            store_and_truth("other", &mut seed, with_log, scratch),
        ) else {
            tally.add(Verdict::Wrong("no store could be made".into()), "surgery");
            return tally;
        };
        let patient = Patient { folder, truth, scratch };
        for file in files(&patient.folder) {
            let Ok(bytes) = fs::read(&file) else { continue };
            let pages = (0..bytes.len()).step_by(4096).flat_map(|at| [at, at + 1, at.saturating_sub(1)]);
            for length in pages.chain([bytes.len().saturating_sub(1)]).filter(|length| *length < bytes.len()) {
                let cut = bytes.get(..length).unwrap_or_default();
                patient.operate(&file, Some(cut), &format!("{} cut to {length}", name(&file)), &mut tally);
            }
            patient.operate(&file, None, &format!("{} missing", name(&file)), &mut tally);
            if let Ok(foreign) = fs::read(other.join(file.file_name().unwrap_or_default())) {
                patient.operate(&file, Some(&foreign), &format!("{} of another store", name(&file)), &mut tally);
            }
        }
    }
    tally
}

/// A store, what is true of it, and where to break copies of it.
struct Patient<'a> {
    folder: PathBuf,
    truth: Truth,
    scratch: &'a Scratch,
}

impl Patient<'_> {
    /// Replaces a file by these bytes (`None`: takes it away) in a copy, and looks.
    fn operate(&self, file: &Path, bytes: Option<&[u8]>, place: &str, tally: &mut Tally) {
        let image = self.scratch.fresh("image");
        scratch::copy(&self.folder, &image);
        let victim = image.join(file.file_name().unwrap_or_default());
        let done = match bytes {
            Some(bytes) => fs::write(&victim, bytes),
            None => fs::remove_file(&victim),
        };
        if done.is_ok() {
            judge(&image, &self.truth, place, tally);
        }
    }
}

fn judge(image: &Path, truth: &Truth, place: &str, tally: &mut Tally) {
    let seen = store::open_again(image).and_then(|vault| store::observe(&vault));
    match seen {
        Err(_) => tally.detected += 1,
        Ok(seen) if seen == truth.now => tally.add(Verdict::Survived, place),
        Ok(seen) if truth.before.contains(&seen) => tally.earlier += 1,
        Ok(seen) => tally.add(
            Verdict::Wrong(format!(
                "read wrongly: {} credentials for {}, {} events for {}",
                seen.model.credentials.len(),
                truth.now.model.credentials.len(),
                seen.model.history.len(),
                truth.now.model.history.len()
            )),
            place,
        ),
    }
}

/// A store after some work, closed in order, or (with its log) as a kill leaves it.
fn store_and_truth(kind: &str, seed: &mut Seed, with_log: bool, scratch: &Scratch) -> Option<(PathBuf, Truth)> {
    let folder = scratch.fresh(kind);
    kill::spawn(&folder, seed.draw(), 40, &[])?.wait_with_output().ok().filter(|output| output.status.success())?;
    if with_log {
        let vault = store::open_again(&folder).ok()?;
        let mut before = vec![store::observe(&vault).ok()?];
        for _ in 0..6 {
            let model = before.last().map(|seen| seen.model.clone()).unwrap_or_default();
            store::act(&vault, &crate::child::choose(&model, seed)).ok()?;
            before.push(store::observe(&vault).ok()?);
        }
        let truth = Truth { now: before.pop()?, before };
        let image = scratch.fresh(&format!("{kind}-log"));
        scratch::copy(&folder, &image);
        return Some((image, truth));
    }
    let vault = store::open_again(&folder).ok()?;
    let truth = Truth { now: store::observe(&vault).ok()?, before: Vec::new() };
    pollster::block_on(vault.close()).ok()?;
    Some((folder, truth))
}

/// The store's own files: the software area stands for hardware, whose bits do not flip here.
fn files(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = all
        .filter(|path| path.is_file() && !name(path).starts_with("software-keys") && !name(path).ends_with("lock"))
        .collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
