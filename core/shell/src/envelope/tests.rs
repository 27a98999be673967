//! Envelope files: generations, damage, limits.
use std::fs::{self, File};

use super::*;
use crate::testing::Folder;

fn made(name: &str) -> Folder {
    let folder = Folder::new(name);
    fs::create_dir_all(&folder.0).unwrap();
    folder
}

fn newest(folder: &Folder) -> Option<(Generation, Vec<u8>)> {
    read(&folder.0).unwrap().into_iter().next()
}

const LONGEST: usize = MAX_LEN - HEAD - HASH;

#[test]
fn neg_k10_an_envelope_longer_than_any_is_damaged_and_not_read() {
    let folder = made("envelope-long");
    // Whole but for its length: the hash is right.
    write(&folder.0, "a", Generation(9), &vec![1; LONGEST + 1]).unwrap();
    assert_eq!(read(&folder.0), Err(StorageError::Damaged));
    // As long as no memory is: it has no blocks, and none of it is read.
    File::options().write(true).open(path(&folder.0, "a")).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(read(&folder.0), Err(StorageError::Damaged));
    write(&folder.0, "b", Generation(1), b"before").unwrap();
    assert_eq!(newest(&folder), Some((Generation(1), b"before".to_vec())), "the other generation is served");
    replace(&folder.0, Generation(2), b"after").unwrap();
    assert_eq!(newest(&folder), Some((Generation(2), b"after".to_vec())));
    assert_eq!(file(&path(&folder.0, "b")).unwrap(), Found::Whole(Generation(1), b"before".to_vec()));
}

#[test]
fn neg_k10_an_envelope_that_could_not_be_read_again_is_not_written() {
    let folder = made("envelope-written");
    replace(&folder.0, Generation(1), &[1; LONGEST]).unwrap();
    assert_eq!(replace(&folder.0, Generation(2), &[2; LONGEST + 1]), Err(StorageError::Io));
    assert_eq!(newest(&folder), Some((Generation(1), vec![1; LONGEST])));
    assert!(!path(&folder.0, "b").exists() && !path(&folder.0, "new").exists());
}

#[test]
fn neg_k10_an_envelope_that_is_no_file_is_damaged_and_not_waited_for() {
    let folder = made("envelope-folder");
    fs::create_dir(path(&folder.0, "a")).unwrap();
    assert_eq!(read(&folder.0), Err(StorageError::Damaged));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", path(&folder.0, "b")).unwrap();
        assert_eq!(read(&folder.0), Err(StorageError::Damaged), "it has no end");
    }
}
