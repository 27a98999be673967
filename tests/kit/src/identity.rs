//! A small public key infrastructure.
use std::sync::Arc;

use rid_crypto::{
    CryptoRng, SigningKey,
    x509::{Certificate, CertificateRequest, Profile, build},
};
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_wire::Timestamp;

/// A key and its certificate.
pub struct Identity {
    /// The private key.
    pub key: SigningKey,
    /// The certificate of its public key.
    pub certificate: Certificate,
}

impl Identity {
    /// Makes a key and certifies it. Without an issuer the certificate is a self-signed root.
    #[must_use]
    pub fn make(profile: Profile, name: &str, issuer: Option<&Self>, now: Timestamp, rng: &mut impl CryptoRng) -> Self {
        let key = SigningKey::make(rng);
        Self::certify(key, profile, (name, Some("Test")), issuer, now, rng)
    }

    /// Certifies a key under a common name and an organisation, from the day before `now` for 400 days.
    #[must_use]
    pub fn certify(
        key: SigningKey,
        profile: Profile,
        (common_name, organization): (&str, Option<&str>),
        issuer: Option<&Self>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let public = key.public();
        let request = CertificateRequest {
            profile,
            common_name,
            organization,
            country: "AZ",
            key: &public,
            not_before: now.day_start().plus_days(-1),
            not_after: now.day_start().plus_days(400),
        };
        let signer = issuer.map_or(&key, |issuer| &issuer.key);
        let der = build(&request, signer, issuer.map(|issuer| &issuer.certificate), rng);
        Self { certificate: Certificate::parse(&der).unwrap(), key }
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        let key = SigningKey::from_scalar(self.key.dangerous_scalar().expose()).unwrap();
        Self { key, certificate: self.certificate.clone() }
    }
}

/// A trust store of the test environment with these roots, each for every credential type.
#[must_use]
pub fn trust(roots: &[(&Certificate, Role)]) -> Arc<TrustStore> {
    let anchor = |(certificate, role): &(&Certificate, Role)| Anchor {
        certificate: (*certificate).clone(),
        role: *role,
        environment: Environment::Test,
        credential_types: None,
    };
    Arc::new(TrustStore::new(Environment::Test, roots.iter().map(anchor).collect()).unwrap())
}
