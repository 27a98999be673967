//! A device written for these tests: it answers what it is told to, over any transcript, and can alter what it holds.
use std::{convert::Infallible, sync::Arc};

use rand_core::{TryCryptoRng, TryRng};
use rid_crypto::{
    AgreementKey, SigningKey,
    x509::{Certificate, CertificateRequest, Profile as CertificateProfile, build},
};
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    build::{ElementToIssue, MsoTemplate, UnsignedCredential, UnsignedDocument, device_response},
    device_auth,
    engagement::{Ble, Engagement},
    issuer_signed::UnverifiedIssuerSigned,
    mso::ValidityInfo,
    request::{ItemsRequest, RequestedElement, RequestedNamespace},
    session::{Role, SessionCipher, SessionData, SessionEstablishment},
    transcript::Transcript,
};
use rid_profile::Profile;
use rid_trust::{Anchor, Environment, Role as TrustRole, TrustStore};
use rid_wire::{
    Timestamp,
    cbor::{Limits, Writer},
};

/// Reproducible numbers.
pub(crate) struct Rng(pub(crate) u64);

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|n| (n >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Ok(self.0 ^ (self.0 >> 29))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for byte in out {
            *byte = (self.try_next_u64()? >> 40) as u8;
        }
        Ok(())
    }
}

impl TryCryptoRng for Rng {}

pub(crate) fn now() -> Timestamp {
    Timestamp::parse_tdate("2026-11-22T10:00:00Z").unwrap().0
}

pub(crate) fn licence() -> Vec<ItemsRequest> {
    let elements = ["family_name", "age_over_18"]
        .map(|identifier| RequestedElement { identifier: identifier.into(), intent_to_retain: false });
    let namespaces = vec![RequestedNamespace { namespace: MDL_NAMESPACE.into(), elements: elements.into() }];
    vec![ItemsRequest { doc_type: MDL_DOC_TYPE.into(), namespaces }]
}

/// Roots, signer and reader.
pub(crate) struct State {
    pub(crate) trust: Arc<TrustStore>,
    pub(crate) profile: Arc<Profile>,
    pub(crate) reader: (SigningKey, Certificate),
    signer: (SigningKey, Certificate),
    iaca: (SigningKey, Certificate),
}

fn certify(
    profile: CertificateProfile,
    name: &str,
    issuer: Option<&(SigningKey, Certificate)>,
    rng: &mut Rng,
) -> (SigningKey, Certificate) {
    let key = SigningKey::make(rng);
    let from = now().plus_days(-1).day_start();
    let request = CertificateRequest {
        profile,
        common_name: name,
        organization: None,
        country: "AZ",
        key: &key.public(),
        not_before: from,
        not_after: from.plus_days(100),
    };
    let signer = issuer.map_or(&key, |(key, _)| key);
    let der = build(&request, signer, issuer.map(|(_, certificate)| certificate), rng);
    (key, Certificate::parse(&der).unwrap())
}

impl State {
    pub(crate) fn make() -> Self {
        let mut rng = Rng(7);
        let mut certify = |profile, name, issuer: Option<&_>| certify(profile, name, issuer, &mut rng);
        let iaca = certify(CertificateProfile::Iaca, "TEST IACA", None);
        let signer = certify(CertificateProfile::DocumentSigner, "TEST signer", Some(&iaca));
        let root = certify(CertificateProfile::ReaderRoot, "TEST reader root", None);
        let reader = certify(CertificateProfile::Reader, "TEST reader", Some(&root));
        let certificate = iaca.1.clone();
        let anchor = Anchor { certificate, role: TrustRole::Issuer, environment: Environment::Test, doc_types: None };
        Self {
            trust: Arc::new(TrustStore::new(Environment::Test, vec![anchor]).unwrap()),
            profile: Arc::new(rid_profile::embedded().unwrap()),
            reader,
            signer,
            iaca,
        }
    }

    /// Another document signer of the same root signs what is issued from now on.
    pub(crate) fn change_signer(&mut self, seed: u64) {
        self.signer = certify(CertificateProfile::DocumentSigner, "TEST signer", Some(&self.iaca), &mut Rng(seed));
    }
}

pub(crate) struct Device {
    pub(crate) engagement: Engagement,
    doc_type: &'static str,
    pub(crate) request_ciphertext: Vec<u8>,
    ephemeral: AgreementKey,
    key: SigningKey,
    credential: Vec<u8>,
    session: Option<(SessionCipher, Transcript)>,
}

impl Device {
    pub(crate) fn make(state: &State) -> Self {
        Self::holding(state, MDL_DOC_TYPE, &elements(), 11)
    }

    /// A device with another credential. Sessions differ by the reader's key, so the seed matters only between devices.
    pub(crate) fn holding(state: &State, doc_type: &'static str, elements: &[ElementToIssue], seed: u64) -> Self {
        let mut rng = Rng(seed);
        let ephemeral = AgreementKey::make(&mut rng);
        let ble = Ble { peripheral_server: Some([1; 16]), central_client: None };
        let key = SigningKey::make(&mut rng);
        let signed = now().day_start();
        let validity = ValidityInfo {
            signed,
            valid_from: signed,
            valid_until: signed.plus_days(14),
            expected_update: None,
            fraction: false,
        };
        let template = MsoTemplate { doc_type, device_key: &key.public(), validity };
        let unsigned = UnsignedCredential::make(&template, elements, &mut rng).unwrap();
        let signature = state.signer.0.sign(&[&unsigned.to_be_signed()]);
        Self {
            engagement: Engagement::build(&ephemeral.public(), &ble),
            doc_type,
            request_ciphertext: vec![],
            ephemeral,
            key,
            credential: unsigned.finish(&signature, &[state.signer.1.der()]),
            session: None,
        }
    }

    /// Takes the reader's next message.
    pub(crate) fn receive(&mut self, message: &[u8]) {
        match &mut self.session {
            None => {
                let establishment = SessionEstablishment::parse(message, Limits::PROXIMITY).unwrap();
                let transcript = Transcript::qr(self.engagement.as_bytes(), establishment.e_reader_key_bytes);
                let secret = self.ephemeral.agree(&establishment.e_reader_key).unwrap();
                let mut cipher = SessionCipher::derive(Role::Mdoc, &secret, &transcript);
                cipher.decrypt(&establishment.data).unwrap();
                self.request_ciphertext = establishment.data.to_vec();
                self.session = Some((cipher, transcript));
            }
            Some((cipher, _)) => {
                let message = SessionData::parse(message, Limits::PROXIMITY).unwrap();
                cipher.decrypt(&message.data.unwrap()).unwrap();
            }
        }
    }

    /// A DeviceResponse over this session's transcript.
    pub(crate) fn response(&self, identifiers: &[&str]) -> Vec<u8> {
        let (_, transcript) = self.session.as_ref().unwrap();
        device_response(&[self.document(transcript, identifiers)], &[])
    }

    /// One Document with these elements and a device signature over a transcript.
    pub(crate) fn document(&self, transcript: &Transcript, identifiers: &[&str]) -> Vec<u8> {
        self.document_with_errors(transcript, identifiers, &[])
    }

    /// The same, with an error code 0 for each element of `lacking`.
    pub(crate) fn document_with_errors(
        &self,
        transcript: &Transcript,
        identifiers: &[&str],
        lacking: &[&str],
    ) -> Vec<u8> {
        let parsed = UnverifiedIssuerSigned::parse(&self.credential, Limits::ONLINE).unwrap();
        let named = |names: &[&str]| {
            vec![(MDL_NAMESPACE.to_owned(), names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())]
        };
        let document = UnsignedDocument::select(self.doc_type, &parsed, &named(identifiers), &named(lacking)).unwrap();
        let namespaces = document.device_namespaces();
        let bytes = device_auth::device_authentication_bytes(transcript, document.doc_type(), namespaces);
        let signature = self.key.sign(&[&device_auth::signature_to_be_signed(-7, &bytes)]);
        document.finish_signature(-7, &signature)
    }

    /// The encrypted answer.
    pub(crate) fn answer(&mut self, identifiers: &[&str]) -> Vec<u8> {
        let response = self.response(identifiers);
        self.send(&response)
    }

    /// Encrypts any plaintext.
    pub(crate) fn send(&mut self, plaintext: &[u8]) -> Vec<u8> {
        let (cipher, _) = self.session.as_mut().unwrap();
        SessionData::encode(Some(&cipher.encrypt(plaintext).unwrap()), None)
    }

    /// Flips one bit of a text value in the held credential.
    pub(crate) fn forge(&mut self, value: &str) {
        let at = self.credential.windows(value.len()).position(|window| window == value.as_bytes()).unwrap();
        self.credential[at] ^= 1;
    }
}

fn elements() -> Vec<ElementToIssue> {
    vec![
        text("family_name", "Sample"),
        text("resident_address", "1 Test Street"),
        flag("age_over_18", true),
        flag("age_over_21", true),
    ]
}

/// A text element of the licence.
pub(crate) fn text(identifier: &str, value: &str) -> ElementToIssue {
    element(identifier, |writer| {
        writer.text(value);
    })
}

/// A boolean element of the licence.
pub(crate) fn flag(identifier: &str, value: bool) -> ElementToIssue {
    element(identifier, |writer| {
        writer.boolean(value);
    })
}

/// An element of the licence with any value.
pub(crate) fn element(identifier: &str, write: impl FnOnce(&mut Writer)) -> ElementToIssue {
    let mut writer = Writer::new();
    write(&mut writer);
    ElementToIssue { namespace: MDL_NAMESPACE.into(), identifier: identifier.into(), value: writer.finish() }
}
