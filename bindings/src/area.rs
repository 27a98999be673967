//! The secure area as an app implements it, and the adapter to the port.
use std::sync::Arc;

use async_trait::async_trait;
use rid_flow::ports;

use rid_wire::Code;

use crate::types::{KeyId, KeyInfo, KeySpec, Prompt};
use crate::{
    boundary::{BoundaryError, guard},
    log::LogLevel,
};

/// A secure area's refusal. No text: text of the platform may name things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum SecureAreaError {
    /// Too many operations at once: it is tried again.
    #[error("key_busy")]
    Busy,
    /// The person cancelled.
    #[error("key_cancelled")]
    Cancelled,
    /// A change of biometrics made the key invalid.
    #[error("key_invalidated")]
    Invalidated,
    /// The device or key is locked.
    #[error("key_locked")]
    Locked,
    /// No such key.
    #[error("key_not_found")]
    NotFound,
    /// The area does not work; also what any other exception of the app becomes.
    #[error("key_unavailable")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for SecureAreaError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

/// Keys in hardware. The core treats it as an unreliable remote: every call may fail, be slow, or be cancelled.
///
/// Keys are P-256. A key of use `Sign` may also be asked to agree (deviceMac).
#[uniffi::export(foreign)]
#[async_trait]
pub trait SecureArea: Send + Sync {
    /// Makes `count` keys; on an error no key is left behind.
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError>;

    /// ES256 over the unhashed message: raw r‖s, 64 bytes (not DER).
    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<Vec<u8>, SecureAreaError>;

    /// ECDH with a peer's uncompressed P-256 point (65 bytes): the x coordinate, 32 bytes.
    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Vec<u8>, SecureAreaError>;

    /// A keyed pseudo-random function of 32 bytes: the same 32 bytes for the same key and input, on this device only
    /// (HMAC-SHA-256 on Android). The one secret that crosses this boundary.
    async fn derive(&self, key: KeyId, input: Vec<u8>, prompt: Prompt) -> Result<Vec<u8>, SecureAreaError>;

    /// Describes a key.
    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError>;

    /// Deletes a key; deleting what is not there succeeds.
    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError>;
}

/// Milliseconds of the clock that `Wait` counts by: the time since boot, including sleep.
#[uniffi::export]
pub fn uptime_millis() -> u64 {
    rid_shell::SystemClock::new().uptime_millis()
}

/// What an Apple chip agrees with to answer `derive`: the point of 32 bytes of input (RFC 9380), uncompressed; the
/// derived bytes are the x coordinate of the agreement. `Unavailable` for an input of another length.
#[uniffi::export]
pub fn derive_point(input: Vec<u8>) -> Result<Vec<u8>, SecureAreaError> {
    guard("derive_point", || {
        let input: [u8; 32] = input.try_into().map_err(|_| SecureAreaError::Unavailable)?;
        Ok::<_, SecureAreaError>(ports::derive_point(&input).ok_or(SecureAreaError::Unavailable)?.into())
    })
}

impl BoundaryError for SecureAreaError {
    fn bug(_code: Code) -> Self {
        Self::Unavailable
    }

    fn line(&self) -> (LogLevel, Code) {
        (LogLevel::Defect, ports::SecureAreaError::from(*self).code())
    }
}

/// The app's secure area behind the port: foreign text is dropped, answers of a wrong size are `Unavailable`.
pub(crate) struct AppArea(pub(crate) Arc<dyn SecureArea>);

#[async_trait]
impl ports::SecureArea for AppArea {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, ports::SecureAreaError> {
        Ok(self.0.create_keys(count, spec).await?)
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], ports::SecureAreaError> {
        let signature = self.0.sign(key, message, prompt).await?;
        signature.try_into().map_err(|_| ports::SecureAreaError::Unavailable)
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret, ports::SecureAreaError> {
        secret(self.0.agree(key, peer, prompt).await?)
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret, ports::SecureAreaError> {
        secret(self.0.derive(key, input.into(), prompt).await?)
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, ports::SecureAreaError> {
        Ok(self.0.info(key).await?)
    }

    async fn delete(&self, key: KeyId) -> Result<(), ports::SecureAreaError> {
        Ok(self.0.delete(key).await?)
    }
}

impl From<SecureAreaError> for ports::SecureAreaError {
    fn from(error: SecureAreaError) -> Self {
        match error {
            SecureAreaError::Busy => Self::Busy,
            SecureAreaError::Cancelled => Self::Cancelled,
            SecureAreaError::Invalidated => Self::Invalidated,
            SecureAreaError::Locked => Self::Locked,
            SecureAreaError::NotFound => Self::NotFound,
            SecureAreaError::Unavailable => Self::Unavailable,
        }
    }
}

type Secret = ports::Secret32;

fn secret(bytes: Vec<u8>) -> Result<Secret, ports::SecureAreaError> {
    ports::secret_from(bytes).ok_or(ports::SecureAreaError::Unavailable)
}
