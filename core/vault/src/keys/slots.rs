//! How each unlock method wraps the one key that opens the person's keys.
use std::sync::Arc;

use rid_crypto::{Argon2Cost, CryptoError, CryptoRng, Secret, argon2id, hkdf_sha256, hmac_sha256, sha256};
use rid_flow::ports::{KeyId, KeySpec, KeyUse, Prompt, SecureArea, UserAuth};

use crate::{
    RecoveryCode, RecoveryError, VaultError,
    keys::envelope::{CodeSlot, KeySlot, PinSlot},
    keys::{secret_of, unwrap, wrap},
};

/// What wraps: part of every derivation, so that no slot opens as another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Biometric,
    Device,
    Open,
    Pin,
    Recovery,
}

impl Kind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Biometric => b"rid-vault-biometric-1",
            Self::Device => b"rid-vault-device-1",
            Self::Open => b"rid-vault-open-1",
            Self::Pin => b"rid-vault-pin-1",
            Self::Recovery => b"rid-vault-recovery-1",
        }
    }

    fn aad(self, store_id: &[u8; 16]) -> Vec<u8> {
        [self.label(), store_id].concat()
    }
}

/// What the device's key gives.
pub(crate) struct DeviceKeys {
    /// Wraps the keys of the open store.
    pub(crate) wrapping: Secret<32>,
    /// This device's half of what wraps the bound keys.
    pub(crate) half: Secret<32>,
    /// Tells another device from damage.
    pub(crate) check: [u8; 8],
}

pub(crate) struct Slots<'a> {
    pub(crate) area: &'a Arc<dyn SecureArea>,
    pub(crate) store_id: [u8; 16],
}

impl Slots<'_> {
    /// A key of the secure area for an unlock method.
    pub(crate) async fn make_key(&self, user_auth: UserAuth) -> Result<KeyId, VaultError> {
        let spec = KeySpec { usage: KeyUse::Derive, user_auth, challenge: Vec::new() };
        let made = self.area.create_keys(1, spec).await?;
        Ok(made.into_iter().next().ok_or(VaultError::WrongKey)?.id)
    }

    /// What the chip derives from the label, the store and what the person knows.
    async fn wrapping(&self, kind: Kind, key: &KeyId, known: &[u8]) -> Result<Secret<32>, VaultError> {
        let input = sha256(&[kind.label(), &self.store_id, known]);
        let derived = self.area.derive(key.clone(), input, Prompt::Unlock).await?;
        Ok(hkdf_sha256(derived.expose(), &self.store_id, kind.label()))
    }

    pub(crate) async fn device(&self, key: &KeyId) -> Result<DeviceKeys, VaultError> {
        let wrapping = self.wrapping(Kind::Open, key, &[]).await?;
        let half = hkdf_sha256(wrapping.expose(), &self.store_id, b"rid-vault-half-1");
        let mac = hmac_sha256(wrapping.expose(), &[b"rid-vault-key-check-1"]);
        let mut check = [0; 8];
        check.copy_from_slice(mac.first_chunk::<8>().unwrap_or(&[0; 8]));
        Ok(DeviceKeys { wrapping, half, check })
    }

    pub(crate) async fn seal_key(
        &self,
        kind: Kind,
        key: KeyId,
        kek: &Secret<32>,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<KeySlot, VaultError> {
        let wrapping = self.wrapping(kind, &key, &[]).await?;
        let wrapped = wrap(wrapping, &kind.aad(&self.store_id), kek.expose(), rng)?;
        Ok(KeySlot { key, wrapped })
    }

    /// `None`: the derived key does not fit (another device's key under the same name).
    pub(crate) async fn open_key(&self, kind: Kind, slot: &KeySlot) -> Result<Option<Secret<32>>, VaultError> {
        let wrapping = self.wrapping(kind, &slot.key, &[]).await?;
        Ok(unwrap(wrapping, &kind.aad(&self.store_id), &slot.wrapped).and_then(|kek| secret_of(&kek)))
    }

    pub(crate) async fn seal_pin(
        &self,
        key: KeyId,
        pin: &[u8],
        kek: &Secret<32>,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<PinSlot, VaultError> {
        let cost = Argon2Cost::INTERACTIVE;
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let wrapping = self.wrapping(Kind::Pin, &key, stretch(pin, &salt, cost)?.expose()).await?;
        let wrapped = wrap(wrapping, &Kind::Pin.aad(&self.store_id), kek.expose(), rng)?;
        Ok(PinSlot { key, salt, cost, wrapped, tickets: Vec::new() })
    }

    /// `None`: the PIN is wrong. The chip answers for each guess (neg-L06): nothing outside it tells a right PIN from a
    /// wrong one.
    pub(crate) async fn open_pin(
        &self,
        slot: &PinSlot,
        stretched: &Secret<32>,
    ) -> Result<Option<Secret<32>>, VaultError> {
        let wrapping = self.wrapping(Kind::Pin, &slot.key, stretched.expose()).await?;
        Ok(unwrap(wrapping, &Kind::Pin.aad(&self.store_id), &slot.wrapped).and_then(|kek| secret_of(&kek)))
    }
}

/// The slot of a recovery code.
pub(crate) fn seal_code(
    store_id: &[u8; 16],
    code: &RecoveryCode,
    kek: &Secret<32>,
    rng: &mut dyn CryptoRng,
) -> Result<CodeSlot, VaultError> {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let wrapped = wrap(code_key(code, &salt), &Kind::Recovery.aad(store_id), kek.expose(), rng)?;
    Ok(CodeSlot { salt, wrapped })
}

/// `None`: the code is another one.
pub(crate) fn open_code(store_id: &[u8; 16], slot: &CodeSlot, code: &RecoveryCode) -> Option<Secret<32>> {
    unwrap(code_key(code, &slot.salt), &Kind::Recovery.aad(store_id), &slot.wrapped).and_then(|kek| secret_of(&kek))
}

fn code_key(code: &RecoveryCode, salt: &[u8; 16]) -> Secret<32> {
    hkdf_sha256(code.expose(), salt, Kind::Recovery.label())
}

/// Argon2id of a PIN; useless without the secure area's key.
pub(crate) fn stretch(known: &[u8], salt: &[u8; 16], cost: Argon2Cost) -> Result<Secret<32>, VaultError> {
    argon2id(known, salt, cost).map_err(|error| match error {
        // A device short of memory, not a damaged store.
        CryptoError::Memory => VaultError::Recovery(RecoveryError::Memory),
        _ => VaultError::EnvelopeCorrupt,
    })
}

/// Label of the keys of the open store.
pub(crate) fn open_aad(store_id: &[u8; 16]) -> Vec<u8> {
    Kind::Open.aad(store_id)
}

/// Label of the portable keys.
pub(crate) fn user_aad(store_id: &[u8; 16]) -> Vec<u8> {
    [b"rid-vault-user-1".as_slice(), store_id].concat()
}

/// Label of the bound keys.
pub(crate) fn bound_aad(store_id: &[u8; 16]) -> Vec<u8> {
    [b"rid-vault-bound-1".as_slice(), store_id].concat()
}
