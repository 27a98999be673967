//! A test State: roots, issuer, reader and a filled wallet.
use std::sync::Arc;

use rid_claims::{CredentialSummary, CredentialType, ReusePolicy};
use rid_crypto::{
    SigningKey,
    x509::{Certificate, CertificateRequest, Profile as CertificateProfile, build},
};
use rid_flow::{CopyId, CredentialId, HeldCredential, Holdings, Lookup, ports::KeyId};
use rid_issuer::{Issuer, IssuerKey, Order, PersonRecord, Validity, sample_citizen};
use rid_profile::Profile;
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_wire::{Code, Timestamp};

use crate::SimRng;

/// The time 2026-11-22T10:00:00Z.
pub const NOW: Timestamp = Timestamp::from_unix(1_795_341_600);

/// A test State with a filled wallet: two kinds, several copies of each, keys in memory.
pub struct TestState {
    pub(crate) profile: Arc<Profile>,
    pub(crate) trust: Arc<TrustStore>,
    pub(crate) reader: (SigningKey, Certificate),
    pub(crate) records: Vec<PersonRecord>,
    pub(crate) copies: Vec<HeldCopy>,
    issuer: Issuer,
    iaca: (SigningKey, Certificate),
    reader_root: (SigningKey, Certificate),
}

/// A copy in the wallet with its key.
pub(crate) struct HeldCopy {
    pub(crate) doc_type: String,
    pub(crate) copy: CopyId,
    pub(crate) key_id: KeyId,
    pub(crate) key: SigningKey,
    pub(crate) bytes: Vec<u8>,
}

impl TestState {
    /// Makes roots, signer, reader and `copies` copies of each kind.
    ///
    /// # Errors
    /// The code of the first part that cannot be made.
    pub fn make(copies: usize, rng: &mut SimRng) -> Result<Self, Code> {
        let from = NOW.plus_days(-1).day_start();
        let mut certify = |profile, name: &str, issuer: Option<&(SigningKey, Certificate)>| {
            let key = SigningKey::make(rng);
            let request = CertificateRequest {
                profile,
                common_name: name,
                organization: None,
                country: "AZ",
                key: &key.public(),
                not_before: from,
                not_after: from.plus_days(400),
            };
            let signer = issuer.map_or(&key, |(key, _)| key);
            let der = build(&request, signer, issuer.map(|(_, certificate)| certificate), rng);
            let certificate = Certificate::parse(&der).map_err(|error| error.code())?;
            Ok::<_, Code>((key, certificate))
        };
        let iaca = certify(CertificateProfile::Iaca, "TEST IACA", None)?;
        let signer = certify(CertificateProfile::DocumentSigner, "TEST signer", Some(&iaca))?;
        let root = certify(CertificateProfile::ReaderRoot, "TEST reader root", None)?;
        let reader = certify(CertificateProfile::Reader, "TEST reader", Some(&root))?;
        let anchor = |certificate: &Certificate, role| Anchor {
            certificate: certificate.clone(),
            role,
            environment: Environment::Test,
            credential_types: None,
        };
        let anchors = vec![anchor(&iaca.1, Role::Issuer), anchor(&root.1, Role::Reader)];
        let trust = TrustStore::new(Environment::Test, anchors).map_err(|error| error.code())?;
        let records = sample_citizen().map_err(|error| error.code())?;
        let issuer = Issuer::new(IssuerKey { key: signer.0, certificate: signer.1 }, "sim".into());
        let mut held = Vec::new();
        for record in &records {
            for number in 0..copies {
                held.push(mint(&issuer, record, number, rng)?);
            }
        }
        Ok(Self {
            profile: Arc::new(rid_profile::embedded().map_err(|_| Code::new("profile_invalid"))?),
            trust: Arc::new(trust),
            reader,
            records,
            copies: held,
            issuer,
            iaca,
            reader_root: root,
        })
    }

    /// The issuer's answer to an enrolment request.
    ///
    /// # Errors
    /// The issuer's code.
    pub fn answer(&self, request: &[u8], challenge: &[u8], rng: &mut SimRng) -> Result<Vec<u8>, Code> {
        let order = Order { challenge, records: &self.records, validity_days: 14, now: NOW };
        self.issuer.answer(request, &order, rng).map_err(|error| error.code())
    }

    /// Puts another encoded value into the register for later credentials. Its type is not checked.
    pub fn set_value(&mut self, doc_type: &str, identifier: &str, value: &[u8]) {
        let records = self.records.iter_mut().filter(|record| record.kind == doc_type);
        for element in records.flat_map(|record| &mut record.elements).filter(|e| e.identifier == identifier) {
            element.value = value.to_vec();
        }
    }

    /// The citizen's records in the register.
    #[must_use]
    pub fn records(&self) -> &[PersonRecord] {
        &self.records
    }

    /// Mints a copy of a document today, bound to a key of the holder.
    ///
    /// # Errors
    /// The issuer's code.
    pub fn mint(&self, record: &PersonRecord, key: &SigningKey, rng: &mut SimRng) -> Result<Vec<u8>, Code> {
        issued(&self.issuer, record, key, rng)
    }

    /// The roots as a wallet or reader of this State has them.
    #[must_use]
    pub fn trust(&self) -> Arc<TrustStore> {
        self.trust.clone()
    }

    /// The roots again, for a wallet with a store of its own.
    ///
    /// # Errors
    /// The store's code.
    pub fn own_trust(&self) -> Result<TrustStore, Code> {
        let anchor = |(_, certificate): &(SigningKey, Certificate), role| Anchor {
            certificate: certificate.clone(),
            role,
            environment: Environment::Test,
            credential_types: None,
        };
        let anchors = vec![anchor(&self.iaca, Role::Issuer), anchor(&self.reader_root, Role::Reader)];
        TrustStore::new(Environment::Test, anchors).map_err(|error| error.code())
    }

    /// The root of the issuer.
    #[must_use]
    pub fn iaca(&self) -> &Certificate {
        &self.iaca.1
    }

    /// A certificate of another registered reader.
    ///
    /// # Errors
    /// The code of the certificate.
    pub fn certify_reader(&self, name: &str, key: &SigningKey, rng: &mut SimRng) -> Result<Certificate, Code> {
        let request = CertificateRequest {
            profile: CertificateProfile::Reader,
            common_name: name,
            organization: None,
            country: "AZ",
            key: &key.public(),
            not_before: NOW.plus_days(-1).day_start(),
            not_after: NOW.plus_days(300),
        };
        let (root_key, root) = &self.reader_root;
        Certificate::parse(&build(&request, root_key, Some(root), rng)).map_err(|error| error.code())
    }

    /// The key and certificate of the registered reader.
    #[must_use]
    pub fn reader(&self) -> (&SigningKey, &Certificate) {
        (&self.reader.0, &self.reader.1)
    }

    /// The value in the register: a reader must accept no other.
    #[must_use]
    pub fn true_value(&self, doc_type: &str, namespace: &str, identifier: &str) -> Option<&[u8]> {
        let record = self.records.iter().find(|record| record.kind == doc_type)?;
        let mut elements = record.elements.iter();
        let element = elements.find(|e| e.namespace == namespace && e.identifier == identifier)?;
        Some(&element.value)
    }

    /// What the wallet holds of the types asked for.
    pub(crate) fn lookup(&self, lookup: &Lookup) -> Holdings {
        let mut credentials: Vec<HeldCredential> = Vec::new();
        for copy in self.copies.iter().filter(|copy| lookup.types.iter().any(|wanted| wanted.id == copy.doc_type)) {
            match credentials.iter_mut().find(|held| held.summary.credential_type.id == copy.doc_type) {
                Some(held) => held.summary.copies_left += 1,
                None => credentials
                    .push(HeldCredential { summary: summary(&copy.doc_type), copy: Ok(copy.bytes.clone().into()) }),
            }
        }
        Holdings { credentials, latest_signed: None }
    }
}

fn summary(doc_type: &str) -> CredentialSummary {
    CredentialSummary {
        id: CredentialId(doc_type.into()),
        credential_type: CredentialType::mdoc(doc_type),
        issuer: "TEST signer".into(),
        subject: None,
        signed: NOW,
        valid_from: NOW,
        valid_until: NOW.plus_days(14),
        reuse: ReusePolicy::Once,
        copies_left: 1,
        copies_total: 1,
    }
}

fn mint(issuer: &Issuer, record: &PersonRecord, number: usize, rng: &mut SimRng) -> Result<HeldCopy, Code> {
    let key = SigningKey::make(rng);
    let bytes = issued(issuer, record, &key, rng)?;
    let name = format!("{}-{number}", record.kind);
    Ok(HeldCopy { doc_type: record.kind.clone(), copy: CopyId(name.clone()), key_id: KeyId(name), key, bytes })
}

fn issued(issuer: &Issuer, record: &PersonRecord, key: &SigningKey, rng: &mut SimRng) -> Result<Vec<u8>, Code> {
    let signed = NOW.day_start();
    let validity = Validity { signed, until: signed.plus_days(14) };
    issuer.mint(record, &key.public().to_bytes(), validity, rng).map_err(|error| error.code())
}
