//! The key under which the file of keys is sealed: from a key file or a passphrase.
use std::path::{Path, PathBuf};

use rid_crypto::{
    AeadKey, Argon2Cost, CryptoRng, Secret, argon2id, hkdf_sha256, hmac_sha256, sha256, verify_hmac_sha256,
};
use rid_flow::ports::SecureAreaError;
use zeroize::Zeroizing;

use super::{
    file::{self, secret_of},
    unavailable,
};
use crate::{
    OsRng,
    durable::{self, Over},
};

/// The key file that lies beside the keys.
pub(super) const BESIDE: &str = "software-keys.not-hardware";
/// Salt and cost of the passphrase, and how to tell a wrong one.
const HEADER: &str = "software-keys.passphrase";

/// Neither of the two is longer.
const MAX_LEN: usize = 256;
const MAGIC: &[u8; 8] = b"RIDPASS1";
const CHECK: &[u8] = b"rid-software-check-1";
const SEAL: &[u8] = b"rid-software-seal-1";

/// What the keys of a [`super::SoftwareSecureArea`] are sealed under. Neither is hardware.
pub enum Sealing {
    /// A file of 32 random bytes, made where there is none; on a medium that is taken away it protects the rest.
    KeyFile(PathBuf),
    /// A passphrase, stretched by Argon2id; nothing protects a weak one from who has the files.
    Passphrase(Zeroizing<String>),
}

impl Sealing {
    /// The key; for an area without keys it is made. `cost` is that of a passphrase set now.
    pub(super) fn key(&self, folder: &Path, cost: Argon2Cost) -> Result<AeadKey, SecureAreaError> {
        let header = folder.join(HEADER);
        match self {
            // Keys under two sealings would be lost to one of them.
            Self::KeyFile(_) if durable::is_there(&header).map_err(unavailable)? => Err(SecureAreaError::Locked),
            Self::KeyFile(path) => key_file(folder, path).map(AeadKey::new),
            Self::Passphrase(passphrase) if passphrase.is_empty() => Err(SecureAreaError::Locked),
            Self::Passphrase(passphrase) => match file::read(&header, MAX_LEN)? {
                Some(header) => unlock(&header, passphrase),
                None if file::exists(folder)? => Err(SecureAreaError::NotFound),
                None => set(&header, passphrase, cost),
            },
        }
    }
}

fn key_file(folder: &Path, path: &Path) -> Result<Secret<32>, SecureAreaError> {
    if let Some(bytes) = durable::read_named(path, MAX_LEN).map_err(unavailable)? {
        return secret_of(&bytes).ok_or(SecureAreaError::Unavailable);
    }
    if file::exists(folder)? {
        return Err(SecureAreaError::NotFound);
    }
    let fresh = Secret::filled(|key| (&mut OsRng as &mut dyn CryptoRng).fill_bytes(key));
    // Another area may share the file and be first: then this fails, and the next try finds it.
    file::write(path, fresh.expose(), Over::Keep)?;
    Ok(fresh)
}

fn set(path: &Path, passphrase: &str, cost: Argon2Cost) -> Result<AeadKey, SecureAreaError> {
    let mut salt = [0; 16];
    (&mut OsRng as &mut dyn CryptoRng).fill_bytes(&mut salt);
    let stretched = argon2id(passphrase.as_bytes(), &salt, cost).map_err(unavailable)?;
    let mut header = MAGIC.to_vec();
    for number in [cost.memory_kib, cost.passes, cost.lanes] {
        header.extend_from_slice(&number.to_be_bytes());
    }
    header.extend_from_slice(&salt);
    let check = hmac_sha256(stretched.expose(), &[CHECK, &header]);
    header.extend_from_slice(&check);
    let hash = sha256(&[&header]);
    header.extend_from_slice(&hash);
    file::write(path, &header, Over::Keep)?;
    Ok(sealing(&stretched, &salt))
}

fn unlock(header: &[u8], passphrase: &str) -> Result<AeadKey, SecureAreaError> {
    let Header { cost, salt, checked, check } = parse(header).ok_or(SecureAreaError::Unavailable)?;
    // The cost comes from a file: one outside the limits is refused there before it takes any memory.
    let stretched = argon2id(passphrase.as_bytes(), &salt, cost).map_err(unavailable)?;
    verify_hmac_sha256(stretched.expose(), &[CHECK, checked], check).map_err(|_| SecureAreaError::Locked)?;
    Ok(sealing(&stretched, &salt))
}

fn sealing(stretched: &Secret<32>, salt: &[u8; 16]) -> AeadKey {
    AeadKey::new(hkdf_sha256(stretched.expose(), salt, SEAL))
}

struct Header<'a> {
    cost: Argon2Cost,
    salt: [u8; 16],
    /// What the check value is over.
    checked: &'a [u8],
    check: &'a [u8],
}

/// The hash at the end tells a damaged header from a wrong passphrase.
fn parse(header: &[u8]) -> Option<Header<'_>> {
    let (body, hash) = header.split_last_chunk::<32>()?;
    if sha256(&[body]) != *hash {
        return None;
    }
    let (checked, check) = body.split_last_chunk::<32>()?;
    let rest = checked.strip_prefix(MAGIC)?;
    let (memory_kib, rest) = rest.split_first_chunk()?;
    let (passes, rest) = rest.split_first_chunk()?;
    let (lanes, salt) = rest.split_first_chunk()?;
    let cost = Argon2Cost {
        memory_kib: u32::from_be_bytes(*memory_kib),
        passes: u32::from_be_bytes(*passes),
        lanes: u32::from_be_bytes(*lanes),
    };
    Some(Header { cost, salt: salt.try_into().ok()?, checked, check })
}
