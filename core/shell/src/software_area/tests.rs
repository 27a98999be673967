//! The software secure area over its files.
use std::{collections::BTreeMap, fs};

use rid_flow::{
    fake::{block_on, conformance},
    ports::UserAuth,
};
use zeroize::Zeroizing;

use super::*;
use crate::testing::Folder;

/// As little as Argon2 takes: what is tested here is not its cost.
const CHEAP: Argon2Cost = Argon2Cost { memory_kib: 8, passes: 1, lanes: 1 };

fn passphrase(text: &str) -> Sealing {
    Sealing::Passphrase(Zeroizing::new(text.into()))
}

fn opened(folder: &Folder, sealing: &Sealing) -> Result<SoftwareSecureArea, SecureAreaError> {
    SoftwareSecureArea::open_at(&folder.0, sealing, CHEAP)
}

fn make(area: &SoftwareSecureArea, usage: KeyUse) -> KeyInfo {
    let spec = KeySpec { usage, user_auth: UserAuth::None, challenge: vec![] };
    block_on(area.create_keys(1, spec)).unwrap().remove(0)
}

fn files(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn an_area_under_each_sealing_passes_the_suite_and_says_that_it_is_no_hardware() {
    let stick = Folder::new("area-stick");
    fs::create_dir_all(&stick.0).unwrap();
    for sealing in [passphrase("four words of some length"), Sealing::KeyFile(stick.0.join("key"))] {
        let folder = Folder::new("area-suite");
        block_on(conformance::secure_area(std::sync::Arc::new(opened(&folder, &sealing).unwrap())));
        let area = opened(&folder, &sealing).unwrap();
        for usage in [KeyUse::Agree, KeyUse::Derive, KeyUse::Sign] {
            let key = make(&area, usage);
            assert!(!key.hardware);
            assert_eq!(block_on(opened(&folder, &sealing).unwrap().info(key.id.clone())), Ok(key), "keys stay");
        }
        assert!(!files(&folder).contains_key(sealing::BESIDE), "what opens it does not lie beside it");
    }
}

#[test]
fn a_passphrase_costs_as_much_as_what_may_be_carried_away() {
    let folder = Folder::new("area-cost");
    SoftwareSecureArea::open_with(&folder.0, passphrase("passphrase")).unwrap();
    let header = fs::read(folder.0.join("software-keys.passphrase")).unwrap();
    let Argon2Cost { memory_kib, passes, lanes } = Argon2Cost::STORED;
    assert_eq!(header[8..20], [memory_kib, passes, lanes].map(u32::to_be_bytes).concat());
    SoftwareSecureArea::open_with(&folder.0, passphrase("passphrase")).unwrap();
}

#[test]
fn a_wrong_passphrase_is_locked_and_changes_nothing() {
    for with_keys in [false, true] {
        let folder = Folder::new("area-wrong");
        let area = opened(&folder, &passphrase("right")).unwrap();
        if with_keys {
            make(&area, KeyUse::Sign);
        }
        let before = files(&folder);
        for wrong in ["", "Right", "right ", "wrong"] {
            assert_eq!(opened(&folder, &passphrase(wrong)).err(), Some(SecureAreaError::Locked), "{wrong}");
        }
        assert_eq!(SoftwareSecureArea::open(&folder.0).err(), Some(SecureAreaError::Locked), "a passphrase is set");
        assert_eq!(files(&folder), before);
        opened(&folder, &passphrase("right")).unwrap();
    }
    let folder = Folder::new("area-empty");
    assert_eq!(opened(&folder, &passphrase("")).err(), Some(SecureAreaError::Locked), "an empty one is never set");
    assert_eq!(files(&folder).into_keys().collect::<Vec<_>>(), ["software-keys.lock"]);
}

#[test]
fn neg_k14_no_new_sealing_key_is_made_over_existing_keys() {
    let stick = Folder::new("area-stick");
    fs::create_dir_all(&stick.0).unwrap();
    let sealings = [(passphrase("right"), "software-keys.passphrase"), (Sealing::KeyFile(stick.0.join("key")), "")];
    for (sealing, header) in &sealings {
        let folder = Folder::new("area-lost");
        make(&opened(&folder, sealing).unwrap(), KeyUse::Sign);
        let _ = fs::remove_file(folder.0.join(header));
        let _ = fs::remove_file(stick.0.join("key"));
        let before = files(&folder);
        for again in [sealing, &passphrase("other"), &Sealing::KeyFile(folder.0.join(sealing::BESIDE))] {
            assert_eq!(opened(&folder, again).err(), Some(SecureAreaError::NotFound));
        }
        assert_eq!(files(&folder), before);
        assert_eq!(files(&stick).len(), 0);
    }
}

#[test]
fn a_file_that_was_altered_anywhere_is_named_and_not_touched() {
    let stick = Folder::new("area-stick");
    fs::create_dir_all(&stick.0).unwrap();
    for sealing in [passphrase("right"), Sealing::KeyFile(stick.0.join("key"))] {
        let folder = Folder::new("area-altered");
        make(&opened(&folder, &sealing).unwrap(), KeyUse::Sign);
        let whole = files(&folder);
        for (name, bytes) in &whole {
            let mut altered: Vec<Vec<u8>> = (0..bytes.len()).map(|len| bytes[..len].to_vec()).collect();
            for at in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[at / 8] ^= 1 << (at % 8);
                altered.push(flipped);
            }
            for altered in altered {
                fs::write(folder.0.join(name), &altered).unwrap();
                assert_eq!(opened(&folder, &sealing).err(), Some(SecureAreaError::Unavailable), "{name}");
                assert_eq!(fs::read(folder.0.join(name)).unwrap(), altered);
            }
            fs::write(folder.0.join(name), bytes).unwrap();
        }
        opened(&folder, &sealing).unwrap();
    }
    fs::write(stick.0.join("key"), [7; 31]).unwrap();
    let folder = Folder::new("area-short");
    let short = Sealing::KeyFile(stick.0.join("key"));
    assert_eq!(opened(&folder, &short).err(), Some(SecureAreaError::Unavailable), "no other key is made over a file");
}

#[test]
fn neg_k26_a_cost_that_no_one_set_is_refused_before_it_is_paid() {
    let folder = Folder::new("area-cost-altered");
    drop(opened(&folder, &passphrase("right")).unwrap());
    let path = folder.0.join("software-keys.passphrase");
    let header = fs::read(&path).unwrap();
    for (at, value) in [(8, 1_u32 << 31), (8, 0), (12, u32::MAX), (16, u32::MAX), (16, 0)] {
        let mut body = header[..header.len() - 32].to_vec();
        body[at..at + 4].copy_from_slice(&value.to_be_bytes());
        let hash = rid_crypto::sha256(&[&body]);
        fs::write(&path, [body.as_slice(), &hash].concat()).unwrap();
        assert_eq!(opened(&folder, &passphrase("right")).err(), Some(SecureAreaError::Unavailable));
    }
    // A cheaper cost than was set gives another key, and no way to guess at the old one.
    let mut body = header[..header.len() - 32].to_vec();
    body[12..16].copy_from_slice(&2_u32.to_be_bytes());
    let hash = rid_crypto::sha256(&[&body]);
    fs::write(&path, [body.as_slice(), &hash].concat()).unwrap();
    assert_eq!(opened(&folder, &passphrase("right")).err(), Some(SecureAreaError::Locked));
}

#[test]
fn a_key_file_may_be_shared_and_a_process_that_died_over_it_leaves_it_whole() {
    let stick = Folder::new("area-shared");
    fs::create_dir_all(&stick.0).unwrap();
    let sealing = Sealing::KeyFile(stick.0.join("key"));
    // What a process left that died while it made the file.
    fs::write(stick.0.join("key.part"), [1; 7]).unwrap();
    let (one, other) = (Folder::new("area-one"), Folder::new("area-other"));
    let key = make(&opened(&one, &sealing).unwrap(), KeyUse::Derive);
    make(&opened(&other, &sealing).unwrap(), KeyUse::Derive);
    assert_eq!(fs::read(stick.0.join("key")).unwrap().len(), 32);
    assert_eq!(block_on(opened(&one, &sealing).unwrap().info(key.id.clone())), Ok(key.clone()));
    assert_eq!(block_on(opened(&other, &sealing).unwrap().info(key.id)), Err(SecureAreaError::NotFound));
    let missing = Sealing::KeyFile(stick.0.join("no folder").join("key"));
    assert_eq!(opened(&Folder::new("area-three"), &missing).err(), Some(SecureAreaError::Unavailable));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(stick.0.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(one.0.join("software-keys")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
#[cfg(unix)]
fn neg_k26_a_file_without_an_end_is_named_and_not_read() {
    let stick = Folder::new("area-endless-stick");
    fs::create_dir_all(&stick.0).unwrap();
    for sealing in [passphrase("right"), Sealing::KeyFile(stick.0.join("key"))] {
        let folder = Folder::new("area-endless");
        make(&opened(&folder, &sealing).unwrap(), KeyUse::Sign);
        let names: Vec<PathBuf> = files(&folder).into_keys().map(|name| folder.0.join(name)).collect();
        let read = |path: &&PathBuf| path.exists() && path.extension().is_none_or(|end| end != "lock");
        for path in names.iter().chain(&[stick.0.join("key")]).filter(read) {
            let whole = fs::read(path).unwrap();
            fs::remove_file(path).unwrap();
            for endless in ["/dev/zero", "/"] {
                std::os::unix::fs::symlink(endless, path).unwrap();
                assert_eq!(opened(&folder, &sealing).err(), Some(SecureAreaError::Unavailable), "{}", path.display());
                fs::remove_file(path).unwrap();
            }
            fs::write(path, whole).unwrap();
        }
        opened(&folder, &sealing).unwrap();
    }
}

#[test]
fn an_area_that_does_not_open_is_set_aside_or_removed_whole() {
    let folder = Folder::new("area-away");
    let key = make(&opened(&folder, &passphrase("forgotten")).unwrap(), KeyUse::Sign);
    assert_eq!(SoftwareSecureArea::open(&folder.0).err(), Some(SecureAreaError::Locked));
    assert!(SoftwareSecureArea::is_there(&folder.0).unwrap());
    for number in 1..=2 {
        SoftwareSecureArea::set_aside(&folder.0).unwrap();
        assert!(!SoftwareSecureArea::is_there(&folder.0).unwrap());
        make(&SoftwareSecureArea::open(&folder.0).unwrap(), KeyUse::Sign);
        let aside = Folder(folder.0.join(format!("aside-keys-{number}")));
        let opened =
            if number == 1 { opened(&aside, &passphrase("forgotten")) } else { SoftwareSecureArea::open(&aside.0) };
        assert_eq!(
            block_on(opened.unwrap().info(key.id.clone())).is_ok(),
            number == 1,
            "what was moved opens as it was"
        );
        std::mem::forget(aside);
    }
    fs::write(folder.0.join("software-keys"), "damaged").unwrap();
    SoftwareSecureArea::remove(&folder.0).unwrap();
    let left: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name.to_string_lossy().starts_with("aside-keys-")), "{left:?}");
    SoftwareSecureArea::remove(&folder.0).unwrap();
    assert!(SoftwareSecureArea::remove(&folder.0.join("none")).is_err());
}

#[test]
#[cfg(target_os = "linux")]
fn a_key_file_may_be_a_pipe() {
    use std::{io::Write as _, os::fd::AsRawFd as _};
    let folder = Folder::new("area-pipe");
    let piped = |key: &[u8]| {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(key).unwrap();
        drop(writer);
        opened(&folder, &Sealing::KeyFile(format!("/proc/self/fd/{}", reader.as_raw_fd()).into()))
    };
    let key = make(&piped(&[7; 32]).unwrap(), KeyUse::Derive);
    assert_eq!(block_on(piped(&[7; 32]).unwrap().info(key.id.clone())), Ok(key));
    assert_eq!(piped(&[7; 31]).err(), Some(SecureAreaError::Unavailable));
    assert_eq!(piped(&[7; 4096]).err(), Some(SecureAreaError::Unavailable));
}
