//! Damage at rest: flipped bits, truncated files, missing and foreign write-ahead logs and envelopes. Nothing may be
//! read wrongly: the truth, or a named error, or of a database that was exchanged alone a moment of at most 63
//! commits before.
use std::{
    fs,
    path::{Path, PathBuf},
};

use pollster::block_on;

use crate::{
    check::Verdict,
    choose,
    fixture::{self, Driver, Fixture},
    model::Account,
    observe::{self, Observed},
    scratch,
    scratch::Scratch,
    seed::Seed,
    session::Place,
    tally::Tally,
};

/// What a store may say: the truth; or an earlier moment, whole, as far back as the envelope's copy of the counters
/// does not tell.
pub(crate) struct Truth {
    pub(crate) now: Observed,
    pub(crate) before: Vec<Observed>,
    /// Every earlier moment: a store that says that it is of one may show it.
    pub(crate) ever: Vec<Observed>,
    pub(crate) account: Account,
}

/// Flips over one store before another one is made.
const PER_STORE: u64 = 1_000;

pub(crate) fn flips(flips: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for round in seed.. {
        if tally.all() >= flips {
            break;
        }
        let mut seed = Seed::new(round);
        let Some((folder, truth)) = store_and_truth("flipped", round, &mut seed, scratch) else {
            tally.add(Verdict::Wrong("no store could be made".into()), "flips");
            return tally;
        };
        control(&folder, &truth, scratch, &mut tally);
        for _ in 0..PER_STORE.min(flips - tally.all()) {
            let image = scratch.fresh("image");
            scratch::copy(&folder, &image);
            let files = files(&image);
            let Some(file) = files.get(seed.index(files.len())) else { continue };
            let Ok(mut bytes) = fs::read(file) else { continue };
            let at = seed.index(bytes.len());
            let Some(byte) = bytes.get_mut(at) else { continue };
            *byte ^= 1 << seed.below(8);
            let place = format!("bit of byte {at} of {}, seed {round}", name(file));
            if fs::write(file, bytes).is_ok() {
                judge(&image, &truth, &place, &mut tally);
            }
        }
    }
    tally
}

/// Each file cut at each page boundary and one byte beside it; files missing, of another store, of an earlier moment.
pub(crate) fn surgery(rounds: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for round in (seed..).take(usize::try_from(rounds).unwrap_or(usize::MAX)) {
        let mut seed = Seed::new(round);
        let (Some((folder, truth)), Some((other, _))) =
            (store_and_truth("cut", round, &mut seed, scratch), store_and_truth("other", round, &mut seed, scratch))
        else {
            tally.add(Verdict::Wrong("no store could be made".into()), "surgery");
            return tally;
        };
        control(&folder, &truth, scratch, &mut tally);
        let earlier = folder.with_extension("earlier");
        let patient = Patient { folder, truth, scratch };
        for file in files(&patient.folder) {
            let Ok(bytes) = fs::read(&file) else { continue };
            let pages = (0..bytes.len()).step_by(4096).flat_map(|at| [at, at + 1, at.saturating_sub(1)]);
            for length in pages.chain([bytes.len().saturating_sub(1)]).filter(|length| *length < bytes.len()) {
                let cut = bytes.get(..length).unwrap_or_default();
                patient.operate(&file, Some(cut), &format!("{} cut to {length}", name(&file)), &mut tally);
            }
            patient.operate(&file, None, &format!("{} missing", name(&file)), &mut tally);
            for (from, what) in [(&other, "another store"), (&earlier, "an earlier moment")] {
                if let Ok(foreign) = fs::read(from.join(file.file_name().unwrap_or_default())) {
                    patient.operate(&file, Some(&foreign), &format!("{} of {what}", name(&file)), &mut tally);
                }
            }
        }
        patient.stray(&other, &mut seed, &mut tally);
        patient.exchanged(&earlier, &mut tally);
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

    /// Files that are not of this store lie where some of its own might.
    fn stray(&self, other: &Path, seed: &mut Seed, tally: &mut Tally) {
        let noise: Vec<u8> = (0..700).flat_map(|_| seed.draw().to_be_bytes()).collect();
        let log = fs::read(other.join("store.db-wal")).unwrap_or_else(|_| noise.clone());
        let names = ["store.db-wal", "store.db-shm", "store.db-journal", "envelope.new", "envelope.c"];
        for (name, bytes) in names.into_iter().flat_map(|name| [(name, &noise), (name, &log)]) {
            let file = self.folder.join(name);
            if !file.exists() {
                self.operate(&file, Some(bytes), &format!("a stray {name}"), tally);
            }
        }
    }

    /// The whole database with its log, or the whole envelope, of an earlier moment.
    fn exchanged(&self, earlier: &Path, tally: &mut Tally) {
        for group in ["store.db", "envelope."] {
            let image = self.scratch.fresh("image");
            scratch::copy(&self.folder, &image);
            for file in files(&image).iter().filter(|file| name(file).starts_with(group)) {
                let _ = fs::remove_file(file);
            }
            for file in files(earlier).iter().filter(|file| name(file).starts_with(group)) {
                let _ = fs::copy(file, image.join(name(file)));
            }
            judge(&image, &self.truth, &format!("{group} of an earlier moment"), tally);
        }
    }
}

/// An untouched copy is what it is: a look that never opens anything would find all damage detected.
fn control(folder: &Path, truth: &Truth, scratch: &Scratch, tally: &mut Tally) {
    let image = scratch.fresh("image");
    scratch::copy(folder, &image);
    let mut seen = Tally::default();
    judge(&image, truth, "an untouched copy", &mut seen);
    if seen.survived != 1 {
        tally.add(Verdict::Wrong("it is not what it was".into()), "an untouched copy");
    }
}

fn judge(image: &Path, truth: &Truth, place: &str, tally: &mut Tally) {
    let Ok(mut session) = Place::new(image).open_again() else {
        tally.detected += 1;
        return;
    };
    let seen = fixture::unlock(&mut session, &truth.account).and_then(|()| observe::observe(session.vault()?));
    match seen {
        Ok(seen) if same(&seen, &truth.now) => tally.add(Verdict::Survived, place),
        Ok(seen) if truth.before.iter().any(|before| same(before, &seen)) => tally.earlier += 1,
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
        // It says that something is wrong; what it still shows is true, of one moment or another.
        Err(_) => match session.vault().ok().and_then(|vault| contradiction(vault, truth)) {
            Some(words) => tally.add(Verdict::Wrong(format!("a damaged store shows what is not: {words}")), place),
            None => tally.detected += 1,
        },
    }
}

/// Tries are counted by looking; they are no content.
fn same(one: &Observed, other: &Observed) -> bool {
    one.model == other.model
        && one.keys == other.keys
        && (one.methods.pin, one.methods.recovery) == (other.methods.pin, other.methods.recovery)
}

pub(crate) fn contradiction(vault: &rid_vault::Vault, truth: &Truth) -> Option<String> {
    let words = observe::contradicts(vault, &truth.now)?;
    let is_refused = block_on(vault.health()).is_ok_and(|health| health.refused.is_some());
    let moments = if is_refused { &truth.ever } else { &truth.before };
    let moments: Option<Vec<String>> = moments.iter().map(|before| observe::contradicts(vault, before)).collect();
    moments.map(|earlier| format!("{words}; earlier: {}", earlier.join(", ")))
}

/// A store after some work, closed in order or as a kill leaves it, with its log; and beside it (`.earlier`) the same
/// store a few commits before.
pub(crate) fn store_and_truth(kind: &str, round: u64, seed: &mut Seed, scratch: &Scratch) -> Option<(PathBuf, Truth)> {
    let fixture = if round % 4 == 3 { Fixture::Pin } else { Fixture::Filled };
    let folder = scratch.fresh(kind);
    let mut account = fixture.make(&folder, seed).ok()?;
    let mut driver = Driver::open(&Place::new(&folder)).ok()?;
    fixture::unlock(&mut driver.session, &account).ok()?;
    driver.account = account.clone();
    let mut before = vec![observe::observe(driver.session.vault().ok()?).ok()?];
    let image = scratch.fresh(&format!("{kind}-image"));
    let earlier = image.with_extension("earlier");
    let _ = fs::remove_dir_all(&earlier);
    fs::create_dir_all(&earlier).ok()?;
    for step in 0..12 {
        if step == 4 {
            scratch::copy(&folder, &earlier);
        }
        let work = choose::any(&driver.account.model(), seed);
        driver.act(&work).ok()?;
        before.push(observe::observe(driver.session.vault().ok()?).ok()?);
    }
    account.clone_from(&driver.account);
    let now = before.pop()?;
    let ever = before.clone();
    if round.is_multiple_of(2) {
        block_on(driver.session.vault().ok()?.close()).ok()?;
        // Closing renews the envelope's copy of the counters: from here on no earlier moment is taken for now.
        before.clear();
    }
    scratch::copy(&folder, &image);
    Some((image, Truth { now, before, ever, account }))
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
