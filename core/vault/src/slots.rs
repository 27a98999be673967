//! How each door wraps the one key that opens the person's keys.
use std::sync::Arc;

use rid_crypto::{Argon2Cost, CryptoError, CryptoRng, Secret, argon2id, hkdf_sha256, hmac_sha256, sha256};
use rid_flow::ports::{KeyId, KeySpec, KeyUse, Prompt, SecureArea, UserAuth};
use zeroize::Zeroizing;

use crate::{
    ContainerError, VaultError,
    envelope::{KeySlot, SecretSlot},
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
}

pub(crate) struct Slots<'a> {
    pub(crate) area: &'a Arc<dyn SecureArea>,
    pub(crate) store_id: [u8; 16],
}

impl Slots<'_> {
    /// A key of the secure area for a door.
    pub(crate) async fn make_key(&self, user_auth: UserAuth) -> Result<KeyId, VaultError> {
        let spec = KeySpec { usage: KeyUse::Derive, user_auth, challenge: Vec::new() };
        let made = self.area.create_keys(1, spec).await?;
        Ok(made.into_iter().next().ok_or(VaultError::WrongKey)?.id)
    }

    /// The wrapping key of a door: what the chip derives from the label, the store and what the person knows.
    async fn wrapping(&self, kind: Kind, key: &KeyId, known: &[u8]) -> Result<Secret<32>, VaultError> {
        let input = sha256(&[kind.label(), &self.store_id, known]);
        let derived = self.area.derive(key.clone(), input, Prompt::Unlock).await?;
        Ok(hkdf_sha256(derived.expose(), &self.store_id, kind.label()))
    }

    /// The device's wrapping key with the check value that tells another device from damage.
    pub(crate) async fn device(&self, key: &KeyId) -> Result<(Secret<32>, [u8; 8]), VaultError> {
        let wrapping = self.wrapping(Kind::Open, key, &[]).await?;
        let mac = hmac_sha256(wrapping.expose(), &[b"rid-vault-key-check-1"]);
        let mut check = [0; 8];
        check.copy_from_slice(mac.first_chunk::<8>().unwrap_or(&[0; 8]));
        Ok((wrapping, check))
    }

    pub(crate) async fn seal_key(
        &self,
        kind: Kind,
        key: KeyId,
        kek: &Secret<32>,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<KeySlot, VaultError> {
        let wrapping = self.wrapping(kind, &key, &[]).await?;
        let wrapped = wrap(wrapping, &self.aad(kind), kek.expose(), rng)?;
        Ok(KeySlot { key, wrapped })
    }

    /// `None`: the derived key does not fit (another device's key under the same name).
    pub(crate) async fn open_key(&self, kind: Kind, slot: &KeySlot) -> Result<Option<Secret<32>>, VaultError> {
        let wrapping = self.wrapping(kind, &slot.key, &[]).await?;
        Ok(unwrap(wrapping, &self.aad(kind), &slot.wrapped).and_then(|kek| secret_of(&kek)))
    }

    pub(crate) async fn seal_secret(
        &self,
        kind: Kind,
        key: KeyId,
        known: &[u8],
        kek: &Secret<32>,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<SecretSlot, VaultError> {
        let cost = if kind == Kind::Pin { Argon2Cost::INTERACTIVE } else { Argon2Cost::STORED };
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let wrapping = self.of_secret(kind, &key, &stretch(known, &salt, cost)?).await?;
        let wrapped = wrap(wrapping, &self.aad(kind), kek.expose(), rng)?;
        Ok(SecretSlot { key, salt, cost, wrapped })
    }

    /// `None`: the PIN or code is wrong.
    pub(crate) async fn open_secret(
        &self,
        kind: Kind,
        slot: &SecretSlot,
        known: &[u8],
    ) -> Result<Option<Secret<32>>, VaultError> {
        let stretched = stretch(known, &slot.salt, slot.cost)?;
        self.open_stretched(kind, slot, &stretched).await
    }

    /// The same with what was stretched before.
    pub(crate) async fn open_stretched(
        &self,
        kind: Kind,
        slot: &SecretSlot,
        stretched: &Secret<32>,
    ) -> Result<Option<Secret<32>>, VaultError> {
        let wrapping = self.of_secret(kind, &slot.key, stretched).await?;
        Ok(unwrap(wrapping, &self.aad(kind), &slot.wrapped).and_then(|kek| secret_of(&kek)))
    }

    async fn of_secret(&self, kind: Kind, key: &KeyId, stretched: &Secret<32>) -> Result<Secret<32>, VaultError> {
        match kind {
            // The chip answers for each guess (neg-L06): nothing outside it tells a right PIN from a wrong one.
            Kind::Pin => self.wrapping(kind, key, stretched.expose()).await,
            _ => {
                let device = self.wrapping(kind, key, &[]).await?;
                let both = Zeroizing::new([device.expose().as_slice(), stretched.expose()].concat());
                Ok(hkdf_sha256(&both, &self.store_id, kind.label()))
            }
        }
    }

    fn aad(&self, kind: Kind) -> Vec<u8> {
        [kind.label(), &self.store_id].concat()
    }
}

/// What a person knows, made dear to guess. Without the chip it tells nobody anything.
pub(crate) fn stretch(known: &[u8], salt: &[u8; 16], cost: Argon2Cost) -> Result<Secret<32>, VaultError> {
    argon2id(known, salt, cost).map_err(|error| match error {
        // A device short of memory, not a damaged store: to be tried again.
        CryptoError::Memory => VaultError::Container(ContainerError::Memory),
        _ => VaultError::EnvelopeCorrupt,
    })
}

/// Label of what the device's key wraps.
pub(crate) fn open_aad(store_id: &[u8; 16]) -> Vec<u8> {
    [Kind::Open.label(), store_id].concat()
}

/// Label of what the doors' key wraps.
pub(crate) fn user_aad(store_id: &[u8; 16]) -> Vec<u8> {
    [b"rid-vault-user-1".as_slice(), store_id].concat()
}
