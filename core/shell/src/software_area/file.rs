//! The file of sealed keys.
use std::{collections::BTreeMap, fs::File, io::ErrorKind, path::Path};

use rid_crypto::{AeadKey, CryptoRng, NONCE_LEN, Secret};
use rid_flow::ports::{KeyUse, SecureAreaError};
use rid_wire::{
    cbor::{CborError, Decoder, Encoder, Key, Limits},
    hex,
};
use zeroize::Zeroizing;

use super::unavailable;
use crate::{
    OsRng,
    durable::{self, Over},
};

pub(super) const SEALED: &str = "software-keys";
/// Made in a folder that is durable.
pub(super) const LOCK: &str = "software-keys.lock";
const AAD: &[u8] = b"rid-software-secure-area-1";
/// No key takes more in the file: the heads, the id in hex, the use, the scalar.
const KEY_LEN: usize = 80;
/// No file of keys is longer: 200,000 keys.
const MAX_LEN: usize = 16 << 20;

pub(super) struct StoredKey {
    pub(super) usage: KeyUse,
    pub(super) secret: Secret<32>,
}

pub(super) type Keys = BTreeMap<String, StoredKey>;

/// Held while the files are read and written; other processes wait for it, two seconds at most.
pub(super) fn lock(folder: &Path) -> Result<File, SecureAreaError> {
    durable::lock(&folder.join(LOCK)).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => SecureAreaError::Busy,
        _ => SecureAreaError::Unavailable,
    })
}

/// Whether there are keys, readable or not.
pub(super) fn exists(folder: &Path) -> Result<bool, SecureAreaError> {
    durable::is_there(&folder.join(SEALED)).map_err(unavailable)
}

pub(super) fn load(folder: &Path, sealing: &AeadKey) -> Result<Keys, SecureAreaError> {
    match read(&folder.join(SEALED), MAX_LEN)? {
        Some(sealed) => unseal(sealing, &sealed).ok_or(SecureAreaError::Unavailable),
        None => Ok(Keys::new()),
    }
}

/// All keys are sealed as one: none can be taken from one file into another, or out of it.
pub(super) fn save(folder: &Path, sealing: &AeadKey, keys: &Keys) -> Result<(), SecureAreaError> {
    let mut encoder = Encoder::with_capacity(keys.len().saturating_add(1).saturating_mul(KEY_LEN));
    encoder.map(keys.len());
    for (id, key) in keys {
        encoder.text(id).array(2).uint(number(key.usage)).bytes(key.secret.expose());
    }
    let plain = Zeroizing::new(encoder.finish());
    let mut nonce = [0; NONCE_LEN];
    (&mut OsRng as &mut dyn CryptoRng).fill_bytes(&mut nonce);
    let sealed = sealing.seal(&nonce, AAD, &plain).map_err(unavailable)?;
    let whole = [nonce.as_slice(), &sealed].concat();
    if whole.len() > MAX_LEN {
        // What could not be read again is not written.
        return Err(SecureAreaError::Unavailable);
    }
    write(&folder.join(SEALED), &whole, Over::Replace)
}

fn unseal(sealing: &AeadKey, sealed: &[u8]) -> Option<Keys> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
    let plain = Zeroizing::new(sealing.open(nonce.try_into().ok()?, AAD, sealed).ok()?);
    let mut keys = Keys::new();
    let mut decoder = Decoder::new(&plain, Limits::ONLINE).ok()?;
    decoder
        .map(|decoder, key| {
            let Key::Text(id) = key else { return Err(CborError::UnexpectedType) };
            let (mut usage, mut secret) = (None, None);
            decoder.array(|decoder, at| {
                match at {
                    0 => usage = numbered(decoder.uint()?),
                    _ => secret = secret_of(decoder.definite_bytes()?),
                }
                Ok::<_, CborError>(())
            })?;
            let (Some(usage), Some(secret)) = (usage, secret) else { return Err(CborError::UnexpectedType) };
            keys.insert(id.to_string(), StoredKey { usage, secret });
            Ok(())
        })
        .ok()?;
    Some(keys)
}

pub(super) fn secret_of(bytes: &[u8]) -> Option<Secret<32>> {
    (bytes.len() == 32).then(|| Secret::filled(|secret| secret.copy_from_slice(bytes)))
}

const fn number(usage: KeyUse) -> u64 {
    match usage {
        KeyUse::Sign => 1,
        KeyUse::Agree => 2,
        KeyUse::Derive => 3,
    }
}

const fn numbered(number: u64) -> Option<KeyUse> {
    match number {
        1 => Some(KeyUse::Sign),
        2 => Some(KeyUse::Agree),
        3 => Some(KeyUse::Derive),
        _ => None,
    }
}

/// A file of at most `most` bytes, if it is there.
pub(super) fn read(path: &Path, most: usize) -> Result<Option<Zeroizing<Vec<u8>>>, SecureAreaError> {
    durable::read(path, most).map_err(unavailable)
}

/// The whole file or none, whenever the process dies.
pub(super) fn write(path: &Path, bytes: &[u8], over: Over) -> Result<(), SecureAreaError> {
    let mut part = path.file_name().ok_or(SecureAreaError::Unavailable)?.to_os_string();
    part.push(".part");
    if over == Over::Keep {
        // Another process may be at the same, and what it linked must not be written to.
        let mut name = [0; 8];
        (&mut OsRng as &mut dyn CryptoRng).fill_bytes(&mut name);
        part.push(hex::encode(&name));
    }
    durable::write(path, &path.with_file_name(part), bytes, over).map_err(unavailable)
}
