//! A disk that may lose what was not synced: files and names as they are, and as they would be after a power cut.
use std::{collections::BTreeMap, fs, path::Path};

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
    Link(String, usize),
    Rename(String, String),
    Unlink(String),
}

/// Files by name; a change is durable when its file, a name when its folder (or its new file) was synced.
#[derive(Default)]
pub(crate) struct Disk {
    inodes: Vec<Inode>,
    current: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    names: Vec<Name>,
}

fn apply(names: &mut BTreeMap<String, usize>, name: &Name) {
    match name {
        Name::Link(path, inode) => {
            names.insert(path.clone(), *inode);
        }
        Name::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
        Name::Unlink(path) => {
            names.remove(path);
        }
    }
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
    fn inode(&mut self, path: &str) -> Option<&mut Inode> {
        let index = *self.current.get(path)?;
        self.inodes.get_mut(index)
    }

    fn name(&mut self, name: Name) {
        apply(&mut self.current, &name);
        self.names.push(name);
    }

    pub(crate) fn open(&mut self, path: &str, create: bool, truncate: bool) {
        if create && !self.current.contains_key(path) {
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

    pub(crate) fn unlink(&mut self, path: &str) {
        self.name(Name::Unlink(path.into()));
    }

    pub(crate) fn sync(&mut self, path: &str) {
        let Some(index) = self.current.get(path).copied() else { return };
        if let Some(inode) = self.inodes.get_mut(index) {
            for pending in std::mem::take(&mut inode.pending) {
                change(&mut inode.durable, &pending, usize::MAX);
            }
        }
        // The name of a new file comes along with its first sync, as file systems do.
        let mut left = Vec::new();
        for name in std::mem::take(&mut self.names) {
            match &name {
                Name::Link(_, linked) if *linked == index => apply(&mut self.durable, &name),
                _ => left.push(name),
            }
        }
        self.names = left;
    }

    pub(crate) fn sync_folder(&mut self) {
        for name in std::mem::take(&mut self.names) {
            apply(&mut self.durable, &name);
        }
    }

    /// Writes what the cut leaves into a folder.
    pub(crate) fn image(&self, root: &str, keep: Keep, seed: &mut Seed, folder: &Path) -> std::io::Result<()> {
        let mut names = self.durable.clone();
        let kept = match keep {
            Keep::All => self.names.len(),
            Keep::None => 0,
            Keep::Half | Keep::Torn => seed.index(self.names.len() + 1),
        };
        for name in self.names.iter().take(kept) {
            apply(&mut names, name);
        }
        for (path, index) in names {
            let Some(inode) = self.inodes.get(index) else { continue };
            let Some(name) = path.strip_prefix(root) else { continue };
            fs::write(folder.join(name.trim_start_matches('/')), left(inode, keep, seed))?;
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
