//! Ports that wait at every operation, so that the number of awaits does not depend on the speed of the machine.
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use async_trait::async_trait;
use rid_crypto::SigningKey;
use rid_flow::ports::{
    Generation, KeyId, KeyInfo, KeySpec, Layout, Prompt, Row, Secret32, SecureArea, SecureAreaError, Storage,
    StorageError, Transaction,
};
use rid_shell::{SoftwareSecureArea, SqliteStorage};

/// Waits once before it continues, so that a caller can be dropped there.
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// One wait.
pub(crate) fn once() -> impl Future<Output = ()> + Send {
    Once(false)
}

/// A secure area that waits before and after each operation, as for a finger.
pub(crate) struct SlowArea(pub(crate) SoftwareSecureArea);

#[async_trait]
impl SecureArea for SlowArea {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        Once(false).await;
        let made = self.0.create_keys(count, spec).await;
        Once(false).await;
        made
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        Once(false).await;
        if prompt == Prompt::Present && REFUSES.with(std::cell::Cell::get) {
            return Err(SecureAreaError::Cancelled);
        }
        let signed = self.0.sign(key, message, prompt).await;
        Once(false).await;
        signed
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        Once(false).await;
        self.0.agree(key, peer, prompt).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        self.0.derive(key, input, prompt).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.0.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        Once(false).await;
        self.0.delete(key).await
    }
}

thread_local! {
    /// The person cancels when asked for a finger.
    pub(crate) static REFUSES: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// A store that waits after each transaction, when it is durable but not yet acknowledged.
pub(crate) struct SlowStorage(pub(crate) SqliteStorage);

#[async_trait]
impl Storage for SlowStorage {
    async fn open(&self) -> Result<Layout, StorageError> {
        self.0.open().await
    }

    async fn transact(&self, transaction: Transaction) -> Result<Vec<Vec<Row>>, StorageError> {
        let done = self.0.transact(transaction).await;
        Once(false).await;
        done
    }

    async fn accept(&self) -> Result<(), StorageError> {
        self.0.accept().await
    }

    async fn check(&self) -> Result<(), StorageError> {
        self.0.check().await
    }

    async fn salvage(&self, log: bool) -> Result<(), StorageError> {
        self.0.salvage(log).await
    }

    async fn rebuild(&self, rows: Vec<Row>) -> Result<(), StorageError> {
        self.0.rebuild(rows).await
    }

    async fn envelope_other(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.0.envelope_other().await
    }

    async fn envelope_read(&self) -> Result<Option<(Generation, Vec<u8>)>, StorageError> {
        self.0.envelope_read().await
    }

    async fn envelope_replace(&self, generation: Generation, bytes: Vec<u8>) -> Result<(), StorageError> {
        self.0.envelope_replace(generation, bytes).await
    }

    async fn set_aside(&self) -> Result<(), StorageError> {
        self.0.set_aside().await
    }

    async fn wipe(&self) -> Result<(), StorageError> {
        self.0.wipe().await
    }

    async fn close(&self) -> Result<(), StorageError> {
        self.0.close().await
    }
}

/// The reader's one key.
pub(crate) struct ReaderKey(pub(crate) SigningKey);

#[async_trait]
impl SecureArea for ReaderKey {
    async fn create_keys(&self, _count: u32, _spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        Err(SecureAreaError::Unavailable)
    }

    async fn sign(&self, _key: KeyId, message: Vec<u8>, _prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        Once(false).await;
        Ok(self.0.sign(&[&message]))
    }

    async fn agree(&self, _key: KeyId, _peer: Vec<u8>, _prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        Err(SecureAreaError::Unavailable)
    }

    async fn derive(&self, _key: KeyId, _input: [u8; 32], _prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        Err(SecureAreaError::Unavailable)
    }

    async fn info(&self, _key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        Err(SecureAreaError::NotFound)
    }

    async fn delete(&self, _key: KeyId) -> Result<(), SecureAreaError> {
        Ok(())
    }
}
