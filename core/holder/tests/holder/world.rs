//! Keys, certificates, credentials and time of a made-up country.
use std::sync::Arc;

use rand_core::{TryCryptoRng, TryRng};
pub(crate) use rid_crypto::x509::Profile as CertificateProfile;
use rid_crypto::{
    PublicKey, SigningKey,
    x509::{Certificate, CertificateRequest, build},
};
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    build::{ElementToIssue, MsoTemplate, UnsignedCredential},
    mso::ValidityInfo,
};
use rid_profile::Profile;
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_wire::{Timestamp, cbor::Writer};

pub(crate) const PID: &str = "az.gov.rid.pid.1";
pub(crate) const PID_NAMESPACE: &str = "org.iso.23220.1";
pub(crate) const MDL: &str = MDL_DOC_TYPE;
pub(crate) const NS: &str = MDL_NAMESPACE;

/// Noon of a day in 2026.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_781_524_800);

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

/// A key and its certificate.
pub(crate) struct Identity {
    pub(crate) key: SigningKey,
    pub(crate) certificate: Certificate,
}

pub(crate) struct Pki {
    pub(crate) iaca: Identity,
    pub(crate) signer: Identity,
    pub(crate) reader_root: Identity,
    pub(crate) reader: Identity,
    pub(crate) other_reader: Identity,
    /// A reader whose root nobody trusts.
    pub(crate) stranger: Identity,
}

impl Pki {
    pub(crate) fn make(rng: &mut TestRng) -> Self {
        let iaca = identity(CertificateProfile::Iaca, "Test IACA", None, rng);
        let signer = identity(CertificateProfile::DocumentSigner, "Test DS", Some(&iaca), rng);
        let reader_root = identity(CertificateProfile::ReaderRoot, "Test Reader Root", None, rng);
        let reader = identity(CertificateProfile::Reader, "Test Reader", Some(&reader_root), rng);
        let other_reader = identity(CertificateProfile::Reader, "Other Reader", Some(&reader_root), rng);
        let elsewhere = identity(CertificateProfile::ReaderRoot, "Elsewhere Root", None, rng);
        let stranger = identity(CertificateProfile::Reader, "Stranger", Some(&elsewhere), rng);
        Self { iaca, signer, reader_root, reader, other_reader, stranger }
    }

    pub(crate) fn issuers(&self) -> Arc<TrustStore> {
        store(&self.iaca, Role::Issuer)
    }

    pub(crate) fn readers(&self) -> Arc<TrustStore> {
        store(&self.reader_root, Role::Reader)
    }
}

fn store(root: &Identity, role: Role) -> Arc<TrustStore> {
    let certificate = root.certificate.clone();
    let anchor = Anchor { certificate, role, environment: Environment::Test, doc_types: None };
    Arc::new(TrustStore::new(Environment::Test, vec![anchor]).unwrap())
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        let key = SigningKey::from_scalar(self.key.dangerous_scalar().expose()).unwrap();
        Self { key, certificate: self.certificate.clone() }
    }
}

fn identity(profile: CertificateProfile, name: &str, issuer: Option<&Identity>, rng: &mut TestRng) -> Identity {
    named(profile, (name, Some("Test")), issuer, rng)
}

/// With this common name and organisation.
pub(crate) fn named(
    profile: CertificateProfile,
    names: (&str, Option<&str>),
    issuer: Option<&Identity>,
    rng: &mut TestRng,
) -> Identity {
    let key = SigningKey::make(rng);
    certified(profile, names, key, issuer, rng)
}

/// A certificate for this key.
pub(crate) fn certified(
    profile: CertificateProfile,
    (common_name, organization): (&str, Option<&str>),
    key: SigningKey,
    issuer: Option<&Identity>,
    rng: &mut TestRng,
) -> Identity {
    let request = CertificateRequest {
        profile,
        common_name,
        organization,
        country: "AZ",
        key: &key.public(),
        not_before: NOW.day_start().plus_days(-1),
        not_after: NOW.day_start().plus_days(400),
    };
    let der = build(&request, issuer.map_or(&key, |i| &i.key), issuer.map(|i| &i.certificate), rng);
    Identity { certificate: Certificate::parse(&der).unwrap(), key }
}

pub(crate) fn profile() -> Arc<Profile> {
    Arc::new(rid_profile::embedded().unwrap())
}

/// Encodes one value.
pub(crate) fn encoded(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.finish()
}

pub(crate) fn element(namespace: &str, identifier: &str, value: Vec<u8>) -> ElementToIssue {
    ElementToIssue { namespace: namespace.into(), identifier: identifier.into(), value }
}

/// A driving licence: names, portrait, ages 18 (true), 21 (true), 65 (false).
pub(crate) fn licence() -> Vec<ElementToIssue> {
    vec![
        element(NS, "family_name", encoded(|w| _ = w.text("Əliyeva"))),
        element(NS, "given_name", encoded(|w| _ = w.text("Günel"))),
        element(NS, "document_number", encoded(|w| _ = w.text("AZ000000"))),
        element(NS, "issuing_country", encoded(|w| _ = w.text("AZ"))),
        element(NS, "portrait", encoded(|w| _ = w.bytes(&[0xff, 0xd8, 0xff, 0xd9]))),
        element(NS, "age_over_18", encoded(|w| _ = w.boolean(true))),
        element(NS, "age_over_21", encoded(|w| _ = w.boolean(true))),
        element(NS, "age_over_65", encoded(|w| _ = w.boolean(false))),
    ]
}

/// An identity card.
pub(crate) fn card() -> Vec<ElementToIssue> {
    vec![
        element(PID_NAMESPACE, "family_name_unicode", encoded(|w| _ = w.text("Əliyeva"))),
        element(PID_NAMESPACE, "given_name_unicode", encoded(|w| _ = w.text("Günel"))),
        element(PID_NAMESPACE, "issuing_country", encoded(|w| _ = w.text("AZ"))),
    ]
}

pub(crate) fn validity() -> ValidityInfo {
    let signed = NOW.day_start();
    let valid_until = signed.plus_days(30);
    ValidityInfo { signed, valid_from: signed, valid_until, expected_update: None, fraction: false }
}

/// Mints one copy.
pub(crate) fn mint(
    signer: &Identity,
    doc_type: &str,
    elements: &[ElementToIssue],
    device_key: &PublicKey,
    rng: &mut TestRng,
) -> Vec<u8> {
    mint_valid(signer, doc_type, elements, device_key, (validity(), rng))
}

pub(crate) fn mint_valid(
    signer: &Identity,
    doc_type: &str,
    elements: &[ElementToIssue],
    device_key: &PublicKey,
    (validity, rng): (ValidityInfo, &mut TestRng),
) -> Vec<u8> {
    let template = MsoTemplate { doc_type, device_key, validity };
    let unsigned = UnsignedCredential::make(&template, elements, rng).unwrap();
    let signature = signer.key.sign(&[&unsigned.to_be_signed()]);
    unsigned.finish(&signature, &[signer.certificate.der()])
}
