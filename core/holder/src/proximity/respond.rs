//! From the commit to the response: checks of the copies, device authentication, encryption.
use alloc::{boxed::Box, collections::VecDeque, string::String, vec::Vec};

use rid_crypto::{Secret, SharedSecret, SignatureAlgorithm, verify, x509::Certificate};
use rid_flow::{
    AgreeRequest, Committed, Copy, CredentialId, Env, HistoryId, Output, SignRequest,
    ports::{Prompt, SecureAreaError, StorageError},
};
use rid_mdoc::{
    age,
    build::{Selection, UnsignedDocument, device_response},
    device_auth,
    issuer_signed::UnverifiedIssuerSigned,
    session::SessionData,
    transcript::Transcript,
    verify::{IssuerVerified, Strictness, verify_issuer_signed},
};
use rid_trust::{Environment, TrustStore};
use rid_wire::{
    Code, Timestamp,
    cbor::{Limits, Value},
};

use super::{
    CloseReason, DeviceAuthMethod, Misuse, Proximity, Receipt,
    state::{Decided, Planned, Prepared, Requested, Signing, State},
};

/// How often a busy secure area is asked again for one document.
const RETRIES: u32 = 3;

/// COSE number of the one algorithm of device signatures here.
const ES256: i64 = SignatureAlgorithm::Es256.cose();

/// A signature or agreement by another key than the credential's.
const DEVICE_KEY_MISMATCH: Code = Code::new("device_key_mismatch");

/// What the vault gave does not fit what was asked for.
const STORAGE_CORRUPT: Code = Code::new("storage_corrupt");

impl Proximity {
    pub(super) fn committed(&mut self, result: Result<Committed, StorageError>, env: &Env<'_>) -> Result<(), Misuse> {
        if !matches!(self.state, State::Committing(_)) {
            return Err(Misuse::NotAsked);
        }
        if let State::Committing(decided) = core::mem::replace(&mut self.state, State::Closed) {
            match result {
                Ok(committed) => self.present(decided, committed.copies, env),
                Err(error) => self.terminate(CloseReason::Port(error.code())),
            }
        }
        Ok(())
    }

    pub(super) fn signed(&mut self, result: Result<[u8; 64], SecureAreaError>, env: &Env<'_>) -> Result<(), Misuse> {
        let signing = self.take_signing(DeviceAuthMethod::Signature)?;
        match result {
            Ok(signature) => {
                let current = &signing.current;
                let message = device_auth::signature_to_be_signed(ES256, &current.device_authentication);
                match verify(&current.device_key, SignatureAlgorithm::Es256, &[&message], &signature) {
                    Ok(()) => {
                        let document = current.document.finish_signature(ES256, &signature);
                        self.authenticated(signing, document, env);
                    }
                    Err(_) => self.terminate(CloseReason::Port(DEVICE_KEY_MISMATCH)),
                }
            }
            Err(error) => self.key_failed(signing, error),
        }
        Ok(())
    }

    pub(super) fn agreed(&mut self, result: Result<Secret<32>, SecureAreaError>, env: &Env<'_>) -> Result<(), Misuse> {
        let signing = self.take_signing(DeviceAuthMethod::Mac)?;
        match (result, &self.link) {
            (Ok(secret), Some(link)) => {
                let key = device_auth::derive_mac_key(&SharedSecret::from_p256(&secret), &link.transcript);
                let tag = device_auth::mac_tag(&key, &signing.current.device_authentication);
                let document = signing.current.document.finish_mac(&tag);
                self.authenticated(signing, document, env);
            }
            (Ok(_), None) => self.terminate(CloseReason::Port(DEVICE_KEY_MISMATCH)),
            (Err(error), _) => self.key_failed(signing, error),
        }
        Ok(())
    }

    /// Takes the signing state if the secure area was asked in this way.
    fn take_signing(&mut self, method: DeviceAuthMethod) -> Result<Signing, Misuse> {
        if self.method != method {
            return Err(Misuse::NotAsked);
        }
        match core::mem::replace(&mut self.state, State::Closed) {
            State::Signing(signing) => Ok(*signing),
            other => {
                self.state = other;
                Err(Misuse::NotAsked)
            }
        }
    }

    /// Prepares all documents before the first is signed: nothing is signed when one copy is bad.
    fn present(&mut self, decided: Decided, copies: Vec<Copy>, env: &Env<'_>) {
        match self.prepare_all(&decided, copies, env.now) {
            Ok(mut prepared) => {
                let used = decided.planned.into_iter().map(|planned| planned.credential).collect();
                match prepared.pop_front() {
                    Some(current) => self.ask_key(Signing {
                        history: decided.history,
                        doc_types: decided.doc_types,
                        used,
                        current,
                        rest: prepared,
                        done: Vec::new(),
                        busy: 0,
                    }),
                    None => self.respond(decided.history, &decided.doc_types, used, &[], env),
                }
            }
            Err(code) => self.terminate(CloseReason::Port(code)),
        }
    }

    fn prepare_all(&self, decided: &Decided, copies: Vec<Copy>, now: Timestamp) -> Result<VecDeque<Prepared>, Code> {
        let transcript = &self.link.as_ref().ok_or(STORAGE_CORRUPT)?.transcript;
        if copies.len() != decided.planned.len() {
            return Err(STORAGE_CORRUPT);
        }
        let mut prepared = VecDeque::new();
        for (planned, copy) in decided.planned.iter().zip(copies) {
            prepared.extend(prepare(planned, copy, transcript, now)?);
        }
        Ok(prepared)
    }

    /// Asks the secure area for the current document.
    fn ask_key(&mut self, signing: Signing) {
        let Some(link) = &self.link else { return };
        let current = &signing.current;
        let key = current.key.clone();
        let output = match self.method {
            DeviceAuthMethod::Signature => Output::Sign(SignRequest {
                key,
                message: device_auth::signature_to_be_signed(ES256, &current.device_authentication),
                prompt: Prompt::Present,
            }),
            DeviceAuthMethod::Mac => {
                Output::Agree(AgreeRequest { key, peer: link.reader_key.to_bytes(), prompt: Prompt::Present })
            }
        };
        self.outputs.push_back(output);
        self.state = State::Signing(Box::new(signing));
    }

    fn key_failed(&mut self, mut signing: Signing, error: SecureAreaError) {
        if error == SecureAreaError::Busy && signing.busy < RETRIES {
            signing.busy = signing.busy.saturating_add(1);
            self.ask_key(signing);
        } else {
            self.terminate(CloseReason::Port(error.code()));
        }
    }

    /// One document is done; the next, or the response.
    fn authenticated(&mut self, mut signing: Signing, document: Vec<u8>, env: &Env<'_>) {
        signing.done.push((signing.current.position, document));
        match signing.rest.pop_front() {
            Some(next) => self.ask_key(Signing { current: next, busy: 0, ..signing }),
            None => self.respond(signing.history, &signing.doc_types, signing.used, &signing.done, env),
        }
    }

    /// Encrypts and sends the response; what is not in it is answered as not held, in the order of the request.
    fn respond(
        &mut self,
        history: HistoryId,
        doc_types: &[String],
        used: Vec<CredentialId>,
        done: &[(usize, Vec<u8>)],
        env: &Env<'_>,
    ) {
        let mut not_returned: Vec<String> = Vec::new();
        for (position, doc_type) in doc_types.iter().enumerate() {
            if !done.iter().any(|(returned, _)| *returned == position) && !not_returned.contains(doc_type) {
                not_returned.push(doc_type.clone());
            }
        }
        let documents: Vec<Vec<u8>> = done.iter().map(|(_, document)| document.clone()).collect();
        match self.encrypt(&device_response(&documents, &not_returned)) {
            Ok(data) => {
                self.outputs.push_back(Output::Send(SessionData::encode(Some(&data), None)));
                self.outputs.push_back(Output::Finished(Receipt { history, disclosed: !done.is_empty(), used }));
                self.state = State::Idle;
                self.deadline = self.link_deadline(env);
            }
            Err(error) => self.terminate(CloseReason::PeerInvalid(error.code())),
        }
    }
}

/// Checks a copy once more and selects from it. `None`: it has nothing of what was agreed (an age that no stored age
/// answers), and the document is answered as one not held.
fn prepare(planned: &Planned, copy: Copy, transcript: &Transcript, now: Timestamp) -> Result<Option<Prepared>, Code> {
    if copy.credential != planned.credential {
        return Err(STORAGE_CORRUPT);
    }
    let issuer_signed = UnverifiedIssuerSigned::parse(&copy.bytes, Limits::ONLINE).map_err(|error| error.code())?;
    let evidence = check(&issuer_signed, &planned.doc_type, now)?;
    let (mut disclose, mut not_returned) = (Selection::new(), Selection::new());
    for (element, ticked) in &planned.elements {
        match ticked.then(|| resolve(element, &evidence)).flatten() {
            Some(identifier) => add(&mut disclose, &element.namespace, &identifier),
            None => add(&mut not_returned, &element.namespace, &element.identifier),
        }
    }
    if disclose.is_empty() {
        return Ok(None);
    }
    let document = UnsignedDocument::select(&planned.doc_type, &issuer_signed, &disclose, &not_returned)
        .map_err(|error| error.code())?;
    let device_authentication =
        device_auth::device_authentication_bytes(transcript, &planned.doc_type, document.device_namespaces());
    Ok(Some(Prepared {
        position: planned.position,
        document,
        key: copy.key.clone(),
        device_key: evidence.device_key().clone(),
        device_authentication,
    }))
}

/// The checks of std-M45 that need no anchors: signature, digests, docType, form. The chain was checked on receipt, and time
/// is the reader's to judge.
fn check<'a>(
    issuer_signed: &UnverifiedIssuerSigned<'a>,
    doc_type: &str,
    now: Timestamp,
) -> Result<IssuerVerified<'a>, Code> {
    let chain = issuer_signed.issuer_auth.chain().map_err(|error| error.code())?;
    let leaf = Certificate::parse(chain.first().ok_or(STORAGE_CORRUPT)?).map_err(|error| error.code())?;
    let own = TrustStore::new(Environment::Production, Vec::new()).map_err(|error| error.code())?;
    let own = own.pin_key(leaf.public_key().clone());
    let report = verify_issuer_signed(issuer_signed, Some(doc_type), &mut own.message(now), Strictness::Verifier);
    let failure = report.first_failure();
    report.evidence.ok_or(failure.unwrap_or(STORAGE_CORRUPT))
}

/// The identifier that answers an element: itself, or for an age the nearest that is attested (std-M48).
fn resolve(element: &Requested, evidence: &IssuerVerified<'_>) -> Option<String> {
    let mut items = evidence.items().iter().filter(|item| item.namespace() == element.namespace);
    match age::age_over(&element.identifier) {
        None => items.any(|item| item.identifier() == element.identifier).then(|| element.identifier.clone()),
        Some(wanted) => {
            let attested: Vec<(u8, bool, &str)> = items
                .filter_map(|item| match item.value() {
                    Ok(Value::Bool(value)) => Some((age::age_over(item.identifier())?, value, item.identifier())),
                    _ => None,
                })
                .collect();
            let ages: Vec<(u8, bool)> = attested.iter().map(|(age, value, _)| (*age, *value)).collect();
            let nearest = age::nearest(wanted, &ages)?;
            attested.iter().find(|(age, ..)| *age == nearest).map(|(.., identifier)| String::from(*identifier))
        }
    }
}

/// Adds an identifier under its namespace, once.
fn add(selection: &mut Selection, namespace: &str, identifier: &str) {
    match selection.iter_mut().find(|(known, _)| known == namespace) {
        Some((_, identifiers)) if identifiers.iter().any(|known| known == identifier) => {}
        Some((_, identifiers)) => identifiers.push(String::from(identifier)),
        None => selection.push((String::from(namespace), [String::from(identifier)].into())),
    }
}
