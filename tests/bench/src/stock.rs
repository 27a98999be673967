//! A credential of 30 elements with the keys and certificates it needs.
use std::sync::Arc;

use rid_crypto::{
    SigningKey,
    x509::{Certificate, CertificateRequest, Profile as CertificateProfile, build},
};
use rid_issuer::{Issuer, IssuerKey, PersonRecord, RecordElement, Validity};
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE};
use rid_profile::Profile;
use rid_reader::SignatureCache;
use rid_shell::OsRng;
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_wire::{Timestamp, cbor::Encoder};

use crate::{expect, some};

/// A credential of 30 elements with the keys, certificates and trust that both sides need.
pub(crate) struct Stock {
    pub(crate) profile: Arc<Profile>,
    pub(crate) trust: Arc<TrustStore>,
    pub(crate) iaca_pem: String,
    anchor: Anchor,
    pub(crate) device: SigningKey,
    /// The type and the bytes of each credential.
    pub(crate) credentials: Vec<(String, Vec<u8>)>,
    pub(crate) now: Timestamp,
}

/// What a stock is made of.
pub(crate) struct Shape {
    pub(crate) credentials: usize,
    /// Elements of each credential, the portrait among them.
    pub(crate) elements: usize,
    /// Bytes of each portrait.
    pub(crate) portrait: usize,
}

impl Stock {
    /// The first credential as stored.
    pub(crate) fn first(&self) -> &[u8] {
        some(self.credentials.first(), "a credential").1.as_slice()
    }

    /// One credential of 29 text elements and a portrait of this many bytes.
    pub(crate) fn make(portrait: usize) -> Self {
        Self::of(&Shape { credentials: 1, elements: 30, portrait })
    }

    /// The same with a memory of certificate signatures.
    pub(crate) fn remembering(mut self) -> Self {
        let trust = expect(TrustStore::new(Environment::Test, vec![self.anchor.clone()]), "trust");
        self.trust = Arc::new(trust.with_memory(Arc::new(SignatureCache::default())));
        self
    }

    /// The first is a driving licence, the others are of types that no profile knows.
    pub(crate) fn of(shape: &Shape) -> Self {
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
        let validity = Validity { signed: now.day_start(), until: now.day_start().plus_days(14) };
        let issuer = Issuer::new(IssuerKey { key: signer_key, certificate }, "bench".into());
        let credentials = (0..shape.credentials).map(|number| {
            let doc_type = if number == 0 { MDL_DOC_TYPE.into() } else { format!("org.example.document.{number}") };
            let record = record(&doc_type, shape);
            let minted = issuer.mint(&record, &device.public().to_bytes(), validity, &mut rng);
            (doc_type, expect(minted, "minting"))
        });
        let credentials = credentials.collect();
        let anchor = Anchor {
            certificate: iaca.clone(),
            role: Role::Issuer,
            environment: Environment::Test,
            credential_types: None,
        };
        Self {
            profile: Arc::new(expect(rid_profile::embedded(), "profile")),
            trust: Arc::new(expect(TrustStore::new(Environment::Test, vec![anchor.clone()]), "trust")),
            anchor,
            iaca_pem: iaca.to_pem(),
            device,
            credentials,
            now,
        }
    }
}

/// The elements of every record, in order; others follow that are named `element_NN`.
pub(crate) const NAMES: [&str; 5] = ["family_name", "given_name", "issuing_country", "birth_date", "portrait"];

fn record(doc_type: &str, shape: &Shape) -> PersonRecord {
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
    picture.bytes(&vec![0xa5; shape.portrait]);
    elements.push(element("portrait", picture));
    for number in elements.len()..shape.elements {
        elements.push(text(&format!("element_{number:02}"), "a value of ordinary length"));
    }
    assert_eq!(elements.len(), shape.elements);
    PersonRecord { kind: doc_type.into(), elements }
}
