//! `ring` for the hot calls. It takes nonces and ephemeral keys from the operating system (ADR 0012).
use alloc::{boxed::Box, vec::Vec};

use ring::{
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ED25519, EcdsaKeyPair,
        UnparsedPublicKey as Verifier,
    },
};
use zeroize::{Zeroize, Zeroizing};

use super::{Active, Library, Public, rustcrypto::contiguous};
use crate::{CryptoError, Curve, DigestAlgorithm};

pub(super) const IS_BUILT: bool = true;

/// Verifies a signature of P-256 with SHA-256, P-384 with SHA-384 or Ed25519.
pub(crate) fn verify(
    public: &Public,
    hash: DigestAlgorithm,
    message: &[&[u8]],
    signature: &[u8],
) -> Option<Result<(), CryptoError>> {
    let verified = match (public, hash) {
        (Public::Ed25519(_), _) if !has_valid_commitment(signature) => return Some(Err(CryptoError::SignatureInvalid)),
        (Public::Ed25519(key), _) => Verifier::new(&ED25519, key.as_bytes()).verify(&contiguous(message), signature),
        (Public::P256(_), DigestAlgorithm::Sha256) => {
            Verifier::new(&ECDSA_P256_SHA256_FIXED, Active::point(public)).verify(&contiguous(message), signature)
        }
        (Public::P384(_), DigestAlgorithm::Sha384) => {
            Verifier::new(&ECDSA_P384_SHA384_FIXED, Active::point(public)).verify(&contiguous(message), signature)
        }
        _ => return None,
    };
    Some(verified.map_err(|_| CryptoError::SignatureInvalid))
}

/// R of an Ed25519 signature must be a point that is not of small order. The reference checks this, `ring` does not.
fn has_valid_commitment(signature: &[u8]) -> bool {
    let r = signature.first_chunk().map(ed25519_dalek::VerifyingKey::from_bytes);
    matches!(r, Some(Ok(point)) if !point.is_weak())
}

/// A P-256 signing key.
pub(crate) struct Signing(Wiped<EcdsaKeyPair>);

impl Signing {
    /// Returns `None` if the operating system gives no randomness.
    pub(crate) fn new(scalar: &[u8; 32], public: &Public) -> Option<Self> {
        let (algorithm, point) = (&ECDSA_P256_SHA256_FIXED_SIGNING, Active::point(public));
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, &point, &SystemRandom::new());
        pair.ok().map(|pair| Self(Wiped::new(pair)))
    }

    /// Signs with a random nonce. Returns `None` if the operating system gives no randomness.
    pub(crate) fn sign(&self, message: &[&[u8]]) -> Option<[u8; 64]> {
        let signature = self.0.get()?.sign(&SystemRandom::new(), &contiguous(message)).ok()?;
        signature.as_ref().try_into().ok()
    }
}

/// A P-256 key for one agreement.
pub(crate) struct Ephemeral(Wiped<EphemeralPrivateKey>);

impl Ephemeral {
    /// Returns `None` if the operating system gives no randomness.
    pub(crate) fn make() -> Option<Self> {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).ok()?;
        Some(Self(Wiped::new(private)))
    }

    /// The uncompressed point.
    pub(crate) fn point(&self) -> Option<[u8; 65]> {
        self.0.get()?.compute_public_key().ok()?.as_ref().try_into().ok()
    }

    pub(crate) fn agree(mut self, peer: &Public) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        if Active::curve(peer) != Curve::P256 {
            return Err(CryptoError::KeyInvalid);
        }
        let private = self.0.take().ok_or(CryptoError::KeyInvalid)?;
        let peer = UnparsedPublicKey::new(&ECDH_P256, Active::point(peer));
        agree_ephemeral(private, &peer, |secret| Zeroizing::new(secret.to_vec())).map_err(|_| CryptoError::KeyInvalid)
    }
}

/// A value of `ring` on the heap, so that moving it leaves no copy (neg-N04). Its bytes are wiped on drop, also after
/// the value was taken out.
struct Wiped<T>(Box<Option<Opaque<T>>>);

/// `Zeroize` of an `Option` needs this of its content. The option itself then wipes all bytes.
struct Opaque<T>(T);

impl<T> Zeroize for Opaque<T> {
    fn zeroize(&mut self) {}
}

impl<T> Wiped<T> {
    fn new(value: T) -> Self {
        Self(Box::new(Some(Opaque(value))))
    }

    fn get(&self) -> Option<&T> {
        self.0.as_ref().as_ref().map(|opaque| &opaque.0)
    }

    fn take(&mut self) -> Option<T> {
        self.0.take().map(|opaque| opaque.0)
    }
}

impl<T> Drop for Wiped<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
