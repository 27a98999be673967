//! A credential of 30 elements with the keys and certificates it needs.
use std::sync::Arc;

use rid_crypto::{
    SigningKey,
    x509::{Certificate, CertificateRequest, Profile as CertificateProfile, build},
};
use rid_issuer::{Issuer, IssuerKey, PersonRecord, RecordElement, Validity};
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE};
use rid_profile::Profile;
use rid_shell::OsRng;
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_wire::{Timestamp, cbor::Encoder};

use crate::{expect, some};

/// A credential of 30 elements with the keys, certificates and trust that both sides need.
pub(crate) struct Stock {
    pub(crate) profile: Arc<Profile>,
    pub(crate) trust: Arc<TrustStore>,
    pub(crate) iaca_pem: String,
    pub(crate) device: SigningKey,
    pub(crate) issuer_signed: Vec<u8>,
    pub(crate) now: Timestamp,
}

impl Stock {
    /// 29 text elements and a portrait of this many bytes.
    pub(crate) fn make(portrait: usize) -> Self {
        let mut rng = OsRng;
        // The peer reads the system clock, so our time is that of the system.
        let seconds = expect(std::time::SystemTime::UNIX_EPOCH.elapsed(), "clock").as_secs();
        let now = Timestamp::from_unix(expect(i64::try_from(seconds), "clock"));
        let from = now.plus_days(-1).day_start();
        let iaca_key = SigningKey::make(&mut rng);
        let signer_key = SigningKey::make(&mut rng);
        let device = SigningKey::make(&mut rng);
        let mut certify = |profile, name, key: &SigningKey, issuer: Option<&Certificate>| {
            let request = CertificateRequest {
                profile,
                common_name: name,
                organization: None,
                country: "AZ",
                key: &key.public(),
                not_before: from,
                not_after: from.plus_days(400),
            };
            expect(Certificate::parse(&build(&request, &iaca_key, issuer, &mut rng)), "certificate")
        };
        let iaca = certify(CertificateProfile::Iaca, "bench IACA", &iaca_key, None);
        let certificate = certify(CertificateProfile::DocumentSigner, "bench signer", &signer_key, Some(&iaca));
        let record = record(portrait);
        let validity = Validity { signed: now.day_start(), until: now.day_start().plus_days(14) };
        let issuer = Issuer::new(IssuerKey { key: signer_key, certificate }, "bench".into());
        let issuer_signed = expect(issuer.mint(&record, &device.public().to_bytes(), validity, &mut rng), "minting");
        let anchor = Anchor {
            certificate: iaca.clone(),
            role: Role::Issuer,
            environment: Environment::Test,
            credential_types: None,
        };
        Self {
            profile: Arc::new(expect(rid_profile::embedded(), "profile")),
            trust: Arc::new(expect(TrustStore::new(Environment::Test, vec![anchor]), "trust")),
            iaca_pem: iaca.to_pem(),
            device,
            issuer_signed,
            now,
        }
    }
}

fn record(portrait: usize) -> PersonRecord {
    let element = |identifier: &str, value: Encoder| RecordElement {
        namespace: MDL_NAMESPACE.into(),
        identifier: identifier.into(),
        value: value.finish(),
    };
    let text = |identifier: &str, value: &str| {
        let mut encoder = Encoder::new();
        encoder.text(value);
        element(identifier, encoder)
    };
    let mut elements = vec![text("family_name", "Sample"), text("given_name", "Person"), text("issuing_country", "AZ")];
    let mut birth = Encoder::new();
    birth.tag(1004).text("1990-05-17");
    elements.push(element("birth_date", birth));
    let mut picture = Encoder::new();
    picture.bytes(&vec![0xa5; portrait]);
    elements.push(element("portrait", picture));
    for number in elements.len()..30 {
        elements.push(text(&format!("element_{number:02}"), "a value of ordinary length"));
    }
    let count = elements.len();
    some((count == 30).then_some(PersonRecord { kind: MDL_DOC_TYPE.into(), elements }), "30 elements")
}
