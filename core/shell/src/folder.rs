//! A folder that is there after the power fails: its name lies in the folder above, which is synced too. What is synced
//! in a folder whose own name is lost is lost with it.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::durable::{is_there, sync_folder};

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Make(PathBuf),
    /// Makes the names in a folder durable.
    Sync(PathBuf),
    /// As [`Self::Sync`], of a folder that may be closed to us, or that cannot be synced: then we did not make what is
    /// in it.
    TrySync(PathBuf),
}

/// Makes a folder, and those above it that are missing. `settled` is the name of a file that is made in it afterwards:
/// where it lies, nothing is left to do.
pub(crate) fn make(folder: &Path, settled: &str) -> io::Result<()> {
    steps(folder, settled)?.iter().try_for_each(step)
}

/// From the top, each name durable before there is anything below it.
fn steps(folder: &Path, settled: &str) -> io::Result<Vec<Step>> {
    if is_there(&folder.join(settled))? {
        return Ok(Vec::new());
    }
    let above = |folder: &Path| folder.parent().map(Path::to_path_buf);
    let mut missing: Vec<&Path> = Vec::new();
    for folder in folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty()) {
        if is_there(folder)? {
            break;
        }
        missing.push(folder);
    }
    missing.reverse();
    // The lowest of those that are there: made just before a kill, it may not be durable yet.
    let there = missing.first().and_then(|first| first.parent()).unwrap_or(folder);
    let mut steps: Vec<Step> = above(there).map(Step::TrySync).into_iter().collect();
    for folder in missing {
        steps.push(Step::Make(folder.to_path_buf()));
        steps.extend(above(folder).map(Step::Sync));
    }
    Ok(steps)
}

fn step(step: &Step) -> io::Result<()> {
    match step {
        // Of two processes that begin at once, both have made it.
        Step::Make(folder) => fs::create_dir_all(folder),
        Step::Sync(folder) => sync_folder(folder),
        Step::TrySync(folder) => {
            let _ = sync_folder(folder);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
