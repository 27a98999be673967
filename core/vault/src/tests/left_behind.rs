//! What a locked store leaves in the memory of the process: no key of the person's, no PIN, no code, nothing of a
//! document (neg-N03, inv of `lock`).
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rid_flow::{
    Changes, Credential, CredentialId, NewCopy, Store,
    fake::{
        MemoryDisk, MemoryStorage, ScriptedSecureArea, SeededRng, block_on,
        memory::{Needle, sweep},
    },
    ports::{KeyId, Storage},
};
use rid_shell::SqliteStorage;
use zeroize::Zeroizing;

use super::forged::event;
use crate::{Pin, RecoveryCode, Vault, VaultConfig};

/// Drawn, so that it stands nowhere but where it is put; kept masked.
fn drawn(seed: u64, bytes: usize) -> Needle {
    let mut secret = Zeroizing::new(vec![0; bytes]);
    let rng: &mut dyn rid_crypto::CryptoRng = &mut SeededRng::new(seed);
    rng.fill_bytes(&mut secret);
    Needle::of(&secret)
}

fn revealed(needle: &Needle, bytes: usize) -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(vec![0; bytes]);
    needle.reveal(&mut secret);
    secret
}

fn credential(document: &Needle, copies: u8) -> Credential {
    let copy = |n| NewCopy { key: KeyId(format!("key-{n}")), bytes: revealed(document, 600).to_vec() };
    super::credential("card", (0..copies).map(copy).collect())
}

fn presentation() -> Changes {
    Changes { consume: vec![CredentialId("card".into())], history: vec![event(1)], ..Changes::default() }
}

/// Digits from drawn bytes: twelve, so that they stand nowhere by chance.
fn pin(needle: &Needle) -> Pin {
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(revealed(needle, 12).iter().map(|byte| b'0' + byte % 10).collect());
    Pin::parse(&digits).unwrap()
}

#[test]
fn neg_n03_nothing_is_left_after_lock() {
    nothing_is_left(Arc::new(MemoryStorage::new(&MemoryDisk::new())), 1_000);
}

#[test]
fn neg_n03_nothing_is_left_after_lock_over_sqlite() {
    let folder = std::env::temp_dir().join(format!("rid-left-behind-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    nothing_is_left(Arc::new(SqliteStorage::new(&folder)), 2_000);
    let _ = std::fs::remove_dir_all(&folder);
}

/// `seeds`: no two tests in one process have the same secrets.
fn nothing_is_left(storage: Arc<dyn Storage>, seeds: u64) {
    let area = Arc::new(ScriptedSecureArea::new(seeds + 31));
    let seed = AtomicU64::new(seeds + 100);
    let rng = Arc::new(move || -> Box<dyn rid_crypto::CryptoRng + Send> {
        Box::new(SeededRng::new(seed.fetch_add(1, Ordering::Relaxed)))
    });
    let vault = block_on(Vault::open(storage, area, rng, VaultConfig { low_water: 0 })).unwrap();
    let document = drawn(seeds + 5, 600);
    let part = Needle::of(&revealed(&document, 600)[100..164]);
    let add = Changes { add: vec![credential(&document, 4)], ..Changes::default() };
    block_on(vault.commit(add)).unwrap();
    let digits = drawn(seeds + 6, 12);
    block_on(vault.set_pin(&pin(&digits), &[])).unwrap();
    let code = block_on(vault.make_recovery_code(Some(&pin(&digits)))).unwrap();
    let (code_bytes, code_text) = (Needle::of(code.expose()), Needle::of(code.to_text().as_bytes()));
    let again = RecoveryCode::parse(&code.to_text()).unwrap();
    drop(code);
    block_on(vault.enable_biometrics()).unwrap();
    block_on(vault.rotate_keys()).unwrap();

    for method in 0..3 {
        vault.lock();
        match method {
            0 => block_on(vault.unlock_with_pin(&pin(&digits))).unwrap(),
            1 => block_on(vault.unlock_with_biometrics()).unwrap(),
            _ => block_on(vault.unlock_with_recovery_code(&again)).unwrap(),
        }
        let used = block_on(vault.commit(presentation())).unwrap();
        assert_eq!(used.copies.len(), 1);
        assert!(block_on(vault.copy_for_display(&CredentialId("card".into()))).unwrap().is_some());
        assert_eq!(block_on(vault.credentials()).unwrap().credentials.len(), 1);
        let mut needles = keys(&vault);
        needles.push(("part of a document", Needle::of(&revealed(&part, 64))));
        assert!(hits(&needles).into_iter().all(|(_, hits)| hits >= 1), "what is in use is seen");
        drop(used);
        needles.push(("PIN", Needle::of(pin(&digits).expose())));
        vault.lock();
        for (what, hits) in hits(&needles) {
            assert_eq!(hits, 0, "{what} after method {method}");
        }
    }
    drop(again);
    assert_eq!(sweep(&[&code_bytes, &code_text]), Some(vec![0, 0]), "the recovery code");
}

fn hits<'a>(needles: &'a [(&'static str, Needle)]) -> Vec<(&'a str, usize)> {
    let all: Vec<&Needle> = needles.iter().map(|(_, needle)| needle).collect();
    needles.iter().map(|(what, _)| *what).zip(sweep(&all).unwrap()).collect()
}

/// The person's keys, masked at once.
fn keys(vault: &Vault) -> Vec<(&'static str, Needle)> {
    let keys = vault.keys();
    let user = keys.user().unwrap();
    let mut needles = vec![("key of the state", Needle::of(user.kek.expose()))];
    needles.push(("key of the chain", Needle::of(user.chain_key())));
    let bundle = user.encode();
    needles.push(("master", Needle::of(&bundle[bundle.len() - 32..])));
    needles
}
