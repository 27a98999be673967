//! Storage and secure area that are interrupted at a call.
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use rid_crypto::Secret;
use rid_flow::{
    fake::ScriptedSecureArea,
    ports::{
        Generation, KeyId, KeyInfo, KeySpec, Layout, Prompt, Row, SecureArea, SecureAreaError, Storage, StorageError,
        Transaction,
    },
};

/// Where a wallet's process dies: at a call of storage or secure area, before or just after it was carried out.
#[derive(Clone)]
pub(crate) struct Line(Arc<Mutex<Cut>>);

struct Cut {
    /// Calls that still go through; `None`: all.
    left: Option<u64>,
    carried_out: bool,
    /// Only this call fails, then it is whole again.
    once: bool,
    hit: bool,
    error: StorageError,
}

enum Passing {
    Whole,
    /// It is carried out, the answer is lost.
    Mute,
    Dead,
}

impl Line {
    pub(crate) fn whole() -> Self {
        let error = StorageError::Io;
        Self(Arc::new(Mutex::new(Cut { left: None, carried_out: false, once: false, hit: false, error })))
    }

    /// From the call after the next `calls` on nothing gets through.
    pub(crate) fn cut_after(&self, calls: u64, carried_out: bool) {
        let mut cut = self.0.lock().unwrap();
        (cut.left, cut.carried_out, cut.once, cut.hit) = (Some(calls), carried_out, false, false);
    }

    /// That one call fails, later ones do not.
    pub(crate) fn fail_one(&self, calls: u64, error: StorageError) {
        self.cut_after(calls, false);
        let mut cut = self.0.lock().unwrap();
        (cut.once, cut.error) = (true, error);
    }

    /// Storage that it can interrupted.
    pub(crate) fn over(&self, storage: Arc<dyn Storage>) -> Arc<dyn Storage> {
        Arc::new(CutStorage(storage, self.clone()))
    }

    pub(crate) fn was_hit(&self) -> bool {
        self.0.lock().unwrap().hit
    }

    fn pass(&self) -> Result<Passing, StorageError> {
        let mut cut = self.0.lock().unwrap();
        match cut.left {
            None => Ok(Passing::Whole),
            Some(0) => {
                let first = !cut.hit;
                cut.hit = true;
                if cut.once {
                    cut.left = None;
                    return Err(cut.error);
                }
                Ok(if first && cut.carried_out { Passing::Mute } else { Passing::Dead })
            }
            Some(left) => {
                cut.left = Some(left - 1);
                Ok(Passing::Whole)
            }
        }
    }

    async fn run<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
        error: impl Fn(StorageError) -> E,
    ) -> Result<T, E> {
        match self.pass().map_err(&error)? {
            Passing::Whole => call.await,
            Passing::Mute => {
                let _ = call.await;
                Err(error(StorageError::Io))
            }
            Passing::Dead => Err(error(StorageError::Io)),
        }
    }
}

struct CutStorage(Arc<dyn Storage>, Line);

#[async_trait]
impl Storage for CutStorage {
    async fn open(&self) -> Result<Layout, StorageError> {
        self.1.run(self.0.open(), |error| error).await
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        self.1.run(self.0.transact(transaction), |error| error).await
    }

    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.1.run(self.0.envelope_read(), |error| error).await
    }

    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError> {
        self.1.run(self.0.envelope_replace(generation, bytes), |error| error).await
    }

    async fn set_aside(&self) -> Result<(), StorageError> {
        self.1.run(self.0.set_aside(), |error| error).await
    }

    async fn wipe(&self) -> Result<(), StorageError> {
        self.1.run(self.0.wipe(), |error| error).await
    }

    async fn close(&self) -> Result<(), StorageError> {
        self.1.run(self.0.close(), |error| error).await
    }
}

pub(crate) struct CutArea {
    pub(crate) area: Arc<ScriptedSecureArea>,
    pub(crate) gone: Arc<Mutex<BTreeSet<KeyId>>>,
    /// It says of its keys that they are in hardware.
    pub(crate) hardware: bool,
    pub(crate) line: Line,
}

impl CutArea {
    fn there(&self, key: &KeyId) -> Result<(), SecureAreaError> {
        if self.gone.lock().unwrap().contains(key) { Err(SecureAreaError::NotFound) } else { Ok(()) }
    }
}

fn unavailable(_: StorageError) -> SecureAreaError {
    SecureAreaError::Unavailable
}

#[async_trait]
impl SecureArea for CutArea {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.line.run(self.area.create_keys(count, spec), unavailable).await
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.there(&key)?;
        self.line.run(self.area.sign(key, message, prompt), unavailable).await
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.there(&key)?;
        self.line.run(self.area.agree(key, peer, prompt), unavailable).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        let derived = async {
            self.there(&key)?;
            self.area.derive(key.clone(), input, prompt).await
        };
        self.line.run(derived, unavailable).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.there(&key)?;
        let info = self.line.run(self.area.info(key), unavailable).await?;
        Ok(KeyInfo { hardware: self.hardware, ..info })
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        let forget = async {
            self.gone.lock().unwrap().insert(key.clone());
            Ok(())
        };
        self.line.run(forget, unavailable).await
    }
}
