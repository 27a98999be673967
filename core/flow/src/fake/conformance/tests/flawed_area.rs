//! Secure areas with one flaw each.
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::panic::{AssertUnwindSafe, catch_unwind};

use async_trait::async_trait;
use rid_crypto::sha256;

use crate::{
    fake::{ScriptedSecureArea, block_on, conformance},
    ports::{KeyId, KeyInfo, KeySpec, KeyUse, Prompt, Secret32, SecureArea, SecureAreaError, UserAuth},
};

/// One thing that an area does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    AbsentIsNotDeleted,
    AbsentIsUnavailable,
    AgreesWithAnything,
    AgreementIsAnothers,
    CountIsOff,
    DeletedStays,
    DeletesMore,
    DeriveIgnoresInput,
    DeriveIgnoresKey,
    DeriveIsRandom,
    DeriveTakesThePrompt,
    DescribesNoKey,
    OneKeyForAll,
    SignsAHash,
    SignsWithAnything,
}

const FLAWS: [Flaw; 15] = [
    Flaw::AbsentIsNotDeleted,
    Flaw::AbsentIsUnavailable,
    Flaw::AgreesWithAnything,
    Flaw::AgreementIsAnothers,
    Flaw::CountIsOff,
    Flaw::DeletedStays,
    Flaw::DeletesMore,
    Flaw::DeriveIgnoresInput,
    Flaw::DeriveIgnoresKey,
    Flaw::DeriveIsRandom,
    Flaw::DeriveTakesThePrompt,
    Flaw::DescribesNoKey,
    Flaw::OneKeyForAll,
    Flaw::SignsAHash,
    Flaw::SignsWithAnything,
];

struct Flawed {
    flaw: Flaw,
    area: ScriptedSecureArea,
    calls: AtomicU8,
    /// Keys it uses instead of the right ones.
    sign: KeyId,
    derive: KeyId,
}

impl Flawed {
    fn new(flaw: Flaw) -> Self {
        let area = ScriptedSecureArea::new(1);
        let [sign, derive] = [KeyUse::Sign, KeyUse::Derive].map(|usage| {
            let spec = KeySpec { usage, user_auth: UserAuth::None, challenge: Vec::new() };
            block_on(area.create_keys(1, spec)).unwrap().remove(0).id
        });
        Self { flaw, area, calls: AtomicU8::new(0), sign, derive }
    }

    /// Whether the area has this one flaw.
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }
}

#[async_trait]
impl SecureArea for Flawed {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        let mut keys = self.area.create_keys(count, spec).await?;
        if self.is(Flaw::OneKeyForAll) {
            keys = keys.first().map(|key| keys.iter().map(|_| key.clone()).collect()).unwrap_or_default();
        }
        if self.is(Flaw::CountIsOff) && count > 2 {
            keys.pop();
        }
        Ok(keys)
    }

    async fn sign(&self, key: KeyId, mut message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        if self.is(Flaw::SignsAHash) {
            message = sha256(&[&message]).to_vec();
        }
        match self.area.sign(key, message.clone(), prompt).await {
            Err(SecureAreaError::Unavailable) if self.is(Flaw::SignsWithAnything) => {
                self.area.sign(self.sign.clone(), message, prompt).await
            }
            Err(SecureAreaError::NotFound) if self.is(Flaw::AbsentIsUnavailable) => Err(SecureAreaError::Unavailable),
            answer => answer,
        }
    }

    async fn agree(&self, mut key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        if self.is(Flaw::AgreementIsAnothers) && self.area.info(key.clone()).await.is_ok() {
            key = self.sign.clone();
        }
        match self.area.agree(key, peer, prompt).await {
            Err(SecureAreaError::Unavailable) if self.is(Flaw::AgreesWithAnything) => Ok(Secret32::filled(|_| {})),
            answer => answer,
        }
    }

    async fn derive(&self, mut key: KeyId, mut input: [u8; 32], prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        match self.flaw {
            Flaw::DeriveIgnoresInput => input = [0; 32],
            Flaw::DeriveIgnoresKey if self.area.info(key.clone()).await.is_ok() => key = self.derive.clone(),
            Flaw::DeriveIsRandom => input[0] ^= self.calls.fetch_add(1, SeqCst),
            Flaw::DeriveTakesThePrompt if prompt == Prompt::SignIn => input[31] ^= 1,
            _ => {}
        }
        self.area.derive(key, input, prompt).await
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        let known = self.area.info(key.clone()).await;
        if self.is(Flaw::DescribesNoKey) && known.is_err() {
            return Ok(KeyInfo { id: key, public: Vec::new(), attestation: Vec::new(), hardware: false });
        }
        known
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        if self.is(Flaw::AbsentIsNotDeleted) {
            self.area.info(key.clone()).await?;
        }
        if self.is(Flaw::DeletesMore) {
            self.area.keys().iter().for_each(|key| self.area.lose(key));
        }
        if self.is(Flaw::DeletedStays) {
            return Ok(());
        }
        self.area.delete(key).await
    }
}

fn passes(flaw: Flaw) -> bool {
    let suite = || block_on(conformance::secure_area(Arc::new(Flawed::new(flaw))));
    catch_unwind(AssertUnwindSafe(suite)).is_ok()
}

#[test]
fn the_suite_of_the_secure_area_finds_every_flaw() {
    assert!(passes(Flaw::None), "and none where there is none");
    for flaw in FLAWS {
        assert!(!passes(flaw), "{flaw:?} goes unseen");
    }
}
