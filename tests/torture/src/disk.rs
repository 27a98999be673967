//! A disk that may lose what was not synced: files and names as they are, and as they would be after a power cut.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::seed::Seed;

/// What is kept of unsynced changes at the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    All,
    /// Each change by the toss of a coin.
    Half,
    None,
    /// A random beginning of the changes, the last of them torn at a sector.
    Torn,
}

pub(crate) const KEEPS: [Keep; 4] = [Keep::All, Keep::Half, Keep::None, Keep::Torn];
const SECTOR: usize = 512;

#[derive(Clone)]
enum Change {
    Truncate(usize),
    Write(usize, Vec<u8>),
}

#[derive(Clone, Default)]
struct Inode {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Name {
    Folder(String),
    Link(String, usize),
    Rename(String, String),
    Unfolder(String),
    Unlink(String),
}

impl Name {
    fn paths(&self) -> impl Iterator<Item = &str> {
        let (one, other) = match self {
            Self::Rename(from, to) => (from, Some(to)),
            Self::Folder(path) | Self::Link(path, _) | Self::Unfolder(path) | Self::Unlink(path) => (path, None),
        };
        [Some(one), other].into_iter().flatten().map(String::as_str)
    }

    /// The folder whose sync makes it durable; of a move, that which it leads to.
    fn folder(&self) -> &str {
        let (Self::Folder(path)
        | Self::Link(path, _)
        | Self::Rename(_, path)
        | Self::Unfolder(path)
        | Self::Unlink(path)) = self;
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// Names at one moment.
#[derive(Clone, Default)]
struct Names {
    files: BTreeMap<String, usize>,
    folders: BTreeSet<String>,
}

impl Names {
    fn apply(&mut self, name: &Name) {
        match name {
            Name::Folder(path) => {
                self.folders.insert(path.clone());
            }
            Name::Link(path, inode) => {
                self.files.insert(path.clone(), *inode);
            }
            Name::Rename(from, to) => {
                if let Some(inode) = self.files.remove(from) {
                    self.files.insert(to.clone(), inode);
                }
            }
            Name::Unfolder(path) => {
                self.folders.remove(path);
            }
            Name::Unlink(path) => {
                self.files.remove(path);
            }
        }
    }
}

/// Files by name; a change is durable when its file, a name when its folder (or its new file) was synced.
#[derive(Default)]
pub(crate) struct Disk {
    inodes: Vec<Inode>,
    current: Names,
    durable: Names,
    names: Vec<Name>,
}

fn change(bytes: &mut Vec<u8>, change: &Change, limit: usize) {
    match change {
        Change::Truncate(length) => bytes.resize(*length, 0),
        Change::Write(offset, data) => {
            let data = data.get(..limit.min(data.len())).unwrap_or_default();
            let end = offset.saturating_add(data.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            if let Some(place) = bytes.get_mut(*offset..end) {
                place.copy_from_slice(data);
            }
        }
    }
}

impl Disk {
    /// A disk with what lies in a folder, all of it durable.
    pub(crate) fn with(folder: &Path) -> Self {
        let mut disk = Self::default();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, durable) = (entry.path().display().to_string(), fs::read(entry.path()).unwrap_or_default());
            disk.inodes.push(Inode { durable, pending: Vec::new() });
            disk.current.files.insert(path.clone(), disk.inodes.len() - 1);
            disk.durable.files.insert(path, disk.inodes.len() - 1);
        }
        disk
    }

    fn inode(&mut self, path: &str) -> Option<&mut Inode> {
        let index = *self.current.files.get(path)?;
        self.inodes.get_mut(index)
    }

    fn name(&mut self, name: Name) {
        self.current.apply(&name);
        self.names.push(name);
    }

    pub(crate) fn open(&mut self, path: &str, create: bool, truncate: bool) {
        if create && !self.current.files.contains_key(path) {
            self.inodes.push(Inode::default());
            let inode = self.inodes.len() - 1;
            self.name(Name::Link(path.into(), inode));
        }
        if truncate {
            self.truncate(path, 0);
        }
    }

    pub(crate) fn write(&mut self, path: &str, offset: usize, data: &[u8]) {
        if let Some(inode) = self.inode(path) {
            inode.pending.push(Change::Write(offset, data.to_vec()));
        }
    }

    pub(crate) fn truncate(&mut self, path: &str, length: usize) {
        if let Some(inode) = self.inode(path) {
            inode.pending.push(Change::Truncate(length));
        }
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        self.name(Name::Rename(from.into(), to.into()));
    }

    pub(crate) fn link(&mut self, from: &str, to: &str) {
        if let Some(inode) = self.current.files.get(from) {
            self.name(Name::Link(to.into(), *inode));
        }
    }

    pub(crate) fn unlink(&mut self, path: &str) {
        self.name(Name::Unlink(path.into()));
    }

    pub(crate) fn folder(&mut self, path: &str) {
        self.name(Name::Folder(path.into()));
    }

    pub(crate) fn unfolder(&mut self, path: &str) {
        self.name(Name::Unfolder(path.into()));
    }

    pub(crate) fn sync(&mut self, path: &str) {
        let Some(index) = self.current.files.get(path).copied() else { return };
        if let Some(inode) = self.inodes.get_mut(index) {
            for pending in std::mem::take(&mut inode.pending) {
                change(&mut inode.durable, &pending, usize::MAX);
            }
        }
        // The name of a new file comes along with its first sync, as file systems do.
        self.settle(|name| matches!(name, Name::Link(to, linked) if *linked == index && to == path));
    }

    pub(crate) fn sync_folder(&mut self, path: &str) {
        let path = path.trim_end_matches('/');
        self.settle(|name| name.folder() == path);
    }

    /// Makes names durable, and before each whatever befell the same names earlier: an order that no file system
    /// turns round.
    fn settle(&mut self, durable: impl Fn(&Name) -> bool) {
        let mut touched: BTreeSet<String> = BTreeSet::new();
        let (mut now, mut later) = (Vec::new(), Vec::new());
        for name in std::mem::take(&mut self.names).into_iter().rev() {
            if durable(&name) || name.paths().any(|path| touched.contains(path)) {
                touched.extend(name.paths().map(str::to_owned));
                now.push(name);
            } else {
                later.push(name);
            }
        }
        now.iter().rev().for_each(|name| self.durable.apply(name));
        later.reverse();
        self.names = later;
    }

    /// Writes what the cut leaves into a folder.
    pub(crate) fn image(&self, root: &str, keep: Keep, seed: &mut Seed, folder: &Path) -> std::io::Result<()> {
        let mut names = self.durable.clone();
        let kept = match keep {
            Keep::All => self.names.len(),
            Keep::None => 0,
            Keep::Half | Keep::Torn => seed.index(self.names.len() + 1),
        };
        self.names.iter().take(kept).for_each(|name| names.apply(name));
        let place = |path: &str| Some(folder.join(path.strip_prefix(root)?.trim_start_matches('/')));
        for path in names.folders.iter().filter_map(|path| place(path)) {
            fs::create_dir_all(path)?;
        }
        for (path, index) in &names.files {
            let (Some(inode), Some(place)) = (self.inodes.get(*index), place(path)) else { continue };
            // Names in a folder that is not there are gone with it.
            if place.parent().is_some_and(Path::is_dir) {
                fs::write(place, left(inode, keep, seed))?;
            }
        }
        Ok(())
    }
}

fn left(inode: &Inode, keep: Keep, seed: &mut Seed) -> Vec<u8> {
    let mut bytes = inode.durable.clone();
    let last = match keep {
        Keep::Torn => seed.index(inode.pending.len() + 1),
        _ => inode.pending.len(),
    };
    for (position, pending) in inode.pending.iter().take(last).enumerate() {
        match (keep, pending) {
            (Keep::None, _) => break,
            (Keep::Half, _) if seed.below(2) == 0 => {}
            (Keep::Torn, Change::Write(_, data)) if position + 1 == last => {
                change(&mut bytes, pending, seed.index(data.len() / SECTOR + 1) * SECTOR);
            }
            _ => change(&mut bytes, pending, usize::MAX),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an image holds of a file, by name.
    fn image(disk: &Disk, keep: Keep) -> BTreeMap<String, Vec<u8>> {
        let Ok(scratch) = crate::scratch::Scratch::make(None) else { return BTreeMap::new() };
        let folder = scratch.fresh("image");
        disk.image("/s", keep, &mut Seed::new(1), &folder).unwrap_or_default();
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        let seen = files
            .map(|file| (file.file_name().to_string_lossy().into_owned(), fs::read(file.path()).unwrap_or_default()));
        seen.collect()
    }

    fn of(files: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()
    }

    #[test]
    fn neg_k02_what_was_not_synced_may_be_gone() {
        let mut disk = Disk::default();
        disk.open("/s/a", true, false);
        disk.write("/s/a", 0, b"one");
        assert_eq!(image(&disk, Keep::None), of(&[]));
        assert_eq!(image(&disk, Keep::All), of(&[("a", b"one")]));
        disk.sync("/s/a");
        disk.write("/s/a", 3, b"two");
        disk.rename("/s/a", "/s/b");
        assert_eq!(image(&disk, Keep::None), of(&[("a", b"one")]));
        assert_eq!(image(&disk, Keep::All), of(&[("b", b"onetwo")]));
        disk.sync_folder("/s");
        assert_eq!(image(&disk, Keep::None), of(&[("b", b"one")]));
    }

    #[test]
    fn a_file_made_again_outlives_the_removal_of_the_one_before() {
        let mut disk = Disk::default();
        disk.open("/s/a", true, false);
        disk.sync("/s/a");
        disk.unlink("/s/a");
        disk.open("/s/a", true, false);
        disk.write("/s/a", 0, b"new");
        disk.sync("/s/a");
        disk.sync_folder("/s");
        assert_eq!(image(&disk, Keep::None), of(&[("a", b"new")]));
    }
}
