//! Deliberately wrong certificates.
use std::{fs, path::PathBuf};

use rid_crypto::{
    PublicKey, SigningKey,
    x509::{Certificate, CertificateRequest, Profile, dangerous::Recipe},
};
use rid_kit::hex_vector;
pub(crate) use rid_kit::{SeededRng, time as at, vector};

pub(crate) fn annex_d(name: &str) -> Certificate {
    Certificate::parse(&hex_vector(name)).unwrap()
}

pub(crate) fn made(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn key(seed: u64) -> SigningKey {
    SigningKey::make(&mut SeededRng::new(seed << 32))
}

/// A correct recipe, valid through 2026.
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
    Certificate::parse(&recipe.sign(signer, issuer, &mut SeededRng::new(7))).unwrap()
}
