//! RustCrypto, the reference library.
use alloc::{borrow::Cow, boxed::Box, vec::Vec};

use aes_gcm::{
    Aes128Gcm, Aes256Gcm, KeyInit,
    aead::{Aead, AeadInOut, Payload},
};
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::{MultipartSigner, hazmat::PrehashVerifier};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::{Argon2Input, Library};
use crate::{Argon2Cost, CryptoError, Curve, DigestAlgorithm};

/// RustCrypto and dalek: portable, constant time for secrets, without C.
pub(crate) struct RustCrypto;

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::PublicKey),
    P384(p384::PublicKey),
    P521(p521::PublicKey),
}

pub(crate) enum Agreement {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
}

impl Library for RustCrypto {
    type Public = Public;
    type Signing = p256::ecdsa::SigningKey;
    type Agreement = Agreement;
    type Aead = Aes256Gcm;
    type Aead128 = Aes128Gcm;
    type Mac = Hmac<Sha256>;

    fn public(curve: Curve, point: &[u8]) -> Result<Public, CryptoError> {
        if curve == Curve::Ed25519 {
            return ed25519(point);
        }
        // The library accepts more forms of a point than are allowed here (point at infinity, compact).
        if !matches!(point.first(), Some(2..=4)) {
            return Err(CryptoError::KeyInvalid);
        }
        match curve {
            Curve::P256 => p256::PublicKey::from_sec1_bytes(point).map(Public::P256),
            Curve::P384 => p384::PublicKey::from_sec1_bytes(point).map(Public::P384),
            _ => p521::PublicKey::from_sec1_bytes(point).map(Public::P521),
        }
        .map_err(|_| CryptoError::KeyInvalid)
    }

    fn curve(public: &Public) -> Curve {
        match public {
            Public::Ed25519(_) => Curve::Ed25519,
            Public::P256(_) => Curve::P256,
            Public::P384(_) => Curve::P384,
            Public::P521(_) => Curve::P521,
        }
    }

    fn point(public: &Public) -> Vec<u8> {
        use p256::elliptic_curve::sec1::ToSec1Point;
        match public {
            Public::Ed25519(key) => key.to_bytes().to_vec(),
            Public::P256(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Public::P384(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Public::P521(key) => key.to_sec1_point(false).as_bytes().to_vec(),
        }
    }

    fn verify(public: &Public, hash: DigestAlgorithm, message: &[&[u8]], signature: &[u8]) -> Result<(), CryptoError> {
        // `from_slice` takes r‖s of exactly the length of the curve, both in 1..n. A high s is accepted.
        match public {
            Public::Ed25519(key) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).map_err(invalid)?;
                key.verify_strict(&contiguous(message), &signature).map_err(invalid)
            }
            Public::P256(key) => {
                let signature = p256::ecdsa::Signature::from_slice(signature).map_err(invalid)?;
                let key = p256::ecdsa::VerifyingKey::from(key);
                key.verify_prehash(hash.digest(message).as_bytes(), &signature).map_err(invalid)
            }
            Public::P384(key) => {
                let signature = p384::ecdsa::Signature::from_slice(signature).map_err(invalid)?;
                let key = p384::ecdsa::VerifyingKey::from(key);
                key.verify_prehash(hash.digest(message).as_bytes(), &signature).map_err(invalid)
            }
            Public::P521(key) => {
                let signature = p521::ecdsa::Signature::from_slice(signature).map_err(invalid)?;
                let key = p521::ecdsa::VerifyingKey::from(key);
                key.verify_prehash(hash.digest(message).as_bytes(), &signature).map_err(invalid)
            }
        }
    }

    fn signing(scalar: &[u8; 32]) -> Result<Self::Signing, CryptoError> {
        p256::ecdsa::SigningKey::from_slice(scalar).map_err(|_| CryptoError::KeyInvalid)
    }

    #[cfg(feature = "dangerous")]
    fn signing_scalar(key: &Self::Signing) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        out.copy_from_slice(&Zeroizing::new(key.to_bytes()));
        out
    }

    fn signing_public(key: &Self::Signing) -> Public {
        Public::P256(key.verifying_key().into())
    }

    fn sign(key: &Self::Signing, message: &[&[u8]]) -> [u8; 64] {
        let signature: p256::ecdsa::Signature = key.multipart_sign(message);
        signature.to_bytes().into()
    }

    fn agreement(curve: Curve, scalar: &[u8]) -> Result<Agreement, CryptoError> {
        match curve {
            Curve::P256 if scalar.len() == 32 => p256::SecretKey::from_slice(scalar).map(Agreement::P256),
            Curve::P384 if scalar.len() == 48 => p384::SecretKey::from_slice(scalar).map(Agreement::P384),
            Curve::P521 if scalar.len() == 66 => p521::SecretKey::from_slice(scalar).map(Agreement::P521),
            _ => return Err(CryptoError::KeyInvalid),
        }
        .map_err(|_| CryptoError::KeyInvalid)
    }

    #[cfg(feature = "dangerous")]
    fn agreement_scalar(key: &Agreement) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match key {
            Agreement::P256(key) => Zeroizing::new(key.to_bytes()).to_vec(),
            Agreement::P384(key) => Zeroizing::new(key.to_bytes()).to_vec(),
            Agreement::P521(key) => Zeroizing::new(key.to_bytes()).to_vec(),
        })
    }

    fn agreement_public(key: &Agreement) -> Public {
        match key {
            Agreement::P256(key) => Public::P256(key.public_key()),
            Agreement::P384(key) => Public::P384(key.public_key()),
            Agreement::P521(key) => Public::P521(key.public_key()),
        }
    }

    fn agree(key: &Agreement, peer: &Public) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let secret = match (key, peer) {
            (Agreement::P256(key), Public::P256(peer)) => key.diffie_hellman(peer).raw_secret_bytes().to_vec(),
            (Agreement::P384(key), Public::P384(peer)) => key.diffie_hellman(peer).raw_secret_bytes().to_vec(),
            (Agreement::P521(key), Public::P521(peer)) => key.diffie_hellman(peer).raw_secret_bytes().to_vec(),
            _ => return Err(CryptoError::KeyInvalid),
        };
        Ok(Zeroizing::new(secret))
    }

    fn hash_to_p256(message: &[u8], domain: &[u8]) -> Result<[u8; 65], CryptoError> {
        use hash2curve::GroupDigest;
        use p256::elliptic_curve::sec1::ToSec1Point;
        let point = p256::NistP256::hash_from_bytes(&[message], &[domain]).map_err(|_| CryptoError::Length)?;
        let encoded = point.to_affine().to_sec1_point(false);
        encoded.as_bytes().try_into().map_err(|_| CryptoError::KeyInvalid)
    }

    fn aead(key: &[u8; 32]) -> Box<Aes256Gcm> {
        Box::new(Aes256Gcm::new(key.into()))
    }

    fn seal(key: &Aes256Gcm, nonce: &[u8; 12], aad: &[u8], text: &mut [u8]) -> Result<[u8; 16], CryptoError> {
        key.encrypt_inout_detached(nonce.into(), aad, text.into()).map(Into::into).map_err(|_| CryptoError::Length)
    }

    fn open(key: &Aes256Gcm, nonce: &[u8; 12], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        key.decrypt(nonce.into(), Payload { msg: sealed, aad }).map_err(|_| CryptoError::Open)
    }

    fn aead128(key: &[u8; 16]) -> Box<Aes128Gcm> {
        Box::new(Aes128Gcm::new(key.into()))
    }

    fn seal128(key: &Aes128Gcm, nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        key.encrypt(nonce.into(), Payload { msg: plaintext, aad }).map_err(|_| CryptoError::Length)
    }

    fn open128(key: &Aes128Gcm, nonce: &[u8; 12], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        key.decrypt(nonce.into(), Payload { msg: sealed, aad }).map_err(|_| CryptoError::Open)
    }

    fn sha256(parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }

    fn sha384(parts: &[&[u8]]) -> [u8; 48] {
        let mut hash = Sha384::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }

    fn sha512(parts: &[&[u8]]) -> [u8; 64] {
        let mut hash = Sha512::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }

    fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        // A key longer than the block is hashed, a shorter one is padded with zeros (RFC 2104). A whole block cannot
        // fail.
        let mut block = Zeroizing::new([0_u8; 64]);
        if key.len() > block.len() {
            let hashed = Zeroizing::new(Self::sha256(&[key]));
            block.iter_mut().zip(hashed.iter()).for_each(|(to, from)| *to = *from);
        } else {
            block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        }
        // Updated in place: a keyed state that is moved leaves a copy at every step.
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        parts.iter().for_each(|part| mac.update(part));
        let tag = mac.finalize();
        let mut out = Zeroizing::new([0; 32]);
        out.copy_from_slice(tag.as_bytes());
        out
    }

    fn mac(key: &[u8; 32]) -> Box<Hmac<Sha256>> {
        let mut block = Zeroizing::new([0_u8; 64]);
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        Box::new(<Hmac<Sha256> as KeyInit>::new((&*block).into()))
    }

    fn mac_tag(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = key.clone();
        parts.iter().for_each(|part| mac.update(part));
        let mut tag = [0; 32];
        tag.copy_from_slice(mac.finalize().as_bytes());
        tag
    }

    fn argon2id(input: &Argon2Input<'_>, cost: Argon2Cost, out: &mut [u8; 32]) -> Result<(), CryptoError> {
        let data = argon2::AssociatedData::new(input.data).map_err(|_| CryptoError::Length)?;
        let mut params = argon2::ParamsBuilder::new();
        params.m_cost(cost.memory_kib).t_cost(cost.passes).p_cost(cost.lanes).output_len(out.len()).data(data);
        let params = params.build().map_err(|_| CryptoError::Cost)?;
        let mut working = Working::new(params.block_count())?;
        let (algorithm, version) = (argon2::Algorithm::Argon2id, argon2::Version::V0x13);
        argon2::Argon2::new_with_secret(input.key, algorithm, version, params)
            .and_then(|argon2| argon2.hash_password_into_with_memory(input.password, input.salt, out, &mut *working.0))
            .map_err(|_| CryptoError::Length)
    }
}

/// The working memory of Argon2, wiped on drop. The library does not wipe its own.
struct Working(Vec<argon2::Block>);

impl Working {
    fn new(blocks: usize) -> Result<Self, CryptoError> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).map_err(|_| CryptoError::Memory)?;
        memory.resize(blocks, argon2::Block::default());
        Ok(Self(memory))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// RFC 8032. Keys of small order are refused, because one signature of such a key is valid for many messages.
fn ed25519(bytes: &[u8]) -> Result<Public, CryptoError> {
    let bytes: &[u8; 32] = bytes.try_into().map_err(|_| CryptoError::KeyInvalid)?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| CryptoError::KeyInvalid)?;
    if key.is_weak() { Err(CryptoError::KeyInvalid) } else { Ok(Public::Ed25519(key)) }
}

/// Concatenates the parts, because Ed25519 reads the message twice.
pub(super) fn contiguous<'a>(message: &[&'a [u8]]) -> Cow<'a, [u8]> {
    match message {
        [whole] => Cow::Borrowed(whole),
        parts => Cow::Owned(parts.concat()),
    }
}

fn invalid<E>(_: E) -> CryptoError {
    CryptoError::SignatureInvalid
}
