//! A small PKI from fixed seeds, and the certificates of 18013-5 Annex D.
use rid_crypto::{
    SigningKey,
    x509::{Certificate, CertificateRequest, Profile, dangerous::Recipe},
};
pub(crate) use rid_kit::time as at;
use rid_kit::{SeededRng, hex_vector};
use rid_trust::{Anchor, Environment, Role, SignerRules, TrustStore};
use rid_wire::Timestamp;

pub(crate) const PID: &str = "az.gov.rid.pid.1";
pub(crate) const MDL: &str = "org.iso.18013.5.1.mDL";
/// A credential type without rules.
pub(crate) const OTHER: &str = "org.example.library.1";
/// The extended key usage of TLS servers.
pub(crate) const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";

/// A time in the validity period of every certificate here.
pub(crate) fn now() -> Timestamp {
    at("2026-06-01T12:00:00Z")
}

/// A certificate with its key.
pub(crate) struct Party {
    pub(crate) key: SigningKey,
    pub(crate) certificate: Certificate,
}

impl Party {
    pub(crate) fn root(profile: Profile, name: &str, seed: u64) -> Self {
        Self::spoilt(profile, name, seed, None, |_| {})
    }

    pub(crate) fn leaf(profile: Profile, issuer: &Self) -> Self {
        Self::spoilt(profile, "yarpaq", 99, Some(issuer), |_| {})
    }

    pub(crate) fn spoilt(
        profile: Profile,
        name: &str,
        seed: u64,
        issuer: Option<&Self>,
        spoil: impl Fn(&mut Recipe),
    ) -> Self {
        let key = SigningKey::make(&mut SeededRng::new(seed << 32));
        let mut recipe = Recipe::of(&CertificateRequest {
            profile,
            common_name: name,
            organization: Some("Sınaq"),
            country: "AZ",
            key: &key.public(),
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2026-12-31T23:59:59Z"),
        });
        spoil(&mut recipe);
        let signer = issuer.map_or(&key, |issuer| &issuer.key);
        let der = recipe.sign(signer, issuer.map(|issuer| &issuer.certificate), &mut SeededRng::new(7));
        Self { certificate: Certificate::parse(&der).unwrap(), key }
    }

    pub(crate) fn chain(&self) -> Vec<Certificate> {
        vec![self.certificate.clone()]
    }
}

pub(crate) fn anchor(certificate: &Certificate, role: Role, doc_types: Option<&[&str]>) -> Anchor {
    Anchor {
        certificate: certificate.clone(),
        role,
        environment: Environment::Test,
        credential_types: doc_types.map(|types| types.iter().map(|t| String::from(*t)).collect()),
    }
}

/// A store with rules like those of the profile.
pub(crate) fn store(anchors: Vec<Anchor>) -> TrustStore {
    let rules = |credential_type: &str, country: Option<&str>| SignerRules {
        credential_type: credential_type.into(),
        purposes: vec!["1.0.18013.5.1.2".into()],
        country: country.map(Into::into),
        intermediates: 0,
    };
    TrustStore::new(Environment::Test, anchors).unwrap().with_rules(vec![rules(PID, Some("AZ")), rules(MDL, None)], 0)
}

pub(crate) fn annex_d(name: &str) -> Certificate {
    Certificate::parse(&hex_vector(name)).unwrap()
}
