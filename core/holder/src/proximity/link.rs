//! Session keys and what is sent under them.
use alloc::{borrow::Cow, vec::Vec};

use rid_crypto::{EphemeralKey, PublicKey};
use rid_mdoc::{
    engagement::Engagement,
    session::{Role, SessionCipher, SessionError, SessionEstablishment, Status},
    transcript::Transcript,
};
use rid_wire::cbor::{CborError, Decoder, Limits};

use super::HolderSession;

/// What exists once the peer's key is known.
pub(super) struct Link {
    pub(super) cipher: SessionCipher,
    pub(super) transcript: Transcript,
    pub(super) reader_key: PublicKey,
    /// A coordinate of EReaderKey lacks its leading zeros.
    pub(super) is_key_short: bool,
}

impl Link {
    /// Derives the session keys from a SessionEstablishment and gives the ciphertext that came with it. The
    /// transcript is made of the bytes as shown and as received (neg-C07).
    pub(super) fn establish<'a>(
        ephemeral: EphemeralKey,
        engagement: &Engagement,
        message: &'a [u8],
    ) -> Result<(Self, Cow<'a, [u8]>), SessionError> {
        let establishment = SessionEstablishment::parse(message, Limits::PROXIMITY)?;
        let secret = ephemeral.agree(&establishment.e_reader_key).map_err(|_| SessionError::KeyInvalid)?;
        let transcript = Transcript::qr(engagement.as_bytes(), establishment.e_reader_key_bytes);
        let cipher = SessionCipher::derive(Role::Mdoc, &secret, &transcript);
        let SessionEstablishment { e_reader_key: reader_key, is_key_short, data, .. } = establishment;
        Ok((Self { cipher, transcript, reader_key, is_key_short }, data))
    }
}

impl HolderSession {
    /// Encrypts for the peer.
    pub(super) fn encrypt(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, SessionError> {
        self.cipher()?.encrypt(plaintext)
    }

    pub(super) fn cipher(&mut self) -> Result<&mut SessionCipher, SessionError> {
        self.link.as_mut().map(|link| &mut link.cipher).ok_or(SessionError::State)
    }
}

/// Whether a message of a session is a SessionEstablishment: the one with `eReaderKey`.
pub(super) fn is_establishment(message: &[u8]) -> Result<bool, CborError> {
    let mut reader = Decoder::new(message, Limits::PROXIMITY)?;
    let mut found = false;
    reader.map(|_, key| -> Result<(), CborError> {
        found |= key.as_text() == Some("eReaderKey");
        Ok(())
    })?;
    reader.finish()?;
    Ok(found)
}

/// The status that tells the peer of a message that was refused (18013-5, table 20).
pub(super) const fn status_of(error: SessionError) -> Status {
    match error {
        SessionError::Cbor(_) => Status::CborError,
        SessionError::State => Status::Termination,
        _ => Status::EncryptionError,
    }
}
