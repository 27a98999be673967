use crate::{CryptoError, Curve, CryptoRng, PublicKey, Secret};

/// The shared secret of a key agreement (ISO 18013-5: Z_AB): 32 bytes for P-256; longer curves keep their own length.
pub struct SharedSecret {
    bytes: zeroize::Zeroizing<alloc::vec::Vec<u8>>,
}

impl SharedSecret {
    /// From the 32 bytes a secure area returned.
    #[must_use]
    pub fn from_p256(secret: &Secret<32>) -> Self {
        Self { bytes: zeroize::Zeroizing::new(secret.expose().to_vec()) }
    }

    /// The input keying material.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }
}

/// A private key for ECDH (session keys, DeviceMac); wiped on drop.
pub struct AgreementKey(());

impl AgreementKey {
    /// A fresh P-256 key.
    pub fn make(rng: &mut dyn CryptoRng) -> Self {
        todo!()
    }

    /// From the private scalar, big-endian, of the curve's length (P-256, P-384, P-521).
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`].
    pub fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, CryptoError> {
        todo!()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        todo!()
    }

    /// ECDH with a peer's key of the same curve.
    ///
    /// # Errors
    /// [`CryptoError::KeyInvalid`] for another curve.
    pub fn agree(&self, peer: &PublicKey) -> Result<SharedSecret, CryptoError> {
        todo!()
    }
}
