//! Keys, certificates, credentials and time of a made-up country.
use std::sync::Arc;

use rid_claims::{ClaimKey, CredentialId, CredentialType};
pub(crate) use rid_crypto::x509::Profile as CertificateProfile;
use rid_crypto::{PublicKey, SigningKey};
use rid_flow::{HistoryDraft, HistoryElement, ports::KeyId};
use rid_holder::format::Batch;
pub(crate) use rid_kit::{Identity, NOON as NOW, SeededRng};
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    build::{ElementToIssue, MsoTemplate, UnsignedCredential},
    mso::ValidityInfo,
};
use rid_profile::Profile;
use rid_trust::{Role, TrustStore};
use rid_wire::cbor::Encoder;

pub(crate) const PID: &str = "az.gov.rid.pid.1";
pub(crate) const PID_NAMESPACE: &str = "org.iso.23220.1";
pub(crate) const MDL: &str = MDL_DOC_TYPE;
pub(crate) const NS: &str = MDL_NAMESPACE;

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
    pub(crate) fn make(rng: &mut SeededRng) -> Self {
        let iaca = Identity::make(CertificateProfile::Iaca, "Test IACA", None, NOW, rng);
        let signer = Identity::make(CertificateProfile::DocumentSigner, "Test DS", Some(&iaca), NOW, rng);
        let reader_root = Identity::make(CertificateProfile::ReaderRoot, "Test Reader Root", None, NOW, rng);
        let reader = Identity::make(CertificateProfile::Reader, "Test Reader", Some(&reader_root), NOW, rng);
        let other_reader = Identity::make(CertificateProfile::Reader, "Other Reader", Some(&reader_root), NOW, rng);
        let elsewhere = Identity::make(CertificateProfile::ReaderRoot, "Elsewhere Root", None, NOW, rng);
        let stranger = Identity::make(CertificateProfile::Reader, "Stranger", Some(&elsewhere), NOW, rng);
        Self { iaca, signer, reader_root, reader, other_reader, stranger }
    }

    pub(crate) fn issuers(&self) -> Arc<TrustStore> {
        rid_kit::trust(&[(&self.iaca.certificate, Role::Issuer)])
    }

    pub(crate) fn readers(&self) -> Arc<TrustStore> {
        rid_kit::trust(&[(&self.reader_root.certificate, Role::Reader)])
    }
}

/// With this common name and organisation.
pub(crate) fn named(
    profile: CertificateProfile,
    names: (&str, Option<&str>),
    issuer: Option<&Identity>,
    rng: &mut SeededRng,
) -> Identity {
    let key = SigningKey::make(rng);
    certified(profile, names, key, issuer, rng)
}

/// A certificate for this key.
pub(crate) fn certified(
    profile: CertificateProfile,
    names: (&str, Option<&str>),
    key: SigningKey,
    issuer: Option<&Identity>,
    rng: &mut SeededRng,
) -> Identity {
    Identity::certify(key, profile, names, issuer, NOW, rng)
}

pub(crate) fn profile() -> Arc<Profile> {
    Arc::new(rid_profile::embedded().unwrap())
}

/// Encodes one value.
pub(crate) fn encoded(write: impl FnOnce(&mut Encoder)) -> Vec<u8> {
    let mut encoder = Encoder::new();
    write(&mut encoder);
    encoder.finish()
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
    rng: &mut SeededRng,
) -> Vec<u8> {
    mint_valid(signer, doc_type, elements, device_key, (validity(), rng))
}

pub(crate) fn mint_valid(
    signer: &Identity,
    doc_type: &str,
    elements: &[ElementToIssue],
    device_key: &PublicKey,
    (validity, rng): (ValidityInfo, &mut SeededRng),
) -> Vec<u8> {
    let template = MsoTemplate { doc_type, device_key, validity };
    let unsigned = UnsignedCredential::make(&template, elements, rng).unwrap();
    let signature = signer.key.sign(&[&unsigned.to_be_signed()]);
    unsigned.finish(&signature, &[signer.certificate.der()])
}

/// The last name of the path of a history element.
pub(crate) fn identifier(element: &HistoryElement) -> &str {
    match element.path.steps.last() {
        Some(ClaimKey::Name { name }) => name,
        _ => "",
    }
}

/// The name of the verified peer of a history entry; empty if no peer was verified.
pub(crate) fn peer(row: &HistoryDraft) -> &str {
    row.peer.as_ref().map_or("", |party| &party.name)
}

/// A batch for a new credential.
pub(crate) fn batch<'a>(doc_type: &str, copies: &'a [&'a [u8]], keys: &'a [(KeyId, PublicKey)]) -> Batch<'a> {
    Batch { id: CredentialId("new".into()), credential_type: CredentialType::mdoc(doc_type), copies, keys }
}
