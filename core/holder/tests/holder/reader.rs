//! The other side of the link, from the parts of `rid-mdoc` alone.
use rid_crypto::AgreementKey;
use rid_mdoc::{
    engagement::Engagement,
    reader_auth,
    request::{DocRequestToSend, ItemsRequest, RequestedElement, RequestedNamespace, encode},
    response::UnverifiedResponse,
    session::{Role, SessionCipher, SessionData, SessionEstablishment, Status, key_bytes},
    transcript::Transcript,
    verify::{DeviceAuthInput, verify_document},
};
use rid_trust::{Outcome, TrustStore};
use rid_wire::cbor::Limits;

use crate::world::{Identity, NOW, SeededRng};

/// Namespace, identifier, intentToRetain.
pub(crate) type Wanted<'a> = (&'a str, &'a str, bool);

pub(crate) struct Reader {
    pub(crate) key: AgreementKey,
    pub(crate) key_bytes: Vec<u8>,
    pub(crate) transcript: Transcript,
    pub(crate) cipher: SessionCipher,
}

impl Reader {
    pub(crate) fn new(engagement: &[u8], rng: &mut SeededRng) -> Self {
        let key = AgreementKey::make(rng);
        let bytes = key_bytes(&key.public());
        Self::with_key_bytes(engagement, key, bytes)
    }

    /// With EReaderKeyBytes as given, however they are encoded.
    pub(crate) fn with_key_bytes(engagement: &[u8], key: AgreementKey, key_bytes: Vec<u8>) -> Self {
        let parsed = Engagement::parse(engagement).unwrap();
        let transcript = Transcript::qr(engagement, &key_bytes);
        let secret = key.agree(parsed.e_device_key()).unwrap();
        let cipher = SessionCipher::derive(Role::Reader, &secret, &transcript);
        Self { key, key_bytes, transcript, cipher }
    }

    /// A request with a signature of this reader on each document.
    pub(crate) fn ask(&self, identity: &Identity, documents: &[(&str, &[Wanted<'_>])]) -> Vec<u8> {
        let signed: Vec<_> = documents.iter().map(|(doc_type, wanted)| (*doc_type, *wanted, Some(identity))).collect();
        self.ask_as(&signed)
    }

    pub(crate) fn ask_unsigned(&self, documents: &[(&str, &[Wanted<'_>])]) -> Vec<u8> {
        let unsigned: Vec<_> = documents.iter().map(|(doc_type, wanted)| (*doc_type, *wanted, None)).collect();
        self.ask_as(&unsigned)
    }

    pub(crate) fn ask_as(&self, documents: &[(&str, &[Wanted<'_>], Option<&Identity>)]) -> Vec<u8> {
        let doc_requests: Vec<DocRequestToSend> = documents
            .iter()
            .map(|(doc_type, wanted, identity)| {
                let items_request_bytes = items(doc_type, wanted).encode();
                let reader_auth = identity.map(|identity| self.sign(identity, &items_request_bytes));
                DocRequestToSend { items_request_bytes, reader_auth }
            })
            .collect();
        encode(&doc_requests)
    }

    pub(crate) fn sign(&self, identity: &Identity, items_request_bytes: &[u8]) -> Vec<u8> {
        let signature = identity.key.sign(&[&reader_auth::to_be_signed(&self.transcript, items_request_bytes)]);
        reader_auth::encode(&signature, std::slice::from_ref(&identity.certificate))
    }

    pub(crate) fn establish(&mut self, request: &[u8]) -> Vec<u8> {
        SessionEstablishment::encode(&self.key_bytes, &self.cipher.encrypt(request).unwrap())
    }

    pub(crate) fn next(&mut self, request: &[u8]) -> Vec<u8> {
        SessionData::encode(Some(&self.cipher.encrypt(request).unwrap()), None)
    }

    /// Decrypts a SessionData: plaintext and status.
    pub(crate) fn open(&mut self, message: &[u8]) -> (Option<Vec<u8>>, Option<Status>) {
        let data = SessionData::parse(message, Limits::PROXIMITY).unwrap();
        (data.data.map(|data| self.cipher.decrypt(&data).unwrap()), data.status)
    }

    /// Verifies every document fully; gives what each disclosed, identifiers sorted.
    pub(crate) fn judge(&self, response: &[u8], issuers: &TrustStore) -> Vec<(String, Vec<String>)> {
        let response = UnverifiedResponse::parse(response, Limits::PROXIMITY).unwrap();
        assert_eq!(response.status, 0);
        let input = DeviceAuthInput { transcript: Some(&self.transcript), reader_key: Some(&self.key) };
        let judged = response.documents.iter().flatten().map(|document| {
            let report = verify_document(document, &mut issuers.message(NOW), &input);
            let failed = report.checks.iter().find(|check| check.outcome == Outcome::Failed);
            assert!(failed.is_none(), "{failed:?}");
            let evidence = report.evidence.expect("evidence");
            let mut names: Vec<_> = evidence.issuer().items().iter().map(|i| i.identifier().to_owned()).collect();
            names.sort();
            (document.doc_type.to_string(), names)
        });
        judged.collect()
    }
}

pub(crate) fn items(doc_type: &str, wanted: &[Wanted<'_>]) -> ItemsRequest {
    let mut namespaces: Vec<RequestedNamespace> = Vec::new();
    for (namespace, identifier, intent_to_retain) in wanted {
        let element = RequestedElement { identifier: (*identifier).into(), intent_to_retain: *intent_to_retain };
        match namespaces.iter_mut().find(|known| known.namespace == *namespace) {
            Some(known) => known.elements.push(element),
            None => namespaces.push(RequestedNamespace { namespace: (*namespace).into(), elements: vec![element] }),
        }
    }
    ItemsRequest { doc_type: doc_type.into(), namespaces }
}

/// documentErrors and, for each document, its errors, as namespace and identifier.
pub(crate) fn errors(response: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let response = UnverifiedResponse::parse(response, Limits::PROXIMITY).unwrap();
    assert!(response.document_errors.iter().all(|(_, code)| *code == 0));
    let documents = response.documents.iter().flatten().map(|document| {
        assert!(document.errors.iter().all(|(.., code)| *code == 0));
        document.errors.iter().map(|(_, identifier, _)| identifier.to_string()).collect()
    });
    (response.document_errors.iter().map(|(doc_type, _)| doc_type.to_string()).collect(), documents.collect())
}
