//! A secure area in memory whose answers can be scripted.
use alloc::{boxed::Box, collections::BTreeMap, format, vec::Vec};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rid_crypto::{AgreementKey, Curve, PublicKey, Secret, SigningKey, hmac_sha256};

use super::{SeededRng, script::Script};
use crate::ports::{KeyId, KeyInfo, KeySpec, KeyUse, Prompt, SecureArea, SecureAreaError, UserAuth};

/// A kind of call to a secure area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AreaCall {
    /// `agree`.
    Agree,
    /// `create_keys`.
    CreateKeys,
    /// `delete`.
    Delete,
    /// `derive`.
    Derive,
    /// `info`.
    Info,
    /// `sign`.
    Sign,
}

impl AreaCall {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Agree, Self::CreateKeys, Self::Delete, Self::Derive, Self::Info, Self::Sign];
}

/// A secure area in memory that fails as it is told to. It counts what succeeded and keeps no message.
pub struct ScriptedSecureArea(Mutex<State>);

struct State {
    rng: SeededRng,
    keys: BTreeMap<KeyId, Key>,
    made: u64,
    script: Script<AreaCall, SecureAreaError>,
    done: BTreeMap<AreaCall, u64>,
    unauthenticated: bool,
}

struct Key {
    usage: KeyUse,
    user_auth: UserAuth,
    /// Another finger was enrolled since the key was made.
    invalidated: bool,
    scalar: Secret<32>,
    public: Vec<u8>,
}

impl ScriptedSecureArea {
    /// Every error a secure area has.
    pub const ERRORS: [SecureAreaError; 6] = [
        SecureAreaError::Busy,
        SecureAreaError::Cancelled,
        SecureAreaError::Invalidated,
        SecureAreaError::Locked,
        SecureAreaError::NotFound,
        SecureAreaError::Unavailable,
    ];

    /// An empty area; the same seed makes the same keys.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(State {
            rng: SeededRng::new(seed),
            keys: BTreeMap::new(),
            made: 0,
            script: Script::new(),
            done: BTreeMap::new(),
            unauthenticated: false,
        }))
    }

    /// The next call of this kind fails.
    pub fn fail_once(&self, call: AreaCall, error: SecureAreaError) {
        self.state().script.add(Some(call), 0, false, error);
    }

    /// After `succeed` calls of this kind one fails.
    pub fn fail_after(&self, call: AreaCall, succeed: u64, error: SecureAreaError) {
        self.state().script.add(Some(call), succeed, false, error);
    }

    /// Every call of this kind fails until [`Self::heal`].
    pub fn fail_always(&self, call: AreaCall, error: SecureAreaError) {
        self.state().script.add(Some(call), 0, true, error);
    }

    /// Forgets all faults to come.
    pub fn heal(&self) {
        self.state().script.clear();
    }

    /// How many calls of this kind succeeded; for `CreateKeys` and `Delete` calls, not keys.
    #[must_use]
    pub fn done(&self, call: AreaCall) -> u64 {
        self.state().done.get(&call).copied().unwrap_or_default()
    }

    /// How many signatures were made.
    #[must_use]
    pub fn signatures(&self) -> u64 {
        self.done(AreaCall::Sign)
    }

    /// How many agreements were made.
    #[must_use]
    pub fn agreements(&self) -> u64 {
        self.done(AreaCall::Agree)
    }

    /// How many derivations were made.
    #[must_use]
    pub fn derives(&self) -> u64 {
        self.done(AreaCall::Derive)
    }

    /// The keys there are.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyId> {
        self.state().keys.keys().cloned().collect()
    }

    /// A key is gone, as after a restored backup.
    pub fn lose(&self, key: &KeyId) {
        self.state().keys.remove(key);
    }

    /// Biometrics were enrolled again: the keys of [`UserAuth::BiometricCurrentSet`] there are work no more (neg-K12).
    /// New ones do.
    pub fn invalidate_biometrics(&self) {
        let biometric = |key: &&mut Key| key.user_auth == UserAuth::BiometricCurrentSet;
        self.state().keys.values_mut().filter(biometric).for_each(|key| key.invalidated = true);
    }

    /// From now on nobody passes the area's own prompt, whatever an app says it saw: keys of
    /// [`UserAuth::BiometricCurrentSet`] are locked (neg-L08). Or again somebody does.
    pub fn unauthenticated(&self, nobody: bool) {
        self.state().unauthenticated = nobody;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets the script speak, then acts; only success counts.
    fn run<T>(
        &mut self,
        call: AreaCall,
        act: impl FnOnce(&mut Self) -> Result<T, SecureAreaError>,
    ) -> Result<T, SecureAreaError> {
        self.script.call(call)?;
        let value = act(self)?;
        let done = self.done.entry(call).or_default();
        *done = done.saturating_add(1);
        Ok(value)
    }

    fn make(&mut self, KeySpec { usage, user_auth, .. }: &KeySpec) -> KeyInfo {
        let (usage, user_auth) = (*usage, *user_auth);
        let key = SigningKey::make(&mut self.rng);
        self.made = self.made.saturating_add(1);
        let id = KeyId(format!("scripted-{}", self.made));
        let public = if usage == KeyUse::Derive { Vec::new() } else { key.public().to_bytes() };
        let scalar = key.dangerous_scalar();
        self.keys.insert(id.clone(), Key { usage, user_auth, invalidated: false, scalar, public: public.clone() });
        describe(&id, public)
    }

    /// A signing key also agrees: deviceSignature and deviceMac share the device key.
    fn key(&self, id: &KeyId, usage: KeyUse) -> Result<&Key, SecureAreaError> {
        let key = self.keys.get(id).ok_or(SecureAreaError::NotFound)?;
        let fits = key.usage == usage || (key.usage == KeyUse::Sign && usage == KeyUse::Agree);
        if !fits {
            return Err(SecureAreaError::Unavailable);
        }
        if key.invalidated {
            return Err(SecureAreaError::Invalidated);
        }
        if self.unauthenticated && key.user_auth == UserAuth::BiometricCurrentSet {
            return Err(SecureAreaError::Locked);
        }
        Ok(key)
    }
}

fn describe(id: &KeyId, public: Vec<u8>) -> KeyInfo {
    KeyInfo { id: id.clone(), public, attestation: Vec::new(), hardware: false }
}

#[async_trait]
impl SecureArea for ScriptedSecureArea {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.state().run(AreaCall::CreateKeys, |state| Ok((0..count).map(|_| state.make(&spec)).collect()))
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, _prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.state().run(AreaCall::Sign, |state| {
            let key = state.key(&key, KeyUse::Sign)?;
            Ok(SigningKey::from_scalar(key.scalar.expose()).map_err(unavailable)?.sign(&[&message]))
        })
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, _prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.state().run(AreaCall::Agree, |state| {
            let key = state.key(&key, KeyUse::Agree)?;
            let key = AgreementKey::from_scalar(Curve::P256, key.scalar.expose()).map_err(unavailable)?;
            let peer = PublicKey::from_sec1(Curve::P256, &peer).map_err(unavailable)?;
            let shared = key.agree(&peer).map_err(unavailable)?;
            let bytes: [u8; 32] = shared.expose().try_into().map_err(unavailable)?;
            Ok(Secret::filled(|secret| *secret = bytes))
        })
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], _prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.state().run(AreaCall::Derive, |state| {
            let key = state.key(&key, KeyUse::Derive)?;
            Ok(Secret::filled(|secret| *secret = hmac_sha256(key.scalar.expose(), &[b"rid-derive-1", &input])))
        })
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.state().run(AreaCall::Info, |state| {
            let known = state.keys.get(&key).ok_or(SecureAreaError::NotFound)?;
            Ok(describe(&key, known.public.clone()))
        })
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        self.state().run(AreaCall::Delete, |state| {
            state.keys.remove(&key);
            Ok(())
        })
    }
}

fn unavailable<E>(_: E) -> SecureAreaError {
    SecureAreaError::Unavailable
}
