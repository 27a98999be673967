//! A secure area in software, for desktops and tests. **Not hardware, no protection**: keys lie in a file sealed under a key in the
//! file beside it.
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use rid_crypto::{AeadKey, AgreementKey, CryptoRng, Curve, NONCE_LEN, PublicKey, Secret, SigningKey, hmac_sha256};
use rid_flow::ports::{KeyId, KeyInfo, KeySpec, KeyUse, Prompt, SecureArea, SecureAreaError};
use rid_wire::{
    cbor::{CborError, Key, Limits, Reader, Writer},
    hex,
};
use zeroize::Zeroizing;

use crate::{OsRng, envelope::sync_folder};

const SEALED: &str = "software-keys";
const SEALING_KEY: &str = "software-keys.not-hardware";
const LOCK: &str = "software-keys.lock";
const AAD: &[u8] = b"rid-software-secure-area-1";

struct StoredKey {
    usage: KeyUse,
    secret: Secret<32>,
}

type Keys = BTreeMap<String, StoredKey>;

/// A [`SecureArea`] whose keys are files. Plainly: not hardware.
pub struct SoftwareSecureArea {
    folder: PathBuf,
    sealing: AeadKey,
    keys: Mutex<Keys>,
}

impl SoftwareSecureArea {
    /// Opens the area in a folder, or makes an empty one.
    ///
    /// # Errors
    /// [`SecureAreaError::Unavailable`] when its files cannot be read or written; [`SecureAreaError::NotFound`] when keys are
    /// there but the key that seals them is not.
    pub fn open(folder: &Path) -> Result<Self, SecureAreaError> {
        fs::create_dir_all(folder).map_err(unavailable)?;
        let _lock = lock(folder)?;
        let sealed = folder.join(SEALED);
        let sealing = match read_if_there(&folder.join(SEALING_KEY))? {
            Some(bytes) => Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(unavailable)?),
            None if sealed.exists() => return Err(SecureAreaError::NotFound),
            None => {
                let mut fresh = Zeroizing::new([0; 32]);
                (&mut OsRng as &mut dyn CryptoRng).fill_bytes(&mut *fresh);
                write_durably(folder, SEALING_KEY, &*fresh)?;
                fresh
            }
        };
        let sealing = AeadKey::new(Secret::filled(|key| *key = *sealing));
        let keys = Mutex::new(load(folder, &sealing)?);
        Ok(Self { folder: folder.to_path_buf(), sealing, keys })
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the keys in the file, whoever else changed them meanwhile; on an error nothing has changed.
    fn change<T>(&self, act: impl FnOnce(&mut Keys) -> Result<T, SecureAreaError>) -> Result<T, SecureAreaError> {
        let _lock = lock(&self.folder)?;
        let mut keys = load(&self.folder, &self.sealing)?;
        let value = act(&mut keys)?;
        self.save(&keys)?;
        *self.keys() = keys;
        Ok(value)
    }

    fn save(&self, keys: &Keys) -> Result<(), SecureAreaError> {
        let mut writer = Writer::new();
        writer.map(keys.len());
        for (id, key) in keys {
            writer.text(id).array(2).uint(usage_number(key.usage)).bytes(key.secret.expose());
        }
        let plain = Zeroizing::new(writer.finish());
        let mut nonce = [0; NONCE_LEN];
        (&mut OsRng as &mut dyn CryptoRng).fill_bytes(&mut nonce);
        let sealed = self.sealing.seal(&nonce, AAD, &plain).map_err(unavailable)?;
        write_durably(&self.folder, SEALED, &[nonce.as_slice(), &sealed].concat())
    }

    /// Acts on a key; one that is not known is looked for in the file again.
    fn with_stored<T>(
        &self,
        id: &KeyId,
        act: impl FnOnce(&StoredKey) -> Result<T, SecureAreaError>,
    ) -> Result<T, SecureAreaError> {
        let mut keys = self.keys();
        if !keys.contains_key(&id.0) {
            *keys = load(&self.folder, &self.sealing)?;
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

#[async_trait]
impl SecureArea for SoftwareSecureArea {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        self.change(|keys| {
            let mut infos = Vec::new();
            for _ in 0..count {
                let secret = SigningKey::make(&mut OsRng).dangerous_scalar();
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

const fn usage_number(usage: KeyUse) -> u64 {
    match usage {
        KeyUse::Sign => 1,
        KeyUse::Agree => 2,
        KeyUse::Derive => 3,
    }
}

/// Held while the files are read and written; other processes wait for it.
fn lock(folder: &Path) -> Result<File, SecureAreaError> {
    let file = File::options().write(true).create(true).truncate(false).open(folder.join(LOCK)).map_err(unavailable)?;
    file.lock().map_err(unavailable)?;
    Ok(file)
}

fn load(folder: &Path, sealing: &AeadKey) -> Result<Keys, SecureAreaError> {
    match read_if_there(&folder.join(SEALED))? {
        Some(sealed) => unseal(sealing, &sealed).ok_or(SecureAreaError::Unavailable),
        None => Ok(Keys::new()),
    }
}

fn unseal(sealing: &AeadKey, sealed: &[u8]) -> Option<Keys> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
    let plain = Zeroizing::new(sealing.open(nonce.try_into().ok()?, AAD, sealed).ok()?);
    let mut keys = Keys::new();
    let mut reader = Reader::new(&plain, Limits::ONLINE).ok()?;
    reader
        .map(|reader, key| {
            let Key::Text(id) = key else { return Err(CborError::UnexpectedType) };
            let (mut usage, mut secret) = (None, None);
            reader.array(|reader, at| {
                match at {
                    0 => {
                        usage = match reader.uint()? {
                            1 => Some(KeyUse::Sign),
                            2 => Some(KeyUse::Agree),
                            3 => Some(KeyUse::Derive),
                            _ => None,
                        }
                    }
                    _ => secret = <[u8; 32]>::try_from(reader.bytes()?.as_ref()).ok(),
                }
                Ok::<_, CborError>(())
            })?;
            let (Some(usage), Some(mut secret)) = (usage, secret) else { return Err(CborError::UnexpectedType) };
            keys.insert(id.to_string(), StoredKey { usage, secret: Secret::take(&mut secret) });
            Ok(())
        })
        .ok()?;
    Some(keys)
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, SecureAreaError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), SecureAreaError> {
    use std::io::Write;
    let temporary = folder.join(format!("{name}.part"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary).map_err(unavailable)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(unavailable)?;
    fs::rename(&temporary, folder.join(name)).and_then(|()| sync_folder(folder)).map_err(unavailable)
}

fn unavailable<E>(_: E) -> SecureAreaError {
    SecureAreaError::Unavailable
}
