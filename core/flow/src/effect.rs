//! Work for ports, and its answers.
use alloc::vec::Vec;

use rid_crypto::Secret;

use crate::{
    Changes, Committed, Holdings, Lookup, Uptime,
    ports::{
        ClockError, HttpError, HttpRequest, HttpResponse, KeyId, KeyInfo, KeySpec, Prompt, SecureAreaError,
        StorageError,
    },
};

/// New keys of a secure area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysRequest {
    /// How many.
    pub count: u32,
    /// What for.
    pub spec: KeySpec,
}

/// A signature by a key of the secure area: ES256 over the unhashed message, answered as raw r‖s.
#[derive(Clone, PartialEq, Eq)]
pub struct SignRequest {
    /// Which key.
    pub key: KeyId,
    /// The message, not hashed.
    pub message: Vec<u8>,
    /// Why the person is asked.
    pub prompt: Prompt,
}

/// A key agreement by a key of the secure area.
#[derive(Clone, PartialEq, Eq)]
pub struct AgreeRequest {
    /// Which key.
    pub key: KeyId,
    /// The peer's P-256 key, uncompressed SEC1.
    pub peer: Vec<u8>,
    /// Why the person is asked.
    pub prompt: Prompt,
}

/// A keyed derivation by a key of the secure area.
#[derive(Clone, PartialEq, Eq)]
pub struct DeriveRequest {
    /// Which key.
    pub key: KeyId,
    /// The input.
    pub input: [u8; 32],
    /// Why the person is asked.
    pub prompt: Prompt,
}

/// Work for a port.
#[derive(Debug)]
pub enum Effect {
    /// [`crate::ports::SecureArea::agree`].
    Agree(AgreeRequest),
    /// The one storage effect: all of it or nothing.
    Commit(Changes),
    /// [`crate::ports::SecureArea::create_keys`].
    CreateKeys(KeysRequest),
    /// [`crate::ports::SecureArea::delete`].
    DeleteKeys(Vec<KeyId>),
    /// [`crate::ports::SecureArea::derive`].
    Derive(DeriveRequest),
    /// [`crate::ports::Http::send`].
    Http(HttpRequest),
    /// [`crate::Store::lookup`].
    Lookup(Lookup),
    /// [`crate::ports::SecureArea::sign`].
    Sign(SignRequest),
    /// [`crate::ports::Timer::sleep_until`].
    SleepUntil(Uptime),
}

/// The answer to an [`Effect`], under the same name.
#[derive(Debug)]
pub enum Reply {
    /// To `Agree`: the shared secret.
    Agreed(Result<Secret<32>, SecureAreaError>),
    /// The clock failed before the step (neg-M07).
    ClockFailed(ClockError),
    /// To `Commit`.
    Committed(Result<Committed, StorageError>),
    /// To `Derive`.
    Derived(Result<Secret<32>, SecureAreaError>),
    /// To `Http`.
    Fetched(Result<HttpResponse, HttpError>),
    /// To `Lookup`. [`StorageError::Locked`]: the wallet was locked in between.
    Found(Result<Holdings, StorageError>),
    /// To `CreateKeys`.
    KeysCreated(Result<Vec<KeyInfo>, SecureAreaError>),
    /// To `DeleteKeys`.
    KeysDeleted(Result<(), SecureAreaError>),
    /// To `Sign`: raw r‖s.
    Signed(Result<[u8; 64], SecureAreaError>),
    /// To `SleepUntil`.
    Slept,
    /// The port did not answer in time: whether the effect happened is unknown.
    TimedOut,
    /// The call was cut off: whether it took effect is not known.
    Unknown,
}

rid_wire::closed_debug!(AgreeRequest, DeriveRequest, SignRequest);
