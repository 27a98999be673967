//! HPKE (RFC 9180) for one message: base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
//!
//! ISO/IEC TS 18013-7 Annex C encrypts a response with it. There is no other mode, no export and no second message.
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::{
    Aead128Key, AgreementKey, CryptoError, CryptoRng, Curve, EphemeralKey, PublicKey, Secret, SharedSecret,
    backend::{Active, Library},
    stack::wiping,
};

/// Length in bytes of an encapsulated key: an uncompressed point.
pub const ENCAPSULATED_LEN: usize = 65;

/// A message that only the recipient can open.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The encapsulated key (`enc`).
    pub encapsulated: Vec<u8>,
    /// The ciphertext followed by the tag.
    pub ciphertext: Vec<u8>,
}

/// Encrypts one message to a P-256 key. Both sides must give the same `info` and `aad`.
///
/// # Errors
/// [`CryptoError::KeyInvalid`] if the recipient's key is of another curve.
pub fn seal(
    recipient: &PublicKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Sealed, CryptoError> {
    if recipient.curve() != Curve::P256 {
        return Err(CryptoError::KeyInvalid);
    }
    let ephemeral = EphemeralKey::make(rng);
    let encapsulated = ephemeral.public().to_bytes();
    let context = Context::new(&ephemeral.agree(recipient)?, &encapsulated, recipient, info);
    let ciphertext = Aead128Key::new(context.key).seal(&context.base_nonce, aad, plaintext)?;
    Ok(Sealed { encapsulated, ciphertext })
}

/// Decrypts a message to `key`.
///
/// # Errors
/// [`CryptoError::KeyInvalid`] if the encapsulated key is not an uncompressed point of P-256, [`CryptoError::Open`] if
/// key, `info`, `aad` or ciphertext is wrong.
pub fn open(key: &AgreementKey, info: &[u8], aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, CryptoError> {
    if sealed.encapsulated.len() != ENCAPSULATED_LEN {
        return Err(CryptoError::KeyInvalid);
    }
    let ephemeral = PublicKey::from_sec1(Curve::P256, &sealed.encapsulated)?;
    let context = Context::new(&key.agree(&ephemeral)?, &sealed.encapsulated, &key.public(), info);
    Aead128Key::new(context.key).open(&context.base_nonce, aad, &sealed.ciphertext)
}

/// The suite of the KEM (RFC 9180, 4.1).
const KEM: &[u8] = b"KEM\x00\x10";
/// The suite of the whole (RFC 9180, 5.1).
const SUITE: &[u8] = b"HPKE\x00\x10\x00\x01\x00\x01";
const VERSION: &[u8] = b"HPKE-v1";
/// The mode without pre-shared key and sender's key.
const BASE: &[u8] = &[0];

/// The key and nonce of the first message (RFC 9180, 5.1).
struct Context {
    key: Secret<16>,
    base_nonce: [u8; 12],
}

impl Context {
    fn new(agreed: &SharedSecret, encapsulated: &[u8], recipient: &PublicKey, info: &[u8]) -> Self {
        wiping(|| {
            let extracted = extract(KEM, &[], b"eae_prk", agreed.expose());
            let kem_context = [encapsulated, &recipient.to_bytes()].concat();
            let shared = expand::<32>(KEM, &extracted, b"shared_secret", &kem_context, &[0, 32]);
            let psk_id_hash = extract(SUITE, &[], b"psk_id_hash", &[]);
            let info_hash = extract(SUITE, &[], b"info_hash", info);
            let context = [BASE, &*psk_id_hash, &*info_hash].concat();
            let secret = extract(SUITE, shared.expose(), b"secret", &[]);
            let nonce = expand::<12>(SUITE, &secret, b"base_nonce", &context, &[0, 12]);
            Self { key: expand(SUITE, &secret, b"key", &context, &[0, 16]), base_nonce: *nonce.expose() }
        })
    }
}

/// LabeledExtract (RFC 9180, 4).
fn extract(suite: &[u8], salt: &[u8], label: &[u8], ikm: &[u8]) -> Zeroizing<[u8; 32]> {
    Active::hmac_sha256(salt, &[VERSION, suite, label, ikm])
}

/// LabeledExpand (RFC 9180, 4) to `N` bytes, at most 32, which is one block. `len` is `N` in two bytes.
fn expand<const N: usize>(suite: &[u8], key: &[u8; 32], label: &[u8], info: &[u8], len: &[u8; 2]) -> Secret<N> {
    let block = Active::hmac_sha256(key, &[len, VERSION, suite, label, info, &[1]]);
    Secret::filled(|out| out.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use rid_wire::{hex, json::Value};

    use super::*;

    fn member(case: &Value, name: &str) -> Vec<u8> {
        hex::decode(case.member(name).and_then(Value::as_str).unwrap()).unwrap()
    }

    /// RFC 9180, A.3.1: key, nonce and each of the messages; the sequence number changes only the nonce.
    #[test]
    fn std_s52_key_schedule_of_rfc_9180() {
        let text =
            alloc::string::String::from_utf8(rid_kit::vector("rfc9180-hpke/p256_hkdfsha256_aes128gcm_base.json"));
        let Value::Array(cases) = Value::parse(&text.unwrap(), 100_000).unwrap() else { panic!("an array") };
        let case = &cases[0];
        let recipient = AgreementKey::from_scalar(Curve::P256, &member(case, "skRm")).unwrap();
        let sender = AgreementKey::from_scalar(Curve::P256, &member(case, "skEm")).unwrap();
        let enc = sender.public().to_bytes();
        assert_eq!(enc, member(case, "enc"));
        let of_sender =
            Context::new(&sender.agree(&recipient.public()).unwrap(), &enc, &recipient.public(), &member(case, "info"));
        assert_eq!(of_sender.key.expose().as_slice(), member(case, "key"));
        assert_eq!(of_sender.base_nonce.as_slice(), member(case, "base_nonce"));
        let key = Aead128Key::new(of_sender.key);
        let Some(Value::Array(messages)) = case.member("encryptions") else { panic!("messages") };
        for (sequence, message) in messages.iter().enumerate() {
            let mut nonce = of_sender.base_nonce;
            nonce[11] ^= u8::try_from(sequence).unwrap();
            assert_eq!(nonce.as_slice(), member(message, "nonce"));
            let sealed = key.seal(&nonce, &member(message, "aad"), &member(message, "pt")).unwrap();
            assert_eq!(sealed, member(message, "ct"));
        }
        let first = Sealed { encapsulated: enc, ciphertext: member(&messages[0], "ct") };
        let opened = open(&recipient, &member(case, "info"), &member(&messages[0], "aad"), &first).unwrap();
        assert_eq!(opened, member(&messages[0], "pt"));
    }
}
