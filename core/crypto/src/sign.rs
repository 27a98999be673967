//! Signatures: verify with a public key, sign with a P-256 key in memory.
use alloc::boxed::Box;

use rid_wire::json::Value;
use zeroize::Zeroizing;

use crate::{
    CryptoError, CryptoRng, Curve, DigestAlgorithm, PublicKey, SignatureAlgorithm,
    backend::{self, Active, Backend, Library, ring},
    key::jwk_member,
    stack::wiping,
};

/// Verifies a signature over the concatenation of the parts. It is raw r‖s, or the 64 bytes of Ed25519.
///
/// # Errors
/// [`CryptoError::AlgUnsupported`] if `alg` is not the algorithm of the key, [`CryptoError::SignatureInvalid`] if the
/// signature is wrong.
pub fn verify(
    key: &PublicKey,
    alg: SignatureAlgorithm,
    message: &[&[u8]],
    signature: &[u8],
) -> Result<(), CryptoError> {
    if key.algorithm() != alg {
        return Err(CryptoError::AlgUnsupported);
    }
    let hash = match alg {
        SignatureAlgorithm::Es256 => DigestAlgorithm::Sha256,
        SignatureAlgorithm::Es384 => DigestAlgorithm::Sha384,
        SignatureAlgorithm::Es512 | SignatureAlgorithm::EdDsa => DigestAlgorithm::Sha512,
    };
    backend::verify(&key.0, hash, message, signature)
}

/// A P-256 signing key in memory, for issuers, readers and the software secure area. It is wiped on drop.
///
/// It is boxed, so moving it leaves no copy (neg-N04).
pub struct SigningKey {
    reference: Box<<Active as Library>::Signing>,
    /// The same key for `ring`, if [`Backend::Ring`] was selected when the key was made.
    fast: Option<ring::Signing>,
}

impl SigningKey {
    /// Makes a fresh key.
    pub fn make(rng: &mut dyn CryptoRng) -> Self {
        wiping(|| fresh_scalar(rng, Self::from_scalar_unwiped))
    }

    /// Takes the private scalar: 32 bytes, big-endian.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] if the scalar is zero or not below the order of the curve.
    pub fn from_scalar(scalar: &[u8]) -> Result<Self, CryptoError> {
        let scalar = scalar.try_into().map_err(|_| CryptoError::KeyInvalid)?;
        wiping(|| Self::from_scalar_unwiped(scalar))
    }

    fn from_scalar_unwiped(scalar: &[u8; 32]) -> Result<Self, CryptoError> {
        let reference = Box::new(Active::signing(scalar)?);
        let fast = match Backend::selected() {
            Backend::Ring => ring::Signing::new(scalar, &Active::signing_public(&reference)),
            Backend::RustCrypto => None,
        };
        Ok(Self { reference, fast })
    }

    /// The private scalar, for tests and the test PKI.
    #[cfg(feature = "dangerous")]
    #[must_use]
    pub fn dangerous_scalar(&self) -> crate::Secret<32> {
        wiping(|| crate::Secret::filled(|out| out.copy_from_slice(&*Active::signing_scalar(&self.reference))))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(Active::signing_public(&self.reference))
    }

    /// Signs the concatenation of the parts with ES256 and returns raw r‖s. The nonce follows RFC 6979 or is random,
    /// depending on [`Backend`], so two signatures of one message may differ.
    #[must_use]
    pub fn sign(&self, message: &[&[u8]]) -> [u8; 64] {
        wiping(|| {
            let fast = self.fast.as_ref().and_then(|key| key.sign(message));
            fast.unwrap_or_else(|| Active::sign(&self.reference, message))
        })
    }

    /// Reads a private P-256 JWK (`d`). If `x` and `y` are present, they must belong to the same key.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`], or [`CryptoError::AlgUnsupported`] for another curve.
    pub fn from_jwk(text: &str) -> Result<Self, CryptoError> {
        let jwk = Value::parse(text, 8192).map_err(|_| CryptoError::KeyInvalid)?;
        if Curve::from_jwk(&jwk)? != Curve::P256 {
            return Err(CryptoError::KeyInvalid);
        }
        let scalar = Zeroizing::new(jwk_member(&jwk, "d")?);
        let key = Self::from_scalar(&scalar)?;
        if jwk.member("x").is_some() && PublicKey::from_jwk_value(&jwk)? != key.public() {
            return Err(CryptoError::KeyInvalid);
        }
        Ok(key)
    }
}

/// Draws 32 bytes until they are a scalar of P-256. The first draw fails once in 2³² times.
pub(crate) fn fresh_scalar<T>(rng: &mut dyn CryptoRng, take: impl Fn(&[u8; 32]) -> Result<T, CryptoError>) -> T {
    let mut scalar = Zeroizing::new([0; 32]);
    loop {
        rng.fill_bytes(&mut *scalar);
        if let Ok(key) = take(&scalar) {
            return key;
        }
    }
}
