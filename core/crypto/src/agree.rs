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

/// The shared secret of a key agreement (ISO 18013-5: Z_AB): 32 bytes for P-256; longer curves keep their own length.
pub struct SharedSecret {
    bytes: Zeroizing<alloc::vec::Vec<u8>>,
}

impl SharedSecret {
    /// From the 32 bytes a secure area returned.
    #[must_use]
    pub fn from_p256(secret: &Secret<32>) -> Self {
        Self { bytes: Zeroizing::new(secret.expose().to_vec()) }
    }

    /// The input keying material.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }
}

/// Hashes a message to a point of P-256, uncompressed SEC1 (RFC 9380, suite P256_XMD:SHA-256_SSWU_RO_). Nobody knows its
/// discrete logarithm, so ECDH of a key with it is a keyed pseudo-random function: `derive` on a chip that has no HMAC.
///
/// # Errors
/// [`CryptoError::Length`] for an empty `domain`; [`CryptoError::KeyInvalid`] for the one point that has no coordinates.
pub fn hash_to_p256(message: &[u8], domain: &[u8]) -> Result<[u8; 65], CryptoError> {
    Active::hash_to_p256(message, domain)
}

/// A private key for ECDH that may be used many times (reader's session keys, DeviceMac); wiped on drop. Always RustCrypto:
/// a key of `ring`'s agrees once.
///
/// Boxed, so that a key that is moved leaves no copy behind (neg-N04).
pub struct AgreementKey(Box<<Active as Library>::Agreement>);

impl AgreementKey {
    /// A fresh P-256 key.
    pub fn make(rng: &mut dyn CryptoRng) -> Self {
        Self(wiping(|| fresh_scalar(rng, |scalar| Active::agreement(Curve::P256, scalar).map(Box::new))))
    }

    /// From the private scalar, big-endian, of the curve's length (P-256, P-384, P-521).
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`].
    pub fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, CryptoError> {
        wiping(|| Active::agreement(curve, scalar).map(Box::new)).map(Self)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(Active::agreement_public(&self.0))
    }

    /// ECDH with a peer's key of the same curve.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] for another curve.
    pub fn agree(&self, peer: &PublicKey) -> Result<SharedSecret, CryptoError> {
        wiping(|| Active::agree(&self.0, &peer.0)).map(|bytes| SharedSecret { bytes })
    }

    /// From a private JWK (`kty` EC, `crv`, `d`; `x` and `y`, where given, must be of the same key).
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`], [`CryptoError::AlgUnsupported`].
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

    /// The private scalar of a P-256 key, to be kept beside a capture (an integrator's tool only); `None` for other curves.
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

/// A fresh P-256 key for one agreement (the holder's session keys); wiped on drop and once used.
pub struct EphemeralKey {
    private: Ephemeral,
    public: PublicKey,
}

enum Ephemeral {
    Fast(ring::Ephemeral),
    Reference(AgreementKey),
}

impl EphemeralKey {
    /// A fresh key: from `rng`, or with [`Backend::Ring`] from the operating system.
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

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// ECDH with a peer's key of the same curve.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] for another curve.
    pub fn agree(self, peer: &PublicKey) -> Result<SharedSecret, CryptoError> {
        match self.private {
            Ephemeral::Fast(key) => wiping(|| key.agree(&peer.0)).map(|bytes| SharedSecret { bytes }),
            Ephemeral::Reference(key) => key.agree(peer),
        }
    }
}
