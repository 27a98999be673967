//! Any one page or file of a store on disk lost, overwritten or foreign (neg-K30 to K32).
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use rid_flow::{
    Store as _,
    fake::{ScriptedSecureArea, block_on},
    ports::StorageError,
};
use rid_shell::SqliteStorage;
use rid_vault::{RecoveryCode, Remedy, Vault, VaultError};

use crate::world::*;

const PAGE: usize = 4096;
const PIN: &str = "583016";

struct Store {
    folder: Folder,
    area: Arc<ScriptedSecureArea>,
    code: RecoveryCode,
    files: Files,
}

type Files = BTreeMap<String, Vec<u8>>;

fn files(folder: &Path) -> Files {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let names =
        names.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "lock").map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

fn lay(folder: &Path, files: &Files) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
}

impl Store {
    /// Documents, history, records; a PIN and a recovery code; closed.
    fn new(name: &str, seed: u64) -> Self {
        let (folder, area) = (Folder::new(name), Arc::new(ScriptedSecureArea::new(seed)));
        let vault = open(Arc::new(SqliteStorage::new(&folder.0)), area.clone()).unwrap();
        for name in ["a", "b", "c"] {
            let mut card = credential(name, 4, rid_claims::ReusePolicy::Once);
            card.copies.iter_mut().for_each(|copy| copy.bytes = vec![7; 6_000]);
            commit(&vault, rid_flow::Changes { add: vec![card], ..Default::default() });
        }
        for n in 1..40 {
            commit(&vault, log(n));
            commit(&vault, put("settings", &n.to_string(), "1"));
        }
        commit(&vault, present("a", 41));
        block_on(vault.set_pin(&pin(PIN), &[])).unwrap();
        let code = block_on(vault.make_recovery_code(Some(&pin(PIN)))).unwrap();
        block_on(vault.confirm_recovery_code(&code.to_text())).unwrap();
        block_on(vault.close()).unwrap();
        drop(vault);
        let files = files(&folder.0);
        Self { folder, area, code, files }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.0.join(name)
    }

    fn open(&self) -> Result<Vault, VaultError> {
        open(Arc::new(SqliteStorage::new(&self.folder.0)), self.area.clone())
    }

    /// Documents that can be presented, entries that are shown.
    fn shown(vault: &Vault) -> (usize, usize) {
        let listed = block_on(vault.credentials()).unwrap().credentials;
        let history = block_on(vault.history(0, 999)).unwrap();
        (listed.len(), history.iter().filter(|row| row.kept().is_some()).count())
    }

    /// It opens by PIN or code, shows what reads, and works after the repair that is named.
    fn survives(&self, what: &str, by_pin: bool) -> (usize, usize) {
        let vault = self.open().unwrap_or_else(|error| panic!("{what}: {error}"));
        if by_pin {
            block_on(vault.unlock_with_pin(&pin(PIN))).unwrap();
        } else {
            block_on(vault.unlock_with_recovery_code(&self.code)).unwrap();
        }
        let shown = Self::shown(&vault);
        let found = block_on(vault.examine()).unwrap();
        assert!(found.findings.iter().all(|finding| finding.remedy != Remedy::Reset), "{what}: {found:?}");
        let before = shown;
        if !block_on(vault.health()).unwrap().is_whole() {
            block_on(vault.repair(at(99))).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        assert!(block_on(vault.health()).unwrap().is_whole(), "{what}");
        let after = Self::shown(&vault);
        assert!(after.0 >= before.0 && after.1 >= before.1, "{what}: {before:?} {after:?}");
        for name in ["a", "b", "c"] {
            if let Ok(Some(meta)) = block_on(vault.credential(&id(name)))
                && meta.summary.copies_left > 0
            {
                commit(&vault, present(name, 50));
            }
        }
        commit(&vault, put("settings", "new", "1"));
        block_on(vault.close()).unwrap();
        drop(vault);
        let vault = self.open().unwrap();
        block_on(vault.unlock_with_recovery_code(&self.code)).unwrap();
        assert!(block_on(vault.health()).unwrap().is_whole(), "{what}, opened again");
        shown
    }
}

#[test]
fn neg_k30_any_one_page_lost_or_overwritten_is_survived() {
    let store = Store::new("pages", 701);
    let whole = store.files["store.db"].clone();
    let pages = whole.len() / PAGE;
    assert!(pages > 20, "{pages}");
    let (mut least_documents, mut most_lost) = (3, 0);
    for page in 0..pages {
        for (n, fill) in [0_u8, 0xa5].into_iter().enumerate() {
            let mut bytes = whole.clone();
            bytes[page * PAGE..(page + 1) * PAGE].fill(fill);
            lay(&store.folder.0, &store.files);
            fs::write(store.path("store.db"), &bytes).unwrap();
            let (documents, events) =
                store.survives(&format!("page {page} of {pages}, {fill}"), page % 16 == 0 && n == 0);
            least_documents = least_documents.min(documents);
            most_lost = most_lost.max(40 - events);
        }
    }
    assert!(most_lost < 40, "one page holds only some entries: {most_lost}");
    assert!(least_documents <= 3);
}

#[test]
fn neg_k30_any_one_file_removed_or_of_another_store_is_survived_or_named() {
    let (store, other) = (Store::new("file-gone", 702), Store::new("file-other", 703));
    for name in ["envelope.a", "envelope.b"] {
        lay(&store.folder.0, &store.files);
        fs::remove_file(store.path(name)).unwrap();
        assert_eq!(store.survives(&format!("{name} removed"), true), (3, 40));
        for foreign in ["envelope.a", "envelope.b"] {
            lay(&store.folder.0, &store.files);
            fs::write(store.path(name), &other.files[foreign]).unwrap();
            assert_eq!(store.survives(&format!("{name} of another store"), true), (3, 40));
        }
        lay(&store.folder.0, &store.files);
        let highest = [b"RIDENV01".as_slice(), &[0xff; 8], b"x"].concat();
        fs::write(store.path(name), [highest.as_slice(), &rid_crypto::sha256(&[&highest])].concat()).unwrap();
        assert_eq!(store.survives(&format!("{name} of the highest generation"), false), (3, 40));
    }
    // Without the database its code still gives back nothing but words: said by name, and nothing is made over it.
    for gone in [None, Some(&other.files["store.db"])] {
        lay(&store.folder.0, &store.files);
        fs::remove_file(store.path("store.db")).unwrap();
        if let Some(foreign) = gone {
            fs::write(store.path("store.db"), foreign).unwrap();
            let vault = store.open().unwrap();
            assert!(block_on(vault.health()).unwrap().refused.is_some());
            block_on(vault.unlock_with_recovery_code(&store.code)).unwrap();
            assert_eq!(Store::shown(&vault), (0, 0));
        } else {
            assert_eq!(store.open().err(), Some(StorageError::Damaged.into()));
        }
    }
}

#[test]
fn neg_k31_a_foreign_log_is_refused_the_files_stay_and_without_it_all_is_there() {
    let (store, other) = (Store::new("log", 704), Store::new("log-other", 705));
    // Logs of another store and of an earlier moment, as a kill leaves them.
    let left = |store: &Store| {
        lay(&store.folder.0, &store.files);
        let vault = store.open().unwrap();
        block_on(vault.unlock_with_recovery_code(&store.code)).unwrap();
        commit(&vault, present("b", 60));
        fs::read(store.path("store.db-wal")).unwrap()
    };
    let (of_other, of_earlier) = (left(&other), left(&store));
    // The store goes on from where it was before that log.
    lay(&store.folder.0, &store.files);
    let vault = store.open().unwrap();
    block_on(vault.unlock_with_recovery_code(&store.code)).unwrap();
    for n in 1..6 {
        commit(&vault, present("c", n)).copies.iter().for_each(drop);
        if n == 4 {
            break;
        }
    }
    block_on(vault.close()).unwrap();
    drop(vault);
    let now = files(&store.folder.0);
    for (log, what) in [(of_other, "another store"), (of_earlier, "an earlier moment")] {
        lay(&store.folder.0, &now);
        fs::write(store.path("store.db-wal"), &log).unwrap();
        let before = files(&store.folder.0);
        let vault = store.open().unwrap();
        block_on(vault.unlock_with_recovery_code(&store.code)).unwrap();
        let health = block_on(vault.health()).unwrap();
        if health.refused.is_some() {
            assert_eq!(block_on(vault.commit(present("a", 70))).err(), Some(StorageError::Damaged), "{what}");
            assert_eq!(Store::shown(&vault).0, 3, "{what}: everything is shown all the same");
            block_on(vault.close()).unwrap();
            drop(vault);
            let database = |files: &Files| ["store.db", "store.db-wal"].map(|name| files.get(name).cloned());
            assert!(database(&files(&store.folder.0)) == database(&before), "{what}: not a byte was changed");
        }
        fs::remove_file(store.path("store.db-wal")).ok();
        if health.refused.is_some() {
            let vault = store.open().unwrap();
            block_on(vault.unlock_with_recovery_code(&store.code)).unwrap();
            assert!(block_on(vault.health()).unwrap().is_whole(), "{what}: without it all is there");
            assert_eq!(left_of(&vault), [3, 4, 0]);
        }
    }
}

fn left_of(vault: &Vault) -> [u32; 3] {
    ["a", "b", "c"].map(|name| left(vault, name))
}

#[cfg(unix)]
#[test]
fn neg_k32_a_pipe_a_folder_or_a_device_in_the_place_of_a_file_is_refused_at_once() {
    let store = Store::new("pipes", 706);
    let pipe = |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    let folder = |path: &Path| fs::create_dir(path).unwrap();
    let device = |path: &Path| std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    let places: [&dyn Fn(&Path); 3] = [&pipe, &folder, &device];
    for name in ["store.db", "store.db-wal", "lock"] {
        for place in places {
            lay(&store.folder.0, &store.files);
            let _ = fs::remove_file(store.path(name));
            place(&store.path(name));
            assert!(store.open().is_err(), "{name}");
            let _ = fs::remove_file(store.path(name));
        }
    }
    for name in ["envelope.a", "envelope.b"] {
        for place in places {
            lay(&store.folder.0, &store.files);
            fs::remove_file(store.path(name)).unwrap();
            place(&store.path(name));
            let vault = store.open().unwrap();
            block_on(vault.unlock_with_recovery_code(&store.code)).unwrap();
            assert_eq!(Store::shown(&vault), (3, 40), "{name}");
        }
    }
}
