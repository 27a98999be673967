//! What is done to all files of a store at once, as a list of steps. The second makes it certain: a marker, whose name
//! says what is going on and which is removed last. A list cut off anywhere is taken up again from the marker, so no
//! prefix of it is a state that cannot be opened (neg-K15). The marker is an empty file: it cannot be half written, and
//! there is room for it on a full disk.
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use rid_crypto::CryptoRng;

use crate::{
    OsRng,
    durable::{self, is_there, sync_folder},
};

const ENVELOPES: [&str; 3] = ["envelope.new", "envelope.a", "envelope.b"];
const DATABASE: [&str; 4] = ["store.db", "store.db-wal", "store.db-shm", "store.db-journal"];
/// A database that a repair writes.
pub(super) const NEW: &str = "store.new";
const NEWS: [&str; 4] = [NEW, "store.new-wal", "store.new-shm", "store.new-journal"];
/// Folders of stores moved aside: this and a number.
const ASIDE: &str = "aside-";
const ALL: [&str; 7] =
    ["envelope.new", "envelope.a", "envelope.b", "store.db", "store.db-wal", "store.db-shm", "store.db-journal"];
const WIPING: &str = "journal-wipe";
/// This and the name of a folder.
const MOVING: &str = "journal-";
/// This and the name of a folder: a repaired database takes the place of the present one.
const REPAIRING: &str = "journal-repair-";

/// One operation on files; done again, it succeeds.
#[derive(Clone)]
pub(super) enum Step {
    MakeFolder(PathBuf),
    /// Makes an empty file.
    Mark(PathBuf),
    Move(PathBuf, PathBuf),
    /// With random bytes, as far as the medium lets it: flash may keep the old ones.
    Overwrite(PathBuf),
    Remove(PathBuf),
    /// With all that is in it.
    RemoveFolder(PathBuf),
    /// Makes what was done to the names in a folder durable.
    Sync(PathBuf),
}

/// Does what a kill left undone.
pub(super) fn complete(folder: &Path) -> io::Result<()> {
    run(&completion(folder)?)
}

/// Moves the store into a folder of its own; nothing, if there is none.
pub(super) fn set_aside(folder: &Path) -> io::Result<()> {
    run(&setting_aside(folder)?)
}

/// Removes what an interrupted repair wrote before it began to move files.
pub(super) fn clear_new(folder: &Path) -> io::Result<()> {
    NEWS.iter().try_for_each(|name| unless_gone(fs::remove_file(folder.join(name))))
}

/// Moves the database aside and puts [`NEW`] in its place.
pub(super) fn put_new(folder: &Path) -> io::Result<()> {
    run(&putting_new(folder)?)
}

fn putting_new(folder: &Path) -> io::Result<Vec<Step>> {
    let aside = durable::free(folder, ASIDE)?;
    let name = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let marker = format!("{REPAIRING}{name}");
    let mut steps = vec![
        Step::Sync(folder.into()),
        Step::MakeFolder(aside.clone()),
        Step::Mark(folder.join(&marker)),
        Step::Sync(folder.into()),
    ];
    steps.extend(repairing(folder, &aside, &marker)?);
    Ok(steps)
}

/// The steps after the marker. Where the new database is in its place already, only the marker is left.
fn repairing(folder: &Path, aside: &Path, marker: &str) -> io::Result<Vec<Step>> {
    let mut steps = Vec::new();
    if is_there(&folder.join(NEW))? {
        steps.push(Step::MakeFolder(aside.into()));
        steps.extend(moves(folder, aside, &DATABASE)?);
        steps.extend([Step::Sync(aside.into()), Step::Sync(folder.into())]);
        steps.push(Step::Move(folder.join(NEW), folder.join("store.db")));
    }
    steps.extend(done(folder, Vec::new(), marker));
    Ok(steps)
}

/// Destroys the store and all that were set aside.
pub(super) fn wipe(folder: &Path) -> io::Result<()> {
    run(&wiping(folder)?)
}

/// Whether there is a file of a store, or a marker.
pub(super) fn are_there(folder: &Path) -> io::Result<bool> {
    let ours = |name: &String| {
        ENVELOPES.contains(&name.as_str()) || DATABASE.contains(&name.as_str()) || name == WIPING || is_moving(name)
    };
    Ok(names(folder)?.iter().any(ours))
}

/// Names of the folders of what was set aside, in their order.
pub(super) fn asides(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = names(folder)?;
    names.retain(|name| name.starts_with(ASIDE));
    names.sort();
    Ok(names)
}

fn is_moving(name: &str) -> bool {
    name.strip_prefix(MOVING).is_some_and(|aside| aside.starts_with(ASIDE))
}

fn run(steps: &[Step]) -> io::Result<()> {
    steps.iter().try_for_each(step)
}

fn step(step: &Step) -> io::Result<()> {
    match step {
        Step::MakeFolder(path) => fs::create_dir_all(path),
        Step::Mark(path) => File::create(path).map(drop),
        // Done before, if it is not there; a place that is not there is an error.
        Step::Move(from, to) => {
            if is_there(from)? {
                fs::rename(from, to)
            } else {
                Ok(())
            }
        }
        Step::Overwrite(path) => {
            // The key is gone with the file anyway; this is for who reads the medium.
            let _ = overwrite(path);
            Ok(())
        }
        // A folder in the place of a file is removed as one.
        Step::Remove(path) if path.is_dir() => unless_gone(fs::remove_dir_all(path)),
        Step::Remove(path) => unless_gone(fs::remove_file(path)),
        Step::RemoveFolder(path) => unless_gone(fs::remove_dir_all(path)),
        Step::Sync(path) => sync_folder(path),
    }
}

/// What a marker asks for; no steps without one.
fn completion(folder: &Path) -> io::Result<Vec<Step>> {
    let mut moving = None;
    for name in names(folder)? {
        if name == WIPING {
            return wiping(folder);
        }
        if let Some(aside) = name.strip_prefix(REPAIRING) {
            return repairing(folder, &folder.join(aside), &name);
        }
        if is_moving(&name) {
            moving = Some(name);
        }
    }
    let Some(marker) = moving else { return Ok(Vec::new()) };
    let aside = folder.join(marker.trim_start_matches(MOVING));
    let mut steps = vec![Step::MakeFolder(aside.clone())];
    steps.extend(moves(folder, &aside, &ALL)?);
    steps.extend(done(folder, vec![Step::Sync(aside)], &marker));
    Ok(steps)
}

fn setting_aside(folder: &Path) -> io::Result<Vec<Step>> {
    let aside = durable::free(folder, ASIDE)?;
    let name = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let moves = moves(folder, &aside, &ALL)?;
    if moves.is_empty() {
        return Ok(moves);
    }
    let marker = format!("{MOVING}{name}");
    // The folder first: where there is no room for it, nothing was begun.
    let mut steps = vec![Step::MakeFolder(aside.clone()), Step::Mark(folder.join(&marker)), Step::Sync(folder.into())];
    steps.extend(moves);
    steps.extend(done(folder, vec![Step::Sync(aside)], &marker));
    Ok(steps)
}

fn moves(folder: &Path, aside: &Path, files: &[&str]) -> io::Result<Vec<Step>> {
    let mut moves = Vec::new();
    for name in files {
        if is_there(&folder.join(name))? {
            moves.push(Step::Move(folder.join(name), aside.join(name)));
        }
    }
    Ok(moves)
}

/// The envelopes first: without them nothing of the rest can be read.
fn wiping(folder: &Path) -> io::Result<Vec<Step>> {
    let names = names(folder)?;
    let asides: Vec<PathBuf> = asides(folder)?.into_iter().map(|name| folder.join(name)).collect();
    let mut steps = vec![Step::Mark(folder.join(WIPING)), Step::Sync(folder.into())];
    for place in asides.iter().map(PathBuf::as_path).chain([folder]) {
        for path in ENVELOPES.iter().map(|name| place.join(name)) {
            if is_there(&path)? {
                steps.extend([Step::Overwrite(path.clone()), Step::Remove(path)]);
            }
        }
        steps.push(Step::Sync(place.into()));
    }
    steps.extend(DATABASE.iter().chain(&NEWS).map(|name| Step::Remove(folder.join(name))));
    steps.extend(asides.into_iter().map(Step::RemoveFolder));
    let moving = names.iter().filter(|name| name.starts_with(MOVING) && *name != WIPING);
    steps.extend(moving.map(|name| Step::Remove(folder.join(name))));
    steps.extend(done(folder, Vec::new(), WIPING));
    Ok(steps)
}

/// The marker goes when all else is durable.
fn done(folder: &Path, mut syncs: Vec<Step>, marker: &str) -> Vec<Step> {
    syncs.extend([Step::Sync(folder.into()), Step::Remove(folder.join(marker)), Step::Sync(folder.into())]);
    syncs
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(folder)?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn overwrite(path: &Path) -> io::Result<()> {
    durable::regular(path)?;
    let mut file = File::options().write(true).open(path)?;
    let mut left = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut noise = [0; 4096];
    while left > 0 {
        (&mut OsRng as &mut dyn CryptoRng).fill_bytes(&mut noise);
        let part = noise.get(..left).unwrap_or(&noise);
        file.write_all(part)?;
        left = left.saturating_sub(part.len());
    }
    file.sync_all()
}

fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests;
