//! What the tests of the packages need and no product has (`dangerous-test-hooks`).
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use rid_flow::{
    Uptime,
    fake::{OneKey, conformance},
    ports,
    ports::SecureArea as _,
};
use rid_shell::{SoftwareSecureArea, SystemClock};
use rid_wire::Timestamp;

use crate::{
    area::{AppArea, SecureArea, SecureAreaError},
    boundary::guard,
    types::{KeyId, KeyInfo, KeySpec, Prompt},
};

/// The desktop's software area: not hardware. A test's class implements `SecureArea` over it.
#[derive(uniffi::Object)]
pub struct SoftwareArea(SoftwareSecureArea);

/// The suite's first violation, in its own words.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum SuiteError {
    /// What was violated.
    #[error("{what}")]
    Violated {
        /// In words.
        what: String,
    },
}

#[uniffi::export]
impl SoftwareArea {
    /// Opens the area in a folder, or makes an empty one.
    #[uniffi::constructor]
    pub fn open(folder: String) -> Result<Arc<Self>, SecureAreaError> {
        Ok(Arc::new(Self(SoftwareSecureArea::open(Path::new(&folder))?)))
    }

    /// As `SecureArea.createKeys`.
    pub async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        Ok(self.0.create_keys(count, spec).await?)
    }

    /// As `SecureArea.sign`.
    pub async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<Vec<u8>, SecureAreaError> {
        Ok(self.0.sign(key, message, prompt).await?.into())
    }

    /// As `SecureArea.agree`.
    pub async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Vec<u8>, SecureAreaError> {
        Ok(self.0.agree(key, peer, prompt).await?.expose().to_vec())
    }

    /// As `SecureArea.derive`.
    pub async fn derive(&self, key: KeyId, input: Vec<u8>, prompt: Prompt) -> Result<Vec<u8>, SecureAreaError> {
        let input = input.try_into().map_err(|_| SecureAreaError::Unavailable)?;
        Ok(self.0.derive(key, input, prompt).await?.expose().to_vec())
    }

    /// As `SecureArea.info`.
    pub async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        Ok(self.0.info(key).await?)
    }

    /// As `SecureArea.delete`.
    pub async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        Ok(self.0.delete(key).await?)
    }
}

/// A test reader's one key, from its private JWK.
#[derive(uniffi::Object)]
pub struct ReaderKey(OneKey);

#[uniffi::export]
impl ReaderKey {
    /// Takes the key.
    #[uniffi::constructor]
    pub fn from_jwk(jwk: String) -> Result<Arc<Self>, SecureAreaError> {
        Ok(Arc::new(Self(OneKey::from_jwk(&jwk).ok_or(SecureAreaError::NotFound)?)))
    }

    /// As `SecureArea.sign`.
    pub async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<Vec<u8>, SecureAreaError> {
        Ok(self.0.sign(key, message, prompt).await?.into())
    }
}

/// Runs the suite every implementation of the port must pass.
#[uniffi::export]
pub async fn secure_area_suite(area: Arc<dyn SecureArea>) -> Result<(), SuiteError> {
    use std::{
        future::poll_fn,
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        task::Poll,
    };
    let mut suite = pin!(conformance::secure_area(Arc::new(AppArea(area))));
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| suite.as_mut().poll(context).map(Ok))).unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().cloned();
            let what = words.or_else(|| panic.downcast_ref::<&str>().map(|text| String::from(*text)));
            Poll::Ready(Err(SuiteError::Violated { what: what.unwrap_or_default() }))
        })
    })
    .await
}

/// Panics inside the boundary (neg-M03).
#[cfg(feature = "wallet")]
#[uniffi::export]
pub fn panic_inside() -> Result<(), crate::types::RidError> {
    #[expect(clippy::panic, reason = "the hook is there to panic")]
    guard("hooks.panic_inside", || -> Result<(), crate::types::RidError> { panic!("a secret in a panic's text") })
}

/// The same in a call that waits once before.
#[cfg(feature = "wallet")]
#[uniffi::export]
pub async fn panic_inside_later() -> Result<(), crate::types::RidError> {
    let mut waited = false;
    let later = std::future::poll_fn(move |context| -> std::task::Poll<Result<(), crate::types::RidError>> {
        #[expect(clippy::panic, reason = "the hook is there to panic")]
        if std::mem::replace(&mut waited, true) {
            panic!("a secret in a panic's text");
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    });
    crate::boundary::guard_async("hooks.panic_inside_later", later).await
}

/// Whether the next reading of a clock panics.
static CLOCK_PANICS: AtomicBool = AtomicBool::new(false);

/// The next reading of a clock panics, in the call that reads it (neg-M03).
#[uniffi::export]
pub fn panic_inside_clock() {
    CLOCK_PANICS.store(true, SeqCst);
}

/// The system's clock, which panics on demand.
pub(crate) struct TestClock(SystemClock);

impl TestClock {
    pub(crate) const fn new() -> Self {
        Self(SystemClock::new())
    }

    fn panics_on_demand() {
        #[expect(clippy::panic, reason = "the hook is there to panic")]
        if CLOCK_PANICS.swap(false, SeqCst) {
            panic!("a secret in a panic's text");
        }
    }
}

impl ports::Clock for TestClock {
    fn now(&self) -> Result<Timestamp, ports::ClockError> {
        Self::panics_on_demand();
        self.0.now()
    }

    fn uptime(&self) -> Uptime {
        Self::panics_on_demand();
        self.0.uptime()
    }
}

impl From<ports::SecureAreaError> for SecureAreaError {
    fn from(error: ports::SecureAreaError) -> Self {
        match error {
            ports::SecureAreaError::Busy => Self::Busy,
            ports::SecureAreaError::Cancelled => Self::Cancelled,
            ports::SecureAreaError::Invalidated => Self::Invalidated,
            ports::SecureAreaError::Locked => Self::Locked,
            ports::SecureAreaError::NotFound => Self::NotFound,
            _ => Self::Unavailable,
        }
    }
}
