//! Keys, certificates and credentials of a made-up country, valid today: the peers' clocks cannot be set.
use std::sync::Arc;

use rand_core::{TryCryptoRng, TryRng};
use rid_crypto::{
    PublicKey, SigningKey,
    x509::{Certificate, CertificateRequest, Profile as CertificateProfile, build},
};
use rid_flow::Uptime;
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    build::{ElementToIssue, MsoTemplate, UnsignedCredential},
    mso::ValidityInfo,
    request::{ItemsRequest, RequestedElement, RequestedNamespace},
};
use rid_profile::Profile;
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_wire::{Timestamp, base64, cbor::Writer};
use serde_json::{Value, json};

pub(crate) const MDL: &str = MDL_DOC_TYPE;
pub(crate) const NS: &str = MDL_NAMESPACE;
pub(crate) const NATIONAL: &str = "org.iso.18013.5.1.AZ";

pub(crate) const UPTIME: Uptime = Uptime::from_millis(1_000_000);

/// SplitMix64: repeatable, and for tests only.
pub(crate) struct TestRng(pub(crate) u64);

impl TryRng for TestRng {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|word| (word >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in destination.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}

pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the peers judge by the clock of the machine")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_unix(since.as_secs().cast_signed())
}

/// A key and its certificate.
pub(crate) struct Identity {
    pub(crate) key: SigningKey,
    pub(crate) certificate: Certificate,
}

impl Identity {
    pub(crate) fn pem(&self) -> String {
        format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", base64_lines(self.certificate.der()))
    }
}

pub(crate) struct World {
    pub(crate) rng: TestRng,
    pub(crate) iaca: Identity,
    pub(crate) signer: Identity,
    pub(crate) reader_root: Identity,
    pub(crate) reader: Identity,
}

impl World {
    pub(crate) fn make(seed: u64) -> Self {
        let mut rng = TestRng(seed);
        let iaca = identity(CertificateProfile::Iaca, "Test IACA", None, &mut rng);
        let signer = identity(CertificateProfile::DocumentSigner, "Test DS", Some(&iaca), &mut rng);
        let reader_root = identity(CertificateProfile::ReaderRoot, "Test Reader Root", None, &mut rng);
        let reader = identity(CertificateProfile::Reader, "Test Reader", Some(&reader_root), &mut rng);
        Self { rng, iaca, signer, reader_root, reader }
    }

    pub(crate) fn issuers(&self) -> Arc<TrustStore> {
        store(&self.iaca.certificate, Role::Issuer)
    }

    pub(crate) fn readers(&self) -> Arc<TrustStore> {
        store(&self.reader_root.certificate, Role::Reader)
    }

    /// One copy of the driving licence, issued by us.
    pub(crate) fn mint(&mut self, device_key: &PublicKey) -> Vec<u8> {
        let template = MsoTemplate { doc_type: MDL, device_key, validity: validity() };
        let unsigned = UnsignedCredential::make(&template, &licence(), &mut self.rng).unwrap();
        let signature = self.signer.key.sign(&[&unsigned.to_be_signed()]);
        unsigned.finish(&signature, &[self.signer.certificate.der()])
    }
}

/// Trust in one root.
pub(crate) fn store(root: &Certificate, role: Role) -> Arc<TrustStore> {
    let anchor = Anchor { certificate: root.clone(), role, environment: Environment::Test, doc_types: None };
    Arc::new(TrustStore::new(Environment::Test, vec![anchor]).unwrap())
}

fn identity(profile: CertificateProfile, name: &str, issuer: Option<&Identity>, rng: &mut TestRng) -> Identity {
    let key = SigningKey::make(rng);
    let request = CertificateRequest {
        profile,
        common_name: name,
        organization: Some("Test"),
        country: "AZ",
        key: &key.public(),
        not_before: now().day_start().plus_days(-1),
        not_after: now().day_start().plus_days(400),
    };
    let der = build(&request, issuer.map_or(&key, |i| &i.key), issuer.map(|i| &i.certificate), rng);
    Identity { certificate: Certificate::parse(&der).unwrap(), key }
}

pub(crate) fn profile() -> Arc<Profile> {
    Arc::new(rid_profile::embedded().unwrap())
}

pub(crate) fn validity() -> ValidityInfo {
    let signed = now().day_start();
    let valid_until = signed.plus_days(30);
    ValidityInfo { signed, valid_from: signed, valid_until, expected_update: None, fraction: false }
}

/// The driving licence as values of the peers' JSON (see `npm/values.mjs`).
pub(crate) fn licence_json() -> Value {
    json!({
        NS: {
            "family_name": "Əliyeva",
            "given_name": "Günel Şövkət qızı",
            "birth_date": {"$date": "1990-02-28"},
            "issuing_country": "AZ",
            "document_number": "AZ000000",
            "portrait": {"$bytes": base64::encode_url(&PORTRAIT)},
            "age_over_18": true,
            "age_over_65": false,
            "driving_privileges": [{"vehicle_category_code": "B", "issue_date": {"$date": "2015-01-31"}}],
        },
        NATIONAL: {"fin": "ABC1234"},
    })
}

/// More than 64 KiB of no real picture: lengths of every size occur in what is exchanged.
static PORTRAIT: [u8; 70_000] = [0xd8; 70_000];

/// The same licence as elements to issue.
pub(crate) fn licence() -> Vec<ElementToIssue> {
    let encoded = |write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::new();
        write(&mut writer);
        writer.finish()
    };
    let element = |namespace: &str, identifier: &str, write: &dyn Fn(&mut Writer)| ElementToIssue {
        namespace: namespace.into(),
        identifier: identifier.into(),
        value: encoded(write),
    };
    vec![
        element(NS, "family_name", &|w| _ = w.text("Əliyeva")),
        element(NS, "given_name", &|w| _ = w.text("Günel Şövkət qızı")),
        element(NS, "birth_date", &|w| _ = w.tag(1004).text("1990-02-28")),
        element(NS, "issuing_country", &|w| _ = w.text("AZ")),
        element(NS, "document_number", &|w| _ = w.text("AZ000000")),
        element(NS, "portrait", &|w| _ = w.bytes(&PORTRAIT)),
        element(NS, "age_over_18", &|w| _ = w.boolean(true)),
        element(NS, "age_over_65", &|w| _ = w.boolean(false)),
        element(NS, "driving_privileges", &|w| {
            w.array(1).map(2).text("vehicle_category_code").text("B").text("issue_date").tag(1004).text("2015-01-31");
        }),
        element(NATIONAL, "fin", &|w| _ = w.text("ABC1234")),
    ]
}

/// What the tests ask for: not everything that is held.
pub(crate) const ASKED: [(&str, &str); 7] = [
    (NS, "family_name"),
    (NS, "birth_date"),
    (NS, "issuing_country"),
    (NS, "portrait"),
    (NS, "age_over_18"),
    (NS, "driving_privileges"),
    (NATIONAL, "fin"),
];

/// [`ASKED`] as `{namespace: [identifier]}`.
pub(crate) fn asked_json() -> Value {
    let of =
        |namespace: &str| ASKED.iter().filter(|(of, _)| *of == namespace).map(|(_, name)| *name).collect::<Vec<_>>();
    json!({NS: of(NS), NATIONAL: of(NATIONAL)})
}

/// [`ASKED`] out of [`licence_json`].
pub(crate) fn expected_json() -> Value {
    let licence = licence_json();
    let mut expected = json!({NS: {}, NATIONAL: {}});
    for (namespace, identifier) in ASKED {
        expected[namespace][identifier] = licence[namespace][identifier].clone();
    }
    expected
}

/// [`ASKED`] as our request; the wallet's rules want the portrait to be asked for without being kept.
pub(crate) fn asked_items() -> ItemsRequest {
    let elements = |namespace: &str| {
        let of = ASKED.iter().filter(|(of, _)| *of == namespace);
        let element = |name: &str| RequestedElement { identifier: name.into(), intent_to_retain: false };
        RequestedNamespace { namespace: namespace.into(), elements: of.map(|(_, name)| element(name)).collect() }
    };
    ItemsRequest { doc_type: MDL.into(), namespaces: vec![elements(NS), elements(NATIONAL)] }
}

/// A public key as JWK.
pub(crate) fn jwk(key: &PublicKey) -> Value {
    let point = key.to_bytes();
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": base64::encode_url(&point[1..33]),
        "y": base64::encode_url(&point[33..]),
    })
}

/// A key pair as JWK.
pub(crate) fn private_jwk(key: &PublicKey, scalar: &[u8]) -> Value {
    let mut jwk = jwk(key);
    jwk["d"] = json!(base64::encode_url(scalar));
    jwk
}

fn base64_lines(bytes: &[u8]) -> String {
    let url = base64::encode_url(bytes).replace('-', "+").replace('_', "/");
    let padded = format!("{url}{}", "=".repeat((4 - url.len() % 4) % 4));
    let lines = padded.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
    lines.collect()
}
