//! Key agreement (ECDH), and hashing to a point of P-256.
use alloc::boxed::Box;

use rid_wire::json::Value;
use zeroize::Zeroizing;

use crate::{
    CryptoError, CryptoRng, Curve, PublicKey, Secret,
    backend::{Active, Backend, Library, ring},
    key::jwk_member,
    sign::fresh_scalar,
    stack::wiping,
};

/// The shared secret of a key agreement (ISO 18013-5: Z_AB). It has the length of the curve: 32 bytes for P-256.
pub struct SharedSecret {
    bytes: Zeroizing<alloc::vec::Vec<u8>>,
}

impl SharedSecret {
    /// Takes the 32 bytes that a secure area returned.
    #[must_use]
    pub fn from_p256(secret: &Secret<32>) -> Self {
        Self { bytes: Zeroizing::new(secret.expose().to_vec()) }
    }

    /// The secret, as input keying material.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }
}

/// Hashes a message to an uncompressed point of P-256 (RFC 9380, suite P256_XMD:SHA-256_SSWU_RO_).
///
/// The discrete logarithm of the result is unknown. ECDH with a private key and this point is therefore a keyed
/// pseudo-random function, which replaces HMAC on chips that have none.
///
/// # Errors
/// [`CryptoError::Length`] if `domain` is empty, [`CryptoError::KeyInvalid`] if the result is the point at infinity.
pub fn hash_to_p256(message: &[u8], domain: &[u8]) -> Result<[u8; 65], CryptoError> {
    Active::hash_to_p256(message, domain)
}

/// A private key for ECDH that may be used many times (session keys of a reader, deviceMac). It is wiped on drop.
///
/// RustCrypto always serves it, because a key of `ring` agrees only once. It is boxed, so moving it leaves no copy
/// (neg-N04).
pub struct AgreementKey(Box<<Active as Library>::Agreement>);

impl AgreementKey {
    /// Makes a fresh P-256 key.
    pub fn make(rng: &mut dyn CryptoRng) -> Self {
        Self(wiping(|| fresh_scalar(rng, |scalar| Active::agreement(Curve::P256, scalar).map(Box::new))))
    }

    /// Takes a private scalar: big-endian, of the length of the curve (P-256, P-384 or P-521).
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] if the scalar is not in the range of the curve.
    pub fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, CryptoError> {
        wiping(|| Active::agreement(curve, scalar).map(Box::new)).map(Self)
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(Active::agreement_public(&self.0))
    }

    /// Agrees on a secret with the public key of a peer.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] if the peer's key is of another curve.
    pub fn agree(&self, peer: &PublicKey) -> Result<SharedSecret, CryptoError> {
        wiping(|| Active::agree(&self.0, &peer.0)).map(|bytes| SharedSecret { bytes })
    }

    /// Reads a private JWK (`kty` EC, `crv`, `d`). If `x` and `y` are present, they must belong to the same key.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`], or [`CryptoError::AlgUnsupported`] for another curve.
    pub fn from_jwk(text: &str) -> Result<Self, CryptoError> {
        let jwk = Value::parse(text, 8192).map_err(|_| CryptoError::KeyInvalid)?;
        let curve = Curve::from_jwk(&jwk)?;
        let scalar = Zeroizing::new(jwk_member(&jwk, "d")?);
        let key = Self::from_scalar(curve, &scalar)?;
        if jwk.member("x").is_some() && PublicKey::from_jwk_value(&jwk)? != key.public() {
            return Err(CryptoError::KeyInvalid);
        }
        Ok(key)
    }

    /// The private scalar of a P-256 key, for tools that save it beside a capture. `None` for other curves.
    #[cfg(feature = "dangerous")]
    #[must_use]
    pub fn dangerous_scalar(&self) -> Option<Secret<32>> {
        wiping(|| {
            let scalar = Active::agreement_scalar(&self.0);
            let bytes: &[u8; 32] = scalar.as_slice().try_into().ok()?;
            Some(Secret::filled(|secret| *secret = *bytes))
        })
    }
}

/// A fresh P-256 key for exactly one agreement (session keys of a holder). It is wiped when used or dropped.
pub struct EphemeralKey {
    private: Ephemeral,
    public: PublicKey,
}

enum Ephemeral {
    Fast(ring::Ephemeral),
    Reference(AgreementKey),
}

impl EphemeralKey {
    /// Makes a fresh key from `rng`, or from the operating system if [`Backend::Ring`] is selected.
    pub fn make(rng: &mut dyn CryptoRng) -> Self {
        Self::make_fast().unwrap_or_else(|| {
            let key = AgreementKey::make(rng);
            Self { public: key.public(), private: Ephemeral::Reference(key) }
        })
    }

    fn make_fast() -> Option<Self> {
        if Backend::selected() != Backend::Ring {
            return None;
        }
        let key = wiping(ring::Ephemeral::make)?;
        let point = wiping(|| key.point())?;
        Some(Self { private: Ephemeral::Fast(key), public: PublicKey::from_sec1(Curve::P256, &point).ok()? })
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Agrees on a secret with the public key of a peer. This consumes the key.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] if the peer's key is of another curve.
    pub fn agree(self, peer: &PublicKey) -> Result<SharedSecret, CryptoError> {
        match self.private {
            Ephemeral::Fast(key) => wiping(|| key.agree(&peer.0)).map(|bytes| SharedSecret { bytes }),
            Ephemeral::Reference(key) => key.agree(peer),
        }
    }
}
