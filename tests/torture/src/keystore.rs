//! A secure area that fails at any of its calls, in each of its ways: the store says so by name, and works when the area does again.
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use rid_flow::ports::{KeyId, KeyInfo, KeySpec, Prompt, Secret32, SecureArea, SecureAreaError};
use rid_shell::SoftwareSecureArea;

use crate::{
    check::{self, Verdict},
    model::{Account, Work},
    scratch::Scratch,
    store,
    tally::Tally,
};

const ERRORS: [SecureAreaError; 6] = [
    SecureAreaError::Busy,
    SecureAreaError::Cancelled,
    SecureAreaError::Invalidated,
    SecureAreaError::Locked,
    SecureAreaError::NotFound,
    SecureAreaError::Unavailable,
];

struct Faulty {
    area: SoftwareSecureArea,
    calls: AtomicU64,
    at: u64,
    error: SecureAreaError,
}

impl Faulty {
    fn call(&self) -> Result<(), SecureAreaError> {
        if self.calls.fetch_add(1, Ordering::AcqRel) == self.at { Err(self.error) } else { Ok(()) }
    }
}

#[async_trait]
impl SecureArea for Faulty {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.call()?;
        self.area.create_keys(count, spec).await
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.call()?;
        self.area.sign(key, message, prompt).await
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        self.call()?;
        self.area.agree(key, peer, prompt).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        self.call()?;
        self.area.derive(key, input, prompt).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.call()?;
        self.area.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        self.call()?;
        self.area.delete(key).await
    }
}

pub(crate) fn run(scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for filled in [false, true] {
        for error in ERRORS {
            for at in 0.. {
                let folder = scratch.fresh("keystore");
                let mut account = Account::default();
                if filled {
                    fill(&folder, &mut account);
                }
                let (verdict, reached) = one(&folder, at, error, &mut account);
                tally.add(verdict, &format!("{error} at call {at}"));
                if !reached {
                    break;
                }
            }
        }
    }
    tally
}

fn fill(folder: &Path, account: &mut Account) {
    if let Ok(vault) = store::open(folder) {
        act(&vault, account);
    }
}

fn act(vault: &rid_vault::Vault, account: &mut Account) {
    let work = Work::Put { name: "r1".into(), value: "1".into() };
    account.hear(&format!("do {}", work.say()));
    match store::act(vault, &work) {
        Ok(_) => account.hear("ok"),
        Err(error) => account.hear(&format!("err {}", error.code())),
    }
}

fn one(folder: &Path, at: u64, error: SecureAreaError, account: &mut Account) -> (Verdict, bool) {
    let Ok(area) = SoftwareSecureArea::open(folder) else {
        return (Verdict::Wrong("no software area".into()), false);
    };
    let area = Arc::new(Faulty { area, calls: AtomicU64::new(0), at, error });
    if let Ok(vault) = store::open_with(folder, area.clone()) {
        act(&vault, account);
    }
    let reached = area.calls.load(Ordering::Acquire) > at;
    drop(area);
    (check::after(folder, account), reached)
}
