//! Session encryption (18013-5, 9.1.1; std-M42): keys, counters, SessionEstablishment and SessionData.
use alloc::{borrow::Cow, vec::Vec};

use rid_crypto::{PublicKey, SharedSecret};
use rid_wire::{Code, cbor::CborError, cbor::Limits};

use crate::transcript::Transcript;

/// Why a session message was refused. The keys are destroyed; a session never resumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// CBOR of the message.
    #[error("{0}")]
    Cbor(#[from] CborError),
    /// The message counter is used up (neg-C04).
    #[error("session_counter_exhausted")]
    CounterExhausted,
    /// Ciphertext or tag wrong, replayed or reflected (neg-C03, neg-C05).
    #[error("session_decrypt")]
    Decrypt,
    /// EReaderKey of another curve or no valid point (neg-C01).
    #[error("session_key_invalid")]
    KeyInvalid,
    /// A message that does not belong to this state (neg-C02).
    #[error("session_state")]
    State,
}

impl SessionError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Cbor(e) => return e.code(),
            Self::CounterExhausted => "session_counter_exhausted",
            Self::Decrypt => "session_decrypt",
            Self::KeyInvalid => "session_key_invalid",
            Self::State => "session_state",
        })
    }
}

/// Whose end of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The holder's device.
    Mdoc,
    /// The reader.
    Reader,
}

/// Session status codes (18013-5, table 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 10: error in session encryption.
    EncryptionError,
    /// 11: CBOR decoding error.
    CborError,
    /// 20: session termination.
    Termination,
    /// Any other number, as received.
    Other(u64),
}

/// The two session keys with their counters; wiped on drop.
pub struct SessionCipher(());

impl SessionCipher {
    /// Derives SKReader and SKDevice: HKDF-SHA-256, salt SHA-256(SessionTranscriptBytes), infos `SKReader`, `SKDevice`.
    #[must_use]
    pub fn derive(role: Role, secret: &SharedSecret, transcript: &Transcript) -> Self {
        todo!()
    }

    /// Encrypts the next message of this side.
    ///
    /// # Errors
    /// [`SessionError::CounterExhausted`].
    pub fn encrypt(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, SessionError> {
        todo!()
    }

    /// Decrypts the next message of the other side. After an error every further call fails.
    ///
    /// # Errors
    /// [`SessionError::Decrypt`], [`SessionError::CounterExhausted`].
    pub fn decrypt(&mut self, ciphertext: &[u8]) -> Result<Vec<u8>, SessionError> {
        todo!()
    }
}

/// `SessionEstablishment {eReaderKey, data}` as received.
pub struct SessionEstablishment<'a> {
    /// EReaderKeyBytes, whole tag-24 item as received (neg-C07).
    pub e_reader_key_bytes: &'a [u8],
    /// EReaderKey.
    pub e_reader_key: PublicKey,
    /// Ciphertext of the DeviceRequest.
    pub data: Cow<'a, [u8]>,
}

impl<'a> SessionEstablishment<'a> {
    /// Parses; the key must be P-256.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, SessionError> {
        todo!()
    }

    /// Encodes; `e_reader_key_bytes` is the whole tag-24 item.
    #[must_use]
    pub fn encode(e_reader_key_bytes: &[u8], data: &[u8]) -> Vec<u8> {
        todo!()
    }
}

/// `SessionData {data?, status?}`.
#[derive(Debug, PartialEq, Eq)]
pub struct SessionData<'a> {
    /// Ciphertext.
    pub data: Option<Cow<'a, [u8]>>,
    /// Status.
    pub status: Option<Status>,
}

impl<'a> SessionData<'a> {
    /// Parses; at least one member must be present, and eReaderKey must not (neg-C02).
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, SessionError> {
        todo!()
    }

    /// Encodes.
    #[must_use]
    pub fn encode(data: Option<&[u8]>, status: Option<Status>) -> Vec<u8> {
        todo!()
    }
}

/// EReaderKeyBytes or EDeviceKeyBytes of a key of ours: `#6.24(bstr .cbor COSE_Key)`.
#[must_use]
pub fn key_bytes(key: &PublicKey) -> Vec<u8> {
    todo!()
}
