//! Power cuts: the child's changes are recorded by the shim, and images are made of what a disk might hold at any
//! moment of it.
use std::{fs, path::Path};

use crate::{
    check::{self, Verdict},
    child::Orders,
    disk::{Disk, KEEPS, Keep},
    fixture::Fixture,
    kill,
    model::Account,
    scratch::Scratch,
    seed::Seed,
    session::Place,
    tally::Tally,
    work::{KINDS, Kind},
};

/// Operations of one recorded run.
const OPERATIONS: u64 = 40;
/// Images of one recorded run: enough to see each phase; the rest comes from other seeds.
const PER_RUN: u64 = 600;
/// The same where every image's PIN is stretched, which takes ten times as long as all else.
const PER_RUN_WITH_PIN: u64 = 150;

pub(crate) fn run(images: u64, seed: u64, shim: &Path, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for round in seed.. {
        if tally.all() >= images {
            break;
        }
        let mut seed = Seed::new(round);
        let with_pin = matches!(begin(round).0, Fixture::Pin | Fixture::Methods);
        let share = if with_pin { PER_RUN_WITH_PIN } else { PER_RUN }.min(images - tally.all());
        if let Err(words) = recorded(round, share, &mut seed, shim, scratch, &mut tally) {
            tally.add(Verdict::Wrong(words), &format!("power, seed {round}"));
            return tally;
        }
    }
    tally
}

/// What a run begins with: mostly nothing; small ones over an open unlock method are cheap to look at, so that there
/// are many of them.
fn begin(round: u64) -> (Fixture, bool, Option<Kind>) {
    let kind = KINDS.get(usize::try_from(round / 2).unwrap_or(0) % KINDS.len()).map(|(kind, _)| *kind);
    match round % 8 {
        0 => (Fixture::Empty, true, None),
        1 => (Fixture::Pin, false, kind),
        2 => (Fixture::Filled, true, None),
        3 => (Fixture::Pin, true, Some(Kind::ChangePin)),
        4 => (Fixture::Filled, true, Some(Kind::Rotate)),
        5 => (Fixture::Methods, false, kind),
        6 => (Fixture::Filled, true, Some(if round % 16 == 6 { Kind::Wipe } else { Kind::Reset })),
        _ => (Fixture::Empty, false, None),
    }
}

fn recorded(
    round: u64,
    images: u64,
    seed: &mut Seed,
    shim: &Path,
    scratch: &Scratch,
    tally: &mut Tally,
) -> Result<(), String> {
    let (fixture, calm, first) = begin(round);
    let folder = scratch.fresh("recorded");
    let log = scratch.path("log");
    let _ = fs::remove_file(&log);
    let mut account =
        fixture.make(&folder, seed).map_err(|error| format!("no store could be made: {}", error.code()))?;
    // A store is taken on by software of the next layout now and then.
    account.next_layout = round % 16 == 2;
    let place = Place { folder: folder.clone(), next_layout: account.next_layout };
    let mut disk = Disk::with(&folder);
    let env = [
        ("LD_PRELOAD", shim.display().to_string()),
        ("RID_SHIM_ROOT", folder.display().to_string()),
        ("RID_SHIM_LOG", log.display().to_string()),
    ];
    let first = first.map(|kind| kind.name().to_owned());
    let orders = Orders { first, calm, ..kill::orders(&place, &account, seed.draw(), OPERATIONS) };
    let child = kill::spawn(&orders, &env).ok_or("the child did not start")?;
    let ended = child.wait_with_output().is_ok_and(|output| output.status.success());
    let records = fs::read(&log).map(|bytes| Records(bytes, 0).collect::<Vec<_>>()).unwrap_or_default();
    if !ended || records.is_empty() {
        return Err("the recorded run did not end as it must".into());
    }
    let share = u64::try_from(records.len()).unwrap_or(1).max(1);
    let root = folder.display().to_string();
    let mut said = Vec::new();
    for (position, record) in records.iter().enumerate() {
        play(record, &mut disk, &mut account, &mut said);
        let wanted = images / share + u64::from(seed.below(share) < images % share);
        for _ in 0..wanted {
            let keep = KEEPS.get(seed.index(KEEPS.len())).copied().unwrap_or(Keep::None);
            let image = scratch.fresh("image");
            disk.image(&root, keep, seed, &image).map_err(|error| error.to_string())?;
            let verdict = check::after(&image, &mut account.clone());
            let place = format!("power cut at {position} of {}, {keep:?} kept, seed {round}", records.len());
            tally.add(verdict, &place);
        }
    }
    Ok(())
}

fn play(record: &Record, disk: &mut Disk, account: &mut Account, said: &mut Vec<u8>) {
    let path = record.path.as_str();
    match record.kind {
        1 => disk.open(path, record.offset > 0, record.offset == 1),
        2 => disk.write(path, record.offset, &record.data),
        3 => disk.truncate(path, record.offset),
        4 => disk.sync(path),
        5 => disk.rename(path, &String::from_utf8_lossy(&record.data)),
        6 => disk.unlink(path),
        7 => {
            said.extend_from_slice(&record.data);
            let whole = said.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let lines: Vec<u8> = said.drain(..whole).collect();
            kill::heard(&lines, account);
        }
        8 => disk.sync_folder(path),
        9 => disk.folder(path),
        10 => disk.link(path, &String::from_utf8_lossy(&record.data)),
        _ => disk.unfolder(path),
    }
}

pub(crate) struct Record {
    pub(crate) kind: u8,
    pub(crate) path: String,
    offset: usize,
    pub(crate) data: Vec<u8>,
}

/// Reads the shim's log (`shim.c`, `record`).
pub(crate) struct Records(pub(crate) Vec<u8>, pub(crate) usize);

impl Records {
    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let taken = self.0.get(self.1..self.1.checked_add(length)?)?;
        self.1 += length;
        Some(taken)
    }

    fn number(&mut self, length: usize) -> Option<usize> {
        let bytes = self.take(length)?.iter().rev();
        usize::try_from(bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte))).ok()
    }
}

impl Iterator for Records {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let kind = *self.take(1)?.first()?;
        let (path, offset, data) = (self.number(4)?, self.number(8)?, self.number(4)?);
        let path = String::from_utf8_lossy(self.take(path)?).into_owned();
        Some(Record { kind, path, offset, data: self.take(data)?.to_vec() })
    }
}
