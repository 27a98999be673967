//! Power cuts: the child's changes are recorded by the shim, and images are made of what a disk might hold at any moment of it.
use std::{fs, path::Path};

use crate::{
    check,
    disk::{Disk, KEEPS, Keep},
    kill,
    model::Account,
    scratch::Scratch,
    seed::Seed,
    tally::Tally,
};

/// Operations of one recorded run.
const OPERATIONS: u64 = 40;

pub(crate) fn run(images: u64, seed: u64, shim: &Path, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    let mut seed = Seed::new(seed);
    let mut made = 0;
    while made < images {
        let folder = scratch.fresh("recorded");
        let log = scratch.path("log");
        let _ = fs::remove_file(&log);
        let env = [
            ("LD_PRELOAD", shim.display().to_string()),
            ("RID_SHIM_ROOT", folder.display().to_string()),
            ("RID_SHIM_LOG", log.display().to_string()),
        ];
        let Some(child) = kill::spawn(&folder, seed.draw(), OPERATIONS, &env) else { return tally };
        let ended = child.wait_with_output().is_ok_and(|output| output.status.success());
        let records = fs::read(&log).map(|bytes| Records(bytes, 0).collect::<Vec<_>>()).unwrap_or_default();
        if !ended || records.is_empty() {
            tally.add(check::Verdict::Wrong("the recorded run did not end as it must".into()), "power");
            return tally;
        }
        // Enough of a run to see each phase; the rest comes from other seeds.
        let per_run = (images - made).min(2_000);
        let share = u64::try_from(records.len()).unwrap_or(1).max(1);
        let (mut disk, mut account) = (Disk::default(), Account::default());
        let root = folder.display().to_string();
        let mut said = Vec::new();
        for (position, record) in records.iter().enumerate() {
            play(record, &mut disk, &mut account, &mut said);
            let wanted = per_run / share + u64::from(seed.below(share) < per_run % share);
            for n in 0..wanted {
                let keep = KEEPS.get(usize::try_from((made + n) % 4).unwrap_or(0)).copied().unwrap_or(Keep::None);
                let image = scratch.fresh("image");
                if disk.image(&root, keep, &mut seed, &image).is_err() {
                    continue;
                }
                let verdict = check::after(&image, &mut account.clone());
                tally.add(verdict, &format!("power cut at {position} of {}, {keep:?} kept", records.len()));
            }
            made += wanted;
        }
    }
    tally
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
            kill::heard(said, account);
            let kept = said.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            said.drain(..kept);
        }
        _ => disk.sync_folder(),
    }
}

struct Record {
    kind: u8,
    path: String,
    offset: usize,
    data: Vec<u8>,
}

/// Reads the shim's log (`shim.c`, `record`).
struct Records(Vec<u8>, usize);

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
