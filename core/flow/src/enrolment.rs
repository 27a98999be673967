//! The enrolment door: the two messages between a wallet and an issuer, however they travel (a file, a test,
//! OpenID4VCI).
//!
//! Request:
//! `{1: "rid-enrolment-1", 2: id bstr, 3: audience tstr, 4: challenge bstr,
//! 5: [+ {1: kind tstr, 2: [+ {1: COSE_Key, 2: proof bstr}]}]}`.
//! Answer: `{1: "rid-enrolment-answer-1", 2: id bstr, 3: [+ {1: kind tstr, 2: [+ credential bstr]}]}`; one credential
//! for each key, in the order of the keys. A proof is a raw ES256 signature by the key over [`proof_message`].
use alloc::{collections::BTreeSet, string::String, vec::Vec};

use rid_crypto::{Curve, PublicKey, SignatureAlgorithm, verify};
use rid_wire::{
    Code,
    cbor::{CborError, Decoder, Encoder, Key, Limits},
    cose,
};

const REQUEST: &str = "rid-enrolment-1";
const ANSWER: &str = "rid-enrolment-answer-1";
const MAX_KINDS: usize = 16;
const MAX_KEYS: usize = 100;

/// Why an enrolment message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum EnrolmentError {
    /// Not the message expected.
    Cbor(#[from] CborError),
    /// A proof of possession is wrong, a key occurs twice or is no P-256 key.
    Proof,
    /// Another version, audience, challenge or limit (at most 16 kinds, 100 keys each).
    Invalid,
}

impl EnrolmentError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Cbor(e) => e.code(),
            Self::Proof => Code::new("invalid_proof"),
            Self::Invalid => Code::new("enrolment_invalid"),
        }
    }
}

/// One key with its proof of possession.
#[derive(Clone, PartialEq, Eq)]
pub struct ProvenKey {
    /// Public key, uncompressed SEC1 P-256.
    pub public: Vec<u8>,
    /// Raw ES256 signature over [`proof_message`].
    pub proof: Vec<u8>,
}

/// What a wallet asks an issuer.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentRequest {
    /// Drawn at random by the wallet; 16 bytes.
    pub id: [u8; 16],
    /// The issuer meant.
    pub audience: String,
    /// The issuer's challenge.
    pub challenge: Vec<u8>,
    /// Document types with their keys, one credential copy each.
    pub kinds: Vec<(String, Vec<ProvenKey>)>,
}

/// What an issuer answers.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentAnswer {
    /// The request's id.
    pub id: [u8; 16],
    /// Document types with one credential per key, in the order of the keys.
    pub kinds: Vec<(String, Vec<Vec<u8>>)>,
}

impl EnrolmentRequest {
    /// Encodes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.map(5).uint(1).text(REQUEST).uint(2).bytes(&self.id).uint(3).text(&self.audience);
        encoder.uint(4).bytes(&self.challenge).uint(5).array(self.kinds.len());
        for (kind, keys) in &self.kinds {
            encoder.map(2).uint(1).text(kind).uint(2).array(keys.len());
            for key in keys {
                encoder.map(2).uint(1).raw(&cose_key(&key.public)).uint(2).bytes(&key.proof);
            }
        }
        encoder.finish()
    }

    /// Parses and checks form, limits, that no key occurs twice, and every proof.
    ///
    /// # Errors
    /// [`EnrolmentError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnrolmentError> {
        let mut decoder = Decoder::new(bytes, Limits::ONLINE)?.definite();
        let (mut version, mut id, mut audience, mut challenge, mut kinds) = (None, None, None, None, None);
        decoder.map(|decoder, key| {
            match key {
                Key::Uint(1) => version = Some(decoder.text()?),
                Key::Uint(2) => id = Some(decoder.bytes()?),
                Key::Uint(3) => audience = Some(decoder.identifier()?),
                Key::Uint(4) => challenge = Some(decoder.bytes()?),
                Key::Uint(5) => kinds = Some(read_kinds(decoder, read_key)?),
                _ => {}
            }
            Ok::<_, EnrolmentError>(())
        })?;
        decoder.finish()?;
        if version.as_deref() != Some(REQUEST) {
            return Err(EnrolmentError::Invalid);
        }
        let request = Self {
            id: id.as_deref().and_then(|id| id.try_into().ok()).ok_or(EnrolmentError::Invalid)?,
            audience: audience.ok_or(CborError::MissingMember)?.into_owned(),
            challenge: challenge.ok_or(CborError::MissingMember)?.into_owned(),
            kinds: kinds.ok_or(CborError::MissingMember)?,
        };
        request.check_proofs()?;
        Ok(request)
    }

    fn check_proofs(&self) -> Result<(), EnrolmentError> {
        let mut seen = BTreeSet::new();
        for (kind, keys) in &self.kinds {
            for key in keys {
                if !seen.insert(key.public.as_slice()) {
                    return Err(EnrolmentError::Proof);
                }
                let public = PublicKey::from_sec1(Curve::P256, &key.public).map_err(|_| EnrolmentError::Proof)?;
                let message = proof_message(&self.id, &self.audience, &self.challenge, kind, &key.public);
                verify(&public, SignatureAlgorithm::Es256, &[&message], &key.proof)
                    .map_err(|_| EnrolmentError::Proof)?;
            }
        }
        Ok(())
    }
}

impl EnrolmentAnswer {
    /// Encodes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.map(3).uint(1).text(ANSWER).uint(2).bytes(&self.id).uint(3).array(self.kinds.len());
        for (kind, credentials) in &self.kinds {
            encoder.map(2).uint(1).text(kind).uint(2).array(credentials.len());
            for credential in credentials {
                encoder.bytes(credential);
            }
        }
        encoder.finish()
    }

    /// Parses form and limits.
    ///
    /// # Errors
    /// [`EnrolmentError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnrolmentError> {
        let mut decoder = Decoder::new(bytes, Limits::ONLINE)?.definite();
        let (mut version, mut id, mut kinds) = (None, None, None);
        decoder.map(|decoder, key| {
            match key {
                Key::Uint(1) => version = Some(decoder.text()?),
                Key::Uint(2) => id = Some(decoder.bytes()?),
                Key::Uint(3) => kinds = Some(read_kinds(decoder, |decoder| Ok(decoder.bytes()?.into_owned()))?),
                _ => {}
            }
            Ok::<_, EnrolmentError>(())
        })?;
        decoder.finish()?;
        if version.as_deref() != Some(ANSWER) {
            return Err(EnrolmentError::Invalid);
        }
        Ok(Self {
            id: id.as_deref().and_then(|id| id.try_into().ok()).ok_or(EnrolmentError::Invalid)?,
            kinds: kinds.ok_or(CborError::MissingMember)?,
        })
    }
}

/// The message a key signs to prove possession: `["rid-enrolment-proof-1", id, audience, challenge, kind, COSE_Key]`.
#[must_use]
pub fn proof_message(id: &[u8; 16], audience: &str, challenge: &[u8], kind: &str, public: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.array(6).text("rid-enrolment-proof-1").bytes(id).text(audience).bytes(challenge).text(kind);
    encoder.raw(&cose_key(public));
    encoder.finish()
}

/// One list of kinds with their members, within the limits; no kind twice, none empty.
fn read_kinds<T>(
    decoder: &mut Decoder<'_>,
    mut member: impl FnMut(&mut Decoder<'_>) -> Result<T, EnrolmentError>,
) -> Result<Vec<(String, Vec<T>)>, EnrolmentError> {
    let mut kinds: Vec<(String, Vec<T>)> = Vec::new();
    decoder.array(|decoder, at| {
        if at >= MAX_KINDS {
            return Err(EnrolmentError::Invalid);
        }
        let (mut kind, mut members) = (None, Vec::new());
        decoder.map(|decoder, key| {
            match key {
                Key::Uint(1) => kind = Some(decoder.identifier()?.into_owned()),
                Key::Uint(2) => {
                    decoder.array(|decoder, at| {
                        if at >= MAX_KEYS {
                            return Err(EnrolmentError::Invalid);
                        }
                        members.push(member(decoder)?);
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok::<_, EnrolmentError>(())
        })?;
        let kind = kind.ok_or(CborError::MissingMember)?;
        if members.is_empty() || kinds.iter().any(|(known, _)| *known == kind) {
            return Err(EnrolmentError::Invalid);
        }
        kinds.push((kind, members));
        Ok(())
    })?;
    if kinds.is_empty() { Err(EnrolmentError::Invalid) } else { Ok(kinds) }
}

fn read_key(decoder: &mut Decoder<'_>) -> Result<ProvenKey, EnrolmentError> {
    let (mut public, mut proof) = (None, None);
    decoder.map(|decoder, key| {
        match key {
            Key::Uint(1) => {
                let key = cose::Key::read(decoder).map_err(|_| EnrolmentError::Proof)?;
                let key = PublicKey::from_cose(&key).map_err(|_| EnrolmentError::Proof)?;
                public = Some(key.to_bytes());
            }
            Key::Uint(2) => proof = Some(decoder.bytes()?.into_owned()),
            _ => {}
        }
        Ok::<_, EnrolmentError>(())
    })?;
    Ok(ProvenKey { public: public.ok_or(CborError::MissingMember)?, proof: proof.ok_or(CborError::MissingMember)? })
}

/// A key that is no point encodes as an empty map: its proof then verifies nowhere.
fn cose_key(public: &[u8]) -> Vec<u8> {
    PublicKey::from_sec1(Curve::P256, public).map_or_else(|_| [0xa0].into(), |key| key.to_cose())
}

rid_wire::closed_debug!(EnrolmentRequest, ProvenKey);

#[cfg(test)]
mod tests;
