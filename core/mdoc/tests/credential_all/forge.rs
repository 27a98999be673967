//! A test PKI, a credential and its response, and forged versions: changed at one stage and signed again after it, so
//! that exactly one thing is wrong.
use std::sync::LazyLock;

use rid_crypto::{
    AgreementKey, Backend, Curve, PublicKey, SigningKey, sha256,
    x509::{Certificate, CertificateRequest, Profile, build},
};
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    build::{ElementToIssue, MsoTemplate, UnsignedCredential, UnsignedDocument, device_response},
    device_auth::{derive_mac_key, device_authentication_bytes, mac_tag, signature_to_be_signed},
    engagement::{Ble, Engagement},
    issuer_signed::UnverifiedIssuerSigned,
    mso::ValidityInfo,
    response::UnverifiedResponse,
    session::key_bytes,
    transcript::Transcript,
    verify::{DeviceAuthInput, DocumentReport, verify_document},
};
use rid_trust::{Anchor, Check, Environment, Outcome, Role, SignerRules, TrustStore};
use rid_wire::{
    Code, Timestamp,
    cbor::{Encoder, Limits},
    cose::sig_structure,
};

use crate::node::Node;

pub(crate) use rid_kit::{NOON as NOW, SeededRng};

/// The second namespace of the credential.
pub(crate) const AZ: &str = "org.iso.18013.5.1.AZ";

pub(crate) struct Pki {
    pub(crate) iaca: Certificate,
    pub(crate) iaca_key: SigningKey,
    pub(crate) signer: Certificate,
    pub(crate) signer_key: SigningKey,
    pub(crate) device_key: SigningKey,
    pub(crate) reader_key: AgreementKey,
    pub(crate) transcript: Transcript,
    /// The credential with all elements.
    pub(crate) credential: Vec<u8>,
    /// The response with a deviceSignature: three elements of the driving licence's namespace, one of the other.
    pub(crate) response: Vec<u8>,
}

pub(crate) static PKI: LazyLock<Pki> = LazyLock::new(Pki::make);

/// A certificate request: roots live long, leaves from 60 days before to 300 days after.
pub(crate) fn request<'a>(
    profile: Profile,
    country: &'a str,
    key: &'a PublicKey,
    leaf: bool,
) -> CertificateRequest<'a> {
    let (days_before, days_after) = if leaf { (60, 300) } else { (400, 3_000) };
    CertificateRequest {
        profile,
        common_name: "Test",
        organization: None,
        country,
        key,
        not_before: NOW.day_start().plus_days(-days_before),
        not_after: NOW.day_start().plus_days(days_after),
    }
}

pub(crate) fn certificate(
    profile: Profile,
    country: &str,
    key: &PublicKey,
    signer: &SigningKey,
    issuer: Option<&Certificate>,
) -> Certificate {
    let request = request(profile, country, key, issuer.is_some());
    Certificate::parse(&build(&request, signer, issuer, &mut SeededRng::new(7_000))).expect("our own certificate")
}

pub(crate) fn validity() -> ValidityInfo {
    ValidityInfo {
        signed: NOW.day_start(),
        valid_from: NOW.day_start(),
        valid_until: NOW.day_start().plus_days(30),
        expected_update: None,
        fraction: false,
    }
}

pub(crate) fn text_element(namespace: &str, identifier: &str, value: &str) -> ElementToIssue {
    let mut encoder = Encoder::new();
    encoder.text(value);
    ElementToIssue { namespace: namespace.into(), identifier: identifier.into(), value: encoder.finish() }
}

pub(crate) fn elements() -> Vec<ElementToIssue> {
    vec![
        text_element(MDL_NAMESPACE, "family_name", "Quliyeva"),
        text_element(MDL_NAMESPACE, "given_name", "Günəş"),
        text_element(MDL_NAMESPACE, "document_number", "AZ000001"),
        text_element(MDL_NAMESPACE, "issuing_country", "AZ"),
        text_element(AZ, "patronymic", "Əli"),
        text_element(AZ, "family_name", "Quliyeva"),
    ]
}

impl Pki {
    fn make() -> Self {
        // Signing the same again gives the same bytes.
        Backend::RustCrypto.select();
        let mut rng = SeededRng::new(0);
        let (iaca_key, signer_key, device_key) =
            (SigningKey::make(&mut rng), SigningKey::make(&mut rng), SigningKey::make(&mut rng));
        let iaca = certificate(Profile::Iaca, "AZ", &iaca_key.public(), &iaca_key, None);
        let signer = certificate(Profile::DocumentSigner, "AZ", &signer_key.public(), &iaca_key, Some(&iaca));
        let reader_key = AgreementKey::make(&mut rng);
        let engagement = Engagement::build(
            &AgreementKey::make(&mut rng).public(),
            &Ble { peripheral_server: Some([7; 16]), central_client: None },
        );
        let transcript = Transcript::qr(engagement.as_bytes(), &key_bytes(&reader_key.public()));
        let template = MsoTemplate { doc_type: MDL_DOC_TYPE, device_key: &device_key.public(), validity: validity() };
        let unsigned = UnsignedCredential::make(&template, &elements(), &mut rng).expect("a credential");
        let signature = signer_key.sign(&[&unsigned.to_be_signed()]);
        let credential = unsigned.finish(&signature, &[signer.der()]);
        let response = present(&credential, &transcript, &device_key);
        Self { iaca, iaca_key, signer, signer_key, device_key, reader_key, transcript, credential, response }
    }

    pub(crate) fn store(&self) -> TrustStore {
        anchored(&self.iaca)
    }
}

pub(crate) fn anchored(root: &Certificate) -> TrustStore {
    let anchor = Anchor {
        certificate: root.clone(),
        role: Role::Issuer,
        environment: Environment::Test,
        credential_types: None,
    };
    let rules = SignerRules {
        credential_type: MDL_DOC_TYPE.into(),
        purposes: vec!["1.0.18013.5.1.2".into()],
        country: None,
        intermediates: 0,
    };
    TrustStore::new(Environment::Test, vec![anchor]).expect("a store").with_rules(vec![rules], 0)
}

pub(crate) fn selection() -> Vec<(String, Vec<String>)> {
    vec![
        (MDL_NAMESPACE.into(), vec!["family_name".into(), "given_name".into(), "document_number".into()]),
        (AZ.into(), vec!["family_name".into()]),
    ]
}

pub(crate) fn select(credential: &[u8]) -> UnsignedDocument {
    let parsed = UnverifiedIssuerSigned::parse(credential, Limits::ONLINE).expect("a credential");
    UnsignedDocument::select(MDL_DOC_TYPE, &parsed, &selection(), &Vec::new()).expect("a document")
}

pub(crate) fn present(credential: &[u8], transcript: &Transcript, device_key: &SigningKey) -> Vec<u8> {
    let document = select(credential);
    let signed = device_authentication_bytes(transcript, MDL_DOC_TYPE, document.device_namespaces());
    let signature = device_key.sign(&[&signature_to_be_signed(-7, &signed)]);
    device_response(&[document.finish_signature(-7, &signature)], &[])
}

/// The same response with a deviceMac.
pub(crate) fn present_with_mac() -> Vec<u8> {
    let document = select(&PKI.credential);
    let signed = device_authentication_bytes(&PKI.transcript, MDL_DOC_TYPE, document.device_namespaces());
    let scalar = PKI.device_key.dangerous_scalar();
    let device = AgreementKey::from_scalar(Curve::P256, scalar.expose()).expect("a scalar");
    let secret = device.agree(&PKI.reader_key.public()).expect("one curve");
    let tag = mac_tag(&derive_mac_key(&secret, &PKI.transcript), &signed);
    device_response(&[document.finish_mac(&tag)], &[])
}

type Change<'c> = Option<Box<dyn FnOnce(&mut Node) + 'c>>;

/// The changes to a response, by stage.
#[derive(Default)]
pub(crate) struct Forge<'c> {
    items: Change<'c>,
    keep_digests: bool,
    mso: Change<'c>,
    auth: Change<'c>,
    sealed: Change<'c>,
    device: Change<'c>,
    whole: Change<'c>,
    device_key: Option<&'c SigningKey>,
}

impl<'c> Forge<'c> {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Changes the map of namespaces. The MSO gets the digests of the changed items.
    pub(crate) fn items(mut self, change: impl FnOnce(&mut Node) + 'c) -> Self {
        self.items = Some(Box::new(change));
        self
    }

    /// Keeps the digests of the genuine items in the MSO.
    pub(crate) fn keep_digests(mut self) -> Self {
        self.keep_digests = true;
        self
    }

    /// Changes the MSO before it is signed.
    pub(crate) fn mso(mut self, change: impl FnOnce(&mut Node) + 'c) -> Self {
        self.mso = Some(Box::new(change));
        self
    }

    /// Changes issuerAuth before it is signed.
    pub(crate) fn auth(mut self, change: impl FnOnce(&mut Node) + 'c) -> Self {
        self.auth = Some(Box::new(change));
        self
    }

    /// Changes issuerAuth after it is signed.
    pub(crate) fn sealed(mut self, change: impl FnOnce(&mut Node) + 'c) -> Self {
        self.sealed = Some(Box::new(change));
        self
    }

    /// Changes the document before the device signs.
    pub(crate) fn document(mut self, change: impl FnOnce(&mut Node) + 'c) -> Self {
        self.device = Some(Box::new(change));
        self
    }

    /// Signs as the device with this key.
    pub(crate) fn device_key(mut self, key: &'c SigningKey) -> Self {
        self.device_key = Some(key);
        self
    }

    /// Changes the finished response.
    pub(crate) fn whole(mut self, change: impl FnOnce(&mut Node) + 'c) -> Self {
        self.whole = Some(Box::new(change));
        self
    }

    pub(crate) fn build(self) -> Vec<u8> {
        self.build_from(&PKI.response)
    }

    pub(crate) fn build_from(self, response: &[u8]) -> Vec<u8> {
        let mut response = Node::parse(response);
        let document = response.get("documents").at(0);
        let issuer_signed = document.get("issuerSigned");
        let payload = issuer_signed.get("issuerAuth").at(2);
        *payload = Node::Wrapped(Box::new(Node::parse(payload.bytes())));
        if let Some(change) = self.items {
            change(issuer_signed.get("nameSpaces"));
            if !self.keep_digests {
                put_digests(issuer_signed);
            }
        }
        let auth = issuer_signed.get("issuerAuth");
        if let Some(change) = self.mso {
            change(auth.at(2));
        }
        if let Some(change) = self.auth {
            change(auth);
        }
        sign_issuer(auth);
        if let Some(change) = self.sealed {
            change(auth);
        }
        if let Some(change) = self.device {
            change(document);
        }
        sign_device(document, self.device_key.unwrap_or(&PKI.device_key));
        if let Some(change) = self.whole {
            change(&mut response);
        }
        response.encode()
    }

    /// The verdict on the forged response.
    pub(crate) fn code(self) -> String {
        code(&self.build())
    }
}

/// Puts the digests of the items into the MSO, for each digestID that is a number.
fn put_digests(issuer_signed: &mut Node) {
    let namespaces = issuer_signed.get("nameSpaces").clone().entries().clone();
    let digests = issuer_signed.get("issuerAuth").at(2).get("valueDigests");
    for (namespace, mut items) in namespaces {
        let Node::Array(items) = &mut items else { continue };
        if !digests.has(namespace.clone()) {
            digests.set(namespace.clone(), Node::Map(Vec::new()));
        }
        for item in items {
            let digest = sha256(&[&item.encode()]).to_vec();
            let Node::Embedded(inner) = item else { continue };
            if !matches!(**inner, Node::Map(_)) {
                continue;
            }
            let is_number =
                |id: &mut Node| matches!(id, Node::Int(0..)) || matches!(id, Node::Raw(raw) if raw[0] == 0x1b);
            if inner.has("digestID") && is_number(inner.get("digestID")) {
                digests.get(namespace.clone()).set(inner.get("digestID").clone(), Node::Bytes(digest));
            }
        }
    }
}

fn sign_issuer(auth: &mut Node) {
    let payload = match auth.at(2) {
        Node::Wrapped(inner) => inner.encode(),
        Node::Bytes(bytes) => bytes.clone(),
        _ => return,
    };
    let prefix = sig_structure(auth.at(0).bytes(), &[], payload.len());
    *auth.at(3) = Node::Bytes(PKI.signer_key.sign(&[&prefix, &payload]).to_vec());
}

fn sign_device(document: &mut Node, key: &SigningKey) {
    let Node::Text(doc_type) = document.get("docType").clone() else { return };
    if !document.has("deviceSigned") {
        return;
    }
    let device = document.get("deviceSigned");
    let namespaces = device.get("nameSpaces").encode();
    if !device.has("deviceAuth") || !device.get("deviceAuth").has("deviceSignature") {
        return;
    }
    let signature = device.get("deviceAuth").get("deviceSignature");
    let signed = device_authentication_bytes(&PKI.transcript, &doc_type, &namespaces);
    let prefix = sig_structure(signature.at(0).bytes(), &[], signed.len());
    *signature.at(3) = Node::Bytes(key.sign(&[&prefix, &signed]).to_vec());
}

/// A verifier's report on the first document.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) checks: Vec<Check>,
    pub(crate) elements: Option<Vec<(String, String, Vec<u8>)>>,
    pub(crate) device_elements: Vec<(String, String, Vec<u8>)>,
    pub(crate) failed_elements: Vec<(String, String)>,
}

impl Seen {
    fn of(report: DocumentReport<'_>) -> Self {
        let items = |evidence: &rid_mdoc::verify::DeviceBound<'_>| {
            let items = evidence.issuer().items().iter();
            items.map(|i| (i.namespace().into(), i.identifier().into(), i.value_bytes().to_vec())).collect()
        };
        let device_items = |evidence: &rid_mdoc::verify::DeviceBound<'_>| {
            let items = evidence.device_items().iter();
            items.map(|i| (i.namespace().into(), i.identifier().into(), i.value_bytes().to_vec())).collect()
        };
        Self {
            elements: report.evidence.as_ref().map(items),
            device_elements: report.evidence.as_ref().map(device_items).unwrap_or_default(),
            checks: report.checks,
            failed_elements: report.failed_elements,
        }
    }

    pub(crate) fn check(&self, code: Code) -> &Check {
        self.checks.iter().find(|check| check.code == code).expect("every check is there")
    }

    /// The reason of the first failure, else of the first missing input, else `accepted` with evidence.
    pub(crate) fn code(&self) -> String {
        let failed = self.checks.iter().find(|check| check.outcome == Outcome::Failed);
        let missing = self.checks.iter().find(|check| check.outcome == Outcome::NotDone && check.reason.is_some());
        match failed.or(missing) {
            Some(check) => check.reason.expect("a reason").as_str().into(),
            None if self.elements.is_some() => "accepted".into(),
            None => "no evidence".into(),
        }
    }
}

pub(crate) fn see(response: &[u8]) -> Result<Seen, Code> {
    see_with(response, &PKI.store(), &input(), NOW)
}

pub(crate) fn input() -> DeviceAuthInput<'static> {
    DeviceAuthInput { transcript: Some(&PKI.transcript), reader_key: Some(&PKI.reader_key) }
}

pub(crate) fn see_with(
    response: &[u8],
    store: &TrustStore,
    input: &DeviceAuthInput<'_>,
    at: Timestamp,
) -> Result<Seen, Code> {
    let parsed = UnverifiedResponse::parse(response, Limits::PROXIMITY).map_err(|error| error.code())?;
    let documents = parsed.documents.ok_or(Code::new("not_returned"))?;
    Ok(Seen::of(verify_document(&documents[0], &mut store.message(at), input)))
}

/// The verdict on a response.
pub(crate) fn code(response: &[u8]) -> String {
    see(response).map_or_else(|code| code.as_str().into(), |seen| seen.code())
}
