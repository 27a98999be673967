//! The recovery file: a file that a person keeps apart from the device, sealed by the recovery code (neg-K26).
//!
//! ```text
//! "RIDREC01" ‖ header ‖ AES-256-GCM(key, nonce, aad = all before, payload ‖ padding)
//! header  = {0: version, 1: salt, 2: nonce, 3: length of what follows}
//! key     = HKDF(code, salt, "rid-recovery-file-1")
//! ```
//!
//! The code is 120 random bits: nothing needs to make a guess expensive.
use rid_claims::{CredentialType, IssuanceSource};
use rid_crypto::{AeadKey, CryptoError, CryptoRng, NONCE_LEN, TAG_LEN, hkdf_sha256};
use rid_flow::{HistoryDraft, Record};
use rid_wire::{
    Code, Timestamp,
    cbor::{CborError, Decoder, Encoder, Key, Limits},
};
use zeroize::Zeroizing;

use crate::RecoveryCode;

mod payload;
#[cfg(test)]
mod tests;

pub(crate) use payload::{SETTINGS, write_recipe};

const MAGIC: &[u8; 8] = b"RIDREC01";
/// What is written; every one from 1 on is read. The version is the first member of the header in all of them.
const VERSION: u64 = 1;
/// A file over this is not looked at, and none is made.
const MAX_BYTES: usize = 8 << 20;
const LIMITS: Limits = Limits { max_bytes: MAX_BYTES, max_depth: 8 };

/// Why a recovery file was not made or not opened; nothing was taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum RecoveryError {
    /// Not a recovery code: mistyped or incomplete. Blame: whoever typed it.
    CodeForm,
    /// A record that is no setting was to go in: it may hold a token. Blame: the caller.
    Content,
    /// Not a recovery file, or one that no version writes. Blame: whoever chose or made the file.
    Form,
    /// The system gave no working memory.
    Memory,
    /// Over 8 MiB.
    TooLarge,
    /// The end is missing. Blame: whatever carried the file.
    Truncated,
    /// Made by a newer version.
    Version,
    /// The code is of another recovery file, or the file was altered: the two look alike.
    WrongCode,
}

impl RecoveryError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::CodeForm => "backup_code_form",
            Self::Content => "backup_content",
            Self::Form => "backup_form",
            Self::Memory => "crypto_memory",
            Self::TooLarge => "input_too_large",
            Self::Truncated => "backup_truncated",
            Self::Version => "backup_version",
            Self::WrongCode => "backup_wrong_code",
        })
    }
}

impl From<CborError> for RecoveryError {
    fn from(error: CborError) -> Self {
        match error {
            CborError::Truncated => Self::Truncated,
            CborError::TooLarge => Self::TooLarge,
            _ => Self::Form,
        }
    }
}

impl From<CryptoError> for RecoveryError {
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::Memory => Self::Memory,
            CryptoError::Open => Self::WrongCode,
            _ => Self::Form,
        }
    }
}

/// What another device is to ask an issuer for again; never a value, key or token (neg-K26).
#[derive(Clone, PartialEq, Eq)]
pub struct ReissueEntry {
    /// The name of the issuer, for display.
    pub issuer: String,
    /// The place to fetch it from, if known.
    pub source: Option<IssuanceSource>,
    /// The type of the credential.
    pub credential_type: CredentialType,
    /// How many copies there were.
    pub copies: u32,
}

/// What a recovery file holds: nothing that is bound to a device, so it may be opened on any number of them (neg-K26).
#[derive(Clone, PartialEq, Eq)]
pub struct Recovery {
    /// What to ask for again.
    pub reissue: Vec<ReissueEntry>,
    /// The history in order, each with whether it was imported already.
    pub history: Vec<(bool, HistoryDraft)>,
    /// Records of the kind `settings`.
    pub settings: Vec<Record>,
    /// When it was made.
    pub made: Timestamp,
}

/// Seals under a code. Of a history that is too long the oldest rows are left out.
///
/// # Errors
/// [`RecoveryError::Content`] for a record that is no setting, [`RecoveryError::TooLarge`] for reissue and settings of
/// more than 8 MiB, [`RecoveryError::Memory`].
pub(crate) fn seal(
    code: &RecoveryCode,
    recovery: &Recovery,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, RecoveryError> {
    let plain = payload::write(recovery)?;
    let mut header = Header { salt: [0; 16], nonce: [0; NONCE_LEN], sealed: plain.len().saturating_add(TAG_LEN) };
    rng.fill_bytes(&mut header.salt);
    rng.fill_bytes(&mut header.nonce);
    let aad = header.write();
    if aad.len().saturating_add(header.sealed) > MAX_BYTES {
        return Err(RecoveryError::TooLarge);
    }
    let sealed = header.key(code).seal(&header.nonce, &aad, &plain)?;
    Ok([aad, sealed].concat())
}

/// Opens with the code.
///
/// # Errors
/// [`RecoveryError`], each as it says. What the file's outside shows is refused before any work is done for the code.
pub(crate) fn open(code: &RecoveryCode, bytes: &[u8]) -> Result<Recovery, RecoveryError> {
    if bytes.len() > MAX_BYTES {
        return Err(RecoveryError::TooLarge);
    }
    let (magic, rest) = bytes.split_at(bytes.len().min(MAGIC.len()));
    if !MAGIC.starts_with(magic) {
        return Err(RecoveryError::Form);
    }
    let mut reader = Decoder::new(rest, LIMITS)?.definite();
    let header = Header::read(&mut reader)?;
    let (aad, sealed) = bytes.split_at_checked(magic.len() + reader.position()).ok_or(RecoveryError::Truncated)?;
    match sealed.len().cmp(&header.sealed) {
        core::cmp::Ordering::Less => return Err(RecoveryError::Truncated),
        core::cmp::Ordering::Greater => return Err(RecoveryError::Form),
        core::cmp::Ordering::Equal => {}
    }
    let plain = Zeroizing::new(header.key(code).open(&header.nonce, aad, sealed)?);
    payload::read(&plain)
}

struct Header {
    salt: [u8; 16],
    nonce: [u8; NONCE_LEN],
    /// Bytes of ciphertext and tag: without it a file that was cut could not be told from a wrong code.
    sealed: usize,
}

impl Header {
    fn write(&self) -> Vec<u8> {
        let mut writer = Encoder::new();
        writer.raw(MAGIC).map(4).uint(0).uint(VERSION).uint(1).bytes(&self.salt).uint(2).bytes(&self.nonce);
        writer.uint(3).uint(u64::try_from(self.sealed).unwrap_or(u64::MAX));
        writer.finish()
    }

    fn read(reader: &mut Decoder<'_>) -> Result<Self, RecoveryError> {
        let (mut version, mut salt, mut nonce, mut sealed) = (0, None, None, None);
        reader.map(|reader, key| {
            match key {
                Key::Uint(0) => version = reader.uint()?,
                Key::Uint(1) if version == VERSION => salt = reader.definite_bytes()?.try_into().ok(),
                Key::Uint(2) if version == VERSION => nonce = reader.definite_bytes()?.try_into().ok(),
                Key::Uint(3) if version == VERSION => sealed = usize::try_from(reader.uint()?).ok(),
                _ => return Err(RecoveryError::Form),
            }
            // At once: what a newer version has besides is not looked at.
            if version > VERSION { Err(RecoveryError::Version) } else { Ok(()) }
        })?;
        let (Some(salt), Some(nonce), Some(sealed)) = (salt, nonce, sealed) else { return Err(RecoveryError::Form) };
        if sealed > MAX_BYTES {
            return Err(RecoveryError::TooLarge);
        }
        Ok(Self { salt, nonce, sealed })
    }

    fn key(&self, code: &RecoveryCode) -> AeadKey {
        AeadKey::new(hkdf_sha256(code.expose(), &self.salt, b"rid-recovery-file-1"))
    }
}

rid_wire::closed_debug!(ReissueEntry, Recovery);
