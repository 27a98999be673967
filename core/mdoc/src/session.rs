//! Session encryption (18013-5, 9.1.1; std-M42): keys, counters, SessionEstablishment and SessionData.
use alloc::{borrow::Cow, vec::Vec};

use rid_crypto::{AeadKey, Curve, NONCE_LEN, PublicKey, SharedSecret, TAG_LEN, hkdf_sha256};
use rid_wire::{
    Code,
    cbor::{CborError, Decoder, Encoder, Limits},
    cose::{self, CoseError},
};

use crate::transcript::Transcript;

/// A reason for which a session message was refused. The keys are then destroyed, and the session cannot be resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum SessionError {
    /// The CBOR of the message is refused.
    Cbor(#[from] CborError),
    /// The message counter is exhausted (neg-C04).
    CounterExhausted,
    /// The ciphertext or tag is wrong, replayed or reflected (neg-C03, neg-C05).
    Decrypt,
    /// The EReaderKey is on another curve or not a valid point (neg-C01).
    KeyInvalid,
    /// The message does not belong to this state (neg-C02).
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

/// One side of the session.
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
    /// Status 10: error in session encryption.
    EncryptionError,
    /// Status 11: CBOR decoding error.
    CborError,
    /// Status 20: session termination.
    Termination,
    /// Any other number, as received.
    Other(u64),
}

impl Status {
    const fn from_number(number: u64) -> Self {
        match number {
            10 => Self::EncryptionError,
            11 => Self::CborError,
            20 => Self::Termination,
            other => Self::Other(other),
        }
    }

    const fn number(self) -> u64 {
        match self {
            Self::EncryptionError => 10,
            Self::CborError => 11,
            Self::Termination => 20,
            Self::Other(number) => number,
        }
    }
}

/// The two session keys with their counters. They are wiped on drop and at the first error.
pub struct SessionCipher {
    /// The keys; `None` after the end of the session.
    keys: Option<Keys>,
    role: Role,
    /// The number of encrypted messages.
    sent: u32,
    /// The number of decrypted messages.
    received: u32,
}

impl SessionCipher {
    /// Derives SKReader and SKDevice: HKDF-SHA-256, salt SHA-256(SessionTranscriptBytes), infos `SKReader` and
    /// `SKDevice`.
    #[must_use]
    pub fn derive(role: Role, secret: &SharedSecret, transcript: &Transcript) -> Self {
        let salt = transcript.digest();
        let key = |side: Role| AeadKey::new(hkdf_sha256(secret.expose(), &salt, side.info()));
        let keys = Keys { own: key(role), peer: key(role.other()) };
        Self { keys: Some(keys), role, sent: 0, received: 0 }
    }

    /// Encrypts the next message of this side.
    ///
    /// # Errors
    /// [`SessionError::CounterExhausted`]; [`SessionError::State`] after the end of the session.
    pub fn encrypt(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, SessionError> {
        let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(TAG_LEN));
        sealed.extend_from_slice(plaintext);
        self.encrypt_in_place(&mut sealed, 0)?;
        Ok(sealed)
    }

    /// Encrypts the bytes of a message after the first `clear` and appends the tag.
    fn encrypt_in_place(&mut self, message: &mut Vec<u8>, clear: usize) -> Result<(), SessionError> {
        // An error leaves `self.keys` empty.
        let keys = self.keys.take().ok_or(SessionError::State)?;
        let counter = self.sent.checked_add(1).ok_or(SessionError::CounterExhausted)?;
        let nonce = self.role.nonce(counter);
        keys.own.seal_in_place(&nonce, &[], message, clear).map_err(|_| SessionError::State)?;
        self.sent = counter;
        self.keys = Some(keys);
        Ok(())
    }

    /// Decrypts the next message of the other side. After an error every further call fails.
    ///
    /// # Errors
    /// [`SessionError::Decrypt`], also after the end of the session; [`SessionError::CounterExhausted`].
    pub fn decrypt(&mut self, ciphertext: &[u8]) -> Result<Vec<u8>, SessionError> {
        let keys = self.keys.take().ok_or(SessionError::Decrypt)?;
        let counter = self.received.checked_add(1).ok_or(SessionError::CounterExhausted)?;
        let nonce = self.role.other().nonce(counter);
        let plaintext = keys.peer.open(&nonce, &[], ciphertext).map_err(|_| SessionError::Decrypt)?;
        self.received = counter;
        self.keys = Some(keys);
        Ok(plaintext)
    }

    /// Sets the counters of sent and received messages, to test their end. Never use it in a live session: it would
    /// repeat a nonce and so reveal the key.
    #[cfg(feature = "dangerous")]
    pub fn dangerous_set_counters(&mut self, sent: u32, received: u32) {
        self.sent = sent;
        self.received = received;
    }
}

/// A `SessionEstablishment {eReaderKey, data}` as received.
pub struct SessionEstablishment<'a> {
    /// The EReaderKeyBytes as received, a whole tag-24 item (neg-C07).
    pub e_reader_key_bytes: &'a [u8],
    /// The EReaderKey.
    pub e_reader_key: PublicKey,
    /// True if a coordinate of EReaderKey lacks its leading zeros, which is accepted with the warning
    /// `key_coordinate_short`.
    pub is_key_short: bool,
    /// The ciphertext of the DeviceRequest.
    pub data: Cow<'a, [u8]>,
}

impl<'a> SessionEstablishment<'a> {
    /// Parses an establishment, whose key must be on P-256. Unknown members are ignored.
    ///
    /// # Errors
    /// [`SessionError::State`] for SessionData, which has no eReaderKey (neg-C02); [`SessionError::KeyInvalid`];
    /// [`SessionError::Cbor`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, SessionError> {
        let mut decoder = Decoder::new(bytes, limits)?;
        let (mut key, mut data) = (None, None);
        decoder.map(|decoder, member| -> Result<(), SessionError> {
            match member.as_text() {
                Some(E_READER_KEY) => key = Some(decoder.tagged()?),
                Some(DATA) => data = Some(decoder.bytes()?),
                _ => {}
            }
            Ok(())
        })?;
        decoder.finish()?;
        let tagged = key.ok_or(SessionError::State)?;
        let (e_reader_key, is_key_short) = read_key(tagged.decoder())?;
        let data = data.ok_or(CborError::MissingMember)?;
        Ok(Self { e_reader_key_bytes: tagged.outer, e_reader_key, is_key_short, data })
    }

    /// Encodes an establishment; `e_reader_key_bytes` is the whole tag-24 item.
    #[must_use]
    pub fn encode(e_reader_key_bytes: &[u8], data: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.map(2).text(E_READER_KEY).raw(e_reader_key_bytes).text(DATA).bytes(data);
        encoder.finish()
    }
}

/// A `SessionData {data?, status?}`.
#[derive(Debug, PartialEq, Eq)]
pub struct SessionData<'a> {
    /// The ciphertext.
    pub data: Option<Cow<'a, [u8]>>,
    /// The status.
    pub status: Option<Status>,
}

impl<'a> SessionData<'a> {
    /// Parses a message with at least one of the two members and without eReaderKey (neg-C02). Unknown members are
    /// ignored.
    ///
    /// # Errors
    /// [`SessionError::State`] for a second establishment; [`SessionError::Cbor`].
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, SessionError> {
        let mut decoder = Decoder::new(bytes, limits)?;
        let (mut data, mut status) = (None, None);
        decoder.map(|decoder, member| -> Result<(), SessionError> {
            match member.as_text() {
                Some(E_READER_KEY) => return Err(SessionError::State),
                Some(DATA) => data = Some(decoder.bytes()?),
                Some(STATUS) => status = Some(Status::from_number(decoder.uint()?)),
                _ => {}
            }
            Ok(())
        })?;
        decoder.finish()?;
        if data.is_none() && status.is_none() {
            return Err(CborError::MissingMember.into());
        }
        Ok(Self { data, status })
    }

    /// Encrypts what `write` writes, in the buffer of the message. `capacity` is its length or more.
    ///
    /// # Errors
    /// As [`SessionCipher::encrypt`].
    pub fn seal(
        cipher: &mut SessionCipher,
        capacity: usize,
        write: impl FnOnce(&mut Encoder),
    ) -> Result<Vec<u8>, SessionError> {
        let mut encoder = Encoder::with_capacity(capacity.saturating_add(MAX_HEAD).saturating_add(TAG_LEN));
        encoder.raw(&[0; MAX_HEAD]);
        write(&mut encoder);
        let mut message = encoder.finish();
        cipher.encrypt_in_place(&mut message, MAX_HEAD)?;
        let mut head = Encoder::new();
        head.map(1).text(DATA).bytes_head(message.len().saturating_sub(MAX_HEAD));
        message.splice(..MAX_HEAD, head.finish());
        Ok(message)
    }

    /// Encodes the message.
    #[must_use]
    pub fn encode(data: Option<&[u8]>, status: Option<Status>) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.map(usize::from(data.is_some()).saturating_add(usize::from(status.is_some())));
        if let Some(data) = data {
            encoder.text(DATA).bytes(data);
        }
        if let Some(status) = status {
            encoder.text(STATUS).uint(status.number());
        }
        encoder.finish()
    }
}

/// Encodes EReaderKeyBytes or EDeviceKeyBytes: `#6.24(bstr .cbor COSE_Key)`.
#[must_use]
pub fn key_bytes(key: &PublicKey) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.tagged(&key.to_cose());
    encoder.finish()
}

const E_READER_KEY: &str = "eReaderKey";
const DATA: &str = "data";
/// Longest head before the ciphertext: a map, its key and the head of a byte string.
const MAX_HEAD: usize = 15;
const STATUS: &str = "status";

/// The key that this side encrypts with, and the key of the other side.
struct Keys {
    own: AeadKey,
    peer: AeadKey,
}

impl Role {
    const fn other(self) -> Self {
        match self {
            Self::Mdoc => Self::Reader,
            Self::Reader => Self::Mdoc,
        }
    }

    const fn info(self) -> &'static [u8] {
        match self {
            Self::Mdoc => b"SKDevice",
            Self::Reader => b"SKReader",
        }
    }

    /// The IV of this side's message number `counter`: 8 bytes for the side, 4 bytes for the counter (9.1.1.5).
    const fn nonce(self, counter: u32) -> [u8; NONCE_LEN] {
        let side = match self {
            Self::Mdoc => 1,
            Self::Reader => 0,
        };
        let [a, b, c, d] = counter.to_be_bytes();
        [0, 0, 0, 0, 0, 0, 0, side, a, b, c, d]
    }
}

fn read_key(mut decoder: Decoder<'_>) -> Result<(PublicKey, bool), SessionError> {
    let key = cose::Key::read(&mut decoder).map_err(|error| match error {
        CoseError::Cbor(error) => SessionError::Cbor(error),
        _ => SessionError::KeyInvalid,
    })?;
    decoder.finish()?;
    let key = PublicKey::from_cose_padded(&key).ok();
    key.filter(|(key, _)| key.curve() == Curve::P256).ok_or(SessionError::KeyInvalid)
}
