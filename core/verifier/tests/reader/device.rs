//! A device written for these tests: it answers what it is told to, over any transcript, and can alter what it holds.
use std::sync::Arc;

use rid_crypto::{
    AgreementKey, SigningKey,
    x509::{Certificate, Profile as CertificateProfile},
};
use rid_kit::Identity;
pub(crate) use rid_kit::SeededRng;
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
use rid_trust::{Role as TrustRole, TrustStore};
use rid_wire::{
    Timestamp,
    cbor::{Encoder, Limits},
};

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
    pub(crate) reader: Identity,
    signer: Identity,
    iaca: Identity,
}

impl State {
    pub(crate) fn make() -> Self {
        let mut rng = SeededRng::new(7);
        let mut certify = |profile, name, issuer: Option<&_>| Identity::make(profile, name, issuer, now(), &mut rng);
        let iaca = certify(CertificateProfile::Iaca, "TEST IACA", None);
        let signer = certify(CertificateProfile::DocumentSigner, "TEST signer", Some(&iaca));
        let root = certify(CertificateProfile::ReaderRoot, "TEST reader root", None);
        let reader = certify(CertificateProfile::Reader, "TEST reader", Some(&root));
        Self {
            trust: rid_kit::trust(&[(&iaca.certificate, TrustRole::Issuer)]),
            profile: Arc::new(rid_profile::embedded().unwrap()),
            reader,
            signer,
            iaca,
        }
    }

    /// The root of the document signers.
    pub(crate) const fn trust_anchor(&self) -> &Certificate {
        &self.iaca.certificate
    }

    /// Another document signer of the same root signs what is issued from now on.
    pub(crate) fn change_signer(&mut self, seed: u64) {
        self.signer = Identity::make(
            CertificateProfile::DocumentSigner,
            "TEST signer",
            Some(&self.iaca),
            now(),
            &mut SeededRng::new(seed),
        );
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
        let mut rng = SeededRng::new(seed);
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
        let signature = state.signer.key.sign(&[&unsigned.to_be_signed()]);
        Self {
            engagement: Engagement::build(&ephemeral.public(), &ble),
            doc_type,
            request_ciphertext: vec![],
            ephemeral,
            key,
            credential: unsigned.finish(&signature, &[state.signer.certificate.der()]),
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
pub(crate) fn element(identifier: &str, write: impl FnOnce(&mut Encoder)) -> ElementToIssue {
    let mut writer = Encoder::new();
    write(&mut writer);
    ElementToIssue { namespace: MDL_NAMESPACE.into(), identifier: identifier.into(), value: writer.finish() }
}
