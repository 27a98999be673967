//! A secure area with one key.
use alloc::{boxed::Box, vec::Vec};

use async_trait::async_trait;
use rid_crypto::SigningKey;
use rid_wire::{base64, json::Value};

use crate::ports::{KeyId, KeyInfo, KeySpec, Prompt, Secret32, SecureArea, SecureAreaError};

/// A secure area of one signing key, whatever it is called: a test reader's.
pub struct OneKey(SigningKey);

impl OneKey {
    /// Over a key.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        Self(key)
    }

    /// From a private JWK of P-256.
    #[must_use]
    pub fn from_jwk(text: &str) -> Option<Self> {
        let jwk = Value::parse(text, 4096).ok()?;
        let scalar = base64::decode_url(jwk.member("d")?.as_str()?).ok()?;
        let scalar: [u8; 32] = scalar.try_into().ok()?;
        SigningKey::from_scalar(&scalar).ok().map(Self)
    }
}

#[async_trait]
impl SecureArea for OneKey {
    async fn create_keys(&self, _count: u32, _spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        Err(SecureAreaError::Unavailable)
    }

    async fn sign(&self, _key: KeyId, message: Vec<u8>, _prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        Ok(self.0.sign(&[&message]))
    }

    async fn agree(&self, _key: KeyId, _peer: Vec<u8>, _prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        Err(SecureAreaError::Unavailable)
    }

    async fn derive(&self, _key: KeyId, _input: [u8; 32], _prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        Err(SecureAreaError::Unavailable)
    }

    async fn info(&self, _key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        Err(SecureAreaError::NotFound)
    }

    async fn delete(&self, _key: KeyId) -> Result<(), SecureAreaError> {
        Ok(())
    }
}
