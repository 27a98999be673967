//! How often the disk is waited for: an unlock by PIN at most 3 times, a presentation at most 4 times, counted by the
//! shim.
use std::{fs, path::Path};

use crate::{
    check::Verdict,
    child::Orders,
    fixture::Fixture,
    kill,
    power::{Record, Records},
    scratch::Scratch,
    seed::Seed,
    session::Place,
    tally::Tally,
    work::Kind,
};

const MOST: [(Kind, Fixture, usize); 2] = [(Kind::UnlockPin, Fixture::Pin, 3), (Kind::Use, Fixture::Filled, 4)];
const SAID: u8 = 7;
const SYNCS: [u8; 2] = [4, 8];

pub(crate) fn run(rounds: u64, seed: u64, shim: &Path, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for round in (seed..).take(usize::try_from(rounds).unwrap_or(usize::MAX)) {
        for (kind, fixture, most) in MOST {
            let verdict = match counted(kind, fixture, &mut Seed::new(round), shim, scratch) {
                Ok(syncs) if syncs <= most => Verdict::Survived,
                Ok(syncs) => Verdict::Wrong(format!("{syncs} syncs, at most {most} are allowed")),
                Err(words) => Verdict::Wrong(words),
            };
            tally.add(verdict, &format!("{}, seed {round}", kind.name()));
        }
    }
    tally
}

/// Syncs between the word that the operation begins and its answer. The software area's file stands for hardware.
fn counted(kind: Kind, fixture: Fixture, seed: &mut Seed, shim: &Path, scratch: &Scratch) -> Result<usize, String> {
    let (folder, log) = (scratch.fresh("synced"), scratch.path("sync-log"));
    let _ = fs::remove_file(&log);
    let account = fixture.make(&folder, seed).map_err(|error| format!("no store could be made: {}", error.code()))?;
    let place = Place { folder: folder.clone(), next_layout: false };
    let env = [
        ("LD_PRELOAD", shim.display().to_string()),
        ("RID_SHIM_ROOT", folder.display().to_string()),
        ("RID_SHIM_LOG", log.display().to_string()),
    ];
    let first = Some(kind.name().to_owned());
    let orders = Orders { first, calm: true, ..kill::orders(&place, &account, seed.draw(), 1) };
    let child = kill::spawn(&orders, &env).ok_or("the child did not start")?;
    child.wait_with_output().map_err(|error| error.to_string())?;
    let said = |record: &Record, word: &str| record.kind == SAID && record.data.starts_with(word.as_bytes());
    let records = fs::read(&log).map(|bytes| Records(bytes, 0).collect::<Vec<_>>()).unwrap_or_default();
    let begins = format!("do {}", kind.name());
    let mut of_it = records.iter().skip_while(|record| !said(record, &begins));
    of_it.next().ok_or("the operation was not begun")?;
    let of_it = of_it.take_while(|record| !said(record, "ok") && !said(record, "err"));
    Ok(of_it.filter(|record| SYNCS.contains(&record.kind) && !record.path.contains("software-keys")).count())
}
