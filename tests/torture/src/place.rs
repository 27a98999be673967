//! Where the store lies: a disk that is really full, and a folder that another process has.
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use rid_flow::ports::StorageError;
use rid_vault::VaultError;

use crate::{
    check::{self, Verdict},
    kill,
    model::{Account, Work},
    scratch::Scratch,
    store,
    tally::Tally,
};

/// Fills a disk of 1 MiB, sees the named error, makes room, goes on. `Err` says why it cannot be tried.
pub(crate) fn full(scratch: &Scratch) -> Result<Tally, String> {
    let place = scratch.fresh("full");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&place).stderr(Stdio::null());
    if !mount.status().is_ok_and(|status| status.success()) {
        return Err("a disk of its own needs root (mount -t tmpfs)".into());
    }
    let mut tally = Tally::default();
    tally.add(fill(&place), "a full disk");
    let _ = Command::new("umount").arg(&place).status();
    Ok(tally)
}

fn fill(place: &Path) -> Verdict {
    let folder = place.join("store");
    let ballast = place.join("ballast");
    if fs::create_dir_all(&folder).is_err() || fs::write(&ballast, vec![0; 200 << 10]).is_err() {
        return Verdict::Wrong("the disk cannot be used".into());
    }
    let mut account = Account::default();
    let Ok(vault) = store::open(&folder) else { return Verdict::Wrong("no store could be made".into()) };
    let mut refused = None;
    for n in 0..10_000 {
        let work = Work::Add { id: format!("c{n}"), copies: 6 };
        account.hear(&format!("do {}", work.say()));
        match store::act(&vault, &work) {
            Ok(_) => account.hear("ok"),
            Err(error) => {
                account.hear(&format!("err {}", error.code()));
                refused = Some(error);
                break;
            }
        }
    }
    drop(vault);
    if !matches!(refused, Some(StorageError::Full)) {
        return Verdict::Wrong(format!("a full disk is called {refused:?}"));
    }
    if fs::remove_file(&ballast).is_err() {
        return Verdict::Wrong("no room could be made".into());
    }
    check::after(&folder, &mut account)
}

/// A second process is told that the store is taken; the first one goes on.
pub(crate) fn taken(scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    let folder = scratch.fresh("taken");
    let Ok(vault) = store::open(&folder) else {
        tally.add(Verdict::Wrong("no store could be made".into()), "two processes");
        return tally;
    };
    let mut other = Account::default();
    if let Some(output) = kill::spawn(&folder, 1, 5, &[]).and_then(|child| child.wait_with_output().ok()) {
        kill::heard(&output.stdout, &mut other);
    }
    let told = other.errors == ["storage_locked"] && other.acknowledged == 0;
    let works = store::act(&vault, &Work::Put { name: "r1".into(), value: "1".into() }).is_ok();
    let here = matches!(store::open(&folder), Err(VaultError::Storage(StorageError::Locked)));
    tally.add(
        if told && works && here { Verdict::Survived } else { Verdict::Wrong(format!("told {:?}", other.errors)) },
        "two processes",
    );
    tally
}
