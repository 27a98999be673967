//! Secure areas round the software one: one that tells outside what reaches its keys, one that fails at any call.
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use async_trait::async_trait;
use rand_core::{TryCryptoRng, TryRng};
use rid_flow::ports::{KeyId, KeyInfo, KeySpec, Prompt, Secret32, SecureArea, SecureAreaError};
use rid_shell::{OsRng, SoftwareSecureArea};
use rid_vault::RngSource;
use rid_wire::hex;

/// Who is told.
pub(crate) type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// Tells of keys made and deleted, of secrets derived, and of each guess of the PIN before it is answered.
pub(crate) struct Telling {
    area: SoftwareSecureArea,
    listener: Listener,
    /// A PIN is being tried: the first key that is asked then is the PIN's.
    pub(crate) guessing: AtomicBool,
    pin_key: Mutex<Option<KeyId>>,
}

impl Telling {
    pub(crate) fn new(area: SoftwareSecureArea, listener: Listener) -> Self {
        Self { area, listener, guessing: AtomicBool::new(false), pin_key: Mutex::new(None) }
    }

    fn is_guess(&self, key: &KeyId) -> bool {
        if !self.guessing.load(Ordering::Acquire) {
            return false;
        }
        let mut known = self.pin_key.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_with(|| key.clone()) == key
    }

    pub(crate) fn guessing(&self, guessing: bool) {
        self.guessing.store(guessing, Ordering::Release);
        *self.pin_key.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[async_trait]
impl SecureArea for Telling {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        let made = self.area.create_keys(count, spec).await?;
        made.iter().for_each(|key| (self.listener)(&format!("key+ {}", key.id.0)));
        Ok(made)
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.area.sign(key, message, prompt).await
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        self.area.agree(key, peer, prompt).await
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        if self.is_guess(&key) {
            (self.listener)("guess");
        }
        let derived = self.area.derive(key, input, prompt).await?;
        (self.listener)(&format!("secret {}", hex::encode(derived.expose())));
        Ok(derived)
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.area.info(key).await
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        self.area.delete(key.clone()).await?;
        (self.listener)(&format!("key- {}", key.0));
        Ok(())
    }
}

/// The system's randomness, which tells of each secret: keys are drawn in 32 bytes, recovery codes in 15, and nothing
/// else is.
pub(crate) fn telling_rng(listener: Listener) -> RngSource {
    Arc::new(move || Box::new(TellingRng(listener.clone())))
}

pub(crate) fn quiet_rng() -> RngSource {
    Arc::new(|| Box::new(OsRng))
}

struct TellingRng(Listener);

impl TryRng for TellingRng {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        OsRng.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        OsRng.try_next_u64()
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        OsRng.try_fill_bytes(out)?;
        if matches!(out.len(), 15 | 32) {
            (self.0)(&format!("secret {}", hex::encode(out)));
        }
        Ok(())
    }
}

impl TryCryptoRng for TellingRng {}

/// Fails at some of its calls.
pub(crate) struct Faulty {
    area: SoftwareSecureArea,
    pub(crate) calls: AtomicU64,
    first: u64,
    /// How many calls fail from the first on.
    times: u64,
    error: SecureAreaError,
}

impl Faulty {
    pub(crate) fn new(area: SoftwareSecureArea, first: u64, times: u64, error: SecureAreaError) -> Self {
        Self { area, calls: AtomicU64::new(0), first, times, error }
    }

    fn call(&self) -> Result<(), SecureAreaError> {
        let call = self.calls.fetch_add(1, Ordering::AcqRel);
        let fails = call >= self.first && call - self.first < self.times;
        if fails { Err(self.error) } else { Ok(()) }
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
