//! A deterministic source of randomness, vectors, and a small PKI of deliberately wrong certificates.
use std::{fs, path::PathBuf};

use rid_crypto::{
    PublicKey, SigningKey, sha256,
    x509::{Certificate, CertificateRequest, Profile, dangerous::Recipe},
};
use rid_wire::{Timestamp, hex};

/// SHA-256 in counter mode: the same bytes each run.
pub(crate) struct Seeded(pub(crate) u64);

impl rand_core::TryRng for Seeded {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            chunk.copy_from_slice(&sha256(&[&self.0.to_be_bytes()])[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Seeded {}

pub(crate) fn vector(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn annex_d(name: &str) -> Certificate {
    let text = String::from_utf8(vector(name)).unwrap();
    Certificate::parse(&hex::decode(text.trim()).unwrap()).unwrap()
}

pub(crate) fn made(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

pub(crate) fn key(seed: u64) -> SigningKey {
    SigningKey::make(&mut Seeded(seed << 32))
}

/// A right recipe, valid through 2026.
pub(crate) fn recipe(profile: Profile, common_name: &str, key: &PublicKey) -> Recipe {
    Recipe::of(&CertificateRequest {
        profile,
        common_name,
        organization: Some("Sınaq"),
        country: "AZ",
        key,
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2026-12-31T23:59:59Z"),
    })
}

pub(crate) fn sign(recipe: &Recipe, signer: &SigningKey, issuer: Option<&Certificate>) -> Certificate {
    Certificate::parse(&recipe.sign(signer, issuer, &mut Seeded(7))).unwrap()
}
