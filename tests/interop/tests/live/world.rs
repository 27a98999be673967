//! Keys, certificates and credentials of a fictional country, valid today, because the clocks of the peers cannot be
//! set.
use std::sync::Arc;

use rid_crypto::{PublicKey, x509::Profile as CertificateProfile};
use rid_flow::Uptime;
pub(crate) use rid_kit::{Identity, SeededRng, trust};
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    build::{ElementToIssue, MsoTemplate, UnsignedCredential},
    mso::ValidityInfo,
    request::{ItemsRequest, RequestedElement, RequestedNamespace},
};
use rid_profile::Profile;
use rid_trust::{Role, TrustStore};
use rid_wire::{Timestamp, base64, cbor::Encoder};
use serde_json::{Value, json};

pub(crate) const MDL: &str = MDL_DOC_TYPE;
pub(crate) const NS: &str = MDL_NAMESPACE;
pub(crate) const NATIONAL: &str = "org.iso.18013.5.1.AZ";

pub(crate) const UPTIME: Uptime = Uptime::from_millis(1_000_000);

pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the peers judge by the clock of the machine")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_unix(since.as_secs().cast_signed())
}

pub(crate) struct World {
    pub(crate) rng: SeededRng,
    pub(crate) iaca: Identity,
    pub(crate) signer: Identity,
    pub(crate) reader_root: Identity,
    pub(crate) reader: Identity,
}

impl World {
    pub(crate) fn make(seed: u64) -> Self {
        let mut rng = SeededRng::new(seed);
        let iaca = Identity::make(CertificateProfile::Iaca, "Test IACA", None, now(), &mut rng);
        let signer = Identity::make(CertificateProfile::DocumentSigner, "Test DS", Some(&iaca), now(), &mut rng);
        let reader_root = Identity::make(CertificateProfile::ReaderRoot, "Test Reader Root", None, now(), &mut rng);
        let reader = Identity::make(CertificateProfile::Reader, "Test Reader", Some(&reader_root), now(), &mut rng);
        Self { rng, iaca, signer, reader_root, reader }
    }

    pub(crate) fn issuers(&self) -> Arc<TrustStore> {
        trust(&[(&self.iaca.certificate, Role::Issuer)])
    }

    pub(crate) fn readers(&self) -> Arc<TrustStore> {
        trust(&[(&self.reader_root.certificate, Role::Reader)])
    }

    /// One copy of the driving licence, issued by us.
    pub(crate) fn mint(&mut self, device_key: &PublicKey) -> Vec<u8> {
        let template = MsoTemplate { doc_type: MDL, device_key, validity: validity() };
        let unsigned = UnsignedCredential::make(&template, &licence(), &mut self.rng).unwrap();
        let signature = self.signer.key.sign(&[&unsigned.to_be_signed()]);
        unsigned.finish(&signature, &[self.signer.certificate.der()])
    }
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

/// A fake picture of more than 64 KiB, so that every size of length field occurs.
static PORTRAIT: [u8; 70_000] = [0xd8; 70_000];

/// The same licence as elements to issue.
pub(crate) fn licence() -> Vec<ElementToIssue> {
    let encoded = |write: &dyn Fn(&mut Encoder)| {
        let mut encoder = Encoder::new();
        write(&mut encoder);
        encoder.finish()
    };
    let element = |namespace: &str, identifier: &str, write: &dyn Fn(&mut Encoder)| ElementToIssue {
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

/// The elements that the tests request; not all that are held.
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

/// [`ASKED`] as our request. The rules of the wallet require that the portrait is requested without being retained.
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
