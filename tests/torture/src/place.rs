//! Where the store lies: a disk that is really full or becomes read-only, and a folder that others want at the same
//! time.
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use rid_flow::ports::StorageError;
use rid_vault::VaultError;

use crate::{
    check::{self, Verdict},
    child::Orders,
    choose,
    fixture::{Driver, Fixture, unlock},
    kill,
    model::Account,
    observe,
    scratch::{self, Scratch},
    seed::Seed,
    session::Place,
    tally::Tally,
    work::{Kind, Work},
};

/// A disk of its own in memory; unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(place: PathBuf, size: &str) -> Result<Self, String> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(&place).stderr(Stdio::null());
        match mount.status() {
            Ok(status) if status.success() => Ok(Self(place)),
            _ => Err("a disk of its own needs root (mount -t tmpfs)".into()),
        }
    }

    fn remount(&self, options: &str) -> bool {
        let status = Command::new("mount").args(["-o", options]).arg(&self.0).status();
        status.is_ok_and(|status| status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Fills a real disk, sees the named error, makes room, goes on. `Err` says why it cannot be tried.
pub(crate) fn full(rounds: u64, seed: u64, scratch: &Scratch) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for round in (seed..).take(usize::try_from(rounds).unwrap_or(usize::MAX)) {
        let mut seed = Seed::new(round);
        let disk = Disk::mount(scratch.fresh("full"), "size=1200k")?;
        tally.add(fill(&disk.0, &mut seed).unwrap_or_else(|verdict| verdict), "a full disk");
        drop(disk);
        // The migration finds less and less room.
        for room in (0..240).step_by(if rounds < 4 { 24 } else { 4 }) {
            let disk = Disk::mount(scratch.fresh("full"), "size=1200k")?;
            tally
                .add(migrate(&disk.0, room, &mut seed).unwrap_or_else(|verdict| verdict), "a migration on a full disk");
        }
    }
    Ok(tally)
}

fn fill(place: &Path, seed: &mut Seed) -> Result<Verdict, Verdict> {
    let wrong = |words: &str| Verdict::Wrong(words.into());
    let (folder, ballast) = (place.join("store"), place.join("ballast"));
    let ready = fs::create_dir_all(&folder).and_then(|()| fs::write(&ballast, vec![0; 200 << 10]));
    ready.map_err(|_| wrong("the disk cannot be used"))?;
    let mut account = Fixture::Pin.make(&folder, seed).map_err(|_| wrong("no store could be made"))?;
    let mut driver = Driver::open(&Place::new(&folder)).map_err(|_| wrong("the store does not open"))?;
    unlock(&mut driver.session, &account).map_err(|_| wrong("the store does not unlock"))?;
    let keys = std::mem::take(&mut driver.account.secrets);
    driver.account = account.clone();
    driver.account.secrets.extend(keys);
    let mut refused = None;
    for n in 0..10_000 {
        if let Err(error) = driver.act(&Work::Add { id: format!("c{n}"), copies: 6 }) {
            refused = Some(error);
            break;
        }
    }
    // Every unlock method at the full disk: done or refused by name, never half.
    for kind in [Kind::Use, Kind::ChangePin, Kind::BioOff, Kind::Rotate, Kind::Erase, Kind::Reopen] {
        let work = choose::of_kind(kind, &driver.account.model(), seed);
        let _ = driver.act(&work);
    }
    account.clone_from(&driver.account);
    drop(driver);
    if !matches!(refused, Some(VaultError::Storage(StorageError::Full))) {
        return Err(Verdict::Wrong(format!("a full disk is called {refused:?}")));
    }
    fs::remove_file(&ballast).map_err(|_| wrong("no room could be made"))?;
    Ok(check::after(&folder, &mut account))
}

fn migrate(place: &Path, room: usize, seed: &mut Seed) -> Result<Verdict, Verdict> {
    let wrong = |words: &str| Verdict::Wrong(words.into());
    let folder = place.join("store");
    fs::create_dir_all(&folder).map_err(|_| wrong("the disk cannot be used"))?;
    let other = place.join("made");
    fs::create_dir_all(&other).map_err(|_| wrong("the disk cannot be used"))?;
    let mut account = Fixture::Filled.make(&other, seed).map_err(|_| wrong("no store could be made"))?;
    scratch::copy(&other, &folder);
    let _ = fs::remove_dir_all(&other);
    // All the disk, then so many KiB of it given back.
    let (ballast, returned) = (place.join("ballast"), place.join("returned"));
    let _ = fs::write(&returned, vec![0; room << 10]);
    let mut size = 2 << 20;
    while size > 2048 {
        let mut whole = fs::read(&ballast).unwrap_or_default();
        whole.resize(whole.len() + size, 0);
        let _ = fs::write(place.join("ballast"), &whole);
        size /= 2;
    }
    let _ = fs::remove_file(&returned);
    account.next_layout = true;
    let opened = Place { folder: folder.clone(), next_layout: true }.open();
    let named = matches!(&opened, Ok(_) | Err(VaultError::Storage(StorageError::Full) | VaultError::SecureArea(_)));
    let words = opened.as_ref().err().map(|error| error.code());
    drop(opened);
    let _ = fs::remove_file(&ballast);
    if !named {
        return Err(Verdict::Wrong(format!("neg-K18: a full disk is called {words:?}")));
    }
    Ok(check::after(&folder, &mut account))
}

/// A disk that becomes read-only: `storage_readonly`, and no copy is handed out; nothing is missing when it can be
/// written again.
pub(crate) fn read_only(rounds: u64, seed: u64, scratch: &Scratch) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for round in (seed..).take(usize::try_from(rounds).unwrap_or(usize::MAX)) {
        let mut seed = Seed::new(round);
        let disk = Disk::mount(scratch.fresh("read-only"), "size=8m")?;
        let fixture = match seed.below(3) {
            0 => Fixture::Filled,
            1 => Fixture::Pin,
            _ => Fixture::Methods,
        };
        let Ok(mut account) = fixture.make(&disk.0, &mut seed) else {
            tally.add(Verdict::Wrong("no store could be made".into()), "read-only");
            continue;
        };
        if !disk.remount("remount,ro") {
            return Err("the disk cannot be remounted".into());
        }
        let opened = Place::new(&disk.0).open().map(drop);
        let named = matches!(opened, Err(VaultError::Storage(StorageError::ReadOnly) | VaultError::SecureArea(_)));
        let writable = disk.remount("remount,rw");
        let verdict = match (named, writable) {
            (true, true) => check::after(&disk.0, &mut account),
            _ => Verdict::Wrong(format!("neg-K24: a read-only disk is called {opened:?}")),
        };
        tally.add(verdict, &format!("read-only, {fixture:?}, seed {round}"));
    }
    Ok(tally)
}

/// A second process is told that the store is taken, and the first goes on; many at once each get it in turn or are
/// told.
pub(crate) fn processes(rounds: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for round in (seed..).take(usize::try_from(rounds).unwrap_or(usize::MAX)) {
        let mut seed = Seed::new(round);
        tally.add(taken(scratch), "two processes");
        tally.add(crowd(&mut seed, scratch), &format!("many processes, seed {round}"));
    }
    tally
}

fn taken(scratch: &Scratch) -> Verdict {
    let place = Place::new(&scratch.fresh("taken"));
    let Ok(mut session) = place.open() else { return Verdict::Wrong("no store could be made".into()) };
    let mut other = Account::default();
    let orders = kill::orders(&place, &other, 1, 5);
    if let Some(output) = kill::spawn(&orders, &[]).and_then(|child| child.wait_with_output().ok()) {
        if let Err(verdict) = kill::in_order(output.status, &output.stderr) {
            return verdict;
        }
        kill::heard(&output.stdout, &mut other);
    }
    let told = other.errors == ["storage_locked"] && other.acknowledged == 0;
    let works = session.act(&Work::Put { name: "r1".into(), value: "1".into() }).is_ok();
    let here = matches!(place.open().err(), Some(VaultError::Storage(StorageError::Locked)));
    if told && works && here { Verdict::Survived } else { Verdict::Wrong(format!("told {:?}", other.errors)) }
}

/// Eight at a time over one store, from its first start on. Each adds credentials of its own: all acknowledged ones
/// must be there.
fn crowd(seed: &mut Seed, scratch: &Scratch) -> Verdict {
    let place = Place::new(&scratch.fresh("crowd"));
    let mut wanted = Vec::new();
    let mut entered = 0;
    for _ in 0..4 {
        let only = Some(Kind::Add.name().to_owned());
        let children: Vec<_> = (0..8)
            .filter_map(|_| {
                let orders = Orders { only: only.clone(), ..kill::orders(&place, &Account::default(), seed.draw(), 3) };
                kill::spawn(&orders, &[])
            })
            .map(|child| thread::spawn(move || child.wait_with_output()))
            .collect();
        for child in children {
            let Ok(Ok(output)) = child.join() else { return Verdict::Wrong("a process did not end".into()) };
            if let Err(verdict) = kill::in_order(output.status, &output.stderr) {
                return verdict;
            }
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut adding = None;
            for line in text.lines() {
                match line.split(' ').collect::<Vec<_>>().as_slice() {
                    ["open"] => entered += 1,
                    ["do", "add", id, _] => adding = Some((*id).to_owned()),
                    ["ok"] => wanted.extend(adding.take()),
                    ["err", "storage_locked"] => {}
                    ["err", code] => return Verdict::Wrong(format!("neg-K21: {code}")),
                    _ => {}
                }
            }
        }
    }
    let seen = place.open_again().and_then(|session| observe::observe(session.vault()?));
    match seen {
        Ok(seen) if entered > 0 && wanted.iter().all(|id| seen.model.credentials.contains_key(id)) => Verdict::Survived,
        Ok(seen) => Verdict::Lost(format!(
            "{} of {} credentials, {entered} came in",
            seen.model.credentials.len(),
            wanted.len()
        )),
        Err(error) => Verdict::Wrong(format!("inv-I1: {}", error.code())),
    }
}
