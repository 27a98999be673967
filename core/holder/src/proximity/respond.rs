//! From the commit to the response: checks of the copies, device authentication, encryption.
use alloc::{boxed::Box, collections::VecDeque, string::String, vec::Vec};

use rid_crypto::{Secret, SharedSecret, SignatureAlgorithm, verify};
use rid_flow::{
    AgreeRequest, Committed, Copy, Effect, Env, HistoryOutcome, LinkCommand, Output, SignRequest,
    ports::{Prompt, SecureAreaError, StorageError},
};
use rid_mdoc::{
    build::{UnsignedDocument, device_response},
    device_auth,
    issuer_signed::UnverifiedIssuerSigned,
    session::SessionData,
    transcript::Transcript,
};
use rid_wire::{Code, Timestamp, cbor::Limits};

use super::{
    CloseReason, DeviceAuthMethod, Misuse, Proximity, Receipt,
    end::note,
    state::{Decided, Planned, Prepared, Sending, Signing, State},
};
use crate::held::check;

/// COSE number of the one algorithm of device signatures here.
const ES256: i64 = SignatureAlgorithm::Es256.cose();

/// A signature or agreement by another key than the credential's.
const DEVICE_KEY_MISMATCH: Code = Code::new("device_key_mismatch");

/// A call was dropped while it awaited a commit.
const INTERRUPTED: Code = Code::new("interrupted");

/// What the vault gave does not fit what was asked for.
const STORAGE_CORRUPT: Code = Code::new("storage_corrupt");

impl Proximity {
    pub(super) fn committed(&mut self, result: Result<Committed, StorageError>, env: &Env<'_>) -> Result<(), Misuse> {
        if !matches!(self.state, State::Committing(_)) {
            return Err(Misuse::NotAsked);
        }
        if let State::Committing(decided) = core::mem::replace(&mut self.state, State::Closed) {
            match result {
                Ok(committed) => self.present(decided, &committed.copies, env),
                Err(error) => {
                    // Nothing was written, so no row waits for its outcome.
                    self.unsettled = None;
                    self.terminate(CloseReason::Port(error.code()));
                }
            }
        }
        Ok(())
    }

    /// The answer to the commit was lost: the copy may be used up, so nothing is signed with it.
    pub(super) fn interrupted(&mut self) -> Result<(), Misuse> {
        match self.state {
            State::Committing(_) => {
                self.terminate(CloseReason::Port(INTERRUPTED));
                Ok(())
            }
            _ => Err(Misuse::NotAsked),
        }
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
            Err(error) => self.terminate(CloseReason::Port(error.code())),
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
            (Err(error), _) => self.terminate(CloseReason::Port(error.code())),
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
    fn present(&mut self, decided: Decided, copies: &[Copy], env: &Env<'_>) {
        match self.prepare_all(&decided, copies, env.now) {
            Ok(mut prepared) => {
                let Decided { doc_types, receipt, .. } = decided;
                match prepared.pop_front() {
                    Some(current) => {
                        self.ask_key(Signing { doc_types, receipt, current, rest: prepared, done: Vec::new() });
                    }
                    None => self.respond(&doc_types, receipt, &[], env),
                }
            }
            Err(code) => self.terminate(CloseReason::Port(code)),
        }
    }

    fn prepare_all(&self, decided: &Decided, copies: &[Copy], now: Timestamp) -> Result<VecDeque<Prepared>, Code> {
        let transcript = &self.link.as_ref().ok_or(STORAGE_CORRUPT)?.transcript;
        if copies.len() != decided.changes.consume.len() {
            return Err(STORAGE_CORRUPT);
        }
        let of = |planned: &Planned| copies.iter().find(|copy| copy.credential == planned.credential);
        let prepared = decided
            .planned
            .iter()
            .map(|planned| prepare(planned, of(planned).ok_or(STORAGE_CORRUPT)?, transcript, now));
        prepared.collect()
    }

    /// Asks the secure area for the current document.
    fn ask_key(&mut self, signing: Signing) {
        let Some(link) = &self.link else { return };
        let current = &signing.current;
        let key = current.key.clone();
        let output = match self.method {
            DeviceAuthMethod::Signature => Output::Io(Effect::Sign(SignRequest {
                key,
                message: device_auth::signature_to_be_signed(ES256, &current.device_authentication),
                prompt: Prompt::Present,
            })),
            DeviceAuthMethod::Mac => Output::Io(Effect::Agree(AgreeRequest {
                key,
                peer: link.reader_key.to_bytes(),
                prompt: Prompt::Present,
            })),
        };
        self.outputs.push_back(output);
        self.state = State::Signing(Box::new(signing));
    }

    /// One document is done; the next, or the response.
    fn authenticated(&mut self, mut signing: Signing, document: Vec<u8>, env: &Env<'_>) {
        signing.done.push((signing.current.position, document));
        match signing.rest.pop_front() {
            Some(next) => self.ask_key(Signing { current: next, ..signing }),
            None => self.respond(&signing.doc_types, signing.receipt, &signing.done, env),
        }
    }

    /// Encrypts and sends the response. A document that is not in it is answered as one not held, in the order of the request.
    fn respond(&mut self, doc_types: &[String], receipt: Receipt, done: &[(usize, Vec<u8>)], env: &Env<'_>) {
        let mut not_returned: Vec<String> = Vec::new();
        for (position, doc_type) in doc_types.iter().enumerate() {
            if !done.iter().any(|(returned, _)| *returned == position) && !not_returned.contains(doc_type) {
                not_returned.push(doc_type.clone());
            }
        }
        let documents: Vec<Vec<u8>> = done.iter().map(|(_, document)| document.clone()).collect();
        match self.encrypt(&device_response(&documents, &not_returned)) {
            Ok(data) => {
                let unsettled = self.unsettled.filter(|_| receipt.disclosed);
                self.outputs.extend(unsettled.map(|event| note(event, HistoryOutcome::UnknownDelivery)));
                self.outputs.push_back(Output::Link(LinkCommand::Send(SessionData::encode(Some(&data), None))));
                self.state = State::Sending(Sending { receipt, held: None });
                self.deadline = self.consent_deadline(env);
            }
            Err(error) => self.terminate(CloseReason::PeerInvalid(error.code())),
        }
    }
}

/// Checks a copy once more and selects from it.
fn prepare(planned: &Planned, copy: &Copy, transcript: &Transcript, now: Timestamp) -> Result<Prepared, Code> {
    let issuer_signed = UnverifiedIssuerSigned::parse(&copy.bytes, Limits::ONLINE).map_err(|error| error.code())?;
    let evidence = check(&issuer_signed, &planned.doc_type, now)?;
    let Planned { position, doc_type, disclose, not_returned, .. } = planned;
    let document =
        UnsignedDocument::select(doc_type, &issuer_signed, disclose, not_returned).map_err(|error| error.code())?;
    let device_authentication =
        device_auth::device_authentication_bytes(transcript, doc_type, document.device_namespaces());
    Ok(Prepared {
        position: *position,
        document,
        key: copy.key.clone(),
        device_key: evidence.device_key().clone(),
        device_authentication,
    })
}
