//! The messages of ISO/IEC TS 18013-7 Annex C (`org-iso-mdoc`): the reader's key, and the encrypted response (std-S52).
//!
//! ```text
//! reader                                             wallet
//! EncryptionInfo::encode ── base64url text ────────► EncryptionInfo::parse
//! open  ◄── base64url of ["dcapi", {enc, cipherText}] ── seal
//! ```
//!
//! Both sides use the transcript of [`super::OnlineHandover::AnnexC`] as `info` of HPKE.
use alloc::{string::String, vec::Vec};

use rid_crypto::{
    AgreementKey, CryptoRng, PublicKey,
    hpke::{self, Sealed},
};
use rid_wire::{
    base64,
    cbor::{CborError, Decoder, Encoder, Limits},
    cose,
};

use crate::{MdocError, transcript::Transcript};

/// The first element of each structure of Annex C.
pub const IDENTIFIER: &str = "dcapi";

/// `EncryptionInfo = ["dcapi", {nonce, recipientPublicKey}]`.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionInfo {
    /// The nonce of the reader.
    pub nonce: Vec<u8>,
    /// The key to encrypt the response to.
    pub recipient: PublicKey,
}

impl EncryptionInfo {
    /// Parses the base64url text. Members that are not known are ignored.
    ///
    /// # Errors
    /// [`MdocError`].
    pub fn parse(text: &str) -> Result<Self, MdocError> {
        let bytes = decode(text)?;
        let (mut nonce, mut recipient) = (None, None);
        let mut decoder = Decoder::new(&bytes, Limits::ONLINE)?;
        read(&mut decoder, |decoder, name| {
            match name {
                "nonce" => nonce = Some(decoder.bytes()?.into_owned()),
                "recipientPublicKey" => {
                    recipient = Some(PublicKey::from_cose(&cose::Key::read(decoder)?)?);
                }
                _ => {}
            }
            Ok(())
        })?;
        decoder.finish()?;
        match (nonce, recipient) {
            (Some(nonce), Some(recipient)) => Ok(Self { nonce, recipient }),
            _ => Err(CborError::MissingMember.into()),
        }
    }

    /// Writes the base64url text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut encoder = Encoder::new();
        encoder.array(2).text(IDENTIFIER).map(2).text("nonce").bytes(&self.nonce);
        encoder.text("recipientPublicKey").raw(&self.recipient.to_cose());
        base64::encode_url(&encoder.finish())
    }
}

/// Encrypts a DeviceResponse to the reader: base64url of `["dcapi", {enc, cipherText}]`.
///
/// # Errors
/// [`MdocError::Crypto`] if the key is not on P-256.
pub fn seal(
    device_response: &[u8],
    info: &EncryptionInfo,
    transcript: &Transcript,
    rng: &mut dyn CryptoRng,
) -> Result<String, MdocError> {
    let sealed = hpke::seal(&info.recipient, transcript.as_bytes(), &[], device_response, rng)?;
    let mut encoder = Encoder::new();
    encoder.array(2).text(IDENTIFIER).map(2).text("enc").bytes(&sealed.encapsulated);
    encoder.text("cipherText").bytes(&sealed.ciphertext);
    Ok(base64::encode_url(&encoder.finish()))
}

/// Decrypts a response to `key` and returns the DeviceResponse. Nothing of it is verified.
///
/// # Errors
/// [`MdocError`]; [`MdocError::Crypto`] with `aead_open` if it answers another request, origin or key.
pub fn open(text: &str, key: &AgreementKey, transcript: &Transcript) -> Result<Vec<u8>, MdocError> {
    let bytes = decode(text)?;
    let (mut encapsulated, mut ciphertext) = (None, None);
    let mut decoder = Decoder::new(&bytes, Limits::ONLINE)?;
    read(&mut decoder, |decoder, name| {
        match name {
            "enc" => encapsulated = Some(decoder.bytes()?.into_owned()),
            "cipherText" => ciphertext = Some(decoder.bytes()?.into_owned()),
            _ => {}
        }
        Ok(())
    })?;
    decoder.finish()?;
    let (Some(encapsulated), Some(ciphertext)) = (encapsulated, ciphertext) else {
        return Err(CborError::MissingMember.into());
    };
    Ok(hpke::open(key, transcript.as_bytes(), &[], &Sealed { encapsulated, ciphertext })?)
}

fn decode(text: &str) -> Result<Vec<u8>, MdocError> {
    // The text is longer than its bytes, so more than this is never needed.
    if text.len() > Limits::ONLINE.max_bytes.saturating_mul(2) {
        return Err(CborError::TooLarge.into());
    }
    base64::decode_url(text).map_err(|_| MdocError::AnnexC)
}

/// Reads `["dcapi", {…}]` and gives each member with a text key to `member`, which may leave it unread.
fn read(
    decoder: &mut Decoder<'_>,
    mut member: impl FnMut(&mut Decoder<'_>, &str) -> Result<(), MdocError>,
) -> Result<(), MdocError> {
    let elements = decoder.array(|decoder, index| -> Result<(), MdocError> {
        match index {
            0 if decoder.text()? == IDENTIFIER => Ok(()),
            1 => decoder
                .map(|decoder, key| match key.as_text() {
                    Some(name) => member(decoder, name),
                    None => Ok(()),
                })
                .map(|_| ()),
            _ => Err(MdocError::AnnexC),
        }
    })?;
    if elements == 2 { Ok(()) } else { Err(MdocError::AnnexC) }
}

rid_wire::closed_debug!(EncryptionInfo);
