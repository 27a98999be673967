//! A secure area in software, for desktops and tests. **Not hardware**: its keys are in the memory of the process and
//! in a file sealed under a key file or a passphrase. Who has both, or looks into the process, has the keys.
mod file;
mod files;
mod sealing;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use rid_crypto::{AeadKey, AgreementKey, Argon2Cost, CryptoRng, Curve, PublicKey, Secret, SigningKey, hmac_sha256};
use rid_flow::ports::{KeyId, KeyInfo, KeySpec, KeyUse, Prompt, SecureArea, SecureAreaError};
use rid_wire::hex;

use crate::{OsRng, folder};
use file::{Keys, StoredKey};
pub use sealing::Sealing;

/// A [`SecureArea`] whose keys are in files. Plainly: not hardware, and it says so of each key.
///
/// Nobody is ever asked for, whatever [`KeySpec::user_auth`] says.
pub struct SoftwareSecureArea {
    folder: PathBuf,
    sealing: AeadKey,
    keys: Mutex<Keys>,
}

impl SoftwareSecureArea {
    /// Opens the area in a folder, or makes an empty one; sealed under the key file `software-keys.not-hardware` beside
    /// the keys, which protects them from nobody.
    ///
    /// # Errors
    /// As [`Self::open_with`].
    pub fn open(folder: &Path) -> Result<Self, SecureAreaError> {
        Self::open_with(folder, Sealing::KeyFile(folder.join(sealing::BESIDE)))
    }

    /// Opens the area in a folder, or makes an empty one. No new key file or passphrase is made where there are keys.
    ///
    /// # Errors
    /// [`SecureAreaError::Locked`] for a wrong or empty passphrase, and for a key file where a passphrase is set;
    /// [`SecureAreaError::NotFound`] when keys are there but the key file or what belongs to the passphrase is not;
    /// [`SecureAreaError::Unavailable`] when files are damaged, cannot be read or written, or are sealed under another
    /// key.
    pub fn open_with(folder: &Path, sealing: Sealing) -> Result<Self, SecureAreaError> {
        Self::open_at(folder, &sealing, Argon2Cost::STORED)
    }

    /// Whether there are keys in a folder, readable or not.
    ///
    /// # Errors
    /// [`SecureAreaError::Unavailable`] when that cannot be seen.
    pub fn is_there(folder: &Path) -> Result<bool, SecureAreaError> {
        file::exists(folder)
    }

    /// Destroys the area of a folder, whether or not it opens. A key file that lies elsewhere stays.
    ///
    /// # Errors
    /// [`SecureAreaError::Unavailable`] when a file resists; the keys were the first to go.
    pub fn remove(folder: &Path) -> Result<(), SecureAreaError> {
        files::remove(folder).map_err(unavailable)
    }

    /// Moves the area of a folder into a folder `aside-keys-<n>` in it: keys that do not open are in the way of new
    /// ones.
    ///
    /// # Errors
    /// [`SecureAreaError::Unavailable`] when they cannot be moved.
    pub fn set_aside(folder: &Path) -> Result<(), SecureAreaError> {
        files::set_aside(folder).map_err(unavailable)
    }

    fn open_at(folder: &Path, sealing: &Sealing, cost: Argon2Cost) -> Result<Self, SecureAreaError> {
        folder::make(folder, file::LOCK).map_err(unavailable)?;
        let _lock = file::lock(folder)?;
        let sealing = sealing.key(folder, cost)?;
        let keys = Mutex::new(file::load(folder, &sealing)?);
        Ok(Self { folder: folder.to_path_buf(), sealing, keys })
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the keys in the file, whoever else changed them meanwhile; on an error nothing has changed.
    fn change<T>(&self, act: impl FnOnce(&mut Keys) -> Result<T, SecureAreaError>) -> Result<T, SecureAreaError> {
        let _lock = file::lock(&self.folder)?;
        let mut keys = file::load(&self.folder, &self.sealing)?;
        let value = act(&mut keys)?;
        file::save(&self.folder, &self.sealing, &keys)?;
        *self.keys() = keys;
        Ok(value)
    }

    /// Acts on a key; one that is not known is looked for in the file again.
    fn with_stored<T>(
        &self,
        id: &KeyId,
        act: impl FnOnce(&StoredKey) -> Result<T, SecureAreaError>,
    ) -> Result<T, SecureAreaError> {
        let mut keys = self.keys();
        if !keys.contains_key(&id.0) {
            *keys = file::load(&self.folder, &self.sealing)?;
        }
        act(keys.get(&id.0).ok_or(SecureAreaError::NotFound)?)
    }

    fn with_key<T>(
        &self,
        id: &KeyId,
        usage: KeyUse,
        act: impl FnOnce(&Secret<32>) -> Result<T, SecureAreaError>,
    ) -> Result<T, SecureAreaError> {
        self.with_stored(id, |key| {
            // A signing key of a credential also agrees: deviceMac and deviceSignature share the device key.
            let fits = key.usage == usage || (key.usage == KeyUse::Sign && usage == KeyUse::Agree);
            if fits { act(&key.secret) } else { Err(SecureAreaError::Unavailable) }
        })
    }
}

/// Random bytes that are a scalar of P-256: all but one draw in 2^32 are.
fn fresh_secret() -> Secret<32> {
    loop {
        let secret = Secret::filled(|bytes| (&mut OsRng as &mut dyn CryptoRng).fill_bytes(bytes));
        if SigningKey::from_scalar(secret.expose()).is_ok() {
            return secret;
        }
    }
}

#[async_trait]
impl SecureArea for SoftwareSecureArea {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.change(|keys| {
            let mut infos = Vec::new();
            for _ in 0..count {
                let secret = fresh_secret();
                let mut name = [0; 16];
                (&mut OsRng as &mut dyn CryptoRng).fill_bytes(&mut name);
                let id = hex::encode(&name);
                infos.push(info(&id, spec.usage, &secret)?);
                keys.insert(id, StoredKey { usage: spec.usage, secret });
            }
            Ok(infos)
        })
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, _prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        self.with_key(&key, KeyUse::Sign, |secret| {
            let key = SigningKey::from_scalar(secret.expose()).map_err(unavailable)?;
            Ok(key.sign(&[&message]))
        })
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, _prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.with_key(&key, KeyUse::Agree, |secret| {
            let key = AgreementKey::from_scalar(Curve::P256, secret.expose()).map_err(unavailable)?;
            let peer = PublicKey::from_sec1(Curve::P256, &peer).map_err(unavailable)?;
            let shared = key.agree(&peer).map_err(unavailable)?;
            let bytes: &[u8; 32] = shared.expose().try_into().map_err(unavailable)?;
            Ok(Secret::filled(|out| *out = *bytes))
        })
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], _prompt: Prompt) -> Result<Secret<32>, SecureAreaError> {
        self.with_key(&key, KeyUse::Derive, |secret| {
            Ok(Secret::filled(|out| *out = hmac_sha256(secret.expose(), &[b"rid-derive-1", &input])))
        })
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        self.with_stored(&key, |stored| info(&key.0, stored.usage, &stored.secret))
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        self.change(|keys| {
            keys.remove(&key.0);
            Ok(())
        })
    }
}

fn info(id: &str, usage: KeyUse, secret: &Secret<32>) -> Result<KeyInfo, SecureAreaError> {
    let public = match usage {
        KeyUse::Derive => Vec::new(),
        _ => SigningKey::from_scalar(secret.expose()).map_err(unavailable)?.public().to_bytes(),
    };
    Ok(KeyInfo { id: KeyId(id.into()), public, attestation: Vec::new(), hardware: false })
}

fn unavailable<E>(_: E) -> SecureAreaError {
    SecureAreaError::Unavailable
}

#[cfg(test)]
mod tests;
